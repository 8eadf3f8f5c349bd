"""Ordering a card, and the next plastic of one (CRD-7, CRD-51)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max

from accounts.models import CustomerNumber
from cards.catalogue import CodeType
from cards.mirror import refresh_cards
from cards.models import Card, Issue, Request
from cards.services.shared import describe, find_again, open_request, write_limits
from fleetportal.core import audit
from fleetportal.core.access import Actor


@dataclass(slots=True)
class Order:
    """A checked order of one card. `sealed_code` is the chosen code, sealed for the card maker, or None."""

    product: Any
    customer_number: CustomerNumber
    division: Any
    category: str
    printed_as: str
    plate_country: str
    extra_mention: str
    cost_centre: str
    vehicle: Any
    driver: Any
    products: list[str]
    limits: list[dict[str, Any]]
    controls: dict[str, Any]
    odometer_entry: bool
    address: dict[str, str]
    code_type: str
    sealed_code: bytes | None = field(default=None, repr=False)


def place_order(*, actor: Actor, order: Order, now: datetime) -> Request:
    """Accept the order of a card: the card, its first issue and the request with its 24 hours (CRD-7).

    The card has no number yet; it gets one when its batch goes into production (decision 8).
    """
    actor.must("cards.order")
    if order.code_type == CodeType.CHOSEN and order.sealed_code is None:
        raise ValueError("A chosen code comes sealed with the order.")
    card = Card.objects.create(
        customer_number=order.customer_number,
        division=order.division,
        product=order.product,
        category=order.category,
        printed_as=order.printed_as,
        plate_country=order.plate_country,
        extra_mention=order.extra_mention,
        cost_centre=order.cost_centre,
        vehicle=order.vehicle,
        driver=order.driver,
        products=order.products,
        odometer_entry=order.odometer_entry,
        code_type=order.code_type,
        created_at=now,
        **order.controls,
        **order.address,
    )
    write_limits(card, order.limits)
    issue = Issue.objects.create(card=card, rank=1, ordered_at=now, sealed_code=order.sealed_code)
    after = describe(card, order.limits)
    audit.record(actor, "cards.ordered", card, now=now, after=after)
    find_again([card])
    return open_request(actor, card, issue, Request.Kind.NEW_CARD, now)


def order_duplicate(*, actor: Actor, card: Card, now: datetime) -> Request:
    """Order the next rank of the same card with the same settings, as a request of its own (CRD-51)."""
    rank = (Issue.objects.filter(card=card).aggregate(highest=Max("rank"))["highest"] or 0) + 1
    issue = Issue.objects.create(card=card, rank=rank, ordered_at=now)
    refresh_cards([issue.pk])
    card.refresh_from_db()
    audit.record(actor, "cards.duplicate_ordered", card, now=now, after={"rank": rank})
    return open_request(actor, card, issue, Request.Kind.DUPLICATE, now)
