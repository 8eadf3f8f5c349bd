"""A company with numbers, divisions and people, and browsers of these, for the tests of a company's settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Company, FleetDivision, Membership, User
from accounts.safety import sessions
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from tests import factories


def browser(person: User, *, fresh: bool = True) -> Client:
    """Return a browser signed in as that person, who gave the password just now unless told otherwise."""
    client = Client()
    client.force_login(person)
    session = client.session
    if fresh:
        sessions.begin(session, timezone.now())
    else:
        session.pop(sessions.PROVEN, None)
    session.save()
    return client


@dataclass
class Firm:
    """Acme with the numbers one and two; the divisions north and south lie under one, west under two."""

    acme: Company
    ada: Membership
    one: Any
    two: Any
    north: FleetDivision
    south: FleetDivision
    west: FleetDivision
    clients: dict[int, Client] = field(default_factory=dict)

    def url(self, path: str = "") -> str:
        """Return an address in Acme."""
        return f"/{self.acme.identifier}/{path}"

    def as_(self, member: Membership) -> Client:
        """Return that member's browser, always the same."""
        if member.pk not in self.clients:
            self.clients[member.pk] = browser(member.user)
        return self.clients[member.pk]

    def get(self, path: str, by: Membership | None = None) -> Any:
        """Open a page."""
        return self.as_(by or self.ada).get(self.url(path))

    def send(self, path: str, by: Membership | None = None, **form: Any) -> Any:
        """Send a form, and follow to where it leads."""
        return self.as_(by or self.ada).post(self.url(path), form, follow=True)


def said(answer: Any) -> str:
    """Return the messages that a page shows."""
    return " ".join(str(message) for message in answer.context["messages"])


def read(model: Any, **which: Any) -> list[Any]:
    """Return rows, whatever the company."""
    with all_companies(reason="a test looks"):
        return list(model.objects.filter(**which).order_by("pk"))


def entries(verb: str, **which: Any) -> list[AuditEntry]:
    """Return the audit's entries of that verb."""
    return read(AuditEntry, verb=verb, **which)


def again(row: Any) -> Any:
    """Return the row as it is now."""
    [found] = read(type(row), pk=row.pk)
    return found


def make_firm(name: str = "Acme", **fields: Any) -> Firm:
    """Make a company with numbers and divisions."""
    acme = factories.company(name, **fields)
    one, two = factories.customer_number(acme), factories.customer_number(acme)
    ada = factories.member(acme, "Ada")
    north, south, west = (factories.division(number, name) for number, name in (
        (one, "North"), (one, "South"), (two, "West"),
    ))  # fmt: skip
    return Firm(acme, ada, one, two, north, south, west)


@pytest.fixture
def firm(db: None) -> Firm:
    return make_firm()


@pytest.fixture
def otto(db: None) -> Client:
    """The browser of the operator's Otto."""
    return browser(factories.operator("Otto"))
