"""Reading the card maker's answers: whole files and single lines that can't be believed are set aside, with the reason.

Reasons are stored in English and translated when they are shown. An answer is applied in one transaction, so that
nothing of it is ever applied twice (FUL-2, FUL-3).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from cards.expiry import expiry_after, read_day, read_month_end
from cards.lifecycle import ACTIVE, BLOCKED, IN_CREATION, WITHDRAWN
from cards.models import Card, CodeLetter, Issue, MakerFile, SetAsideLine
from cards.production import format as maker_format
from cards.production.effects import Effects, Plastic
from cards.production.format import Line, Unreadable

ALREADY_TAKEN = gettext_noop("A file with the same content was taken already; nothing was applied again.")
UNKNOWN_KIND = gettext_noop("The line says neither made, rejected, dispatched, used, letter_sent nor letter_rejected.")
WRONG_CELLS = gettext_noop("The line has too few or too many fields, or quotes that don't fit.")
WRONG_RANK = gettext_noop("The rank is no whole number from 1.")
WRONG_DATE = gettext_noop("A date in the line can't be read; days are written 2026-10-31 and months 2026-10.")
EMPTY_CELL = gettext_noop("The reason or the tracking number is empty or too long.")
NOBODYS = gettext_noop("No card has this number.")
NO_SUCH_RANK = gettext_noop("The card has no plastic of this rank.")
NOT_IN_PRODUCTION = gettext_noop("The plastic is not in production.")
MADE_ALREADY = gettext_noop("The plastic was reported as made before.")
NOT_MADE = gettext_noop("The plastic was not reported as made before.")
SENT_ALREADY = gettext_noop("The plastic was reported as dispatched before.")
NOT_USABLE = gettext_noop("The plastic can't have been used: it is blocked, expired or withdrawn.")
NO_LETTER = gettext_noop("No code letter of this plastic is ordered, or its answer came before.")
WRONG_DAY = gettext_noop("The day lies in the future, or before the plastic was ordered or made.")
WRONG_EXPIRY = gettext_noop("The expiry is not the month that follows from the month of production.")

# How many fields a line of each kind has. The lines of a file take effect in this order.
KINDS = {"made": 5, "rejected": 4, "dispatched": 4, "used": 4, "letter_sent": 4, "letter_rejected": 4}
_LETTERS = {"letter_sent", "letter_rejected"}
_ORDER = {kind: place for place, kind in enumerate(KINDS)}
_RANKS = frozenset(str(rank) for rank in range(1, 1000))
_REASON_LENGTH, _TRACKING_LENGTH = 200, 40


class BadLine(Exception):
    """A line that can't be applied; its text is the reason."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a line says about one plastic: `day` of production or use, `expiry`, or `text` (reason, tracking number)."""

    line: Line
    kind: str
    number: str
    rank: int
    day: date = date.min
    expiry: date = date.min
    text: str = ""


class Found(NamedTuple):
    """The cards that an answer names, by number, and their plastics by card and rank; all of them are locked."""

    cards: dict[str, int]
    plastics: dict[tuple[int, int], Plastic]


def take_answer(name: str, content: bytes, now: datetime) -> MakerFile:
    """Apply an answer of the card maker and return what was noted of it; works behind the wide door.

    A file that is truncated, changed, miscounted or of an unknown version, and one whose content was taken before, is
    set aside whole. A line that names a card of nobody, does not fit the plastic's status, or can't be read, is set
    aside alone. All in one transaction: it may be called again after a crash, and of two workers with the same file one
    applies it.
    """
    with transaction.atomic():
        try:
            lines = maker_format.read_answer(content)
        except Unreadable as reason:
            return note_file(name, content, MakerFile.State.SET_ASIDE, now, reason=str(reason))
        try:
            with transaction.atomic():
                file = note_file(name, content, MakerFile.State.TAKEN, now, lines=len(lines))
        except IntegrityError:  # the same content: waits for a worker that is at it, and then comes second
            return note_file(name, content, MakerFile.State.SET_ASIDE, now, reason=ALREADY_TAKEN)
        answers, refused = _read(lines)
        effects = Effects(str(file.pk), now)
        _judge(answers, refused, effects, timezone.localdate(now))
        effects.write()
        SetAsideLine.objects.bulk_create(
            [
                SetAsideLine(file=file, line=line.at, text=line.text[:300], reason=reason)
                for line, reason in sorted(refused, key=lambda pair: pair[0].at)
            ],
            batch_size=1000,
        )
        file.applied = len(lines) - len(refused)
        file.save(update_fields=["applied"])
    return file


