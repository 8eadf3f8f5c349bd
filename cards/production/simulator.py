"""The demonstration's card maker: it makes and dispatches everything within a minute, by real answers (FUL-3)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from cards.expiry import expiry_after, month_text
from cards.models import Batch, CodeLetter, Issue
from cards.production import format as maker_format
from cards.production.answers import take_answer
from cards.production.batches import batch_issues
from cards.production.format import LetterRow, ProductionRow, Sent
from fleetportal.core.work import promise

MADE_AFTER = timedelta(seconds=8)
DISPATCHED_AFTER = timedelta(seconds=12)  # after they were made


class Simulator:
    """Makes every card of a batch; its answers go the way of files from a card maker."""

    def send(self, batch: Batch, rows: Sequence[ProductionRow], now: datetime) -> Sent:
        """Promise that the cards of the batch will be made."""
        self._promise("cards.simulate_made", batch, now + MADE_AFTER, now)
        content = maker_format.order_file(str(batch), batch.created_at, rows)
        return Sent(maker_format.checksum(content.encode()))

    def send_letters(self, batch: Batch, rows: Sequence[LetterRow], now: datetime) -> Sent:
        """Promise that the code letters of the batch will be sent (PIN-4)."""
        self._promise("cards.simulate_letters", batch, now + MADE_AFTER, now)
        content = maker_format.letter_file(str(batch), batch.created_at, rows)
        return Sent(maker_format.checksum(content.encode()))

    def collect(self, now: datetime) -> int:
        """Find nothing: the simulator's answers come by promised work."""
        return 0

    def make(self, batch: Batch, now: datetime) -> None:
        """Answer that every card of the batch was made today, and promise their dispatch."""
        today = timezone.localdate(now)
        self._answer(
            batch,
            "made",
            [
                (issue, today.isoformat(), month_text(expiry_after(today, issue.card.product.validity_months)))
                for issue in batch_issues(batch).filter(made_on__isnull=True).select_related("card__product")
            ],
            now,
        )
        self._promise("cards.simulate_dispatched", batch, now + DISPATCHED_AFTER, now)

    def dispatch(self, batch: Batch, now: datetime) -> None:
        """Answer that every card of the batch was dispatched."""
        underway = batch_issues(batch).filter(dispatched_at__isnull=True).select_related("card")
        self._answer(batch, "dispatched", [(issue, tracking_number(issue)) for issue in underway], now)

    def post(self, batch: Batch, now: datetime) -> None:
        """Answer that every code letter of the batch was sent."""
        letters = CodeLetter.objects.filter(batch_id=batch.pk, ended_at__isnull=True).order_by("pk")
        rows = [(letter, f"SIM-L{letter.pk:08d}") for letter in letters.select_related("card")]
        self._answer(batch, "letter_sent", rows, now)

    def _answer(self, batch: Batch, kind: str, rows: Sequence[tuple[Any, *tuple[str, ...]]], now: datetime) -> None:
        """Hand in an answer; when it was handed in before, there is nothing left to say."""
        if rows:
            lines = [(kind, made.card.number, str(made.rank), *cells) for made, *cells in rows]
            text = maker_format.answer_file(f"{batch}-{kind}", now, lines)
            take_answer(f"simulated-{batch}-{kind}.csv", text.encode(), now)

    def _promise(self, kind: str, batch: Batch, due_at: datetime, now: datetime) -> None:
        promise(kind, key=f"{kind}:{batch.pk}", subject=str(batch), payload={"batch": batch.pk}, due_at=due_at, now=now)


def tracking_number(issue: Issue) -> str:
    """Return the same tracking number for the same plastic every time."""
    digest = hashlib.sha256(f"{issue.card.number}/{issue.rank}".encode()).digest()
    return f"SIM{int.from_bytes(digest[:5]) % 10**10:010d}"
