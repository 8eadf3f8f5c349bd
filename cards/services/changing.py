"""Changing the settings of a card (CRD-40 to CRD-42)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from cards.lifecycle import CARD, IN_RENEWAL
from cards.models import Card, CardLimit, Request
from cards.rules import sentence
from cards.services.shared import describe, find_again, limits_of, write_limits
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost


def change_card(
    *,
    actor: Actor,
    card: Card,
    version: int,
    values: dict[str, Any],
    limits: list[dict[str, Any]] | None,
    now: datetime,
) -> bool:
    """Change settings that take effect at once (CRD-42); returns whether anything was different.

    `version` is the one the form was made from: raises `TransitionLost` when somebody else changed the card meanwhile,
    and when its status does not allow a change any more (CRD-41).
    """
    actor.must("cards.change")
    before = describe(card, limits_of(card))
    free = Card.objects.exclude(renewal_status=IN_RENEWAL)
    changed = free.filter(pk=card.pk, version=version, status__in=CARD.transition("change").sources).update(
        version=F("version") + 1, **values
    )
    if not changed:
        current = Card.objects.get(pk=card.pk)
        if why := sentence("change", current):
            raise TransitionLost(why)
        raise TransitionLost(_("Somebody else changed this card meanwhile. Look at it again before you change it."))
    card.refresh_from_db()
    if limits is not None:
        CardLimit.objects.filter(card=card).delete()
        write_limits(card, limits)
    old, new = audit.changes(before, describe(card, limits_of(card)))
    if new:
        audit.record(actor, "cards.changed", card, now=now, before=old, after=new)
        # Who may see a card may see what was asked for it: its requests go with it into another division.
        Request.objects.filter(card=card).update(division=card.division)
        find_again([card])
    return bool(new)
