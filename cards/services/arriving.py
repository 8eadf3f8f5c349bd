"""The two ends of an order: a card is deleted while it is New, or it arrives (CRD-52, FUL-4)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from cards.lifecycle import CARD, IN_CREATION, ISSUE, NEW, RECEIVED, REQUEST
from cards.models import Card, Issue, Request
from cards.services.shared import forget_codes
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost, perform, perform_many

# Stored in English and translated when shown; a card maker's own words are shown as they came.
CARD_WAS_DELETED = gettext_noop("The card was deleted.")


def delete_card(*, actor: Actor, card: Card, now: datetime) -> None:
    """Delete a card while it is New: its order is withdrawn and nothing is made (CRD-52)."""
    Card.objects.select_for_update().get(pk=card.pk)
    issue = Issue.objects.filter(card=card, status=NEW).order_by("-rank").first()
    if issue is None or card.status != NEW:
        card.refresh_from_db()
        raise TransitionLost(CARD.refusal("delete", card.status))
    perform(ISSUE, issue, "delete", actor, now=now)
    forget_codes([issue.pk])
    requests = Request.objects.filter(subject_kind="cards.issue", subject_id=issue.pk, status=RECEIVED)
    perform_many(REQUEST, requests, "drop", actor, now=now, sets={"ended_at": now, "reason": CARD_WAS_DELETED})
    card.refresh_from_db()


def receive_card(*, actor: Actor, card: Card, now: datetime) -> None:
    """Confirm that the dispatched card has arrived: it becomes Active (FUL-4)."""
    Card.objects.select_for_update().get(pk=card.pk)
    issue = Issue.objects.filter(card=card, status=IN_CREATION, dispatched_at__isnull=False).order_by("-rank").first()
    if issue is None:
        card.refresh_from_db()
        if card.status == IN_CREATION:
            raise TransitionLost(_("This card has not been dispatched yet."))
        raise TransitionLost(CARD.refusal("receive", card.status))
    perform(ISSUE, issue, "receive", actor, now=now, sets={"activated_at": now})
    card.refresh_from_db()
