"""Workbooks that users fill in, whose contents are not trusted (GEN-7).

What a workbook unpacks to is counted before anything reads it whole. A first pass over the sheet's XML, in memory that
does not grow, finds what the values alone don't tell: formulas, and numbers as the spreadsheet keeps them.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.parsers import expat

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from python_calamine import CalamineError, CalamineWorkbook

from fleetportal.imports.declaring import BOOLEAN, DAY, ERROR, FORMULA, NUMBER, Cell, Importer, Sheet, folded
from fleetportal.imports.declaring import spoken as in_all_languages
from fleetportal.imports.tables import MOST_COLUMNS, Table, table_of, too_many

# What a workbook may unpack to, in all its parts and in the small ones that say where the sheets are.
MOST_BYTES, MOST_BYTES_OF_A_PART, MOST_PARTS = 100 * 1024 * 1024, 2 * 1024 * 1024, 1000
# The farthest line that is looked at: a reader makes room for all between it and the first.
FARTHEST_ROW = 40_000
_CHUNK = 64 * 1024
# Sheets of the template that hold no lines.
EXPLANATIONS, VALUES = lazy("Explanations"), lazy("Allowed values")
_PLACE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})\Z")


def _broken() -> ValidationError:
    return ValidationError(_("This workbook can't be read. Open it in your spreadsheet and save it again as .xlsx."))


def _too_large() -> ValidationError:
    return ValidationError(_("This workbook holds far more than it seems to, and is not opened."))


def read_workbook(data: bytes, importer: Importer) -> list[tuple[Sheet, Table]]:
    """Return the sheets of a workbook with their lines; raises ValidationError with the sentence."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {info.filename: info for info in archive.infolist()}
            if "xl/workbook.xml" not in parts:
                raise ValidationError(_("By its content, this is neither an Excel workbook (.xlsx) nor a CSV file."))
            if len(parts) > MOST_PARTS or len(parts) != len(archive.infolist()):
                raise _too_large()
            chosen = _choose(_sheets(archive, parts), importer)
            scans = {title: _scan(archive, part, importer.most_rows) for _sheet, title, part in chosen}
            _weigh(archive, parts)
        with closing(CalamineWorkbook.from_filelike(io.BytesIO(data))) as book:
            return [
                (sheet, table_of(title, _lines(book, title, scans[title]), importer.most_rows))
                for sheet, title, _part in chosen
            ]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, KeyError, OSError) as fault:
        raise _broken() from fault
    except (expat.ExpatError, CalamineError, ValueError, OverflowError) as fault:
        raise _broken() from fault


