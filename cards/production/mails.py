"""Telling who asked for a card what became of it: one mail for all their cards in an answer, not one for each."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from accounts.models import Membership
from cards.models import Issue, Request
from fleetportal.core.mail import queue_mail

# More cards than this are counted in a mail, not listed.
LISTED = 20


def tell(template: str, request_ids: list[int], *, source: str, now: datetime) -> None:
    """Queue the mail `template` to everybody whose requests these are, about those requests.

    `source` names the answer they ended by: with it the mail is queued once. Cards are named by what is printed on them
    and their last four digits (CRD-33). Who is no member of the company any more is told nothing (GEN-1).
    """
    requests = list(
        Request.objects.filter(pk__anyof=request_ids, requested_by__is_active=True)
        .select_related("card", "company", "requested_by")
        .order_by("pk")
    )
    members = _members({request.requested_by_id for request in requests}, now)
    tracking = dict(
        Issue.objects.filter(pk__anyof=[request.subject_id for request in requests]).values_list("pk", "tracking")
    )
    theirs: defaultdict[tuple[int, int], list[Request]] = defaultdict(list)
    for request in requests:
        if (request.requested_by_id, request.company_id) in members:
            theirs[request.requested_by_id, request.company_id].append(request)
    for (user_id, company_id), mine in theirs.items():
        company = mine[0].company.identifier
        queue_mail(
            template,
            user=mine[0].requested_by,
            context={
                "cards": [
                    {
                        "printed_as": request.label,
                        "last_digits": request.card.last_digits if request.card else "",
                        "request": request.number,
                        "tracking": tracking.get(request.subject_id, ""),
                        "reason": request.reason,
                    }
                    for request in mine[:LISTED]
                ],
                "count": len(mine),
                "more": max(0, len(mine) - LISTED),
                "path": f"/{company}/cards/{mine[0].card_id}/" if len(mine) == 1 else f"/{company}/requests/",
            },
            key=f"{template}:{source}:{company_id}:{user_id}",
            company_id=company_id,
            now=now,
        )


def _members(user_ids: set[int], now: datetime) -> set[tuple[int, int]]:
    """Return who of these people is a member of which company today."""
    today = timezone.localdate(now)
    return set(
        Membership.objects.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=today),
            Q(valid_until__isnull=True) | Q(valid_until__gte=today),
            user_id__in=user_ids,
            is_active=True,
        ).values_list("user_id", "company_id")
    )
