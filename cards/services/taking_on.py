"""A card becomes what its changed plastic carries: when that one is made, or ends with a block (decision 0041)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection

from cards.models import Card, CardLimit, Issue
from cards.overlay import CEILINGS, CHOICES, Limits, limits_with, with_changes
from cards.services.shared import describe, find_again
from fleetportal.core.access import Actor
from fleetportal.core.audit import AuditEntry, changes


def take_on(*, actor: Actor, issue_ids: list[int], now: datetime) -> None:
    """Let the cards of these plastics be what the plastics carry; those that change nothing are passed over.

    A part of what is done to the plastics: the caller has asked for the right to that and holds the locks of the cards.
    Any number of them takes the same few statements. May be called twice: the second time nothing is left to take on.
    """
    issues = list(
        Issue.objects.filter(pk__anyof=issue_ids, changes__isnull=False)
        .select_related("card__vehicle", "card__driver", "card__division", "card__customer_number")
        .order_by("pk")
    )
    if not issues:
        return
    limits = _limits([issue.card_id for issue in issues])
    _keep_prints(issues)
    cards: list[Card] = []
    entries: list[AuditEntry] = []
    columns = {"version"}
    rewritten: dict[int, Limits] = {}
    for issue in issues:
        card, taken = issue.card, issue.changes or {}
        after = with_changes(card, taken)
        after_limits = [one for one in limits_with(limits[card.pk], taken) if one["product"] in after.products]
        old, new = changes(describe(card, limits[card.pk]), describe(after, after_limits))
        if "limits" in new:
            rewritten[card.pk] = after_limits
        entries.append(_entry(actor, issue, after, old, new, now))
        columns |= {"products" if name in CHOICES else name for name in taken if name not in CEILINGS}
        after.version += 1
        cards.append(after)
    Card.objects.bulk_update(cards, sorted(columns), batch_size=500)
    CardLimit.objects.filter(card_id__anyof=list(rewritten)).delete()
    CardLimit.objects.bulk_create(
        CardLimit(company_id=card.company_id, card_id=card.pk, **one)
        for card in cards
        for one in rewritten.get(card.pk, [])
    )
    AuditEntry.objects.bulk_create(entries, batch_size=1000)
    Issue.objects.filter(pk__anyof=[issue.pk for issue in issues]).update(changes=None)
    find_again(cards)


def _limits(card_ids: list[int]) -> dict[int, Limits]:
    found: dict[int, Limits] = {pk: [] for pk in card_ids}
    names = ("product", "amount", "unit", "period", "on_reach")
    for one in CardLimit.objects.filter(card_id__anyof=card_ids).order_by("product").values("card_id", *names):
        found[one["card_id"]].append({name: one[name] for name in names})
    return found


def _keep_prints(issues: list[Issue]) -> None:
    """Keep with the older plastics what is printed on them, where the card will say something else."""
    other = [
        issue
        for issue in issues
        if (issue.changes or {}).get("printed_as", issue.card.printed_as) != issue.card.printed_as
    ]
    if not other:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cards_issue i SET printed_as = g.printed"
            " FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS g (card, rank, printed)"
            " WHERE i.card_id = g.card AND i.rank < g.rank AND i.printed_as = '' AND i.status <> 'withdrawn'",
            [
                [issue.card_id for issue in other],
                [issue.rank for issue in other],
                [issue.card.printed_as for issue in other],
            ],
        )


def _entry(
    actor: Actor, issue: Issue, card: Card, before: dict[str, Any], after: dict[str, Any], now: datetime
) -> AuditEntry:
    return AuditEntry(
        company_id=card.company_id,
        at=now,
        actor_id=actor.user,
        actor_label=actor.label,
        address=actor.address,
        request_id=actor.request_id,
        verb="cards.change_made",
        kind=Card._meta.label_lower,
        object_id=card.pk,
        object_label=str(card),
        before=before,
        after={"rank": issue.rank, **after},
    )
