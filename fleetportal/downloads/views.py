"""The pages of *My downloads*: asking for a file, seeing what became of it, fetching it (GEN-1, GEN-6)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from fleetportal.core.files import attachment
from fleetportal.core.pages import CompanyPage, FormPage, listing
from fleetportal.core.pages.exports import TYPES
from fleetportal.core.pages.forms import Refused
from fleetportal.core.pages.listing import Found
from fleetportal.core.scope import require_scope
from fleetportal.core.spreadsheet import MAX_ROWS
from fleetportal.core.work import promise
from fleetportal.downloads.models import Download, limits_of
from fleetportal.downloads.work import PERMISSION, list_at, open_list, title_of

# Files that may be in the making for one person; each takes a worker for a minute, and room on the disk.
AT_ONCE = 5
SHOWN = 50


class DownloadNew(FormPage, CompanyPage):
    """Ask for a list as a file that a worker makes; the list's own buttons send this form."""

    permission = PERMISSION
    template_name = "pages/confirm.html"
    title = lazy("Make a file")
    form_class = forms.Form

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(Downloads.title, self.url("downloads:list")), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the list, where there is one, and else to the files."""
        return self.page.address() if hasattr(self, "page") else self.url("downloads:list")

    def prepare(self) -> None:
        """Open the list as its own page would, and count exactly what it finds."""
        wanted, self.kind = urlsplit(self.request.GET.get("list", "")), self.request.GET.get("kind", "")
        if self.kind not in TYPES or not wanted.path:
            raise Refused(_("Open a list, and choose there what you want to download."))
        page = open_list(wanted.path, wanted.query, self.request)
        self.actor.must(page.permission)
        self.page = page
        found = Found(page, page.request.GET, cap=None)
        if found.unreadable:
            raise Refused(_("One of the filters can't be read. Set it again, then download."))
        self.rows = found.queryset.order_by()[:MAX_ROWS].count()
        if self.kind == "xlsx" and self.rows >= MAX_ROWS:
            raise Refused(
                _("An Excel sheet holds at most %(most)s rows. Choose CSV, or filter the list.")
                % {"most": number_format(MAX_ROWS - 1, force_grouping=True)}
            )

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the confirmation; a list that did not know how many it finds leads here, and a short one streams."""
        confirmation = super().get(request, **kwargs)
        if request.GET.get("ask") and self.rows <= listing.STREAM_CAP:
            return redirect(self.page.address(format=self.kind))
        return confirmation

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the confirmation, for who comes here without the list's button."""
        return {
            "confirm": {
                "title": _("Make a file: %(list)s") % {"list": self.page.title},
                "submit_label": _("Make the file"),
                "happens": [
                    _("We make a file of %(rows)s rows and send you an e-mail when it is ready.")
                    % {"rows": number_format(self.rows, force_grouping=True)},
                    _("It stands under My downloads for %(days)s days, for you alone.")
                    % {"days": settings.DOWNLOAD_DAYS},
                ],
                "items": [],  # a template would take the dictionary's own
                "tone": "primary",
                "cancel_url": self.refused_url(),
                "form": None,
            }
        }

    def act(self, form: forms.Form) -> str:
        """Write it down and promise it; sent twice, the form's key makes it one."""
        mine = Download.objects.filter(user=self.actor.person, made_at=None, stopped_at=None)
        if mine.count() >= AT_ONCE:
            raise Refused(_("Files of yours are being made already. Ask again when one of them is ready."))
        asked = Download.objects.create(
            user_id=self.actor.person,
            path=self.page.request.path,
            query=self.page.request.GET.urlencode(),
            kind=self.kind,
            language=translation.get_language(),
            rows=self.rows,
            created_at=self.now,
        )
        promise(
            "downloads.make",
            key=f"downloads.make:{asked.pk}",
            subject=str(asked),
            payload={"download": asked.pk},
            due_at=self.now,
            requested_by=self.actor.user,
            now=self.now,
        )
        messages.success(self.request, _("The file is being made. We send you an e-mail when it is ready."))
        return self.url("downloads:list")


class Downloads(CompanyPage):
    """The files that a person asked for: being made, ready, or why there is none."""

    permission = PERMISSION
    template_name = "pages/downloads.html"
    title = lazy("My downloads")
    lead = lazy("Long lists that we make into files for you. Nobody else can fetch them.")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show them, the newest first; htmx asks again while one is being made."""
        mine = Download.objects.filter(user=self.actor.person).exclude(ends_at__lte=self.now)
        rows = list(mine.select_related("file").order_by("-pk")[:SHOWN])
        words = {"xlsx": _("Excel"), "csv": _("CSV")}
        files = [
            {
                "row": row,
                "title": title_of(row, self.company.identifier),
                "kind": words[row.kind],
                "rows": number_format(row.rows, force_grouping=True),
                "url": self.url("downloads:file", row.pk) if may_fetch(row, self) else "",
            }
            for row in rows
        ]
        template = "pages/_downloads_region.html" if self.request.htmx else None
        return self.show(template, files=files, moving=any(row.open for row in rows))


def may_fetch(row: Download, page: CompanyPage) -> bool:
    """Say whether its person may have a file now: made, not ended, list and scope still theirs (GEN-1)."""
    found = list_at(row.path, page.company.identifier)
    return (
        found is not None
        and row.file is not None
        and row.ends_at is not None
        and row.ends_at > page.now
        and page.actor.may(found[0].permission)
        and row.limits == limits_of(require_scope("A download"))
    )


class DownloadFile(CompanyPage):
    """One file, for whoever asked for it."""

    permission = PERMISSION

    def get(self, request: HttpRequest, **kwargs: Any) -> FileResponse:
        """Send it; anything that is not theirs now is not there (404)."""
        mine = Download.objects.filter(user=self.actor.person, pk=min(kwargs["pk"], 2**63 - 1))
        row = mine.select_related("file").first()
        if row is None or row.file is None or not may_fetch(row, self):
            raise Http404
        return attachment(row.file)
