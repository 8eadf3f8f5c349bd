"""A company with its people, and forms of colleagues, for the tests of users and invitations."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from accounts.models import Company, Invitation, Membership, User
from accounts.safety import sessions
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.mailbox import caught, send_waiting

APPLICATIONS = ["cards", "requests", "vehicles", "users"]


def visitor(person: User | None = None, *, fresh: bool = True) -> Client:
    """Return a browser, signed in as that person, who gave the password just now unless told otherwise."""
    client = Client()
    if person is not None:
        client.force_login(person)
        session = client.session
        if fresh:
            sessions.begin(session, timezone.now())
        else:
            session.pop(sessions.PROVEN, None)
        session.save()
        UserSession.objects.create(user=person, session_key=session.session_key, ip="127.0.0.1", user_agent="")
    return client


@dataclass
class House:
    """Acme with two numbers and their divisions, and who signs in there."""

    acme: Company
    ada: Membership
    numbers: list[Any]
    north: Any
    south: Any
    clients: dict[int, Client] = field(default_factory=dict)

    def url(self, path: str = "") -> str:
        """Return an address below Acme's users."""
        return f"/{self.acme.identifier}/users/{path}"

    def as_(self, member: Membership) -> Client:
        """Return that member's browser, always the same."""
        if member.pk not in self.clients:
            self.clients[member.pk] = visitor(member.user)
        return self.clients[member.pk]

    def form(self, **changes: Any) -> dict[str, Any]:
        """Return a valid form for a new colleague; None takes a field out."""
        values = {
            "last_name": "Peeters",
            "first_name": "An",
            "email": "an.peeters@client.example",
            "phone": "0470123456",
            "language": "en",
            "profile": "consultation",
            "applications": APPLICATIONS,
            "levels": "suggested",
            "number_reach": "all",
            "division_reach": "all",
            **changes,
        }
        return {name: value for name, value in values.items() if value is not None}

    def change_form(self, member: Membership, **changes: Any) -> dict[str, Any]:
        """Return the form of a change as the page shows it to Ada, with some fields changed."""
        page = self.as_(self.ada).get(self.url(f"{member.pk}/change/"))
        form = page.context["form"]
        values = {name: form[name].value() for name in form.fields if not form.fields[name].disabled}
        values = {name: "" if value is None else value for name, value in values.items()}
        return {name: value for name, value in {**values, **changes}.items() if value is not None}

    def create(self, by: Membership | None = None, **changes: Any) -> Any:
        """Send the form of a new colleague as that member."""
        return self.as_(by or self.ada).post(self.url("new/"), self.form(**changes))

    def created(self, **changes: Any) -> Membership:
        """Create a colleague and return them."""
        answer = self.create(**changes)
        assert answer.status_code == 302, answer.context["form"].errors
        return one(user__email=changes.get("email", "an.peeters@client.example"), company=self.acme)


def one(**which: Any) -> Membership:
    """Return one membership, whatever the company."""
    with all_companies(reason="a test looks"):
        return Membership.objects.select_related("user", "company").get(**which)


def invitation_of(member: Membership) -> Invitation:
    """Return a member's newest invitation."""
    with all_companies(reason="a test looks"):
        return Invitation.objects.filter(membership=member).order_by("-pk")[0]


def link_of(member: Membership) -> str:
    """Send the mails that wait and return the path of the newest invitation's link."""
    send_waiting()
    texts = [str(mail.body) for mail in caught() if mail.to == [member.user.email]]
    found = [path for text in texts for path in re.findall(r"/invitations/[0-9a-f]{64}/", text)]
    return found[-1]


def opened(member: Membership, client: Client | None = None) -> Client:
    """Return a browser in which the invitation was opened by its button."""
    client = client or Client()
    assert client.post(link_of(member)).headers["Location"] == "/invitations/"
    return client


@pytest.fixture
def house(db: None) -> House:
    acme = factories.company("Acme")
    numbers = [factories.customer_number(acme), factories.customer_number(acme)]
    return House(
        acme,
        factories.member(acme, "Ada"),
        numbers,
        factories.division(numbers[0], "North"),
        factories.division(numbers[0], "South"),
    )
