"""Text files that users fill in: their encoding, their delimiter, their lines by sheet (GEN-7)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from fleetportal.imports.declaring import FORMULA, Cell, Column, Importer, Sheet, folded
from fleetportal.imports.tables import MOST_COLUMNS, Table, table_of

# In a text file, this column says which sheet a line belongs to.
SHEET_COLUMN = Column("sheet", lazy("Sheet"))
# What Western European names and streets are written with, beyond ASCII; other signs of that encoding are no proof.
_LETTERS = frozenset("ÀÂÄÇÈÉÊËÎÏÔÖÙÛÜàáâäçèéêëíîïñóôöùúûüÿœŒ’‘“”«»–€°ß\xa0")
_FORMULA_SIGNS = "=+-@"


def read_csv(data: bytes, importer: Importer) -> list[tuple[Sheet, Table]]:
    """Return the sheets of a text file with their lines; raises ValidationError with the sentence."""
    text = _decoded(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    most = importer.most_rows

    def lines() -> Iterator[tuple[int, list[Cell]]]:
        try:
            for cells in reader:
                if len(cells) > MOST_COLUMNS:
                    raise ValidationError(_("Line %(line)s has too many columns.") % {"line": reader.line_num})
                yield reader.line_num, [_csv_cell(cell) for cell in cells]
        except csv.Error:
            raise ValidationError(
                _("Line %(line)s can't be read: a quote is not closed, or a cell is too long.")
                % {"line": reader.line_num}
            ) from None

    table = table_of("", lines(), most)
    if len(importer.sheets) == 1:
        return [(importer.sheets[0], table)]
    return _by_sheet(table, importer)


def _csv_cell(text: str) -> Cell:
    """Return a cell of a text file; the apostrophe that our own files put before such signs is taken off."""
    if text.startswith("'") and text[1:2] and text[1] in _FORMULA_SIGNS:
        return text[1:]
    return [FORMULA, text] if text.startswith("=") else text


def _by_sheet(table: Table, importer: Importer) -> list[tuple[Sheet, Table]]:
    """Divide a text file by its column *Sheet*: each line belongs to one, and has that one's columns."""
    headings = [folded(one if isinstance(one, str) else one[1]) for one in table.headings]
    places = [place for place, heading in enumerate(headings) if heading in SHEET_COLUMN.headings()]
    if len(places) != 1:
        raise ValidationError(_("The column “%(column)s” is missing.") % {"column": SHEET_COLUMN.label})
    place = places[0]
    known = {heading for sheet in importer.sheets for column in sheet.columns for heading in column.headings()}
    problems = [
        _("The column “%(column)s” is not known.") % {"column": table.headings[at]}
        for at, heading in enumerate(headings)
        if at != place and heading and heading not in known
    ]
    lines: dict[str, list[tuple[int, list[Cell]]]] = {sheet.name: [] for sheet in importer.sheets}
    for number, cells in table.lines:
        title = cells[place] if place < len(cells) else ""
        sheet = next((one for one in importer.sheets if folded(title) in one.titles()), None)
        if sheet is None:
            problems.append(_("Line %(line)s: “%(word)s” is no sheet of this file.") % {"line": number, "word": title})
            continue
        own = {heading for column in sheet.columns for heading in column.headings()}
        stray = [at for at, cell in enumerate(cells) if at != place and cell != "" and headings[at : at + 1]]
        stray = [at for at in stray if headings[at] not in own]
        problems += [
            _("Line %(line)s: the column “%(column)s” has nothing to do with the sheet %(sheet)s.")
            % {"line": number, "column": table.headings[at], "sheet": sheet.label}
            for at in stray
        ]
        lines[sheet.name].append((number, cells))
    if problems:
        raise ValidationError(problems[:20])
    divided = []
    for sheet in importer.sheets:
        own = {heading for column in sheet.columns for heading in column.headings()}
        chosen = [at for at, heading in enumerate(headings) if heading in own and at != place]
        picked = [
            (number, [cells[at] if at < len(cells) else "" for at in chosen]) for number, cells in lines[sheet.name]
        ]
        if picked or sheet.fewest:
            divided.append((sheet, Table(sheet.name, [table.headings[at] for at in chosen], picked)))
    return divided


def _decoded(data: bytes) -> str:
    """Return the text of a file: UTF-8, or the old Windows encoding where that is certain."""
    if re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", data):
        raise ValidationError(_("By its content, this is neither an Excel workbook (.xlsx) nor a CSV file."))
    if data.startswith((b"%PDF-", b"\x89PNG", b"\xff\xd8\xff")):
        raise ValidationError(_("By its content, this is neither an Excel workbook (.xlsx) nor a CSV file."))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass  # the old encoding is tried next
    for number, line in enumerate(data.split(b"\n"), 1):
        text = line.decode("cp1252", "replace")
        if any(sign not in _LETTERS for sign in text if not sign.isascii()):
            raise ValidationError(
                _("Line %(line)s holds letters in an unknown encoding. Save the file as “CSV UTF-8”.")
                % {"line": number}
            )
    return data.decode("cp1252")
