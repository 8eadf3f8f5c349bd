"""Which actions a card offers to whom, and the sentence for those it does not (cards.md, GEN-3)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cards.lifecycle import CARD, IN_CREATION, NEW
from cards.models import Card
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import Transition


def allowed(name: str, status: str, *, live: bool, dispatched: bool) -> bool:
    """Say whether a card's state allows an action.

    A block also ends an older plastic that still works while the newest is only ordered; receipt needs a dispatch.
    """
    if name == "block":
        return live
    if name == "receive":
        return dispatched and CARD.allows(name, status)
    return CARD.allows(name, status)


def offered(actor: Actor, status: str, *, live: bool, dispatched: bool) -> list[Transition]:
    """Return the actions a page offers this person for a card in this state."""
    return [
        transition
        for transition in CARD.transitions
        if actor.may(transition.permission) and allowed(transition.name, status, live=live, dispatched=dispatched)
    ]


def sentence(name: str, card: Card) -> str:
    """Return why the card's state does not allow the action, or an empty text when it does."""
    if allowed(name, card.status, live=card.live, dispatched=card.dispatched_at is not None):
        return ""
    if name == "receive" and card.status == IN_CREATION:
        return _("This card has not been dispatched yet.")
    if name == "block" and card.status == NEW and card.rank > 1:
        return _("This card is blocked already. Its next plastic is ordered and not made yet.")
    return CARD.refusal(name, card.status)
