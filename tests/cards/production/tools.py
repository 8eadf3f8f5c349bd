"""What the tests of production share: the card maker's side of the files, and a worker that does what is due."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from accounts.actors import operator_actor
from accounts.models import User
from cards.models import Batch, Card, Issue, MakerFile, Request, SetAsideLine
from cards.production.batches import take_batch
from cards.production.format import answer_file
from fleetportal.core.audit import AuditEntry
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from fleetportal.core.timetable import run_job
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome, run
from tests.factories import NOW

MINUTE = timedelta(minutes=1)
# What NOW and a validity of 48 months lead to.
MADE, EXPIRY = "2026-11-04", "2030-11"


def take(operator: User, *, now: datetime = NOW, **options) -> Batch | None:
    """Take a batch as the operator's page does."""
    with all_companies(reason="test"):
        return take_batch(actor=operator_actor(operator), now=now, **options)


def work(now: datetime) -> list[Outcome]:
    """Do the work of production that is due, as a worker would; mails stay where they are."""
    outcomes = []
    while True:
        with all_companies(reason="test"):
            due = WorkItem.objects.filter(status="waiting", due_at__lte=now, kind__startswith="cards.")
            ids = list(due.order_by("due_at", "pk").values_list("pk", flat=True))
        if not ids:
            return outcomes
        outcomes += [run(pk, now) for pk in ids]


def answer(*rows: Sequence[str], reference: str = "A1", now: datetime = NOW) -> bytes:
    """Write an answer as the card maker does."""
    return answer_file(reference, now, rows).encode()


def made(card: Card, *, rank: int = 1, day: str = MADE, expiry: str = EXPIRY) -> tuple[str, ...]:
    return ("made", card.number, str(rank), day, expiry)


def dispatched(card: Card, tracking: str = "3SABC1", *, rank: int = 1) -> tuple[str, ...]:
    return ("dispatched", card.number, str(rank), tracking)


def rejected(card: Card, reason: str = "The name can't be embossed", *, rank: int = 1) -> tuple[str, ...]:
    return ("rejected", card.number, str(rank), reason)


def used(card: Card, day: str, *, rank: int = 1) -> tuple[str, ...]:
    return ("used", card.number, str(rank), day)


class Directory:
    """The directory that the portal shares with the card maker."""

    def __init__(self, root: Path, on_commit) -> None:
        self.root = root
        self._on_commit = on_commit

    def names(self, folder: str) -> list[str]:
        """The files in one of its folders."""
        path = self.root / folder
        return sorted(one.name for one in path.iterdir() if one.is_file()) if path.exists() else []

    def deliver(self, content: bytes, name: str = "answer.csv") -> Path:
        """Put an answer where the portal looks for it."""
        (self.root / "in").mkdir(parents=True, exist_ok=True)
        path = self.root / "in" / name
        path.write_bytes(content)
        return path

    def collect(self, now: datetime = NOW) -> list[Outcome]:
        """Let the timetable's job find the answers, and a worker read them."""
        with self._on_commit(execute=True):
            row = run_job("cards.collect_answers", now)
            assert row is None or not row.error, row.error
        with self._on_commit(execute=True):
            return work(now)

    def take(self, *rows: Sequence[str], name: str = "answer.csv", now: datetime = NOW, reference: str = "") -> None:
        """Deliver an answer and have it read."""
        self.deliver(answer(*rows, reference=reference or f"{name}{now}", now=now), name)
        assert self.collect(now) == [Outcome.DONE]


def rows(model, **filters) -> list:
    """Return the rows of a table, whosever they are."""
    with all_companies(reason="test"):
        return list(model.objects.filter(**filters).order_by("pk"))


def reload(row):
    """Return the row as it stands now."""
    with all_companies(reason="test"):
        return type(row)._base_manager.get(pk=row.pk)


def issue_of(card: Card, rank: int = 1) -> Issue:
    return rows(Issue, card_id=card.pk, rank=rank)[0]


def request_of(card: Card, rank: int = 1) -> Request:
    return rows(Request, subject_id=issue_of(card, rank).pk)[0]


def set_aside() -> list[tuple[int, str]]:
    """Return line and reason of all lines that were set aside."""
    return [(one.line, one.reason) for one in rows(SetAsideLine)]


def last_file() -> MakerFile:
    return rows(MakerFile)[-1]


def audit_of(row) -> list[AuditEntry]:
    return rows(AuditEntry, kind=row._meta.label_lower, object_id=row.pk)


def mails(template: str) -> list[OutgoingMail]:
    return rows(OutgoingMail, template=template)
