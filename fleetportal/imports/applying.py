"""What becomes of a file: kept with what is wrong with it, checked again, applied once and as a whole (GEN-7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.scope import current_scope
from fleetportal.imports.declaring import Importer, Row, check_rows
from fleetportal.imports.models import Import, ImportLine

_AT_ONCE = 2000


def keep_import(
    *,
    importer: Importer,
    file_name: str,
    columns: dict[str, list[str]],
    rows: Iterable[Row],
    actor: Actor,
    now: datetime,
) -> Import:
    """Check the lines of a file and keep them with the result; nothing of what they say is written yet."""
    checked = check_rows(importer, rows, actor=actor, now=now)
    scope = current_scope()
    every = [row for sheet in importer.sheets for row in checked[sheet.name]]
    upload = Import.objects.create(
        company_id=scope.company if scope else None,
        user_id=actor.person,
        kind=importer.kind,
        file_name=file_name[-120:],
        columns=columns,
        total=len(every),
        failed=sum(bool(row.errors) for row in every),
        created_at=now,
    )
    lines = [
        ImportLine(
            company_id=upload.company_id,
            upload=upload,
            sheet=row.sheet,
            line=row.line,
            cells=row.cells,
            errors=row.errors,
            faulty=bool(row.errors),
        )
        for row in every
    ]
    ImportLine.objects.bulk_create(lines, batch_size=_AT_ONCE)
    return upload


def rows_of(upload: Import, ids: list[int] | None = None) -> list[Row]:
    """Return the lines of a kept file as they were read, all of them or these."""
    lines = ImportLine.objects.filter(upload=upload).order_by("pk")
    if ids is not None:
        lines = lines.filter(pk__in=ids)
    return [
        Row(sheet, line, cells, pk=pk) for pk, sheet, line, cells in lines.values_list("pk", "sheet", "line", "cells")
    ]


def _take_turn(upload: Import) -> None:
    """Wait until no other file of this company is applied: each is checked against what the one before it wrote."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"files of {upload.company_id}"])


def lock_import(upload: Import) -> None:
    """Lock a kept file for its application; raises TransitionLost for one that was applied: of two windows one does."""
    _take_turn(upload)
    locked = Import.objects.select_for_update(of=("self",)).filter(pk=upload.pk, applied_at=None).first()
    if locked is None:
        raise TransitionLost(_("This file was applied already."))


def check_again(*, upload: Import, importer: Importer, actor: Actor, now: datetime) -> dict[str, list[Row]] | None:
    """Check a kept file against what is there today; keeps what is wrong by now and returns None, or the lines."""
    checked = check_rows(importer, rows_of(upload), actor=actor, now=now)
    wrong = [row for rows in checked.values() for row in rows if row.errors]
    if not wrong:
        return checked
    found = {row.pk: row for row in wrong}
    ImportLine.objects.filter(upload=upload, faulty=True).exclude(pk__in=found).update(faulty=False, errors={})
    lines = list(ImportLine.objects.filter(upload=upload, pk__in=found))
    for line in lines:
        line.faulty, line.errors = True, found[line.pk].errors
    ImportLine.objects.bulk_update(lines, ["faulty", "errors"], batch_size=_AT_ONCE)
    Import.objects.filter(pk=upload.pk).update(failed=len(wrong))
    return None


def mark_applied(upload: Import, actor: Actor, now: datetime) -> None:
    """Note that a locked file is applied, by whom and with how many lines, in the transaction that applies it (GEN-2).

    What each line changes has its own entry; this one outlives the file, which is forgotten after two weeks.
    """
    Import.objects.filter(pk=upload.pk).update(applied_at=now)
    after = {"kind": upload.kind, "file": upload.file_name, "lines": upload.total}
    label = f"{upload.file_name[:100]} ({upload.total})"
    audit.record(actor, "imports.applied", upload, now=now, after=after, label=label)


def apply_lines(
    importer: Importer, line_ids: list[int], payload: dict[str, Any], actor: Actor, now: datetime
) -> dict[int, str]:
    """Apply a chunk of a large file, for its bulk action; returns for each line that could not be the sentence why.

    Lines are checked again as a whole and each is written in a savepoint: one that fails keeps no other back.
    """
    upload = Import.objects.get(pk=payload["import"])
    _take_turn(upload)
    refused: dict[int, str] = {}
    with translation.override(actor.language):
        checked = check_rows(importer, rows_of(upload, line_ids), actor=actor, now=now)
        for row in sorted((row for rows in checked.values() for row in rows), key=importer.turn):
            assert row.pk is not None
            if row.errors:
                refused[row.pk] = " ".join(one for sentences in row.errors.values() for one in sentences)
                continue
            try:
                with transaction.atomic():
                    importer.apply_row(row, actor=actor, now=now)
            except ValidationError as error:
                refused[row.pk] = " ".join(error.messages)
            except (TransitionLost, PermissionDenied) as lost:
                refused[row.pk] = str(lost)
    return refused