def note_file(
    name: str,
    content: bytes,
    state: MakerFile.State,
    now: datetime,
    *,
    kind: MakerFile.Kind = MakerFile.Kind.ANSWER,
    reason: str = "",
    lines: int = 0,
) -> MakerFile:
    """Note a file of the card maker, with its content."""
    return MakerFile.objects.create(
        name=name[:120],
        checksum=maker_format.checksum(content),
        received_at=now,
        kind=kind,
        state=state,
        reason=reason,
        content=content.decode("utf-8", "replace").replace("\x00", "\ufffd"),
        lines=lines,
    )


def _read(lines: Iterable[Line]) -> tuple[list[Answer], list[tuple[Line, str]]]:
    """Read each line for itself; return the answers in the order of their effect, and the lines that say nothing."""
    answers: list[Answer] = []
    refused: list[tuple[Line, str]] = []
    for line in lines:
        try:
            answers.append(_read_line(line))
        except BadLine as reason:
            refused.append((line, str(reason)))
    answers.sort(key=lambda answer: (_ORDER[answer.kind], answer.line.at))
    return answers, refused


def _read_line(line: Line) -> Answer:
    cells = maker_format.cells(line.text)
    if cells is None:
        raise BadLine(WRONG_CELLS)
    kind = cells[0]
    if kind not in KINDS:
        raise BadLine(UNKNOWN_KIND)
    if len(cells) != KINDS[kind]:
        raise BadLine(WRONG_CELLS)
    if cells[2] not in _RANKS:
        raise BadLine(WRONG_RANK)
    number, rank, said = cells[1], int(cells[2]), cells[3]
    if kind == "made":
        day, expiry = read_day(said), read_month_end(cells[4])
        if day is None or expiry is None:
            raise BadLine(WRONG_DATE)
        return Answer(line, kind, number, rank, day=day, expiry=expiry)
    if kind == "used":
        day = read_day(said)
        if day is None:
            raise BadLine(WRONG_DATE)
        return Answer(line, kind, number, rank, day=day)
    longest = _REASON_LENGTH if kind in {"rejected", "letter_rejected"} else _TRACKING_LENGTH
    if not said or len(said) > longest or not said.isprintable():
        raise BadLine(EMPTY_CELL)
    return Answer(line, kind, number, rank, text=said)


def _judge(answers: list[Answer], refused: list[tuple[Line, str]], effects: Effects, today: date) -> None:
    """Decide line by line what takes effect; the lines that don't fit go to `refused`."""
    found = _find({answer.number for answer in answers})
    if any(answer.kind in _LETTERS for answer in answers):
        _find_letters(found)
    judges = {
        "made": _made,
        "rejected": _rejected,
        "dispatched": _dispatched,
        "used": _used,
        "letter_sent": _letter_sent,
        "letter_rejected": _letter_rejected,
    }
    for answer in answers:
        try:
            judges[answer.kind](answer, _plastic(answer, found), effects, today)
        except BadLine as reason:
            refused.append((answer.line, str(reason)))


def _plastic(answer: Answer, found: Found) -> Plastic:
    """Return the plastic that a line is about."""
    card = found.cards.get(answer.number)
    if card is None:
        raise BadLine(NOBODYS)
    plastic = found.plastics.get((card, answer.rank))
    if plastic is None:
        raise BadLine(NO_SUCH_RANK)
    return plastic


