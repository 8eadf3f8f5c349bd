"""The world that the house tests walk through: Acme with its people, one object of each kind in each scope, and Borea.

Acme has the numbers one and two, the divisions north and south under one and west under two. What belongs to Borea
carries the mark `MARK` in every text, so that a leak can be seen.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Company, Membership, User
from accounts.rights import APPLICATIONS
from cards.lifecycle import ACTIVE, BLOCKED, IN_CREATION, NEW
from cards.models import Card, Request
from cards.services import find_again
from fleetportal.core import search
from fleetportal.core.batches import Batch, BatchRow
from fleetportal.core.scope import all_companies
from tests import factories
from tests.factories import NOW
from tests.house import (
    oracle,
    own_codes,
    own_colleagues,
    own_fleet,
    own_loading,
    own_notices,
    own_onboarding,
    own_safety,
    own_settings,
)

MARK = "ZYXBOREA"
NOWHERE = 2**62
# A bulk action that is called by its label, so that the mark can stand there.
UNNAMED = "accounts.import_users"
# The session is the visitor's own, and a heartbeat the process's.
_OWN_TABLES = ("django_session", "usersessions_usersession", "core_heartbeat")
_WRITES = re.compile(
    r"\bINSERT\s+INTO\b|\bDELETE\s+FROM\b|\bTRUNCATE\b|(?<!FOR )(?<!KEY )(?<!DO )\bUPDATE\s+\"?\w", re.IGNORECASE
)
_CHANGING = re.compile(rb'(name="(?:csrfmiddlewaretoken|form_key)" value=")[^"]*|(nonce=")[^"]*')


@dataclass
class World:
    """Companies, people by name, and ids of objects by (kind, scope)."""

    acme: Company
    borea: Company
    cedar: Any = None
    numbers: dict[str, Any] = field(default_factory=dict)
    divisions: dict[str, Any] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    ids: dict[tuple[str, str], int] = field(default_factory=dict)

    def id(self, kind: str, scope: str, persona: str = "") -> int:
        """Return the id of the object of that kind in that scope; drafts and jobs are each person's own."""
        if scope == "not_existing":
            return NOWHERE
        return self.ids.get((f"{kind}/{persona}", scope)) or self.ids[kind, scope]

    def order(self, **changes: Any) -> dict[str, Any]:
        """Return a valid order form, for number one and division north."""
        return {
            "product": factories.card_product().pk,
            "customer_number": self.numbers["one"].pk,
            "division": self.divisions["north"].pk,
            "category": "vehicle",
            "printed_as": "1-ABC-123",
            "plate_country": "BE",
            "pays_diesel": "on",
            "limit_diesel_amount": "100",
            "limit_diesel_unit": "eur",
            "limit_diesel_period": "month",
            "limit_diesel_on_reach": "block",
            "area": "everywhere",
            "code_type": "calculated",
            "recipient": "Acme",
            "street": "Havenlaan 12",
            "postal_code": "1080",
            "town": "Brussel",
            "country": "BE",
            **changes,
        }


def build() -> World:
    """Make the world; everything in it is valid, so that a refusal is never for another reason."""
    world = World(factories.company("Acme"), factories.company("Borea"))
    for name in ("one", "two"):
        world.numbers[name] = factories.customer_number(world.acme)
    world.numbers["borea"] = factories.customer_number(
        world.borea, name=f"{MARK} fleet", recipient=MARK, street=MARK, town=MARK
    )
    for name, number in (("north", "one"), ("south", "one"), ("west", "two"), ("borea", "borea")):
        world.divisions[name] = factories.division(world.numbers[number], MARK if name == "borea" else name)
    _people(world)
    for scope, number, division in (
        ("own", "one", "north"),
        ("other_division", "one", "south"),
        ("no_division", "one", None),
        ("other_number", "two", "west"),
        ("other_company", "borea", "borea"),
    ):
        _objects(world, scope, world.numbers[number], world.divisions.get(division or ""))
    _own_things(world)
    _operator_things(world)
    own_colleagues.prepare(world, MARK)
    own_settings.prepare(world, MARK)
    own_loading.prepare(world, MARK)
    own_fleet.prepare(world, MARK)
    own_onboarding.prepare(world)
    own_safety.prepare(world)
    own_notices.prepare(world, MARK)
    own_codes.prepare(world, MARK)
    for name, person in world.people.items():
        client = Client(raise_request_exception=False)
        client.force_login(person)
        world.clients[name] = client
    own_onboarding.were_in_before(world)
    User.objects.filter(pk=world.people["disabled"].pk).update(is_active=False)
    world.clients["anonymous"] = Client(raise_request_exception=False)
    return world


