"""The files between portal and card maker, version 1: `;`-separated UTF-8 lines between a header and a sealed end.

The end line counts the rows and carries the SHA-256 of all bytes before it, so that a file that was cut off, or changed
on its way, is noticed before any of it is believed. docs/operators/production.md describes both files.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.utils.translation import gettext_noop

from cards.expiry import month_text

ORDER, LETTERS, ANSWER, CODES = "FLEETPORTAL-CARDS", "FLEETPORTAL-LETTERS", "FLEETPORTAL-ANSWER", "FLEETPORTAL-CODES"
VERSION = "1"

COLUMNS = (
    "number",
    "rank",
    "card_product",
    "embossing_1",
    "embossing_2",
    "category",
    "products",
    "code_type",
    "code",
    "sealed_code",
    "recipient",
    "street",
    "postal_code",
    "town",
    "country",
    "code_recipient",
    "code_street",
    "code_postal_code",
    "code_town",
    "code_country",
    "expected_expiry",
)
LETTER_COLUMNS = (
    "number",
    "rank",
    "code_recipient",
    "code_street",
    "code_postal_code",
    "code_town",
    "code_country",
)
END_BYTES = 200
_END = re.compile(rb"T;([0-9]{1,7});([0-9a-f]{64})\r?\n?", re.IGNORECASE)


class Unreadable(Exception):
    """A file from the card maker that can't be believed as a whole; its text is the reason (an English sentence)."""


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where the plastic or the code letter goes."""

    recipient: str = ""
    street: str = ""
    postal_code: str = ""
    town: str = ""
    country: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """The address as cells of a row."""
        return (self.recipient, self.street, self.postal_code, self.town, self.country)


@dataclass(frozen=True, slots=True)
class ProductionRow:
    """One plastic to be made. `code` is keep, sealed or calculated (decision 8); `letter` may be empty."""

    number: str
    rank: int
    card_product: str
    embossing_1: str
    embossing_2: str
    category: str
    products: Sequence[str]
    code_type: str
    code: str
    sealed_code: str
    delivery: PostalAddress
    letter: PostalAddress
    expected_expiry: date

    @property
    def cells(self) -> tuple[str, ...]:
        """The row's cells in the order of `COLUMNS`."""
        return (
            self.number,
            str(self.rank),
            self.card_product,
            self.embossing_1,
            self.embossing_2,
            self.category,
            " ".join(self.products),
            self.code_type,
            self.code,
            self.sealed_code,
            *self.delivery.cells,
            *self.letter.cells,
            month_text(self.expected_expiry),
        )


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One code letter to be sent: the code of this plastic, as it is, to this address (PIN-4)."""

    number: str
    rank: int
    letter: PostalAddress

    @property
    def cells(self) -> tuple[str, ...]:
        """The row's cells in the order of `LETTER_COLUMNS`."""
        return (self.number, str(self.rank), *self.letter.cells)


@dataclass(frozen=True, slots=True)
class Sent:
    """What went to the card maker: the SHA-256 of the file, and its name where there is one."""

    checksum: str
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line between header and end of an answer; `at` counts from 1 in the whole file."""

    at: int
    text: str


def order_file(reference: str, created_at: datetime, rows: Sequence[ProductionRow]) -> str:
    """Write the file that orders a batch from the card maker; the same batch gives the same text."""
    return _sealed(ORDER, reference, created_at, [COLUMNS, *(row.cells for row in rows)], count=len(rows))


def letter_file(reference: str, created_at: datetime, rows: Sequence[LetterRow]) -> str:
    """Write the file that orders code letters; the same batch gives the same text."""
    return _sealed(LETTERS, reference, created_at, [LETTER_COLUMNS, *(row.cells for row in rows)], count=len(rows))


def answer_file(reference: str, created_at: datetime, rows: Iterable[Sequence[str]]) -> str:
    """Write an answer as the card maker does."""
    lines = list(rows)
    return _sealed(ANSWER, reference, created_at, lines, count=len(lines))


def codes_file(reference: str, created_at: datetime, rows: Iterable[Sequence[str]]) -> str:
    """Write a batch of sealed codes as the card maker does (PIN-5)."""
    lines = list(rows)
    return _sealed(CODES, reference, created_at, lines, count=len(lines))


def checksum(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal: its identity."""
    return hashlib.sha256(content).hexdigest()


