"""The divisions, requests for customer numbers and companies that the walk acts on, and valid forms about them."""

from __future__ import annotations

from typing import Any

from accounts.models import FleetDivision, Membership
from fleetportal.core.scope import all_companies
from tests import factories
from tests.factories import NOW

# A division lies under a number and is itself one: there is none without a division.
DIVISIONS = {"division", "closed_division", "empty_division"}
SCOPES = ("own", "other_division", "other_number", "other_company", "not_existing")
_PLACES = (
    ("own", "north", "one", "north"),
    ("other_division", "south", "one", "south"),
    ("other_number", "west", "two", "west"),
    ("other_company", "borea", "borea", "borea"),
)


def prepare(world: Any, mark: str) -> None:
    """Make a closed and an empty division beside each, and requests for customer numbers in Acme and in Borea."""
    for scope, division, number, name in _PLACES:
        name = mark if scope == "other_company" else name
        world.ids["division", scope] = world.divisions[division].pk
        closed = factories.division(world.numbers[number], f"{name} closed")
        world.ids["closed_division", scope] = closed.pk
        world.ids["empty_division", scope] = factories.division(world.numbers[number], f"{name} empty").pk
        with all_companies(reason="test data"):
            FleetDivision.objects.filter(pk=closed.pk).update(closed_at=NOW)
    for scope, company, number in (("own", world.acme, "one"), ("other_company", world.borea, "borea")):
        world.ids["company", scope] = company.pk
        for kind, fields in (
            ("multipass", {}),
            ("answered_multipass", {"outcome": "refused"}),
            ("operator_multipass", {"for_operator": True, "number": "99887766"}),
            ("answered_operator_multipass", {"for_operator": True, "number": "99887766", "outcome": "refused"}),
        ):
            text = mark if scope == "other_company" else "Mona"
            person = factories.user(text, last_name=text)
            of = factories.member(
                company, text, person=person, profile=Membership.Profile.CONSULTATION, principal=False,
                applications=["requests"], customer_numbers=[world.numbers[number]],
            )  # fmt: skip
            world.ids[kind, scope] = factories.multipass_request(of, reason=text, **fields).pk


def body(world: Any, name: str, scope: str) -> dict[str, Any] | None:
    """Return a valid form, or None for a page of another kind."""
    target = {"own": "south", "other_division": "north"}.get(scope)
    other = world.divisions[target].pk if target else world.ids.get(("empty_division", scope), 0)
    return {
        "account:new_division": {"customer_number": world.numbers["one"].pk, "name": "Garage"},
        "account:rename_division": {"name": "Garage"},
        "account:move_division": {"target": other},
        "account:handover": {"member": world.ids["colleague", "own"], "sure": "on"},
        "account:multipass_ask": {"number": "99999999", "reason": "The depot is new."},
        "account:multipass_decide": {"decision": "yes", "answer": ""},
        "operator:multipass_decide": {"decision": "no", "answer": "It is another company's."},
        "operator:options": {"on": ["cards", "requests"], "version": "none"},
    }.get(name)
