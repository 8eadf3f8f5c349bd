"""Batches of sealed codes that the card maker returns: taken once, kept sealed until they are printed (PIN-5).

The portal has no key that opens one. What it can check without a key it checks on arrival: every byte of the file, and
line by line that there is such a plastic and that its code is of any use.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from cards.lifecycle import ACTIVE, IN_CREATION
from cards.models import Issue, MakerFile, SetAsideLine
from cards.production import format as maker_format
from cards.production.answers import (
    ALREADY_TAKEN,
    NO_SUCH_RANK,
    NOBODYS,
    WRONG_CELLS,
    WRONG_RANK,
    BadLine,
    note_file,
)
from cards.production.format import Line, Unreadable

NO_CODE = gettext_noop("The line is no sealed code: it says something else than code, or its seal is no base64.")
TWICE = gettext_noop("The code of this plastic stands in the file already.")
OF_NO_USE = gettext_noop("The plastic is blocked, expired or withdrawn: its code is of no use.")

# A sealed box is 48 bytes longer than what is in it.
_LEAST, _MOST = 49, 1024
_RANKS = frozenset(str(rank) for rank in range(1, 1000))


def take_codes(name: str, content: bytes, now: datetime) -> MakerFile:
    """Keep a batch of sealed codes and return what was noted of it; works behind the wide door.

    A file that is truncated, changed, miscounted or of an unknown version, and one whose content was taken before, is
    set aside whole; a line that fits no plastic is set aside alone, without its seal. All in one transaction.
    """
    kind = MakerFile.Kind.CODES
    with transaction.atomic():
        try:
            lines = maker_format.read_codes(content)
        except Unreadable as reason:
            return note_file(name, content, MakerFile.State.SET_ASIDE, now, kind=kind, reason=str(reason))
        try:
            with transaction.atomic():
                file = note_file(name, content, MakerFile.State.TAKEN, now, kind=kind, lines=len(lines))
        except IntegrityError:  # the same content: waits for a worker that is at it, and then comes second
            # Its codes are kept with the first delivery, or were printed: not kept a second time.
            return note_file(name, b"", MakerFile.State.SET_ASIDE, now, kind=kind, reason=ALREADY_TAKEN)
        good, refused = judge(lines)
        SetAsideLine.objects.bulk_create(
            [SetAsideLine(file=file, line=line.at, text=without_seal(line), reason=reason) for line, reason in refused],
            batch_size=1000,
        )
        file.applied = len(good)
        file.save(update_fields=["applied"])
    return file


def judge(lines: list[Line]) -> tuple[list[tuple[Line, Issue, bytes]], list[tuple[Line, str]]]:
    """Return the lines that name a usable plastic, each with it and its sealed code; and the others with the reason."""
    read: list[tuple[Line, str, int, bytes]] = []
    refused: list[tuple[Line, str]] = []
    for line in lines:
        try:
            read.append((line, *_read(line)))
        except BadLine as reason:
            refused.append((line, str(reason)))
    plastics = Issue.objects.filter(card__number__in={number for _line, number, _rank, _seal in read} - {""})
    found = {
        (issue.card.number, issue.rank): issue
        for issue in plastics.select_related("card__company", "card__customer_number")
    }
    numbers = {number for number, _rank in found}
    good: list[tuple[Line, Issue, bytes]] = []
    seen: set[int] = set()
    for line, number, rank, sealed in read:
        issue = found.get((number, rank))
        if issue is None:
            refused.append((line, NO_SUCH_RANK if number in numbers else NOBODYS))
        elif issue.pk in seen:
            refused.append((line, TWICE))
        elif issue.status not in {IN_CREATION, ACTIVE}:
            refused.append((line, OF_NO_USE))
        else:
            seen.add(issue.pk)
            good.append((line, issue, sealed))
    return good, sorted(refused, key=lambda pair: pair[0].at)


def without_seal(line: Line) -> str:
    """Return a line as it may be shown to staff: everything but what is sealed."""
    cells = maker_format.cells(line.text) or []
    return ";".join([*(cell[:40] for cell in cells[:3]), "…"])


def _read(line: Line) -> tuple[str, int, bytes]:
    """Return number, rank and sealed code of one line; raises `BadLine` with the reason."""
    cells = maker_format.cells(line.text)
    if cells is None or len(cells) != 4:
        raise BadLine(WRONG_CELLS)
    kind, number, rank, sealed = cells
    if rank not in _RANKS:
        raise BadLine(WRONG_RANK)
    try:
        seal = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise BadLine(NO_CODE) from None
    if kind != "code" or not _LEAST <= len(seal) <= _MOST:
        raise BadLine(NO_CODE)
    return number, int(rank), seal
