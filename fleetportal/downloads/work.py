"""Making the file: the list is opened as its page would be, with the right and scope of today (GEN-5, GEN-13).

It holds what the person may see when it is made: their membership is read again, and the list is asked for its right.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import Http404, QueryDict
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone, translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from fleetportal.core.files import StoredFile, store_made
from fleetportal.core.http import PortalRequest
from fleetportal.core.named import declare_work
from fleetportal.core.notices import NoticeKind, Subject, declare_notice, notify
from fleetportal.core.pages import CompanyPage, ListPage
from fleetportal.core.pages.exports import TYPES
from fleetportal.core.pages.listing import Found
from fleetportal.core.scope import entered
from fleetportal.core.spreadsheet import stream_csv, stream_xlsx
from fleetportal.core.work import WAITS, RightLost, handler, periodic
from fleetportal.core.work_models import WorkItem
from fleetportal.downloads.models import Download, end_of, limits_of

PERMISSION = "downloads.make"
FILE_READY = declare_notice(NoticeKind("downloads.ready", _("File ready"), "download", PERMISSION))
# As long as the column that keeps a path.
LONGEST = 200
REMOVED_AT_ONCE = 200

declare_work({"downloads.make": _("Long list as a file"), "downloads.remove_old": _("Remove old downloads")})


def list_at(path: str, company: str) -> tuple[type[ListPage], Any] | None:
    """Return the list that stands at a path of that company, with the match of its address; None for anything else."""
    try:
        match = resolve(path)
    except Resolver404:
        return None
    view: Any = getattr(match.func, "view_class", object)
    listed = issubclass(view, ListPage) and issubclass(view, CompanyPage) and len(path) <= LONGEST
    return (view, match) if listed and match.kwargs["company"] == company else None


def open_list(path: str, query: str, as_in: Any) -> ListPage:
    """Return the list at that path as `as_in` (user, actor, presence, now) would open it; raises 404 for no list."""
    found = list_at(path, as_in.presence.membership.company.identifier)
    if found is None:
        raise Http404
    view, match = found
    request = PortalRequest()
    request.method, request.path, request.path_info, request.GET = "GET", path, path, QueryDict(query)
    request.user, request.actor, request.presence, request.now = as_in.user, as_in.actor, as_in.presence, as_in.now
    page = view(**match.func.view_initkwargs)
    page.setup(request, **match.kwargs)
    page.actor, page.now = as_in.actor, as_in.now
    return page


def title_of(row: Download, company: str) -> str:
    """Return what the list of a download is called."""
    found = list_at(row.path, company)
    return str(found[0].title) if found else row.path


def _stop(item: WorkItem, _sentence: str, final: bool, now: datetime) -> None:
    """Say on the person's page that a file could not be made, and tell them unless they lost the right to it."""
    row = Download.objects.filter(pk=item.payload["download"], made_at=None).select_related("user").first()
    if not final or row is None:
        return
    Download.objects.filter(pk=row.pk).update(stopped_at=now, ends_at=end_of(now))
    if item.status != WorkItem.Status.HELD:
        _tell(row, f"stopped:{item.pk}:{item.attempts}", now, made=False)


def _tell(row: Download, key: str, now: datetime, *, made: bool) -> None:
    identifier = row.path.split("/")[1]
    with translation.override(row.user.language):
        context = {
            "list": title_of(row, identifier),
            "made": made,
            "days": settings.DOWNLOAD_DAYS,
            "path": reverse("downloads:list", args=[identifier]),
        }
    notify(
        FILE_READY,
        company_id=row.company_id,
        subjects=[Subject(owner=row.user_id)],
        context=lambda _subjects, _user: context,
        key=f"download:{key}",
        now=now,
    )


@handler("downloads.make", permission=PERMISSION, waits=WAITS[:3], on_error=_stop)
def make(item: WorkItem, now: datetime) -> None:
    """Write the file, once, in memory that does not grow with it; whoever lost list or company gets none (GEN-13)."""
    rows = Download.objects.select_for_update(of=("self",)).select_related("user")
    row = rows.filter(pk=item.payload["download"]).first()
    if row is None or row.made_at is not None:
        return
    standing = import_string(settings.WORK_STANDING)(row.user_id, row.company_id, now)
    page = open_list(row.path, row.query, standing) if standing else None
    if page is None or not page.actor.may(page.permission):
        raise RightLost
    with translation.override(row.language), entered(standing.scope):
        row.file = store_made(
            _content(page, row.kind),
            name=f"{page.file_name}-{timezone.localdate(now).isoformat()}.{row.kind}",
            content_type=TYPES[row.kind],
            actor=standing.actor,
            now=now,
        )
    row.limits = limits_of(standing.scope)
    row.made_at, row.stopped_at, row.ends_at = now, None, end_of(now)
    row.save()
    _tell(row, str(row.pk), now, made=True)


def _content(page: ListPage, kind: str) -> Iterator[bytes]:
    """Yield the file; raises ValueError for a filter that can't be read any more: it would hold more than was asked."""
    found = Found(page, page.request.GET, cap=None)
    if found.unreadable:
        raise ValueError("A filter can't be read any more.")
    export = page.export()
    with closing(export.rows(found.queryset, page.shown(), page.order())) as rows:
        yield from stream_xlsx(export.heads(), rows) if kind == "xlsx" else stream_csv(export.heads(), rows)


@periodic("downloads.remove_old", every=timedelta(hours=1), quiet=True)
def remove_old(now: datetime) -> int:
    """Remove files that were made for somebody and whose days are over, the bytes once that is committed."""
    over = Download.objects.filter(ends_at__lte=now).select_related("file").order_by("ends_at")
    rows = list(over.select_for_update(of=("self",), skip_locked=True)[:REMOVED_AT_ONCE])
    Download.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for file in [row.file for row in rows if row.file is not None]:
        transaction.on_commit(partial(default_storage.delete, file.storage_name), robust=True)
    StoredFile.objects.filter(pk__in=[row.file_id for row in rows if row.file_id]).delete()
    return len(rows)
