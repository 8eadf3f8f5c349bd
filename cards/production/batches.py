"""Taking orders into production, the oldest due first, and what a batch says to the card maker (FUL-1)."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from accounts.models import Address
from cards.catalogue import CodeType
from cards.expiry import expiry_after
from cards.lifecycle import ISSUE, NEW, RECEIVED, REQUEST
from cards.models import Batch, Card, CardProduct, Issue, Request
from cards.numbers import allocate
from cards.overlay import with_changes
from cards.plastic import mention_of
from cards.production.format import PostalAddress, ProductionRow
from cards.services import find_again
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import perform_many
from fleetportal.core.work import promise

MADE_HERE = Issue._meta.label_lower
TAKE_AT_ONCE = 500


def queue() -> QuerySet[Request]:
    """Return the orders that wait for production, the oldest due first; behind the wide door, every company's."""
    return Request.objects.filter(status=RECEIVED, subject_kind=MADE_HERE).order_by("due_at", "id")


def take_batch(
    *, actor: Actor, request_ids: list[int] | None = None, limit: int = TAKE_AT_ONCE, now: datetime
) -> Batch | None:
    """Take orders into production and promise their file to the card maker; None when there was nothing to take.

    Takes the given requests, or all, at most `limit`, the oldest due first: plastics and requests move on, cards
    without a number get one. What somebody withdrew meanwhile, or another operator is taking at this moment, stays out,
    so two operators at once get different orders. Works behind the wide door, in one transaction. Raises
    PermissionDenied without the right and `RangeUsedUp` when a card product has too few numbers left; then nothing
    was taken.
    """
    actor.must("operator.produce")
    with transaction.atomic():
        taken = _lock(request_ids, limit)
        if not taken:
            return None
        batch = Batch.objects.create(
            created_at=now, created_by_id=actor.user, size=len(taken), maker=settings.CARD_MAKER
        )
        _give_numbers([request.card_id for request in taken])
        moved = perform_many(
            ISSUE,
            Issue.objects.filter(pk__anyof=[request.subject_id for request in taken]),
            "produce",
            actor,
            now=now,
            sets={"batch_id": batch.pk},
        ).moved
        perform_many(
            REQUEST,
            Request.objects.filter(subject_kind=MADE_HERE, subject_id__anyof=list(moved)),
            "produce",
            actor,
            now=now,
            sets={"started_at": now},
        )
        # Nobody's right is asked again when the file is written: the orders are in production from here on.
        promise(
            "cards.send_batch",
            key=f"cards.send_batch:{batch.pk}",
            subject=str(batch),
            payload={"batch": batch.pk},
            due_at=now,
            now=now,
        )
    return batch


def batch_issues(batch: Batch) -> QuerySet[Issue]:
    """Return the plastics of a batch, in the order in which they stand in its file."""
    return Issue.objects.filter(batch_id=batch.pk).order_by("pk")


def progress(batch: Batch) -> dict[str, int]:
    """Count the plastics of a batch: how many there are, were made, were dispatched."""
    return batch_issues(batch).aggregate(
        total=Count("pk"),
        made=Count("pk", filter=Q(made_on__isnull=False)),
        dispatched=Count("pk", filter=Q(dispatched_at__isnull=False)),
    )


def production_rows(batch: Batch) -> list[ProductionRow]:
    """Return what the card maker is told of each plastic of a batch.

    Every plastic of the batch is there, also one that was blocked before the file was written: the card maker must know
    its code, since a duplicate says 'keep' (decision 0031).
    """
    issues = batch_issues(batch).select_related("card__product", "card__customer_number")
    taken_on = timezone.localdate(batch.created_at)
    return [
        _row(issue, with_changes(issue.card, issue.changes), expiry_after(taken_on, issue.card.product.validity_months))
        for issue in issues
    ]


def _row(issue: Issue, card: Card, expected_expiry: Any) -> ProductionRow:
    """Say what the maker does; `card` is as this plastic will carry it."""
    code = _code(issue, card)
    return ProductionRow(
        number=card.number,
        rank=issue.rank,
        card_product=card.product.code,
        embossing_1=card.printed_as,
        embossing_2=card.extra_mention if mention_of(card.category) in card.product.needs_plastic else "",
        category=card.category,
        products=card.products,
        code_type=card.code_type,
        code=code,
        sealed_code=base64.b64encode(bytes(issue.sealed_code)).decode() if issue.sealed_code is not None else "",
        delivery=_address(card),
        # The letter with a calculated code goes where the customer number says, never where the card goes (CRD-6).
        letter=_address(card.customer_number) if code == "calculated" else PostalAddress(),
        expected_expiry=expected_expiry,
    )


def _code(issue: Issue, card: Card) -> str:
    """Say what the card maker does about the code: take the sealed one, calculate one, or leave it as it is."""
    if issue.sealed_code is not None:
        return "sealed"
    # A personal code belongs to drivers, not to the card: there is nothing to make.
    new = issue.rank == 1 or issue.new_code
    return "calculated" if card.code_type == CodeType.CALCULATED and new else "keep"


def _address(source: Address) -> PostalAddress:
    return PostalAddress(source.recipient, source.street, source.postal_code, source.town, source.country)


def _lock(request_ids: list[int] | None, limit: int) -> list[Request]:
    """Lock up to `limit` orders with their cards, the oldest due first, passing over what others hold.

    Nothing is waited for, so this can't be one side of a deadlock, whatever order others lock in.
    """
    ready = queue().filter(card__company_id=F("company_id"))  # an inner join: both sides can be locked
    if request_ids is not None:
        ready = ready.filter(pk__anyof=request_ids)
    rows = list(ready.select_related("card").select_for_update(skip_locked=True, of=("self", "card"))[:limit])
    still_new = set(
        Issue.objects.filter(pk__anyof=[row.subject_id for row in rows], status=NEW).values_list("pk", flat=True)
    )
    return [row for row in rows if row.subject_id in still_new]


def _give_numbers(card_ids: list[int | None]) -> None:
    """Give those cards that have none a number of their product's range."""
    waiting = list(
        Card.objects.filter(pk__anyof=card_ids, number="").select_related("driver", "vehicle").order_by("pk")
    )
    by_product: dict[int, list[Card]] = {}
    for card in waiting:
        by_product.setdefault(card.product_id, []).append(card)
    products = CardProduct.objects.in_bulk(by_product)
    for product_id, cards in sorted(by_product.items()):  # always in this order: no two batches wait for one another
        for card, number in zip(cards, allocate(products[product_id], len(cards)), strict=True):
            card.number = number
    if waiting:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE cards_card c SET number = g.number FROM unnest(%s::bigint[], %s::text[]) AS g (id, number)"
                " WHERE c.id = g.id",
                [[card.pk for card in waiting], [card.number for card in waiting]],
            )
        find_again(waiting)
