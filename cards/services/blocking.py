"""Blocking cards, one and many (CRD-50 to CRD-54)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cards.catalogue import BlockReason
from cards.lifecycle import ACTIVE, IN_CREATION, IN_PRODUCTION, ISSUE, NEW, RECEIVED, REQUEST
from cards.models import Card, Issue, Request
from cards.notices import tell_blocked
from cards.rules import sentence
from cards.services.ordering import order_duplicate
from cards.services.shared import forget_codes
from cards.services.taking_on import take_on
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost, perform_many

# Stored in English and translated when shown; a card maker's own words are shown as they came.
CARD_WAS_BLOCKED = gettext_noop("The card was blocked.")


def block_card(*, actor: Actor, card: Card, reason: str, duplicate: bool, now: datetime) -> Request | None:
    """Block every plastic of the card that exists, at once; with a duplicate, return its request (CRD-51).

    Raises `TransitionLost` with the sentence when there is nothing to block (CRD-52) or somebody was first.
    """
    actor.must("cards.block")
    refused = _block([card.pk], actor, reason, now)
    if refused:
        raise TransitionLost(refused[card.pk])
    card.refresh_from_db()
    request = order_duplicate(actor=actor, card=card, now=now) if duplicate else None
    number = request.number if request else ""
    tell_blocked(actor=actor, cards=[card], reason=reason, now=now, confirm=True, request=number)
    return request


def block_cards(*, actor: Actor, card_ids: Iterable[int], reason: str, now: datetime) -> dict[int, str]:
    """Block many cards in a handful of statements; return for each that could not be blocked the sentence why.

    An order that waits for production is withdrawn with it: a plastic that nobody has made can't be blocked. Whom the
    company chose is told of all of them at once (ACC-40).
    """
    actor.must("cards.block")
    wanted = sorted(set(card_ids))
    refused = _block(wanted, actor, reason, now)
    blocked = Card.objects.filter(pk__anyof=[pk for pk in wanted if pk not in refused]).select_related("company")
    tell_blocked(actor=actor, cards=list(blocked.order_by("pk")), reason=reason, now=now)
    return refused


def _block(wanted: list[int], actor: Actor, reason: str, now: datetime) -> dict[int, str]:
    if reason not in BlockReason.values:
        raise ValueError(f"{reason!r} is no reason for a block.")
    cards = {card.pk: card for card in Card.objects.select_for_update().filter(pk__anyof=wanted).order_by("pk")}
    issues = Issue.objects.filter(card_id__anyof=list(cards))
    states = list(issues.values_list("pk", "card_id", "status"))
    live = [pk for pk, _card, status in states if status in {IN_CREATION, ACTIVE}]
    outcome = perform_many(
        ISSUE,
        Issue.objects.filter(pk__anyof=live),
        "block",
        actor,
        now=now,
        sets={"blocked_at": now, "block_reason": reason},
    )
    card_of = {pk: card_id for pk, card_id, _status in states}
    blocked = {card_of[pk] for pk in outcome.moved}
    # The card maker has been told of what is being made: what comes after it is made with the same settings.
    take_on(actor=actor, issue_ids=list(outcome.moved), now=now)
    ordered = [pk for pk, card_id, status in states if status == NEW and card_id in blocked]
    if ordered:
        perform_many(ISSUE, Issue.objects.filter(pk__anyof=ordered), "stop", actor, now=now)
        forget_codes(ordered)
    open_requests = Request.objects.filter(card_id__anyof=list(blocked), status__in=[RECEIVED, IN_PRODUCTION])
    perform_many(REQUEST, open_requests, "stop", actor, now=now, sets={"ended_at": now, "reason": CARD_WAS_BLOCKED})
    return {
        pk: (sentence("block", cards[pk]) if pk in cards else _("This card is not there any more."))
        for pk in wanted
        if pk not in blocked
    }