def _weigh(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> None:
    """Unpack every part into nothing, and stop at the limit: what a header says of its size may be a lie."""
    if sum(info.file_size for info in parts.values()) > MOST_BYTES:
        raise _too_large()
    for info in parts.values():
        with archive.open(info) as stream:
            while stream.read(_CHUNK):
                pass  # zipfile raises where there is more than the header says, or something else


def _elements(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> list[tuple[str, dict[str, str]]]:
    """Return the elements of a small part with their attributes."""
    if info.file_size > MOST_BYTES_OF_A_PART:
        raise _too_large()
    found: list[tuple[str, dict[str, str]]] = []
    parser = _parser()
    parser.StartElementHandler = lambda name, attributes: found.append((_local(name), attributes))
    with archive.open(info) as stream:
        parser.Parse(stream.read(MOST_BYTES_OF_A_PART + 1), True)
    return found


def _parser() -> Any:
    """Return a parser that refuses a document type: nothing is expanded and nothing is fetched."""
    parser = expat.ParserCreate()

    def refuse(*_arguments: Any) -> None:
        raise _broken()

    parser.StartDoctypeDeclHandler = refuse
    return parser


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _sheets(archive: zipfile.ZipFile, parts: dict[str, zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the sheets of a workbook: title and part."""
    targets: dict[str, str] = {}
    for name, attributes in _elements(archive, parts["xl/_rels/workbook.xml.rels"]):
        if name == "Relationship":
            target = attributes["Target"]
            targets[attributes["Id"]] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    found = {}
    for name, attributes in _elements(archive, parts["xl/workbook.xml"]):
        if name == "sheet":
            ident = next((value for key, value in attributes.items() if _local(key) == "id" and ":" in key), "")
            if targets.get(ident) in parts:
                found[attributes["name"]] = parts[targets[ident]]
    return found


def _choose(sheets: dict[str, zipfile.ZipInfo], importer: Importer) -> list[tuple[Sheet, str, zipfile.ZipInfo]]:
    """Return which sheet of the file is which; the template's explanations are passed over."""
    beside = {folded(one) for label in (EXPLANATIONS, VALUES) for one in in_all_languages(label)}
    open_ones = {title: part for title, part in sheets.items() if folded(title) not in beside}
    chosen: list[tuple[Sheet, str, zipfile.ZipInfo]] = []
    if len(importer.sheets) == 1 and len(open_ones) == 1:
        return [(importer.sheets[0], title, part) for title, part in open_ones.items()]
    problems = []
    for title, part in open_ones.items():
        sheet = next((one for one in importer.sheets if folded(title) in one.titles()), None)
        if sheet is None or any(sheet is other for other, *_rest in chosen):
            problems.append(_("The sheet “%(sheet)s” is not known. Take it out.") % {"sheet": title[:60]})
        else:
            chosen.append((sheet, title, part))
    there = {sheet.name for sheet, *_rest in chosen}
    problems += [
        _("The sheet “%(sheet)s” is missing.") % {"sheet": sheet.label}
        for sheet in importer.sheets
        if sheet.name not in there and (sheet.fewest or len(importer.sheets) == 1)
    ]
    if problems:
        raise ValidationError(problems[:20])
    order = [sheet.name for sheet in importer.sheets]
    return sorted(chosen, key=lambda one: order.index(one[0].name))


class _Scanner:
    """Walks through a sheet's XML and notes, by row and column from 1, its formulas and its numbers as written."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.found: dict[tuple[int, int], list[str]] = {}
        self.row = self.column = self.filled = 0
        self.kind, self.text, self.formula, self.reading, self.empty_row = "n", "", False, False, True

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = _local(name)
        if name == "row":
            self.row = int(attributes.get("r", self.row + 1))
            self.column, self.empty_row = 0, True
        elif name == "c":
            place = _PLACE.match(attributes.get("r", ""))
            self.column = _number(place[1]) if place else self.column + 1
            self.row = int(place[2]) if place else self.row
            self.kind, self.text, self.formula = attributes.get("t", "n"), "", False
        elif name == "f":
            self.formula = True
        elif name in {"v", "t"}:
            self.reading = True

    def data(self, text: str) -> None:
        if self.reading and len(self.text) < 200:
            self.text += text

    def end(self, name: str) -> None:
        name = _local(name)
        if name in {"v", "t"}:
            self.reading = False
        elif name == "c" and (self.text or self.formula):
            self._note()

    def _note(self) -> None:
        if self.empty_row:
            self.filled, self.empty_row = self.filled + 1, False
        # The headings are a row as well.
        if self.filled > self.most + 1 or self.row > FARTHEST_ROW:
            raise ValidationError(too_many(self.most))
        if self.column > MOST_COLUMNS:
            raise ValidationError(_("Line %(line)s has too many columns.") % {"line": self.row})
        if self.formula:
            self.found[self.row, self.column] = [FORMULA, ""]
        elif self.kind == "n":
            self.found[self.row, self.column] = [NUMBER, _plain(self.text)]
        elif self.kind == "e":
            self.found[self.row, self.column] = [ERROR, self.text]


def _scan(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> dict[tuple[int, int], list[str]]:
    """Read a sheet part by part, and stop where it is too much."""
    scanner = _Scanner(most)
    parser = _parser()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = scanner.start, scanner.end
    parser.CharacterDataHandler = scanner.data
    read = 0
    with archive.open(info) as stream:
        while chunk := stream.read(_CHUNK):
            read += len(chunk)
            if read > MOST_BYTES:
                raise _too_large()
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    return scanner.found


def _number(name: str) -> int:
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - 64
    return number


def _plain(text: str) -> str:
    """Return a number as one would type it: 12.0 is 12, while 5.42E+17 stays what it is."""
    text = text.strip()
    return text.removesuffix(".0") if text.endswith(".0") else text


def _lines(
    book: CalamineWorkbook, title: str, scan: dict[tuple[int, int], list[str]]
) -> Iterator[tuple[int, list[Cell]]]:
    rows = book.get_sheet_by_name(title).to_python(skip_empty_area=False)
    for number, values in enumerate(rows, 1):
        yield number, [_value(value, scan.get((number, at))) for at, value in enumerate(values, 1)]


def _value(value: Any, noted: list[str] | None) -> Cell:
    """Return a cell: its text, or its kind where that says more than the value."""
    if noted is not None and noted[0] in {FORMULA, ERROR}:
        return noted
    if isinstance(value, datetime):
        whole = value.time() == time.min
        return [DAY, value.date().isoformat() if whole else value.isoformat(" ", "seconds")]
    if isinstance(value, date):
        return [DAY, value.isoformat()]
    if isinstance(value, (time, timedelta)):
        return [DAY, str(value)]
    if isinstance(value, bool):
        return [BOOLEAN, "1" if value else "0"]
    if isinstance(value, (int, float)):
        return noted or [NUMBER, _plain(str(value))]
    return str(value)
