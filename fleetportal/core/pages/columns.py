"""The columns of a list: which values they need, how a cell is written as HTML and as a spreadsheet value.

A page makes each column's writer once and calls it for every row, because per-cell templates are what makes lists slow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import Any

from django.db.models import DateTimeField, Func, Value
from django.utils import timezone
from django.utils.formats import date_format, get_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

Writer = Callable[..., str]
EMPTY = '<span class="none">–</span>'
# Letters of a date's form that are only digits, and what Python calls them.
_PLAIN = {"d": "%d", "m": "%m", "Y": "%Y", "H": "%H", "i": "%M"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `fields` are the values it needs, in order; `sort` is a field or expression that has an index.

    `nothing` is the stored value that the sort expression puts in the place of null. What is `minor` is left out on a
    phone, where a row should show only what tells it from another.
    """

    name: str
    label: Any
    fields: tuple[str, ...]
    sort: Any = None
    numeric: bool = False
    minor: bool = False

    def writer(self) -> Writer:
        """Return the function that writes a cell's HTML from the values of `fields`."""
        return lambda value: escape(str(value)) if value not in (None, "") else EMPTY

    def read(self) -> tuple[Any, ...]:
        """Return what a file reads for a cell: `fields`, or what the database makes of them."""
        return self.fields

    def exporter(self) -> Callable[..., Any] | None:
        """Return what makes a spreadsheet's cell of the values of `read`; None takes the first as it is."""
        return None


@dataclass(frozen=True, slots=True)
class Text(Column):
    """Plain text; several fields are written one behind the other."""

    def writer(self) -> Writer:
        """Write the words that are there."""
        return lambda *values: escape(" ".join(str(value) for value in values if value not in (None, ""))) or EMPTY

    def exporter(self) -> Callable[..., Any] | None:
        """Return the words that are there."""
        if len(self.fields) == 1:
            return None
        return lambda *values: " ".join(map(str, filter(None, values)))


@dataclass(frozen=True, slots=True)
class Translated(Column):
    """A sentence of the portal's own that is stored in English and read in the user's language."""

    def writer(self) -> Writer:
        """Write the sentence."""
        return lambda text: escape(_(text)) if text else EMPTY

    def exporter(self) -> Callable[..., Any]:
        """Return the sentence; a file holds few different ones, so each is translated once."""
        known: dict[str, str] = {"": ""}

        def said(text: str) -> str:
            if text not in known:
                known[text] = _(text)
            return known[text]

        return said


@dataclass(frozen=True, slots=True)
class Link(Column):
    """Text that leads to the row's own page; `fields` are the text and then whatever the address is made of."""

    prefix: str = ""

    def linked(self, prefix: str) -> Writer:
        """Return the writer for addresses that begin with `prefix` and end with the second value."""
        start = escape(prefix)
        return lambda text, key: f'<a class="row-link" href="{start}{key}/">{escape(str(text))}</a>'

    def exporter(self) -> Callable[..., Any] | None:
        """Return the text alone."""
        return None


@dataclass(frozen=True, slots=True)
class Choice(Column):
    """A value with a word; the words are looked up once per page."""

    choices: Any = ()

    def words(self) -> dict[Any, str]:
        """Return the word of each value in the user's language."""
        choices = self.choices.items() if isinstance(self.choices, Mapping) else self.choices
        return {value: str(label) for value, label in choices}

    def writer(self) -> Writer:
        """Write the word."""
        words = {value: escape(label) for value, label in self.words().items()}
        return lambda value: words.get(value, EMPTY)

    def exporter(self) -> Callable[..., Any]:
        """Return the word, or nothing."""
        return self.words().get


@dataclass(frozen=True, slots=True)
class Several(Choice):
    """A list of values, each with a word."""

    def writer(self) -> Writer:
        """Write the words."""
        said = self.exporter()
        return lambda values: escape(said(values)) or EMPTY

    def exporter(self) -> Callable[..., Any]:
        """Return the words, with commas between them."""
        words = self.words()
        return lambda values: ", ".join([words.get(value, str(value)) for value in values]) if values else ""


@dataclass(frozen=True, slots=True)
class Badge(Choice):
    """A status: colour and word."""

    def writer(self) -> Writer:
        """Write the badge."""
        badges = {
            value: f'<span class="status status-{value}">{escape(label)}</span>'
            for value, label in self.words().items()
        }
        return lambda value: badges.get(value, EMPTY)


@dataclass(frozen=True, slots=True)
class Masked(Column):
    """The last four digits of a number (CRD-33)."""

    def writer(self) -> Writer:
        """Write four digits behind dots; screen readers hear 'ends in'."""
        said = escape(_("ends in"))
        start = (
            f'<span class="masked"><span aria-hidden="true">···· </span><span class="visually-hidden">{said} </span>'
        )
        return lambda number: f"{start}{escape(number[-4:])}</span>" if number else EMPTY

    def exporter(self) -> Callable[..., Any]:
        """Return the four digits."""
        return lambda number: number[-4:] if number else ""


@dataclass(frozen=True, slots=True)
class Date(Column):
    """A day, in the user's form."""

    month_only: bool = False

    def writer(self) -> Writer:
        """Write the day; a page shows few different ones, so each is formatted once."""
        known: dict[date | None, str] = {None: EMPTY}
        form = "YEAR_MONTH_FORMAT" if self.month_only else "SHORT_DATE_FORMAT"

        def write(day: date | None) -> str:
            if day is not None and day not in known:
                known[day] = escape(date_format(day, form))
            return known[day]

        return write


@dataclass(frozen=True, slots=True)
class Moment(Column):
    """A moment, in Brussels time and the user's form."""

    def writer(self) -> Writer:
        """Write day and time."""
        zone = timezone.get_current_timezone()
        form = get_format("SHORT_DATETIME_FORMAT")
        letters = {letter for letter in form if letter.isalpha() or letter in "%\\"}
        if letters <= _PLAIN.keys():
            # Python's own formatting takes a fiftieth of the time of Django's, which looks at each letter again.
            plain = "".join([_PLAIN.get(letter, letter) for letter in form])
            return lambda at: escape(at.astimezone(zone).strftime(plain)) if at else EMPTY
        return lambda at: escape(date_format(at.astimezone(zone), "SHORT_DATETIME_FORMAT")) if at else EMPTY

    def read(self) -> tuple[Any, ...]:
        """Read the moment in Brussels without its zone, which spreadsheets do not know."""
        zone = Value(timezone.get_current_timezone_name())
        return tuple(Func(zone, name, function="timezone", output_field=DateTimeField()) for name in self.fields)


@dataclass(frozen=True, slots=True)
class Due(Moment):
    """A moment until which something is promised; `fields` are the moment and the end. What is late says so."""

    def writer(self) -> Writer:
        """Write day and time, with a badge once they have passed and nothing has ended."""
        moment = Moment.writer(self)
        now = timezone.now()
        said = escape(pgettext("promise", "late"))
        late = f' <span class="status status-late">{said}</span>'
        return lambda due, ended: moment(due) + (late if due and not ended and due < now else "")

    def exporter(self) -> Callable[..., Any] | None:
        """Return the moment alone."""
        moment = Moment.exporter(self)
        return moment and (lambda due, ended: moment(due))


@dataclass(frozen=True, slots=True)
class Number(Column):
    """A number, in the user's form."""

    numeric: bool = True

    def writer(self) -> Writer:
        """Write the number."""
        return lambda number: EMPTY if number is None else escape(number_format(number))
