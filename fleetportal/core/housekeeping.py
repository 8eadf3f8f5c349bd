"""What nobody needs any more is removed, some at a time: how long what is kept stands in decision 0060 (GEN-14).

Each job takes the oldest by an index, at most so many in one run, and passes over what somebody works on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models

from fleetportal.core.batches import Batch, BatchRow
from fleetportal.core.drafts import WIZARD, Draft
from fleetportal.core.formkeys import FormKey
from fleetportal.core.mail import CaughtMail, OutgoingMail
from fleetportal.core.work import periodic
from fleetportal.core.work_models import WorkItem

# A form is sent again within minutes, by a reload or from a history within days.
KEYS_KEPT = timedelta(days=14)
# A draft holds addresses, and perhaps a sealed code.
DRAFTS_KEPT = timedelta(days=14)
# Who left a wizard was told to come back later, and that may be after the holidays.
WIZARDS_KEPT = timedelta(days=180)
# Work that stopped waits for somebody; after a year nobody comes any more.
STOPPED_KEPT = timedelta(days=365)
# What a mail was written from (names, plates) is looked at while something may have gone wrong with it.
CONTEXT_KEPT = timedelta(days=30)
CAUGHT_KEPT = timedelta(days=30)
AT_ONCE = 5000


def remove_some(rows: models.QuerySet[Any], limit: int = AT_ONCE) -> int:
    """Remove at most so many of these rows, in their order, without waiting for those that are locked."""
    locked = rows.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)[:limit]
    return rows.model._default_manager.filter(pk__in=list(locked)).delete()[0]


@periodic("core.forget_forms", every=timedelta(hours=1), quiet=True)
def forget_forms(now: datetime) -> int:
    """Remove form keys, drafts and sessions that are over; returns how many."""
    keys = remove_some(FormKey.objects.filter(at__lt=now - KEYS_KEPT).order_by("at"))
    wizard = models.Q(kind__startswith=WIZARD)
    old = models.Q(updated_at__lt=now - DRAFTS_KEPT) & ~wizard | models.Q(updated_at__lt=now - WIZARDS_KEPT) & wizard
    drafts = remove_some(Draft.objects.filter(old).order_by("pk"))
    return keys + drafts + remove_some(Session.objects.filter(expire_date__lt=now).order_by("expire_date"))


@periodic("core.forget_work", every=timedelta(hours=1), quiet=True)
def forget_work(now: datetime) -> int:
    """Remove work that is done, work that stopped and was not dealt with for a year, and bulk actions without work."""
    done = [WorkItem.Status.DONE, WorkItem.Status.CANCELLED]
    ended = WorkItem.objects.order_by("finished_at")
    before = now - timedelta(days=settings.WORK_DAYS)
    removed = remove_some(ended.filter(finished_at__lt=before, status__in=done))
    stopped = [WorkItem.Status.FAILED, WorkItem.Status.HELD]
    removed += remove_some(ended.filter(finished_at__lt=now - STOPPED_KEPT, status__in=stopped))
    batches = Batch.objects.filter(finished_at__lt=before).exclude(models.Exists(_work_of_batch()))
    # The rows first: a bulk action on a hundred thousand takes twenty runs, and the last one removes it.
    oldest = list(batches.order_by("finished_at").values_list("pk", flat=True)[:100])
    removed += remove_some(BatchRow.objects.filter(batch__in=oldest).order_by("batch_id", "chunk"))
    rows = BatchRow.objects.filter(batch=models.OuterRef("pk"))
    return removed + remove_some(Batch.objects.filter(pk__in=oldest).exclude(models.Exists(rows)))


def _work_of_batch() -> models.QuerySet[WorkItem]:
    return WorkItem.objects.filter(batch=models.OuterRef("pk"))


@periodic("core.forget_mail", every=timedelta(hours=1), quiet=True)
def forget_mail(now: datetime) -> int:
    """Empty what mails were written from, a month after they were sent, and remove them a year after."""
    ended = [OutgoingMail.Status.SENT, OutgoingMail.Status.DROPPED]
    full = OutgoingMail.objects.filter(emptied_at=None, status__in=ended, created_at__lt=now - CONTEXT_KEPT)
    locked = full.select_for_update(of=("self",), skip_locked=True).order_by("created_at")
    chosen = list(locked.values_list("pk", flat=True)[:AT_ONCE])
    emptied = OutgoingMail.objects.filter(pk__in=chosen).update(context={}, emptied_at=now)
    before = now - timedelta(days=settings.MAIL_DAYS)
    # A mail that still waits has work that waits: it is sent or fails first.
    old = OutgoingMail.objects.filter(created_at__lt=before).exclude(status=OutgoingMail.Status.WAITING)
    removed = remove_some(old.order_by("created_at", "id"))
    return emptied + removed + remove_some(CaughtMail.objects.filter(at__lt=now - CAUGHT_KEPT).order_by("at", "id"))
