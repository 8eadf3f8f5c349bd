"""Cedar, which operator staff have loaded: Vera has not started yet, and two colleagues were taken over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from accounts.colleagues.contact import Contact
from accounts.colleagues.grants import Rights
from accounts.colleagues.services import create_colleague
from accounts.models import Company, ConditionsVersion, Membership
from fleetportal.core.access import system
from fleetportal.core.scope import company_scope
from tests import factories
from tests.cards.browse import Browser, Seen
from tests.factories import NOW


@pytest.fixture
def conditions(db: None) -> ConditionsVersion:
    """The version in force: two conditions."""
    return factories.conditions()


@pytest.fixture
def cedar(conditions: ConditionsVersion) -> Company:
    company = factories.company("Cedar", initialised_at=None)
    factories.customer_number(company)
    return company


@pytest.fixture
def taken_over(cedar: Company) -> Callable[..., Membership]:
    """Takes a secondary user over from the old portal: Consultation, with the card rights they had."""

    def take(first_name: str, *, sees: tuple[str, ...] = ("cards", "requests"), changes: tuple[str, ...] = ()) -> Any:
        contact = Contact(
            last_name="MAES", first_name=first_name.upper(), email=f"{first_name}@cedar.example", phone="081550441"
        )
        rights = Rights(profile="consultation", applications=sees, change_applications=changes)
        with company_scope(cedar.pk):
            return create_colleague(
                company=cedar, contact=contact, rights=rights, actor=system("loading"), now=NOW, invite=False
            )

    return take


@pytest.fixture
def lea(taken_over: Callable[..., Membership]) -> Membership:
    """May order cards, as she could before."""
    return taken_over("lea", changes=("cards",))


@pytest.fixture
def vera(cedar: Company) -> Browser:
    """The principal user of Cedar, signed in."""
    person = factories.user("Vera", last_name="Claes", email="vera@cedar.example", password=factories.PASSWORD)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    factories.member(cedar, "Vera", person=person)
    return Browser(person, cedar)


INFORMATION = {"phone": "081 55 04 40"}


def ticked(seen: Seen) -> dict[str, str]:
    """Every box of a page, ticked."""
    boxes = [one for one in seen.form.all("input") if one.attrs.get("type") == "checkbox"]
    return {one.attrs["name"]: "on" for one in boxes}


def begin(person: Browser) -> Seen:
    """Accept the conditions and start; the next step follows."""
    seen = person.get("")
    return person.send(seen, **ticked(seen))


def up_to_end(person: Browser, **information: str) -> Seen:
    """Go through all steps; the last one follows."""
    seen = person.send(begin(person), **INFORMATION | information)
    return person.send(seen) if seen.place.endswith("/users/") else seen
