"""Lists as files: Excel and CSV written while they are read, in memory that does not grow with the rows (GEN-6).

An Excel text cell is typed as text, so `=1+1` stays what it is; in CSV, which has no types, it gets an apostrophe.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.utils import timezone

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"
# Cells that begin so are formulas to a spreadsheet that opens a CSV file (OWASP, CSV injection).
_FORMULA = frozenset("=+-@\t\r\n")
# Types of which equal values are written alike; 1.0 and 1.00 are equal and are not.
_ALIKE = frozenset((type(None), str, int, bool, date))
# A sheet holds no more rows than this, its header included; a cell no longer text.
MAX_ROWS = 1_048_576
MAX_TEXT = 32_767

_CHUNK_ROWS = 500
# The first piece is small, so that the file begins to arrive at once.
_FIRST_ROWS = 50
_EPOCH = date(1899, 12, 30).toordinal()
# What XML 1.0 can't hold and what must be written differently: one look finds both, and most texts have neither.
_SPECIAL = re.compile("[&<>_\x00-\x08\x0b-\x1f\ufffe\uffff\ud800-\udfff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "_": "_"}
# Excel reads _x0041_ as the letter A; the underscore before it is written so itself.
_CODED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
# Places in the list of cell styles below.
_DATE, _MOMENT, _HEADER, _AMOUNT = 1, 2, 3, 4
# Excel counts in 15 digits; longer numbers (a card's) would lose their end, so they are written as text.
_EXACT = 10**15
_FIRST_DAY = date(1900, 3, 1)  # Excel believes in a 29 February 1900; days before it are written as text

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEETML = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_PARTS = {
    "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEETML}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_SHEETML}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_SHEETML}.styles+xml"/></Types>',
    "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
    "xl/styles.xml": f'{_HEAD}<styleSheet xmlns="{_MAIN}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts>'
    '<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="5"><xf/><xf numFmtId="164" applyNumberFormat="1"/><xf numFmtId="165" applyNumberFormat="1"/>'
    '<xf fontId="1" applyFont="1"/><xf numFmtId="4" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
}


class _Sink(io.RawIOBase):
    """Where the archive is written to: a buffer that is emptied after each chunk and never goes back."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def stream_xlsx(headers: Sequence[str], rows: Iterable[Sequence[Any]], sheet_name: str = "Sheet") -> Iterator[bytes]:
    """Yield an Excel workbook of one sheet, while `rows` are being read.

    Texts stay texts; whole numbers, decimals, dates and moments become Excel's own (moments in the current time zone);
    None is an empty cell, True and False are Excel's; anything else is written as its text. The header row is bold and
    frozen, and filters its column. Raises ValueError when there are more rows than a sheet holds.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, content)
        archive.writestr("xl/workbook.xml", _workbook(sheet_name))
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
            count = 1
            for chunk in _chunks(rows):
                if count == 1:
                    sheet.write(_sheet_head(headers, chunk[:100]).encode())
                count += len(chunk)
                if count > MAX_ROWS:
                    raise ValueError(f"An Excel sheet holds {MAX_ROWS - 1} rows and no more.")
                columns = [_written(column, _CELLS) for column in zip(*chunk, strict=True)]
                lines = map("".join, zip(*columns, strict=True))
                sheet.write(f"<row>{'</row><row>'.join(lines)}</row>".encode())
                if part := sink.take():
                    yield part
            if count == 1:
                sheet.write(_sheet_head(headers, []).encode())
            reach = f"A1:{_letters(max(len(headers), 1))}{count}"
            sheet.write(f'</sheetData><autoFilter ref="{reach}"/></worksheet>'.encode())
    yield sink.take()


def stream_csv(headers: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str = ";") -> Iterator[bytes]:
    """Yield a CSV file with a byte order mark, so that Excel reads its accents.

    A text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a carriage return) gets an
    apostrophe before it. Dates are written as 2026-05-31, moments in the current time zone, decimals with a point.
    """
    cells = _csv_cells(delimiter, alone=len(headers) == 1)
    lines = ["\ufeff" + delimiter.join([cells[str](str(header)) for header in headers])]
    for chunk in _chunks(rows):
        columns = [_written(column, cells) for column in zip(*chunk, strict=True)]
        lines += map(delimiter.join, zip(*columns, strict=True))
        yield ("\r\n".join(lines) + "\r\n").encode()
        lines = []
    if lines:
        yield f"{lines[0]}\r\n".encode()


def _chunks(rows: Iterable[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    source = iter(rows)
    size = _FIRST_ROWS
    while chunk := list(islice(source, size)):
        yield chunk
        size = _CHUNK_ROWS


def _written(column: Sequence[Any], cells: Mapping[type, Callable[[Any], str]]) -> Iterable[str]:
    """Write a column's cells by the type of their values; what stands in it again and again is written once."""
    kinds = set(map(type, column))
    kinds.discard(type(None))
    if len(kinds) < 2 and kinds <= _ALIKE and len(different := set(column)) * 2 < len(column):
        known = {value: cells[type(value)](value) for value in different}
        return map(known.__getitem__, column)
    other = cells[object]
    return [cells.get(type(value), other)(value) for value in column]


