"""Which actions a card offers to whom, and the sentence for those it does not (cards.md, GEN-3)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cards.catalogue import CodeType
from cards.lifecycle import BEING_RENEWED, CARD, IN_CREATION, IN_RENEWAL, NEW, RENEWAL
from cards.models import Card
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import Transition

# Actions that the renewal status decides on as well (CRD-53).
_OF_RENEWAL = {"cancel", "take_back"}


def allowed(name: str, status: str, *, live: bool, dispatched: bool, renewal: str, code: str) -> bool:
    """Say whether a card's state allows an action; `code` is the type of its secret code.

    A block also ends an older plastic that still works while the newest is only ordered; receipt needs a dispatch. A
    personal code is the driver's and not the card's, so there is none to reissue (PIN-4).
    """
    if name == "block":
        return live
    if name == "receive":
        return dispatched and CARD.allows(name, status)
    if name == "change":
        return renewal != IN_RENEWAL and CARD.allows(name, status)
    if name == "reissue":
        return code != CodeType.PERSONAL and renewal != IN_RENEWAL and CARD.allows(name, status)
    if name in _OF_RENEWAL:
        return CARD.allows(name, status) and RENEWAL.allows(name, renewal)
    return CARD.allows(name, status)


def offered(actor: Actor, status: str, *, live: bool, dispatched: bool, renewal: str, code: str) -> list[Transition]:
    """Return the actions a page offers this person for a card in this state."""
    return [
        transition
        for transition in CARD.transitions
        if actor.may(transition.permission)
        and allowed(transition.name, status, live=live, dispatched=dispatched, renewal=renewal, code=code)
    ]


def sentence(name: str, card: Card) -> str:
    """Return why the card's state does not allow the action, or an empty text when it does."""
    dispatched = card.dispatched_at is not None
    if allowed(
        name, card.status, live=card.live, dispatched=dispatched, renewal=card.renewal_status, code=card.code_type
    ):
        return ""
    if name in _OF_RENEWAL and CARD.allows(name, card.status):
        return RENEWAL.refusal(name, card.renewal_status)
    if name == "reissue" and CARD.allows(name, card.status) and card.code_type == CodeType.PERSONAL:
        return _("This card is used with its drivers' personal codes; it has no code of its own to reissue.")
    if name in {"change", "reissue"} and CARD.allows(name, card.status):
        return str(BEING_RENEWED)
    if name == "receive" and card.status == IN_CREATION:
        return _("This card has not been dispatched yet.")
    if name == "block" and card.status == NEW and card.rank > 1:
        return _("This card is blocked already. Its next plastic is ordered and not made yet.")
    return CARD.refusal(name, card.status)
