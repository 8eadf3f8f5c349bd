"""Ordering code letters from the card maker: a batch of their own, in a file of their own (PIN-4, FUL-3)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import CustomerNumber
from cards.letters.services import LETTER
from cards.lifecycle import RECEIVED, REQUEST
from cards.models import Batch, CodeLetter, Request
from cards.production.batches import MADE_HERE, TAKE_AT_ONCE
from cards.production.format import LetterRow, PostalAddress
from cards.services import ADDRESS
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import perform_many
from fleetportal.core.work import promise


def letter_queue() -> QuerySet[Request]:
    """Return the code letters that wait for production, the oldest due first; behind the wide door, every company's."""
    return Request.objects.filter(status=RECEIVED, subject_kind=LETTER).order_by("due_at", "id")


def everything() -> QuerySet[Request]:
    """Return all that waits for production, cards and code letters, the oldest due first."""
    return Request.objects.filter(status=RECEIVED, subject_kind__in=[MADE_HERE, LETTER]).order_by("due_at", "id")


def take_letters(
    *, actor: Actor, request_ids: list[int] | None = None, limit: int = TAKE_AT_ONCE, now: datetime
) -> Batch | None:
    """Take code letters into production and promise their file to the card maker; None when there was nothing to take.

    Each letter gets the address that its customer number has at this moment (PIN-6). What somebody withdrew meanwhile,
    or another operator is taking, stays out. Works behind the wide door, in one transaction; raises PermissionDenied
    without the right.
    """
    actor.must("operator.produce")
    with transaction.atomic():
        waiting = letter_queue().filter(card__company_id=F("company_id"))  # an inner join: both sides can be locked
        if request_ids is not None:
            waiting = waiting.filter(pk__anyof=request_ids)
        rows = list(waiting.select_related("card").select_for_update(skip_locked=True, of=("self", "card"))[:limit])
        if not rows:
            return None
        batch = Batch.objects.create(
            kind=Batch.Kind.LETTERS,
            created_at=now,
            created_by_id=actor.user,
            size=len(rows),
            maker=settings.CARD_MAKER,
        )
        _address({row.subject_id: row.customer_number_id for row in rows}, batch)
        perform_many(
            REQUEST,
            Request.objects.filter(pk__anyof=[row.pk for row in rows]),
            "produce",
            actor,
            now=now,
            sets={"started_at": now},
        )
        promise(
            "cards.send_batch",
            key=f"cards.send_batch:{batch.pk}",
            subject=str(batch),
            payload={"batch": batch.pk},
            due_at=now,
            now=now,
        )
    return batch


def batch_letters(batch: Batch) -> QuerySet[CodeLetter]:
    """Return the code letters of a batch, in the order in which they stand in its file."""
    return CodeLetter.objects.filter(batch_id=batch.pk).order_by("pk")


def letter_rows(batch: Batch) -> list[LetterRow]:
    """Return what the card maker is told of each letter: which plastic's code goes to which address.

    A letter of a card that was blocked before the file was written is left out: nobody needs its code any more.
    """
    letters = batch_letters(batch).filter(ended_at__isnull=True).select_related("card")
    stopped = set(
        Request.objects.filter(subject_kind=LETTER, subject_id__anyof=[letter.pk for letter in letters])
        .exclude(status="in_production")
        .values_list("subject_id", flat=True)
    )
    return [
        LetterRow(
            letter.card.number,
            letter.rank,
            PostalAddress(letter.recipient, letter.street, letter.postal_code, letter.town, letter.country),
        )
        for letter in letters
        if letter.pk not in stopped
    ]


def _address(letters: dict[int, int], batch: Batch) -> None:
    """Put the letters into the batch, each with the address of its customer number."""
    # Locked, so that a change of the address comes before or after, and never in between.
    numbers = CustomerNumber.objects.select_for_update().order_by("pk").in_bulk(set(letters.values()))
    found = list(CodeLetter.objects.filter(pk__anyof=list(letters)))
    for letter in found:
        letter.batch_id = batch.pk
        for name in ADDRESS:
            setattr(letter, name, getattr(numbers[letters[letter.pk]], name))
    CodeLetter.objects.bulk_update(found, ["batch_id", *ADDRESS], batch_size=500)
