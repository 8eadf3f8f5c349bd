"""Cancelling the renewal of cards, and taking that back (CRD-53)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from cards.lifecycle import CANDIDATE, RENEWAL
from cards.models import Card
from cards.rules import sentence
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost, perform_many


def cancel_card(*, actor: Actor, card: Card, now: datetime) -> None:
    """Cancel the renewal of a card: it stays usable until its expiry date and is just not renewed (CRD-53).

    Raises `TransitionLost` with the sentence when the card is not Active, is cancelled already or In renewal.
    """
    actor.must("cards.cancel")
    _decide_renewal("cancel", card, actor, now)


def cancel_cards(*, actor: Actor, card_ids: Iterable[int], now: datetime) -> dict[int, str]:
    """Cancel the renewal of many cards in a handful of statements; return for each that could not be the sentence why.

    May be called twice: what is cancelled already stays as it is and comes back with its sentence (CRD-53).
    """
    actor.must("cards.cancel")
    return _renewals("cancel", card_ids, actor, now)


def take_back_card(*, actor: Actor, card: Card, now: datetime) -> None:
    """Take back the cancelling of a card; a former candidate for renewal is one again (CRD-53).

    Raises `TransitionLost` with the sentence when the card is not Active or not cancelled.
    """
    actor.must("cards.cancel")
    _decide_renewal("take_back", card, actor, now)


def take_back_cards(*, actor: Actor, card_ids: Iterable[int], now: datetime) -> dict[int, str]:
    """Take back the cancelling of many cards; return for each that could not be the sentence why (CRD-53)."""
    actor.must("cards.cancel")
    return _renewals("take_back", card_ids, actor, now)


def _decide_renewal(name: str, card: Card, actor: Actor, now: datetime) -> None:
    refused = _renewals(name, [card.pk], actor, now)
    if refused:
        raise TransitionLost(refused[card.pk])
    card.refresh_from_db()


def _renewals(name: str, card_ids: Iterable[int], actor: Actor, now: datetime) -> dict[int, str]:
    """Cancel or take back, for all of these cards that allow it.

    The cards are locked before they are looked at: of a block and a cancelling at once, the one that comes second sees
    what the first one did, and no blocked card is cancelled.
    """
    wanted = sorted(set(card_ids))
    cards = {card.pk: card for card in Card.objects.select_for_update().filter(pk__anyof=wanted).order_by("pk")}
    refused = {
        pk: (sentence(name, cards[pk]) if pk in cards else _("This card is not there any more.")) for pk in wanted
    }
    able = [cards[pk] for pk in wanted if not refused[pk]]
    for candidate in (False, True):
        if name == "cancel":
            chosen = [card.pk for card in able if (card.renewal_status == CANDIDATE) is candidate]
            move, sets = "cancel", {"was_candidate": candidate}
        else:
            chosen = [card.pk for card in able if card.was_candidate is candidate]
            move, sets = ("renew" if candidate else "take_back"), {"was_candidate": False}
        if chosen:
            perform_many(RENEWAL, Card.objects.filter(pk__anyof=chosen), move, actor, now=now, sets=sets)
    return {pk: why for pk, why in refused.items() if why}