def _escaped(text: str) -> str:
    """Return the text as XML holds it, for the few that need it."""
    text = _CODED.sub("_x005F_", text)
    return _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], ""), text)


def _text(value: str) -> str:
    if not value:
        return "<c/>"
    if len(value) > MAX_TEXT:
        value = value[:MAX_TEXT]
    if _SPECIAL.search(value):
        value = _escaped(value)
    if value.strip() != value:
        return f'<c t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'
    return f'<c t="inlineStr"><is><t>{value}</t></is></c>'


def _integer(value: int) -> str:
    return f"<c><v>{value}</v></c>" if -_EXACT < value < _EXACT else _text(str(value))


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        return _text(str(value))
    digits = str(value)
    return f'<c s="{_AMOUNT}"><v>{digits}</v></c>' if digits[-3:-2] == "." else f"<c><v>{digits}</v></c>"


def _float(value: float) -> str:
    return f"<c><v>{value!r}</v></c>" if value - value == 0 else _text(str(value))


def _date(value: date) -> str:
    if value < _FIRST_DAY:
        return _text(value.isoformat())
    return f'<c s="{_DATE}"><v>{value.toordinal() - _EPOCH}</v></c>'


def _moment(value: datetime) -> str:
    if value.tzinfo is not None:
        value = timezone.localtime(value)
    if value.date() < _FIRST_DAY:
        return _text(value.strftime("%Y-%m-%d %H:%M:%S"))
    seconds = value.hour * 3600 + value.minute * 60 + value.second
    return f'<c s="{_MOMENT}"><v>{value.toordinal() - _EPOCH + seconds / 86400:.8f}</v></c>'


def _other(value: Any) -> str:
    """Return the cell of a subclass (a choice, a safe string) or of anything else, as its text."""
    for kind in (str, bool, int, Decimal, float, datetime, date):
        if isinstance(value, kind):
            return _CELLS[kind](kind.__str__(value) if kind is str else value)
    return _text(str(value))


_CELLS: dict[type, Callable[[Any], str]] = {
    str: _text,
    int: _integer,
    bool: lambda value: f'<c t="b"><v>{int(value)}</v></c>',
    Decimal: _decimal,
    float: _float,
    date: _date,
    datetime: _moment,
    type(None): lambda _value: "<c/>",
    object: _other,
}


def _workbook(sheet_name: str) -> str:
    """Return the part that names the sheet; Excel allows 31 characters and not these."""
    name = re.sub(r"[\[\]:*?/\\]", " ", sheet_name).strip(" '")[:31] or "Sheet"
    quoted = _escaped(name).replace('"', "&quot;")
    return (
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{quoted}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _sheet_head(headers: Sequence[str], sample: list[Sequence[Any]]) -> str:
    """Return the sheet up to its first data row; columns are as wide as the header and the first rows need."""
    titles = [str(header) for header in headers]
    widths = [min(max([len(title) + 4, *_lengths(sample, at)]), 60) for at, title in enumerate(titles)]
    columns = "".join(
        f'<col min="{at}" max="{at}" width="{width + 1}" customWidth="1"/>' for at, width in enumerate(widths, 1)
    )
    cells = "".join(_text(title).replace("<c ", f'<c s="{_HEADER}" ', 1) for title in titles)
    return (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f"{f'<cols>{columns}</cols>' if columns else ''}<sheetData><row>{cells}</row>"
    )


def _lengths(sample: list[Sequence[Any]], at: int) -> Iterator[int]:
    for row in sample:
        if at < len(row) and row[at] is not None:
            value = row[at]
            yield 19 if isinstance(value, datetime) else len(str(value))


def _letters(number: int) -> str:
    """Return the name of a column: 1 is A, 27 is AA."""
    name = ""
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def _csv_cells(delimiter: str, *, alone: bool) -> dict[type, Callable[[Any], str]]:
    """Return what writes a CSV cell, by type: with an apostrophe before what a spreadsheet would take for a formula.

    A cell that stands `alone` in its row is quoted when it is empty: an empty line is no row.
    """
    nothing = '""' if alone else ""
    special = re.compile(f'^[{re.escape("".join(_FORMULA))}]|[{re.escape(delimiter)}"\r\n\x00]').search
    quoted = re.compile(f'[{re.escape(delimiter)}"\r\n]').search

    def text(value: str) -> str:
        if not value:
            return nothing
        if not special(value):
            return value
        value = value.replace("\x00", "")
        if value[:1] in _FORMULA:
            value = f"'{value}"
        if quoted(value):
            value = value.replace('"', '""')
            return f'"{value}"'
        return value or nothing

    def moment(value: datetime) -> str:
        if value.tzinfo is not None:
            value = timezone.localtime(value).replace(tzinfo=None)
        return value.isoformat(" ", "seconds")

    def other(value: Any) -> str:
        if isinstance(value, datetime):
            return moment(value)
        return str(value) if isinstance(value, (int, float, Decimal, date)) else text(str(value))

    plain = dict.fromkeys((int, bool, float, Decimal, date), str)
    return {**plain, str: text, datetime: moment, type(None): lambda _value: nothing, object: other}
