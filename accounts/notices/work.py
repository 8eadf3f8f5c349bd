"""What notices do by the clock: the daily summary, and forgetting old ones (ACC-41, GEN-14)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from celery.schedules import crontab
from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation

from accounts.actors import current_standing
from accounts.models import Notice, User
from accounts.notices.reading import said, visible
from fleetportal.core.mail import queue_mail
from fleetportal.core.notices import Channel
from fleetportal.core.scope import entered
from fleetportal.core.work import Promise, handler, periodic, promise_many
from fleetportal.core.work_models import WorkItem

# Notices of one company that a summary says one by one; more are counted.
LISTED = 25
REMOVED_AT_ONCE = 5000


@periodic("accounts.promise_summaries", every=crontab(hour="7", minute="0"), quiet=True)
def promise_summaries(now: datetime) -> int:
    """Promise each person whose notices wait their summary of today, once however often this runs."""
    day = timezone.localdate(now).isoformat()
    waiting = Notice.objects.filter(channel=Channel.DAILY, summarised_at=None)
    people = list(waiting.order_by("user_id").values_list("user_id", flat=True).distinct())
    promises = [Promise(f"accounts.send_summary:{one}:{day}", day, {"user": one, "day": day}) for one in people]
    promise_many("accounts.send_summary", promises, due_at=now, now=now)
    return len(people)


@handler("accounts.send_summary")
def send_summary(item: WorkItem, now: datetime) -> None:
    """Send one person what happened since the last summary in all of their companies; nothing to say, no mail.

    Runs behind the wide door; what is told is found in the scope that the person has by now. Two at once wait for each
    other at the notices, and the second finds none. What was read in the portal meanwhile is left out.
    """
    waiting = Notice.objects.filter(user_id=item.payload["user"], channel=Channel.DAILY, summarised_at=None)
    rows = list(waiting.select_for_update(of=("self",)).order_by("company_id").values_list("company_id", "pk"))
    Notice.objects.filter(pk__in=[pk for _company, pk in rows]).update(summarised_at=now)
    user = User.objects.filter(pk=item.payload["user"], is_active=True).first()
    if user is None:
        return
    with translation.override(user.language):
        grouped = groupby(rows, key=lambda row: row[0])
        found = [_told(user, company_id, [pk for _company, pk in theirs], now) for company_id, theirs in grouped]
    companies = [one for one in found if one is not None]
    if companies:
        queue_mail(
            "notice_summary",
            user=user,
            key=f"notice_summary:{user.pk}:{item.payload['day']}",
            context={
                "companies": companies,
                "count": sum(one["count"] for one in companies),
                "path": companies[0]["path"] if len(companies) == 1 else reverse("accounts:start"),
            },
            now=now,
        )


def _told(user: User, company_id: int, ids: list[int], now: datetime) -> dict[str, Any] | None:
    """Return what a person is told of one company, in the language in force; None when there is nothing (any more)."""
    standing = current_standing(user.pk, company_id, now)
    if standing is None:
        return None
    with entered(standing.scope):
        shown = list(visible(standing.actor).filter(pk__in=ids, unread=True).order_by("-pk"))
    if not shown:
        return None
    company = standing.presence.membership.company
    return {
        "name": company.legal_name,
        "path": reverse("account:notices", args=[company.identifier]),
        "lines": [said(one.kind, one.context) for one in shown[:LISTED]],
        "more": max(0, len(shown) - LISTED),
        "count": len(shown),
    }


@periodic("accounts.forget_notices", every=timedelta(hours=1), quiet=True)
def forget_notices(now: datetime) -> int:
    """Remove notices after their half year, the oldest first."""
    old = Notice.objects.filter(created_at__lt=now - timedelta(days=settings.NOTICE_DAYS)).order_by("created_at")
    locked = old.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)
    return Notice.objects.filter(pk__in=list(locked[:REMOVED_AT_ONCE])).delete()[0]
