"""What cards have done later: files to and from the card maker, and what time alone brings about (FUL-3, FUL-4).

Each may run twice, on two workers, or after days without: it looks at what is there, and moves only that.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from cards.letters.orders import letter_rows
from cards.letters.services import reissue_codes
from cards.lifecycle import ACTIVE, IN_CREATION, ISSUE
from cards.models import Batch, Card, Issue
from cards.production.batches import production_rows
from cards.production.files import TAKE_ANSWER, FileMaker
from cards.production.interface import maker
from cards.production.simulator import Simulator
from cards.services import block_cards, cancel_cards, take_back_cards
from fleetportal.core.access import Actor, system
from fleetportal.core.batches import batch_handler
from fleetportal.core.lifecycle import perform_many
from fleetportal.core.work import handler, periodic
from fleetportal.core.work_models import WorkItem

# A dispatched card that nobody confirmed or used becomes Active by itself after this long (FUL-4).
ACTIVE_AFTER = timedelta(days=10)
# Plastics in one statement, and statements in one run: what is left after weeks without a worker is done next time.
CHUNK, CHUNKS = 1000, 50


@handler("cards.send_batch")
def send_batch(item: WorkItem, now: datetime) -> None:
    """Order a batch from the card maker that it was taken for, once."""
    batch = Batch.objects.select_for_update().get(pk=item.payload["batch"])
    if batch.sent_at is not None:
        return
    made_by = maker(batch.maker)
    if batch.kind == Batch.Kind.LETTERS:
        sent = made_by.send_letters(batch, letter_rows(batch), now)
    else:
        sent = made_by.send(batch, production_rows(batch), now)
    batch.file_name, batch.checksum, batch.sent_at = sent.file_name, sent.checksum, now
    batch.save(update_fields=["file_name", "checksum", "sent_at"])


@handler(TAKE_ANSWER)
def take_answer(item: WorkItem, now: datetime) -> None:
    """Read one answer of the card maker that was claimed."""
    FileMaker(Path(settings.PRODUCTION_DIR)).read(item.payload["file"], now)


@handler("cards.simulate_made")
def simulate_made(item: WorkItem, now: datetime) -> None:
    """Let the demonstration's card maker answer that a batch was made."""
    Simulator().make(Batch.objects.get(pk=item.payload["batch"]), now)


@handler("cards.simulate_dispatched")
def simulate_dispatched(item: WorkItem, now: datetime) -> None:
    """Let the demonstration's card maker answer that a batch was dispatched."""
    Simulator().dispatch(Batch.objects.get(pk=item.payload["batch"]), now)


@handler("cards.simulate_letters")
def simulate_letters(item: WorkItem, now: datetime) -> None:
    """Let the demonstration's card maker answer that the code letters of a batch were sent."""
    Simulator().post(Batch.objects.get(pk=item.payload["batch"]), now)


@batch_handler("cards.block_many", permission="cards.block", protective=True)
def block_many(card_ids: list[int], payload: dict[str, Any], actor: Actor, now: datetime) -> dict[int, str]:
    """Block one chunk of a selection (CRD-54); also for somebody who lost the right since: a block always runs."""
    return block_cards(actor=actor, card_ids=card_ids, reason=payload["reason"], now=now)


@batch_handler("cards.cancel_many", permission="cards.cancel", model=Card)
def cancel_many(card_ids: list[int], payload: dict[str, Any], actor: Actor, now: datetime) -> dict[int, str]:
    """Cancel the renewal of one chunk of a selection (CRD-53)."""
    return cancel_cards(actor=actor, card_ids=card_ids, now=now)


@batch_handler("cards.take_back_many", permission="cards.cancel", model=Card)
def take_back_many(card_ids: list[int], payload: dict[str, Any], actor: Actor, now: datetime) -> dict[int, str]:
    """Take back the cancelling of one chunk of a selection (CRD-53)."""
    return take_back_cards(actor=actor, card_ids=card_ids, now=now)


@batch_handler("cards.reissue_many", permission="cards.reissue", model=Card)
def reissue_many(card_ids: list[int], payload: dict[str, Any], actor: Actor, now: datetime) -> dict[int, str]:
    """Order the code letters of one chunk of a selection (PIN-4)."""
    return reissue_codes(actor=actor, card_ids=card_ids, now=now)


@periodic("cards.collect_answers", every=timedelta(seconds=5), quiet=True)
def collect_answers(now: datetime) -> int:
    """Claim what the card maker answered; each file is then read by a worker."""
    return maker().collect(now)


@periodic("cards.activate_dispatched", every=timedelta(minutes=15), quiet=True)
def activate_dispatched(now: datetime) -> int:
    """Make plastics Active ten days after their dispatch (FUL-4)."""
    due = Issue.objects.filter(status=IN_CREATION, dispatched_at__lte=now - ACTIVE_AFTER)
    return _move_all(due, "activate", "cards.activate_dispatched", now, activated_at=now)


@periodic("cards.expire_issues", every=timedelta(minutes=15), quiet=True)
def expire_issues(now: datetime) -> int:
    """Make plastics Expired from the first midnight in Brussels after their last day (facts 4.2)."""
    due = Issue.objects.filter(status=ACTIVE, expires_on__lt=timezone.localdate(now))
    return _move_all(due, "expire", "cards.expire_issues", now)


def _move_all(due: QuerySet[Issue], transition: str, job: str, now: datetime, **sets: Any) -> int:
    """Move everything that is due, some at a time; return how many moved.

    A card that somebody works on at this moment is passed over until the next time: nothing is waited for.
    """
    moved, last = 0, 0
    for _chunk in range(CHUNKS):
        chunk = list(due.filter(pk__gt=last).order_by("pk").values_list("pk", "card_id")[:CHUNK])
        if not chunk:
            break
        last = chunk[-1][0]
        cards = Card.objects.filter(pk__anyof=[card for _issue, card in chunk]).order_by("pk")
        free = set(cards.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True))
        issues = due.filter(pk__anyof=[issue for issue, card in chunk if card in free])
        moved += len(perform_many(ISSUE, issues, transition, system(job), now=now, sets=sets).moved)
    return moved