def is_whole(last_bytes: bytes) -> bool:
    """Say whether a file that ends like this has its end line (`END_BYTES` suffice); without it, more may be coming."""
    return _END.fullmatch(_cut(last_bytes)[1]) is not None


def is_codes(content: bytes) -> bool:
    """Say whether a file calls itself a batch of sealed codes (PIN-5)."""
    return _header(content)[:2] == ["H", CODES]


def read_answer(content: bytes) -> list[Line]:
    """Return the lines of an answer; raises `Unreadable` unless every byte of it can be believed.

    A file may begin with a byte order mark and end its lines with CR LF; the checksum is over the bytes as they are.
    """
    if _header(content)[:2] != ["H", ANSWER]:
        raise Unreadable(gettext_noop("The file is no answer from the card maker: its first line says something else."))
    return _lines(content)


def read_codes(content: bytes) -> list[Line]:
    """Return the lines of a batch of sealed codes; raises `Unreadable` as `read_answer` does (PIN-5)."""
    if not is_codes(content):
        raise Unreadable(gettext_noop("The file is no batch of sealed codes: its first line says something else."))
    return _lines(content)


def _header(content: bytes) -> list[str]:
    """Return the cells of the first line."""
    first_line = content.split(b"\n", 1)[0].decode("utf-8", "replace")
    return first_line.removeprefix("\ufeff").rstrip("\r").split(";")


def _lines(content: bytes) -> list[Line]:
    """Return what stands between header and end, once version, end line, checksum and count fit."""
    header = _header(content)
    if header[2:3] != [VERSION]:
        raise Unreadable(gettext_noop("The version of the file is unknown; version 1 can be read."))
    body, end = _cut(content)
    found = _END.fullmatch(end)
    if found is None:
        raise Unreadable(gettext_noop("The file is truncated: its end line is missing."))
    if checksum(body) != found[2].decode().lower():
        raise Unreadable(gettext_noop("The checksum is wrong: the file was changed on its way."))
    try:
        lines = body.decode("utf-8").split("\n")[:-1]
    except UnicodeDecodeError:
        raise Unreadable(gettext_noop("The file is not UTF-8 text.")) from None
    if b"\x00" in body:
        raise Unreadable(gettext_noop("The file is not UTF-8 text."))
    if int(found[1]) != len(lines) - 1:
        raise Unreadable(gettext_noop("The number of lines differs from the count in the end line."))
    return [Line(at, line.rstrip("\r")) for at, line in enumerate(lines[1:], start=2)]


def cells(text: str) -> list[str] | None:
    """Split one line into its cells without surrounding blanks; None when its quotes don't fit."""
    try:
        rows = list(csv.reader([text], delimiter=";", strict=True))
    except csv.Error:
        return None
    return [cell.strip() for cell in rows[0]] if len(rows) == 1 and rows[0] else None


def _cut(content: bytes) -> tuple[bytes, bytes]:
    """Cut a file before its last line."""
    at = content.rstrip(b"\r\n").rfind(b"\n") + 1
    return content[:at], content[at:]


def _sealed(kind: str, reference: str, created_at: datetime, rows: Sequence[Sequence[str]], *, count: int) -> str:
    """Put header and end line around the rows."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\n")
    writer.writerow(["H", kind, VERSION, reference, f"{created_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", str(count)])
    # A line break inside a value would end the row for many readers; an address never needs one.
    writer.writerows([" ".join(cell.split()) for cell in row] for row in rows)
    return f"{out.getvalue()}T;{count};{checksum(out.getvalue().encode())}\n"
