"""The card maker by files: orders are put into `out`, answers are taken from `in`, each once (FUL-3).

    out/                 orders; a file is there whole or not at all
    in/                  where the card maker puts answers
    in/taking/           answers that the portal has claimed and not yet read
    in/done/             answers that were read
    in/set-aside/        answers that could not be believed as a whole

A name means nothing: an answer is known by its checksum.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import transaction

from cards.models import Batch, MakerFile
from cards.production import format as maker_format
from cards.production.answers import take_answer
from cards.production.format import ProductionRow, Sent
from fleetportal.core.work import promise
from fleetportal.core.work_models import WorkItem

# A file without its end line may still be on its way; after this long it never will be whole.
STILL_COMING = timedelta(seconds=60)
TAKE_ANSWER = "cards.take_answer"


class FileMaker:
    """Writes orders into a directory and reads answers from it."""

    def __init__(self, directory: Path) -> None:
        self.out = directory / "out"
        self.incoming = directory / "in"
        self.taking = self.incoming / "taking"
        self.done = self.incoming / "done"
        self.set_aside = self.incoming / "set-aside"

    def send(self, batch: Batch, rows: Sequence[ProductionRow], now: datetime) -> Sent:
        """Write the batch's file; the same batch has the same name, so that a second writing replaces the first."""
        name = f"cards-{batch}-{batch.created_at.astimezone(UTC):%Y%m%dT%H%M%SZ}.csv"
        content = maker_format.order_file(str(batch), batch.created_at, rows).encode()
        self._make(self.out)
        self._make(self.incoming)  # the card maker puts its answer there, and need not know how to begin
        _write_whole(self.out / name, content)
        return Sent(maker_format.checksum(content), name)

    def collect(self, now: datetime) -> int:
        """Claim the answers that are there by moving them, promise to read each, and return how many were claimed.

        Runs alone (the job's lock); an answer that an earlier run claimed before it was killed is promised again, under
        the same key.
        """
        if not self.incoming.is_dir():
            return 0
        self._make(self.taking)
        claimed = 0
        for path in sorted(self._whole(now)):
            path.rename(self.taking / f"{secrets.token_hex(6)}-{_plain_name(path.name)}")
            claimed += 1
        for path in sorted(self.taking.iterdir()):
            self._promise(path, now)
        return claimed

    def read(self, claimed_as: str, now: datetime) -> None:
        """Read one claimed answer, and move it away once what it says is committed; called again, it does nothing."""
        path = self.taking / claimed_as
        if not path.exists() and any((folder / claimed_as).exists() for folder in (self.done, self.set_aside)):
            return
        file = take_answer(claimed_as.split("-", 1)[1], path.read_bytes(), now)
        transaction.on_commit(lambda: self._put_away(path, file), robust=True)

    def _promise(self, path: Path, now: datetime) -> None:
        """Promise to read a claimed answer, or finish for a worker that was killed between reading and moving it."""
        name = path.name.split("-", 1)[1]
        item = promise(
            TAKE_ANSWER,
            key=f"{TAKE_ANSWER}:{path.name}",
            subject=name,
            payload={"file": path.name},
            due_at=now,
            now=now,
        )
        if item.status == WorkItem.Status.DONE:
            checksum = maker_format.checksum(path.read_bytes())
            file = MakerFile.objects.filter(name=name, checksum=checksum).order_by("-pk").first()
            if file is not None:
                self._put_away(path, file)

    def _put_away(self, path: Path, file: MakerFile) -> None:
        folder = self.done if file.state == MakerFile.State.TAKEN else self.set_aside
        self._make(folder)
        path.rename(folder / path.name)

    def _whole(self, now: datetime) -> Iterator[Path]:
        """Return the answers that are complete, or too old to become so; links and folders are not looked into."""
        with os.scandir(self.incoming) as entries:
            for entry in entries:
                if not entry.name.lower().endswith(".csv") or not entry.is_file(follow_symlinks=False):
                    continue
                written_at = datetime.fromtimestamp(entry.stat().st_mtime, UTC)
                path = Path(entry.path)
                if now - written_at > STILL_COMING or maker_format.is_whole(_last_bytes(path)):
                    yield path

    def _make(self, folder: Path) -> None:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees a part of it, and that it is there after a power cut."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        unfinished.unlink(missing_ok=True)


def _last_bytes(path: Path) -> bytes:
    """Read the end of a file."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - maker_format.END_BYTES))
        return file.read()


def _plain_name(name: str) -> str:
    """Return a file's name with nothing in it that a shell, a page or the database could stumble over."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[-100:]