def _find(numbers: set[str]) -> Found:
    """Lock the cards of these numbers, then their plastics, both in the order of their ids, and return them."""
    cards = {
        number: pk
        for pk, number in Card.objects.filter(number__in=numbers - {""})
        .order_by("pk")
        .select_for_update(of=("self",))
        .values_list("pk", "number")
    }
    issues = (
        Issue.objects.filter(card__pk__anyof=list(cards.values()))
        .order_by("pk")
        .select_for_update(of=("self",))
        .values_list(
            "pk",
            "card_id",
            "company_id",
            "rank",
            "status",
            "ordered_at",
            "made_on",
            "dispatched_at",
            "card__product__validity_months",
        )
    )
    plastics = {
        (card, rank): Plastic(
            pk, card, company, rank, status, timezone.localdate(ordered_at), made_on, dispatched_at is not None, months
        )
        for pk, card, company, rank, status, ordered_at, made_on, dispatched_at, months in issues
    }
    return Found(cards, plastics)


def _find_letters(found: Found) -> None:
    """Note at each plastic its code letter that the card maker has been asked for and has not answered (PIN-4)."""
    letters = CodeLetter.objects.filter(
        card_id__anyof=list(found.cards.values()), batch_id__isnull=False, ended_at__isnull=True
    )
    for pk, card, rank in letters.order_by("-pk").values_list("pk", "card_id", "rank"):
        if (card, rank) in found.plastics:
            found.plastics[card, rank].letter = pk


def _made(answer: Answer, plastic: Plastic, effects: Effects, today: date) -> None:
    """A plastic was made; after a block that is noted, and does not revive it (decision 1)."""
    if plastic.status not in {IN_CREATION, BLOCKED}:
        raise BadLine(NOT_IN_PRODUCTION)
    if plastic.made_on is not None:
        raise BadLine(MADE_ALREADY)
    if not plastic.ordered_on <= answer.day <= today:
        raise BadLine(WRONG_DAY)
    if answer.expiry != expiry_after(answer.day, plastic.validity_months):
        raise BadLine(WRONG_EXPIRY)
    plastic.made_on = answer.day
    effects.made(plastic, answer.day, answer.expiry)


def _rejected(answer: Answer, plastic: Plastic, effects: Effects, today: date) -> None:
    """The maker won't make a plastic, or has spoiled it; one that was blocked meanwhile stays blocked."""
    if plastic.status not in {IN_CREATION, BLOCKED}:
        raise BadLine(NOT_IN_PRODUCTION)
    if plastic.dispatched:
        raise BadLine(SENT_ALREADY)
    if plastic.status == IN_CREATION:
        plastic.status = WITHDRAWN
        effects.refused(plastic, answer.text)
    else:
        effects.refused_after_block(plastic, answer.text)


def _dispatched(answer: Answer, plastic: Plastic, effects: Effects, today: date) -> None:
    """A plastic is on its way; the first transaction may have been reported before that."""
    if plastic.status not in {IN_CREATION, ACTIVE, BLOCKED}:
        raise BadLine(NOT_IN_PRODUCTION)
    if plastic.made_on is None:
        raise BadLine(NOT_MADE)
    if plastic.dispatched:
        raise BadLine(SENT_ALREADY)
    plastic.dispatched = True
    effects.dispatched(plastic, answer.text)


def _used(answer: Answer, plastic: Plastic, effects: Effects, today: date) -> None:
    """A plastic was used: it becomes Active with its first transaction (FUL-4)."""
    if plastic.status not in {IN_CREATION, ACTIVE}:
        raise BadLine(NOT_USABLE)
    if plastic.made_on is None:
        raise BadLine(NOT_MADE)
    if not plastic.made_on <= answer.day <= today:
        raise BadLine(WRONG_DAY)
    effects.used(plastic, answer.day, first=plastic.status == IN_CREATION)
    plastic.status = ACTIVE


def _letter_sent(answer: Answer, plastic: Plastic, effects: Effects, today: date) -> None:
    """The code of a plastic is in the post; what a block has ended meanwhile stays ended (PIN-4)."""
    effects.letter_sent(plastic, _letter_of(plastic), answer.text)


def _letter_rejected(answer: Answer, plastic: Plastic, effects: Effects, today: date) -> None:
    """The card maker won't send the code of a plastic."""
    effects.letter_refused(plastic, _letter_of(plastic), answer.text)


def _letter_of(plastic: Plastic) -> int:
    """Return the letter that waits for its answer; the next line about this plastic finds none."""
    letter, plastic.letter = plastic.letter, None
    if letter is None:
        raise BadLine(NO_LETTER)
    return letter
