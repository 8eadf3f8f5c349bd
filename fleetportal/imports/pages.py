"""The pages of *Excel in*: template and upload, then what would happen, line by line, and its application (GEN-7).

An app derives two classes, both short: `class UserImport(ImportPage, CompanyPage)` with its importer, and
`class UserImportCheck(ImportCheck, UserImport)` for the second page.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.formats import date_format, number_format
from django.utils.http import content_disposition_header
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from fleetportal.core import formkeys
from fleetportal.core.batches import start_batch
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.pages.base import as_id
from fleetportal.core.pages.forms import FormPage, between_check_and_act
from fleetportal.core.spreadsheet import CSV_TYPE, XLSX_TYPE
from fleetportal.imports import writing
from fleetportal.imports.applying import check_again, keep_import, lock_import, mark_applied
from fleetportal.imports.declaring import ERROR, FORMULA, Cell, Column, Importer
from fleetportal.imports.models import Import, ImportLine
from fleetportal.imports.reading import read_upload

# More lines than this are applied by a worker, in a bulk action; so many stand on one page.
AT_ONCE, CHUNK, SHOWN = 500, 100, 100


class UploadForm(forms.Form):
    """A file to check; what is wrong with the file as a whole stands at its field."""

    file = forms.FileField(
        label=lazy("File"),
        help_text=lazy("An Excel workbook (.xlsx) or a CSV file, of at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        allow_empty_file=True,
    )

    def __init__(self, *args: Any, importer: Importer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.importer = importer

    def clean_file(self) -> Any:
        """Return the columns and lines of the file; raises ValidationError with all that is wrong with it."""
        return read_upload(self.cleaned_data["file"], self.importer)


class ImportPage(FormPage):
    """What the file has to hold, a template to download, and the upload, which is checked and writes nothing."""

    importer: ClassVar[Importer]
    # The address of the second page, and where a bulk action is followed, with the kind of work that it is.
    check_name: ClassVar[str]
    progress_name: ClassVar[str] = ""
    batch_kind: ClassVar[str] = ""
    template_name = "pages/import.html"
    form_class = UploadForm
    submit_label = lazy("Check the file")
    file_name: ClassVar[str] = "import"

    def form_kwargs(self) -> dict[str, Any]:
        """Say what the file is read for."""
        return {"importer": self.importer}

    def done_url(self) -> str:
        """Return where it leads when the file is applied."""
        raise NotImplementedError

    def applied(self, total: int) -> str:
        """Return the sentence that says what was done."""
        raise NotImplementedError

    def apply_label(self, total: int) -> str:
        """Return the words of the button that applies the file."""
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the form, or give the template out."""
        kind = request.GET.get("format", "")
        if kind == "xlsx":
            return self.attachment(writing.template_workbook(self.importer), "xlsx")
        if kind == "csv":
            return self.attachment(writing.template_csv(self.importer), "csv")
        return super().get(request, **kwargs)

    def attachment(self, data: bytes, ending: str, *, suffix: str = "") -> HttpResponse:
        """Answer with a file to save."""
        response = HttpResponse(data, content_type=XLSX_TYPE if ending == "xlsx" else CSV_TYPE)
        name = f"{self.file_name}{suffix}.{ending}"
        response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
        response.headers["Cache-Control"] = "private, no-store"
        return response

    def answer_again(self, form: forms.Form, taken: formkeys.Taken) -> HttpResponse:
        """Check the file once more: a form that was gone back to may carry another one, and a check writes nothing."""
        return redirect(self.act(form))

    def act(self, form: forms.Form) -> str:
        """Check the file, keep it with the result, and go to that."""
        columns, rows = form.cleaned_data["file"]
        name = str(getattr(self.request.FILES["file"], "name", ""))
        upload = keep_import(
            importer=self.importer, file_name=name, columns=columns, rows=rows, actor=self.actor, now=self.now
        )
        return self.url(self.check_name, upload.pk)

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return what the file may hold."""
        several = len(self.importer.sheets) > 1
        return {
            "cancel_url": self.done_url(),
            "most_rows": number_format(self.importer.most_rows, force_grouping=True),
            "sheets": [
                {"title": sheet.label if several else _("Columns"), "columns": [_told(one) for one in sheet.columns]}
                for sheet in self.importer.sheets
            ],
        }


def _told(column: Column) -> dict[str, Any]:
    """Return a column as the page explains it."""
    words = [str(label) for _value, label in column.options()] if column.choices is not None else []
    return {
        "label": column.label,
        "required": column.required,
        "text": writing.explained(column),
        "words": words[:40],
        "more": max(len(words) - 40, 0),
    }


class ImportCheck(ImportPage):
    """What the file would do, wrong lines first, and the button that does exactly that."""

    template_name = "pages/import_check.html"
    form_class = forms.Form  # type: ignore[assignment]  # nothing is asked here but the button
    upload: Import

    def form_kwargs(self) -> dict[str, Any]:
        """Ask for nothing."""
        return {}

    def prepare(self) -> None:
        """Find the file; it is its uploader's alone."""
        pk = as_id(str(self.kwargs["pk"]))
        own = Import.objects.filter(user_id=self.actor.person, kind=self.importer.kind)
        upload = own.filter(pk=pk).first() if pk is not None else None
        if upload is None:
            raise Http404
        self.upload = upload

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here: the upload, and the file."""
        self.prepare()
        before = [(label, address or self.upload_url()) for label, address in super().crumbs()]
        return [*before, (self.upload.file_name, None)]

    def upload_url(self) -> str:
        """Return the address of the first page."""
        return self.url(self.check_name, self.upload.pk).removesuffix(f"{self.upload.pk}/")

    def refused_url(self) -> str:
        """Stay here with a refusal."""
        return self.request.path

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the result, or give the file back with its wrong cells marked."""
        self.prepare()
        if request.GET.get("format") == "xlsx":
            lines = ImportLine.objects.filter(upload=self.upload).order_by("pk").iterator(2000)
            data = writing.marked_workbook(self.importer, self.upload.columns, lines)
            return self.attachment(data, "xlsx", suffix=f"-{self.upload.pk}")
        return self.show_form(self.make_form())

    def answer_again(self, form: forms.Form, taken: formkeys.Taken) -> HttpResponse:
        """Lead a form that was sent twice to the first one's receipt."""
        return redirect(taken.receipt or self.request.path)

    def act(self, form: forms.Form) -> str:
        """Apply what was checked, at once or by a worker; where something is wrong by now, say what."""
        lock_import(self.upload)
        if self.upload.failed:
            raise TransitionLost(_("Correct the file first. Nothing was written."))
        checked = check_again(upload=self.upload, importer=self.importer, actor=self.actor, now=self.now)
        if checked is None:
            messages.error(self.request, _("Something has changed since the check. Nothing was written; look again."))
            return self.request.path
        between_check_and_act()
        mark_applied(self.upload, self.actor, self.now)
        if self.batch_kind and self.upload.total > AT_ONCE:
            batch = start_batch(
                self.batch_kind,
                ImportLine.objects.filter(upload=self.upload).values_list("pk", "line"),
                self.actor,
                {"import": self.upload.pk},
                self.now,
                label=self.upload.file_name,
                result_path=self.url(self.progress_name, 0).replace("/0/", "/{batch}/"),
                chunk=CHUNK,
            )
            return self.url(self.progress_name, batch.pk)
        self.importer.apply(checked, actor=self.actor, now=self.now)
        messages.success(self.request, self.applied(self.upload.total))
        return self.done_url()

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return counts and a part of the lines, the wrong ones first."""
        upload, page = self.upload, max(as_id(self.request.GET.get("page", "")) or 1, 1)
        start = (page - 1) * SHOWN
        lines = list(
            ImportLine.objects.filter(upload=upload).order_by("-faulty", "pk")[start : start + SHOWN + 1]
            if start <= upload.total
            else ()
        )
        right = upload.total - upload.failed
        applied = upload.applied_at
        return {
            "upload": upload,
            "can_apply": not upload.failed and applied is None,
            "applied_text": ""
            if applied is None
            else _("Applied on %(day)s.") % {"day": date_format(localtime(applied), "DATETIME_FORMAT")},
            "apply_label": self.apply_label(upload.total),
            "cancel_url": self.upload_url(),
            "right_text": ngettext("%(count)s line is right", "%(count)s lines are right", right) % {"count": right},
            "wrong_text": ngettext("%(count)s line is wrong", "%(count)s lines are wrong", upload.failed)
            % {"count": upload.failed},
            "tables": self._tables(lines[:SHOWN]),
            "following_url": f"?page={page + 1}" if len(lines) > SHOWN else "",
            "earlier_url": f"?page={page - 1}" if page > 1 else "",
        }

    def _tables(self, lines: list[ImportLine]) -> list[dict[str, Any]]:
        """Return the lines by sheet, each cell with what is wrong with it."""
        tables = []
        for sheet in self.importer.sheets:
            names = self.upload.columns.get(sheet.name, [])
            mine = [line for line in lines if line.sheet == sheet.name]
            # A column that the file lacks is shown where something is wrong with it.
            wrong = {name for line in mine for name in line.errors if name}
            shown = [one for one in sheet.columns if one.name in names or one.name in wrong]
            if mine:
                rows = [
                    {
                        "line": line.line,
                        "faulty": line.faulty,
                        "errors": line.errors.get("", []),
                        "cells": [
                            {
                                "label": column.label,
                                "text": shown_cell(line.cells.get(column.name, "")),
                                "errors": line.errors.get(column.name, []),
                            }
                            for column in shown
                        ],
                    }
                    for line in mine
                ]
                tables.append({"title": sheet.label, "name": sheet.name, "columns": shown, "rows": rows})
        return tables


def shown_cell(cell: Cell) -> str:
    """Return a cell as the page shows it."""
    if isinstance(cell, str):
        return cell
    kind, text = cell
    if kind == FORMULA:
        return text or _("(formula)")
    return text if kind != ERROR else f"({text})"
