"""Acme with two numbers, cards to block, and the notices that come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.actors import current_standing
from accounts.models import Company, Membership, Notice, User
from cards.services import block_card, block_cards
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies, entered
from tests import factories

KIND = "cards.blocked"


def actor_of(member: Membership) -> Any:
    """Return the standing of a member: actor and scope, as a request of theirs has them."""
    return current_standing(member.user_id, member.company_id, timezone.now())


def visitor(person: User) -> Client:
    """Return a browser that is signed in as that person."""
    client = Client()
    client.force_login(person)
    return client


@dataclass
class Office:
    """Acme, who works there, and what they do."""

    acme: Company
    ada: Membership
    numbers: list[Any]
    north: Any
    clients: dict[int, Client] = field(default_factory=dict)

    def url(self, path: str = "") -> str:
        """Return an address below Acme's notices."""
        return f"/{self.acme.identifier}/notices/{path}"

    def as_(self, member: Membership) -> Client:
        """Return that member's browser, always the same."""
        return self.clients.setdefault(member.pk, visitor(member.user))

    def card(self, number: int = 0, **fields: Any) -> Any:
        """Make a card that can be blocked."""
        return factories.card(self.numbers[number], **fields)

    def block(self, card: Any, by: Membership | None = None) -> None:
        """Let somebody block a card."""
        standing = actor_of(by or self.ada)
        with entered(standing.scope):
            block_card(actor=standing.actor, card=card, reason="theft", duplicate=False, now=timezone.now())

    def block_many(self, cards: list[Any], by: Membership | None = None) -> None:
        """Let somebody block many cards at once."""
        standing = actor_of(by or self.ada)
        with entered(standing.scope):
            ids = [card.pk for card in cards]
            block_cards(actor=standing.actor, card_ids=ids, reason="theft", now=timezone.now())

    def choose(self, *members: Membership, kind: str = KIND, by: Membership | None = None, **more: Any) -> Any:
        """Let the company choose who receives a kind, through the page."""
        client = self.as_(by or self.ada)
        page = client.get(self.url("settings/"))
        version = page.context["form"].fields["version"].initial
        chosen = {name: [str(one) for one in field.initial] for name, field in page.context["form"].fields.items()
                  if name != "version"}  # fmt: skip
        chosen[kind] = [str(one.pk) for one in members]
        return client.post(self.url("settings/"), {"version": version, **chosen, **more})


def notices(member: Membership) -> list[Notice]:
    """Return the notices of a member, oldest first."""
    with all_companies(reason="a test looks"):
        return list(Notice.objects.filter(user=member.user, company=member.company_id).order_by("pk"))


def mails(template: str = "") -> list[OutgoingMail]:
    """Return the mails that were queued, oldest first."""
    with all_companies(reason="a test looks"):
        rows = OutgoingMail.objects.order_by("pk").select_related("recipient")
        return list(rows.filter(template=template) if template else rows)


@pytest.fixture
def office(db):
    acme = factories.company("Acme")
    numbers = [factories.customer_number(acme), factories.customer_number(acme)]
    return Office(acme, factories.member(acme, "Ada"), numbers, factories.division(numbers[0], "North"))


@pytest.fixture
def max_(office):
    return factories.member(office.acme, "Max")
