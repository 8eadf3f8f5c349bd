"""Workbooks and text files that users fill in or correct: the template, and a checked file with its wrong cells marked.

Texts are typed as texts, so that nothing in them becomes a formula; in CSV a sign that begins one gets an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.worksheet.datavalidation import DataValidation

from fleetportal.imports.csv_file import SHEET_COLUMN
from fleetportal.imports.declaring import DAY, FORMULA, Cell, Column, Importer, Sheet
from fleetportal.imports.models import ImportLine
from fleetportal.imports.workbook import EXPLANATIONS, VALUES

_BOLD, _WRAP = Font(bold=True), Alignment(wrap_text=True, vertical="top")
_WRONG = PatternFill("solid", fgColor="FFC7CE")
_TEXT, _DAY_FORMAT = "@", "yyyy-mm-dd"
# Lines of a template that are prepared: lists of allowed values, columns that keep their zeros.
_PREPARED = 2000
_SIGNS_IN_A_TITLE = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def _title(text: Any) -> str:
    """Return a text as the title of a sheet may be."""
    return str(text).translate(_SIGNS_IN_A_TITLE)[:31]


def heading(column: Column) -> str:
    """Return the heading of a column; the star says that it must be filled in."""
    return f"{column.label} *" if column.required else str(column.label)


def template_workbook(importer: Importer) -> bytes:
    """Return a workbook to fill in, in the reader's language: the sheets, what each column means, allowed values."""
    book = Workbook(write_only=True)
    values = {
        (sheet.name, column.name): [str(label) for _value, label in column.options()]
        for sheet in importer.sheets
        for column in sheet.columns
        if column.choices is not None
    }
    places = {key: at for at, key in enumerate(values, 1)}
    for sheet in importer.sheets:
        _template_sheet(book, sheet, values, places)
    _explanations(book, importer, values)
    page = book.create_sheet(_title(VALUES))
    page.append([_cell(page, str(importer.sheet(one).label), bold=True) for one, _column in values] or [""])
    longest = max((len(words) for words in values.values()), default=0)
    for at in range(longest):
        page.append([_cell(page, words[at]) if at < len(words) else None for words in values.values()])
    return _saved(book)


def _template_sheet(
    book: Any, sheet: Sheet, values: dict[tuple[str, str], list[str]], places: dict[tuple[str, str], int]
) -> None:
    page = book.create_sheet(_title(sheet.label))
    page.freeze_panes = "A2"
    for at, column in enumerate(sheet.columns, 1):
        letter = get_column_letter(at)
        page.column_dimensions[letter].width = min(max(len(heading(column)) + 4, 16), 40)
        page.column_dimensions[letter].number_format = _DAY_FORMAT if column.day else _TEXT
        words = values.get((sheet.name, column.name))
        if words and not column.many:
            where = get_column_letter(places[sheet.name, column.name])
            area = f"{quote_sheetname(_title(VALUES))}!${where}$2:${where}${len(words) + 1}"
            rule = DataValidation(type="list", formula1=area, allow_blank=True)
            rule.add(f"{letter}2:{letter}{_PREPARED}")
            page.data_validations.append(rule)
    page.append([_cell(page, heading(column), bold=True) for column in sheet.columns])


def _explanations(book: Any, importer: Importer, values: dict[tuple[str, str], list[str]]) -> None:
    page = book.create_sheet(_title(EXPLANATIONS))
    for letter, width in zip("ABCDE", (22, 26, 14, 70, 70), strict=True):
        page.column_dimensions[letter].width = width
    heads = (_("Sheet"), _("Column"), _("Required"), _("What it means"), _("Allowed values"))
    page.append([_cell(page, text, bold=True) for text in heads])
    for sheet in importer.sheets:
        for column in sheet.columns:
            words = "; ".join(values.get((sheet.name, column.name), [])[:50])
            yes = _("yes") if column.required else _("no")
            cells = [str(sheet.label), str(column.label), yes, explained(column), words]
            page.append([_cell(page, text) for text in cells])


def explained(column: Column) -> str:
    """Return what a column means, for the template and the page."""
    texts = [str(column.help)] if column.help else []
    if column.many:
        texts.append(_("Several values are separated by a semicolon."))
    if column.day:
        texts.append(_("A date, such as 2026-12-31."))
    return capfirst(" ".join(texts))


def template_csv(importer: Importer) -> bytes:
    """Return the headings as a text file; where there are several sheets, its first column says which."""
    names = [str(SHEET_COLUMN.label)] if len(importer.sheets) > 1 else []
    for sheet in importer.sheets:
        names += [str(column.label) for column in sheet.columns if str(column.label) not in names]
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerow(names)
    return written.getvalue().encode("utf-8-sig")


def marked_workbook(importer: Importer, columns: dict[str, list[str]], lines: Iterable[ImportLine]) -> bytes:
    """Return a checked file as a workbook: its lines, wrong cells coloured with their sentence beside and behind."""
    book = Workbook(write_only=True)
    pages: dict[str, tuple[Any, list[Column]]] = {}
    for sheet in importer.sheets:
        page = book.create_sheet(_title(sheet.label))
        page.freeze_panes = "A2"
        known = {column.name: column for column in sheet.columns}
        shown = [known[name] for name in columns.get(sheet.name, [])] or list(sheet.columns)
        for at in range(1, len(shown) + 1):
            page.column_dimensions[get_column_letter(at)].width = 22
        page.append([_cell(page, heading(column), bold=True) for column in shown])
        pages[sheet.name] = (page, shown)
    for line in lines:
        page, shown = pages[line.sheet]
        cells = [_marked(page, line.cells.get(one.name, ""), line.errors.get(one.name)) for one in shown]
        for text in line.errors.get("", ()):  # about the line as a whole: said at its first cell
            cells[0] = _marked(page, line.cells.get(shown[0].name, ""), [text, *line.errors.get(shown[0].name, ())])
        page.append(cells)
    return _saved(book)


def _marked(page: Any, cell: Cell, errors: list[str] | None) -> Any:
    kind, text = ("", cell) if isinstance(cell, str) else cell
    day = parse_date(text) if kind == DAY else None
    if day is not None:
        made = WriteOnlyCell(page, value=day)
        made.number_format = _DAY_FORMAT
    else:
        made = _cell(page, text or (_("(formula)") if kind == FORMULA else ""))
    if errors:
        made.fill = _WRONG
        made.comment = Comment("\n".join(errors), "Fleet Portal", width=320, height=120)
    return made


def _cell(page: Any, text: str, *, bold: bool = False) -> Any:
    """Return a cell that holds a text, whatever it begins with."""
    made = WriteOnlyCell(page, value=None)
    made.number_format = _TEXT
    made.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    made.data_type = "s"
    if bold:
        made.font = _BOLD
    else:
        made.alignment = _WRAP
    return made


def _saved(book: Any) -> bytes:
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()
