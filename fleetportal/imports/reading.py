"""Reading what was uploaded: what kind of file it is, its sheets, its headings (GEN-7).

Every fault is a ValidationError with its sentence, and then nothing was written.
"""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from fleetportal.imports.csv_file import read_csv
from fleetportal.imports.declaring import Importer, Row, Sheet, folded
from fleetportal.imports.tables import Table, letters
from fleetportal.imports.workbook import read_workbook

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_upload(upload: UploadedFile, importer: Importer) -> tuple[dict[str, list[str]], list[Row]]:
    """Return the columns of each sheet in the file's order, and all lines; raises ValidationError by sentence.

    What it is, is read from its content, never from its name.
    """
    size = upload.size or 0
    if not size:
        raise ValidationError(_("This file is empty."))
    if size > settings.UPLOAD_MAX_BYTES:
        limit = settings.UPLOAD_MAX_BYTES // (1024 * 1024)
        raise ValidationError(_("This file is larger than %(limit)d MB.") % {"limit": limit})
    upload.seek(0)
    data = upload.read()
    if data.startswith(_OLD_OFFICE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise ValidationError(_("This workbook is protected by a password. Save it without one."))
        raise ValidationError(_("This is an old Excel file (.xls). Save it as an Excel workbook (.xlsx)."))
    tables = (read_workbook if data.startswith(b"PK") else read_csv)(data, importer)
    return _as_rows(tables, importer)


def _as_rows(tables: list[tuple[Sheet, Table]], importer: Importer) -> tuple[dict[str, list[str]], list[Row]]:
    """Recognise the headings and return the lines; raises one ValidationError with all that is wrong."""
    problems: list[str] = []
    columns: dict[str, list[str]] = {}
    rows: list[Row] = []
    for sheet, table in tables:
        if not (table.headings or sheet.fewest):
            continue  # an empty sheet that may be empty
        names, wrong = _recognise(sheet, table)
        several = len(importer.sheets) > 1
        problems += (
            [_("Sheet %(sheet)s: %(sentence)s") % {"sheet": sheet.label, "sentence": one} for one in wrong]
            if (several)
            else wrong
        )
        columns[sheet.name] = [name for name in names if name]
        for line, cells in table.lines:
            found = {name: cell for name, cell in zip(names, cells, strict=False) if name and cell != ""}
            rows.append(Row(sheet.name, line, found))
    if not problems:
        problems = _counted(importer, rows)
    if problems:
        raise ValidationError(problems)
    return columns, rows


def _counted(importer: Importer, rows: list[Row]) -> list[str]:
    if not rows:
        return [_("This file has no lines below its headings.")]
    problems = []
    for sheet in importer.sheets:
        count = sum(row.sheet == sheet.name for row in rows)
        words = {"sheet": sheet.label, "fewest": sheet.fewest, "most": sheet.most, "count": count}
        if count < sheet.fewest:
            problems.append(_("Sheet %(sheet)s: at least %(fewest)s line is needed, and it has %(count)s.") % words)
        if count > sheet.most:
            problems.append(_("Sheet %(sheet)s: at most %(most)s lines are possible, and it has %(count)s.") % words)
    return problems


def _recognise(sheet: Sheet, table: Table) -> tuple[list[str], list[str]]:
    """Return the name of each column of a table, empty for one to pass over, and what is wrong with them."""
    known = {heading: column.name for column in sheet.columns for heading in column.headings()}
    names: list[str] = []
    wrong: list[str] = []
    for place, heading in enumerate(table.headings):
        text = heading if isinstance(heading, str) else heading[1]
        name = known.get(folded(text), "")
        if not text.strip():
            if any(place < len(cells) and cells[place] != "" for _line, cells in table.lines):
                wrong.append(_("Column %(column)s holds values and has no heading.") % {"column": letters(place + 1)})
        elif not name:
            wrong.append(_("The column “%(column)s” is not known.") % {"column": text[:60]})
        elif name in names:
            wrong.append(_("The column “%(column)s” is there twice.") % {"column": text[:60]})
        names.append(name)
    far = [cells for _line, cells in table.lines if any(cell != "" for cell in cells[len(table.headings) :])]
    if far:
        wrong.append(
            _("Column %(column)s holds values and has no heading.") % {"column": letters(len(table.headings) + 1)}
        )
    wrong += [
        _("The column “%(column)s” is missing.") % {"column": column.label}
        for column in sheet.columns
        if column.required and column.name not in names
    ]
    return names, wrong
