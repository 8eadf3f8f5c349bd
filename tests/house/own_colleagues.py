"""The colleagues that the walk acts on, and valid forms about them.

A colleague belongs to the company and to no number: everybody who may open the users sees all of them (in Acme). Those
made here hold so little that each Administrator, also a limited one, may change them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from accounts.colleagues.finding import find_again
from accounts.models import Membership
from fleetportal.core.scope import all_companies
from tests import factories
from tests.factories import NOW

# What belongs to the company as a whole, and the scopes in which there is one.
KINDS = {"colleague", "invited", "inactive", "principal"}
SCOPES = ("own", "other_company", "not_existing")


def prepare(world: Any, mark: str) -> None:
    """Make a colleague of each kind in Acme and in Borea, with the mark in what is Borea's."""
    for scope, company, number, division in (
        ("own", world.acme, "one", "north"),
        ("other_company", world.borea, "borea", "borea"),
    ):
        name = {"last_name": mark if scope == "other_company" else "COLLEAGUE"}
        limits = {"customer_numbers": [world.numbers[number]], "divisions": [world.divisions[division]]}
        made: dict[str, Membership] = {}
        for kind in ("colleague", "invited", "inactive"):
            first = mark if scope == "other_company" else kind.upper()
            made[kind] = factories.member(
                company, first, profile="consultation", principal=False, applications=["requests"],
                person=factories.user(first, phone="0470123456", **name), is_active=kind != "inactive",
                invited_at=NOW if kind == "invited" else None, **limits,
            )  # fmt: skip
            world.ids[kind, scope] = made[kind].pk
        factories.invitation(made["invited"], expires_at=NOW + timedelta(days=3650))
        with all_companies(reason="test data"):
            world.ids["principal", scope] = Membership.objects.get(company=company, is_principal=True).pk
            find_again(Membership.objects.filter(company=company).values_list("pk", flat=True))


def body(world: Any, name: str) -> dict[str, Any] | None:
    """Return a valid form, or None for a page that is not about colleagues."""
    rights = {
        "last_name": "NIEUW", "first_name": "AN", "phone": "0470123456", "profile": "consultation",
        "applications": ["requests"], "number_reach": "some", "customer_numbers": [world.numbers["one"].pk],
        "division_reach": "some", "divisions": [world.divisions["north"].pk],
    }  # fmt: skip
    if name == "account:new_user":
        return {**rights, "email": "nieuw@people.example", "language": "nl", "levels": "suggested"}
    if name == "account:change_user":
        return {**rights, "version": 1}
    return None
