"""Reissuing secret codes: the order of a code letter, for one card or many (PIN-4).

The portal has no code to send. It tells the card maker which plastic's code goes to which address; the code in force
stays as it is, whether the card maker calculated it or the customer chose it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from cards.lifecycle import IN_PRODUCTION, RECEIVED
from cards.models import Card, CodeLetter, Request
from cards.notices import tell_reissue
from cards.rules import sentence
from cards.services import PROMISED, find_again
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.audit import AuditEntry
from fleetportal.core.lifecycle import TransitionLost

LETTER = CodeLetter._meta.label_lower


@dataclass(frozen=True, slots=True)
class Reissued:
    """What came of it: the request of each card whose letter is ordered, and the sentence for each of the others."""

    requests: dict[int, Request]
    refused: dict[int, str]


def open_letters(card_ids: Iterable[int]) -> dict[int, Request]:
    """Return the request of each of these cards whose letter is ordered and has not gone out."""
    waiting = Request.objects.filter(
        card_id__anyof=list(card_ids), kind=Request.Kind.CODE_LETTER, status__in=[RECEIVED, IN_PRODUCTION]
    )
    return {one.card_id: one for one in waiting if one.card_id is not None}


def already(request: Request) -> str:
    """Return the sentence for a card whose letter is under way."""
    return _("The secret code of this card is being reissued already: request %(number)s.") % {"number": request.number}


def reissue_code(*, actor: Actor, card: Card, now: datetime) -> Request:
    """Order the code letter of one card and return its request (PIN-4).

    Raises `TransitionLost` with the sentence when the card does not allow it, or when a letter is under way already:
    of two people who ask at once one orders it, and the other is told the request.
    """
    actor.must("cards.reissue")
    done = _reissue([card.pk], actor, now)
    if card.pk in done.refused:
        raise TransitionLost(done.refused[card.pk])
    return done.requests[card.pk]


def reissue_codes(*, actor: Actor, card_ids: Iterable[int], now: datetime) -> dict[int, str]:
    """Order the code letters of many cards in a handful of statements; return for each that could not be the sentence.

    May be called twice: a card whose letter is under way comes back with its sentence (PIN-4).
    """
    actor.must("cards.reissue")
    return _reissue(card_ids, actor, now).refused


def _reissue(card_ids: Iterable[int], actor: Actor, now: datetime) -> Reissued:
    """Order a letter for each of these cards that allows it.

    The cards are locked before anybody looks whether a letter is under way: of two orders at once, the one that comes
    second sees the first one's; of a block and an order at once, no blocked card's code goes out.
    """
    wanted = sorted(set(card_ids))
    locked = Card.objects.select_for_update(of=("self",)).select_related("company", "driver", "vehicle")
    cards = {card.pk: card for card in locked.filter(pk__anyof=wanted).order_by("pk")}
    underway = open_letters(cards)
    refused: dict[int, str] = {}
    able: list[Card] = []
    for pk in wanted:
        card = cards.get(pk)
        if card is None:
            refused[pk] = _("This card is not there any more.")
        elif why := sentence("reissue", card):
            refused[pk] = why
        elif pk in underway:
            refused[pk] = already(underway[pk])
        else:
            able.append(card)
    requests = _order(able, actor, now) if able else []
    return Reissued({card.pk: request for card, request in zip(able, requests, strict=True)}, refused)


def _order(cards: Sequence[Card], actor: Actor, now: datetime) -> list[Request]:
    """Write letters, requests and their entries, and tell who asked."""
    letters = CodeLetter.objects.bulk_create(
        [CodeLetter(company_id=card.company_id, card=card, rank=card.rank, ordered_at=now) for card in cards]
    )
    due_at = now + PROMISED
    requests = Request.objects.bulk_create(
        [
            Request(
                company_id=card.company_id,
                customer_number_id=card.customer_number_id,
                division_id=card.division_id,
                kind=Request.Kind.CODE_LETTER,
                label=card.printed_as,
                card=card,
                subject_kind=LETTER,
                subject_id=letter.pk,
                accepted_at=now,
                due_at=due_at,
                requested_by_id=actor.user,
            )
            for card, letter in zip(cards, letters, strict=True)
        ]
    )
    entries = [
        audit.entry(actor, "cards.reissue", card, now=now, after={"rank": card.rank, "request": request.number})
        for card, request in zip(cards, requests, strict=True)
    ]
    entries += [
        audit.entry(actor, "requests.accepted", one, now=now, after={"status": one.status, "due_at": due_at})
        for one in requests
    ]
    AuditEntry.objects.bulk_create(entries, batch_size=1000)
    find_again(cards)
    tell_reissue("ordered", requests, source=now.isoformat(), now=now)
    return requests
