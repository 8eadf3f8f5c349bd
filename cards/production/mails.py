"""Telling who asked for a card what became of it: one mail for all their cards in an answer, not one for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.urls import reverse

from cards.models import Issue, Request
from cards.notices import LISTED, REQUEST_DONE, REQUEST_REFUSED
from fleetportal.core.notices import Subject, notify

_KINDS = {kind.template: kind for kind in (REQUEST_DONE, REQUEST_REFUSED)}


def tell(template: str, request_ids: list[int], *, source: str, now: datetime) -> None:
    """Tell with the mail `template` everybody whose requests these are, and whom their companies chose for it.

    `source` names the answer they ended by: with it the mail is queued once. Cards are named by what is printed on them
    and their last four digits (CRD-33). Who is no member of the company any more is told nothing (GEN-1).
    """
    requests = Request.objects.filter(pk__anyof=request_ids).select_related("card", "company").order_by("pk")
    tracking = dict(
        Issue.objects.filter(pk__anyof=[request.subject_id for request in requests]).values_list("pk", "tracking")
    )
    by_company: defaultdict[Any, list[Subject]] = defaultdict(list)
    for request in requests:
        facts = {
            "printed_as": request.label,
            "last_digits": request.card.last_digits if request.card else "",
            "request": request.number,
            "tracking": tracking.get(request.subject_id, ""),
            "reason": request.reason,
            "kind": request.kind,
        }
        by_company[request.company].append(
            Subject(request.card_id, request.customer_number_id, request.division_id, request.requested_by_id, facts)
        )
    for company, subjects in by_company.items():
        notify(
            _KINDS[template],
            company_id=company.pk,
            subjects=subjects,
            context=partial(_context, company.identifier),
            key=f"{template}:{source}:{company.pk}",
            now=now,
        )


def _context(company: str, subjects: Sequence[Subject], _user: int) -> dict[str, Any]:
    one = subjects[0].pk if len(subjects) == 1 else None
    return {
        "cards": [subject.facts for subject in subjects[:LISTED]],
        "count": len(subjects),
        "replaces": any(subject.facts["kind"] == Request.Kind.CHANGED for subject in subjects),
        "more": max(0, len(subjects) - LISTED),
        "path": reverse("cards:card", args=[company, one]) if one else reverse("cards:requests", args=[company]),
    }