def _people(world: World) -> None:
    acme, one, north = world.acme, world.numbers["one"], world.divisions["north"]
    administrator = Membership.Profile.ADMINISTRATOR

    def add(name: str, **details: Any) -> None:
        world.people[name] = factories.member(acme, name.title(), principal=name == "ada", **details).user

    for name in ("ada", "max"):
        add(name)
    add("fay", applications=[one.name for one in APPLICATIONS if one.name != "requests"])
    add("cora", password=factories.PASSWORD)
    add("rita", profile=administrator, applications=["requests"], change_applications=[])
    add("nina", profile=administrator, customer_numbers=[one])
    add("dan", profile=administrator, divisions=[north])
    add("abby")
    add("expired", profile=administrator, valid_until=timezone.localdate() - timedelta(days=1))
    add("disabled", profile=administrator)
    factories.member(world.borea, "Max", person=world.people["abby"])
    world.people["ben"] = factories.member(
        world.borea, "Ben", person=factories.user("Ben", last_name=MARK, email="ben@zyxborea.example")
    ).user
    world.people["dealer"] = factories.user("Dora", kind=User.Kind.DEALER)
    world.people["otto"] = factories.operator("Otto")


def _objects(world: World, scope: str, number: Any, division: Any) -> None:
    foreign = scope == "other_company"
    mark = (
        {"cost_centre": MARK, "extra_mention": MARK, "recipient": MARK, "street": MARK, "town": MARK} if foreign else {}
    )
    by = world.people["ben" if foreign else "ada"]
    vehicle = factories.vehicle(number, f"{MARK}1" if foreign else "", division=division)
    driver = factories.driver(number, MARK if foreign else "Dirk", division=division)
    world.ids["vehicle", scope], world.ids["driver", scope] = vehicle.pk, driver.pk
    dispatched = {
        "dispatched_at": NOW - timedelta(days=2),
        "made_on": date(2026, 11, 1),
        "expires_on": date(2030, 11, 30),
    }
    for kind, status, issue in (
        ("active", ACTIVE, {}),
        ("cancelled", ACTIVE, {}),
        ("new", NEW, {}),
        ("arriving", IN_CREATION, dispatched),
        ("blocked", BLOCKED, {"block_reason": "theft"}),
    ):
        printed = {"printed_as": f"{MARK}-{kind}".upper()} if foreign else {}
        card = factories.card(
            number, status=status, division=division, issue_fields=issue, requested_by=by, vehicle=vehicle,
            driver=driver, request_fields={"reason": MARK} if foreign else None, **mark, **printed,
            **({"renewal_status": "cancelled"} if kind == "cancelled" else {}),
        )  # fmt: skip
        world.ids[kind, scope] = card.pk
        factories.limit(card)
        with all_companies(reason="test data"):
            find_again([Card.objects.select_related("driver", "vehicle").get(pk=card.pk)])
            asked = Request.objects.get(card=card)
            world.ids[f"{kind}_request", scope] = asked.pk
            if kind == "new":
                world.ids["document", scope] = factories.document(asked, f"{MARK if foreign else 'order'}.pdf").pk
            entry = search.Entry(
                company=card.company_id, object_id=asked.pk, customer_number=number.pk,
                division=division.pk if division else None, words=f"{asked.number} {card.printed_as}",
            )  # fmt: skip
            search.put("cards.request", [entry])


def _own_things(world: World) -> None:
    """Drafts and bulk actions are each person's own; a colleague's is nobody else's business."""
    body = urlencode(world.order())
    for name, person in world.people.items():
        company = world.borea if name == "ben" else world.acme
        world.ids[f"draft/{name}", "own"] = factories.draft(company, person, body).pk
        world.ids[f"change_draft/{name}", "own"] = _begun_change(world, company, person)
        world.ids[f"job/{name}", "own"] = factories.bulk_batch(company, person).pk
        world.ids[f"view/{name}", "own"] = factories.saved_view(company, person, MARK if name == "ben" else "").pk
        limits = {"nina": {"customer_numbers": ["one"]}, "dan": {"divisions": ["north"]}}.get(name, {})
        world.ids[f"download/{name}", "own"] = factories.download(
            company, person, path=f"/{company.identifier}/{'cards' if name == 'fay' else 'requests'}/", limits={
                "customer_numbers": [world.numbers[one].pk for one in limits.get("customer_numbers", ())] or None,
                "divisions": [world.divisions[one].pk for one in limits.get("divisions", ())] or None,
            },
        ).pk  # fmt: skip
    # What could not be done of a bulk action is told with the way to it.
    with all_companies(reason="test data"):
        for batch in Batch.objects.filter(company=world.acme):
            BatchRow.objects.create(
                company=world.acme, batch=batch, chunk=1, object_id=world.ids["blocked", "own"], label="1-ABC-123",
                status=BatchRow.Status.REFUSED, reason="This card is blocked already.",
            )  # fmt: skip
    colleague = factories.member(world.acme, "Cleo", principal=False).user
    world.ids["view", "colleague"] = factories.saved_view(world.acme, colleague).pk
    world.ids["view", "own"] = world.ids["view", "other_company"] = world.ids["view/ben", "own"]
    world.ids["view/abby", "other_company"] = factories.saved_view(world.borea, world.people["abby"]).pk
    world.ids["staff_view", "own"] = factories.saved_view(None, world.people["otto"]).pk
    world.ids["draft", "colleague"] = factories.draft(world.acme, colleague, body).pk
    world.ids["job", "colleague"] = factories.bulk_batch(world.acme, colleague).pk
    world.ids["change_draft", "colleague"] = _begun_change(world, world.acme, colleague)
    theirs = world.ids["change_draft/ben", "own"]
    world.ids["change_draft", "own"] = world.ids["change_draft", "other_company"] = theirs
    world.ids["change_draft/abby", "other_company"] = _begun_change(world, world.borea, world.people["abby"])
    world.ids["draft", "own"] = world.ids["draft", "other_company"] = world.ids["draft/ben", "own"]
    world.ids["download", "colleague"] = factories.download(world.acme, colleague).pk
    world.ids["download", "own"] = world.ids["download", "other_company"] = world.ids["download/ben", "own"]
    world.ids["download/abby", "other_company"] = factories.download(world.borea, world.people["abby"]).pk
    world.ids["job", "own"] = factories.bulk_batch(world.borea, world.people["ben"], label=MARK, kind=UNNAMED).pk
    world.ids["job", "other_company"] = world.ids["job", "own"]
    # Abby belongs to both: what she began in Borea is not there while she acts for Acme.
    world.ids["draft/abby", "other_company"] = factories.draft(world.borea, world.people["abby"], body).pk
    world.ids["job/abby", "other_company"] = factories.bulk_batch(
        world.borea, world.people["abby"], label=MARK, kind=UNNAMED
    ).pk


