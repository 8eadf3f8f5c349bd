"""Excel in: columns that an app declares, lines read from a file, checked as a whole and applied as checked (GEN-7).

An app writes an `Importer`: its sheets with their columns, `check` for what only it can know, `apply_row` or `apply`
for what is written. The pages stand in `pages`, reading in `reading`, workbooks in `writing`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from fleetportal.core import missing
from fleetportal.core.access import Actor

# What stands in a cell: text, or its kind with its text. The kinds: a number, a day, a formula, an error, yes or no.
Cell = str | list[str]
NUMBER, DAY, FORMULA, ERROR, BOOLEAN = "number", "day", "formula", "error", "boolean"
# The most lines of a file, its headings apart.
MOST_ROWS = 20_000
# A spreadsheet keeps fifteen digits of a number and rounds the rest away.
MOST_DIGITS = 15


Choices = Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the name that counts in any language, its heading, and how its cells are read.

    `choices` are the allowed values with their words, or what returns them in the scope of who loads; with `many`, a
    cell holds several of them. `exact` texts consist of digits that must stay as they are, so that a number is
    refused. `parse` returns a text as it is kept or raises ValidationError. `unique` values stand in a file once.
    """

    name: str
    label: Any
    required: bool = False
    help: Any = ""
    choices: Choices | Callable[[], Choices] | None = None
    many: bool = False
    exact: bool = False
    day: bool = False
    unique: bool = False
    longest: int = 200
    parse: Callable[[str], Any] | None = None

    def options(self) -> Choices:
        """Return the allowed values with their words."""
        return self.choices() if callable(self.choices) else (self.choices or ())

    def headings(self) -> set[str]:
        """Return what the column may be called: its name, and its heading in each language."""
        return {folded(self.name)} | {folded(one) for one in spoken(self.label)}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook, with the fewest and the most lines it may have."""

    name: str
    label: Any
    columns: tuple[Column, ...]
    fewest: int = 0
    most: int = MOST_ROWS

    def titles(self) -> set[str]:
        """Return what the sheet may be called."""
        return {folded(self.name)} | {folded(one) for one in spoken(self.label)}


@dataclass(slots=True)
class Row:
    """One line while it is checked: cells as read, values as they would be written, what is wrong by column."""

    sheet: str
    line: int
    cells: dict[str, Cell]
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)
    pk: int | None = None
    # What the app's check made of the values, for its `apply_row`.
    made: Any = None

    def fail(self, column: str, *sentences: str) -> None:
        """Say what is wrong with a cell; an empty column is about the line as a whole."""
        self.errors.setdefault(column, []).extend(str(one) for one in sentences)

    def refuse(self, error: ValidationError) -> None:
        """Take over what a service found wrong; what is about no column of this file is about the line."""
        if hasattr(error, "error_dict"):
            for name, sentences in error.message_dict.items():
                self.fail(name if name in self.values else "", *sentences)
        else:
            self.fail("", *error.messages)


class Importer:
    """What can be loaded from a file; an app derives from it and names it to its page."""

    kind: ClassVar[str]
    sheets: ClassVar[tuple[Sheet, ...]]
    most_rows: ClassVar[int] = MOST_ROWS

    def check(self, rows: dict[str, list[Row]], *, actor: Actor, now: datetime) -> None:
        """Say what only the app can know of lines whose cells were read; in few queries, whatever their number."""

    def apply_row(self, row: Row, *, actor: Actor, now: datetime) -> None:
        """Write one line, by a service that checks the right; may raise ValidationError or TransitionLost."""
        raise NotImplementedError

    def turn(self, row: Row) -> Any:
        """Return what lines are written in the order of; at first, that of the file.

        Where two companies can write the same thing, such as a person, both must come to it in the same order: else
        each waits for what the other has written already.
        """
        return ()

    def apply(self, rows: dict[str, list[Row]], *, actor: Actor, now: datetime) -> None:
        """Write all lines, in the current transaction; raises ValidationError that names the line."""
        for row in sorted((row for sheet in self.sheets for row in rows[sheet.name]), key=self.turn):
            try:
                self.apply_row(row, actor=actor, now=now)
            except ValidationError as error:
                text = _("Line %(line)s: %(sentence)s")
                raise ValidationError(text % {"line": row.line, "sentence": " ".join(error.messages)}) from error

    def sheet(self, name: str) -> Sheet:
        """Return the sheet of that name."""
        return next(one for one in self.sheets if one.name == name)


# --- reading cells ----------------------------------------------------------------------------------------------------


def folded(text: Any) -> str:
    """Return a heading as it is compared: without capitals, accents, doubled spaces and the star behind it."""
    return _folded(str(text))


@lru_cache(maxsize=8192)  # the same few words stand in thousands of lines
def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("’", "'"))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign)).replace("_", " ")
    return " ".join(plain.rstrip(" *").split()).casefold()


def spoken(text: Any) -> list[str]:
    """Return a text in each language of the portal."""
    said = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            said.append(str(text))
    return said


def read_cell(column: Column, cell: Cell, words: dict[str, str] | None) -> Any:
    """Return the value of a cell, None for an empty one; raises ValidationError with the sentence.

    `words` are the folded words of the column's choices with their values, where it has any.
    """
    text = _text_of(column, cell)
    if not text:
        if column.required:
            raise ValidationError(missing.sentence(column.label))
        return [] if column.many else None
    if isinstance(text, date):
        return text
    if words is not None:
        return _chosen(column, text, words)
    if column.many:
        return list(dict.fromkeys(parts_of(text)))
    if len(text) > column.longest:
        raise ValidationError(_("This is longer than %(most)s characters.") % {"most": column.longest})
    if any(unicodedata.category(sign) == "Cc" for sign in text):
        raise ValidationError(_("This holds a character that can't be shown."))
    if column.day:
        return _day(text)
    return column.parse(text) if column.parse else text


def words_of(column: Column) -> dict[str, str] | None:
    """Return each word for a choice, in any language, with its value; None for a column without choices."""
    if column.choices is None:
        return None
    return {folded(word): value for value, label in column.options() for word in (value, *spoken(label))}


def _text_of(column: Column, cell: Cell) -> str | date:
    """Return a cell as text, or as a day; raises ValidationError for what a spreadsheet makes of it."""
    if isinstance(cell, str):
        text = " ".join(unicodedata.normalize("NFC", cell).split(" ")).strip()
        if column.exact and _rounded(text):
            raise ValidationError(_rounded_words())
        return text
    kind, text = cell
    if kind == FORMULA:
        raise ValidationError(_("This is a formula. Write its result here instead."))
    if kind == ERROR:
        raise ValidationError(_("The spreadsheet shows an error here: %(error)s.") % {"error": text})
    if kind == DAY:
        if column.day:
            return parse_date(text) or text
        raise ValidationError(_("The spreadsheet made a date of this. Format the column as text and type it again."))
    if kind == NUMBER:
        if column.day:
            raise ValidationError(_("This is a number, not a date. Write it as 2026-12-31."))
        if _rounded(text):
            raise ValidationError(_rounded_words())
        if column.exact:
            raise ValidationError(
                _(
                    "This is kept as a number by the spreadsheet, so zeros in front may be lost. Format the column as"
                    " text and type it again."
                )
            )
    return text


def _rounded_words() -> str:
    return _(
        "This is kept as a number by the spreadsheet, which has rounded it. Format the column as text and type it"
        " again."
    )


def _rounded(text: str) -> bool:
    """Say whether a spreadsheet has kept a string of digits as a number that is too long for it."""
    mantissa, power, exponent = text.replace(",", ".").upper().partition("E")
    if power and exponent.removeprefix("+").isdigit() and mantissa.replace(".", "", 1).isdigit():
        return True
    return not power and mantissa.isdigit() and len(mantissa) > MOST_DIGITS


def _day(text: str) -> date:
    """Read a day as it is written in Belgium, or as 2026-12-31."""
    parts = text.replace("/", "-").replace(".", "-").split("-")
    try:
        numbers = [int(part) for part in parts if part.isascii() and part.isdigit()]
        if len(numbers) == len(parts) == 3:
            if len(parts[0]) == 4:
                return date(numbers[0], numbers[1], numbers[2])
            if len(parts[2]) == 4:
                return date(numbers[2], numbers[1], numbers[0])
    except ValueError:
        pass  # 31 February: said below, as everything that is no day
    raise ValidationError(_("This is not a date. Write it as 2026-12-31."))


def parts_of(text: str) -> list[str]:
    """Return what a cell with several values holds: they are separated by semicolons or lines."""
    parts = (part.strip() for line in text.splitlines() for part in line.split(";"))
    return [part for part in parts if part]


def _chosen(column: Column, text: str, words: dict[str, str]) -> Any:
    if not column.many:
        if folded(text) not in words:
            raise ValidationError(_("“%(word)s” is not one of the allowed values.") % {"word": text})
        return words[folded(text)]
    found, unknown = [], []
    for part in parts_of(text):
        if folded(part) in words:
            found.append(words[folded(part)])
        else:
            unknown.append(part)
    if unknown:
        raise ValidationError(
            [_("“%(word)s” is not one of the allowed values.") % {"word": word} for word in unknown[:5]]
        )
    return list(dict.fromkeys(found))


# --- checking ---------------------------------------------------------------------------------------------------------


def check_rows(importer: Importer, rows: Iterable[Row], *, actor: Actor, now: datetime) -> dict[str, list[Row]]:
    """Read all cells, look for what stands twice, and let the app check: every error of every cell is said at once."""
    by_sheet: dict[str, list[Row]] = {sheet.name: [] for sheet in importer.sheets}
    words = {(sheet.name, column.name): words_of(column) for sheet in importer.sheets for column in sheet.columns}
    for row in rows:
        by_sheet[row.sheet].append(row)
        for column in importer.sheet(row.sheet).columns:
            row.values[column.name] = [] if column.many else None
            try:
                value = read_cell(column, row.cells.get(column.name, ""), words[row.sheet, column.name])
            except ValidationError as error:
                row.fail(column.name, *error.messages)
            else:
                row.values[column.name] = value
    for sheet in importer.sheets:
        for column in (one for one in sheet.columns if one.unique):
            refuse_doubled(by_sheet[sheet.name], (column.name,))
    importer.check(by_sheet, actor=actor, now=now)
    return by_sheet


def refuse_doubled(rows: Iterable[Row], names: tuple[str, ...]) -> None:
    """Say of lines that are alike in these columns where the first one stands; the error goes to the last column."""
    seen: dict[tuple[str, ...], int] = {}
    for row in rows:
        if any(row.values[name] is None for name in names):
            continue
        key = tuple(folded(row.values[name]) for name in names)
        first = seen.setdefault(key, row.line)
        if first != row.line:
            row.fail(names[-1], _("This stands in line %(line)s already.") % {"line": first})
