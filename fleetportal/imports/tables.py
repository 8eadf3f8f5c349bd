"""A sheet as it was read, whatever kind of file it stood in (GEN-7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from fleetportal.imports.declaring import Cell

MOST_COLUMNS = 100


@dataclass(slots=True)
class Table:
    """One sheet as it was read: its headings, and its lines with the numbers they have in the file."""

    title: str
    headings: list[Cell]
    lines: list[tuple[int, list[Cell]]]


def letters(number: int) -> str:
    """Return the name of a column: 1 is A, 27 is AA."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def table_of(title: str, lines: Iterable[tuple[int, list[Cell]]], most: int) -> Table:
    """Put a table together: its first line that is not empty holds the headings; empty lines are passed over."""
    headings: list[Cell] | None = None
    kept: list[tuple[int, list[Cell]]] = []
    for number, cells in lines:
        while cells and (cells[-1] == "" or (isinstance(cells[-1], str) and not cells[-1].strip())):
            cells.pop()
        if not cells:
            continue
        if headings is None:
            headings = cells
            continue
        if len(kept) == most:
            raise ValidationError(too_many(most))
        kept.append((number, cells))
    return Table(title, headings or [], kept)


def too_many(most: int) -> str:
    """Return the sentence about a file with more lines than that."""
    return _("This file has more than %(most)s lines. Split it into several.") % {
        "most": number_format(most, force_grouping=True)
    }