def _begun_change(world: World, company: Company, person: User) -> int:
    """Begin the change of a card that everybody sees who may change cards: its tank holds more."""
    card = world.ids["active", "other_company" if company == world.borea else "own"]
    body = urlencode({"version": 1, "tank_capacity": 77, "area": "everywhere"})
    data = {"card": card, "version": 1, "tabs": {"controls": body}}
    return factories.draft(company, person, kind="cards.change", data=data).pk


def _operator_things(world: World) -> None:
    world.ids["product", "own"] = factories.card_product().pk
    world.ids["batch", "own"] = factories.production_batch().pk
    world.ids["file", "own"] = factories.maker_file().pk
    world.ids["settled_file", "own"] = factories.maker_file(settled_at=factories.NOW, settlement="Sent again.").pk
    world.ids["aside_line", "own"] = factories.aside_line().pk
    for scope, company in (("own", world.acme), ("other_company", world.borea)):
        world.ids["stopped", scope] = factories.work_item(company, status="failed", error="It broke.", subject=MARK).pk
        mark = MARK if company == world.borea else ""
        world.ids["held", scope] = factories.work_item(company, status="held", subject=mark).pk
        world.ids["done", scope] = factories.work_item(company, status="done", subject=MARK).pk
    factories.outgoing_mail(world.borea, to="ben@zyxborea.example", subject=MARK, context={"card": MARK})


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """The world, made once for a module and taken away with its transaction.

    Tests are marked `django_db`, which undoes what each of them wrote; `undone` does so within one.
    """
    logging.disable(logging.ERROR)  # a refusal is logged with its traceback, thousands of times
    with django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)


@contextmanager
def undone() -> Iterator[None]:
    """Undo in the end whatever the block writes."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class Writes:
    """Collects the statements that write anything but the visitor's session."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Note a statement that writes, and let it through."""
        text = str(sql)
        if _WRITES.search(text) and not any(table in text for table in _OWN_TABLES):
            self.statements.append(text)
        return execute(sql, params, many, context)


@dataclass
class Answer:
    """What came back: status, address it leads to, content without what differs each time, and what was written."""

    status: int
    location: str
    content: bytes
    headers: dict[str, str]
    writes: list[str]


def ask(client: Client, method: str, url: str, data: dict[str, Any] | None = None, *, keep: bool = False) -> Answer:
    """Send one request, as from a fresh page of the same session, and undo what it wrote unless it is to be kept."""
    cookies = client.cookies.copy()
    writes = Writes()
    body = {"data": data or {}} if method == "POST" else {}
    with connection.execute_wrapper(writes):
        if keep:
            response = getattr(client, method.lower())(url, **body)
            content = b"".join(response.streaming_content) if response.streaming else response.content
        else:
            with undone():
                response = getattr(client, method.lower())(url, **body)
                content = b"".join(response.streaming_content) if response.streaming else response.content
    client.cookies = cookies
    return Answer(
        response.status_code,
        response.headers.get("Location", ""),
        _CHANGING.sub(rb"\1\2", content),
        {name: value for name, value in response.headers.items() if name not in {"Content-Security-Policy"}},
        writes.statements,
    )


def outcome(answer: Answer) -> str:
    """Name an answer as the oracle does."""
    if answer.status == 302:
        return "login" if answer.location.startswith("/accounts/login/") else "ok"
    return {200: "ok", 403: "deny", 404: "hide", 405: "none"}.get(answer.status, str(answer.status))


def address(world: World, name: str, scope: str, kind: str, persona: str, company: str = "acme") -> str:
    """Return the address of a page: of that company, about the object of that kind in that scope."""
    own = name.startswith(("operator:", "accounts:", "account_", "safety:"))
    company = "cedar" if name in oracle.CEDAR else company
    args: list[Any] = [] if own else [getattr(world, company).identifier]
    if kind:
        args.append(world.id(kind, scope, persona))
    return reverse(name, args=args)
