"""What the tests of cards share: a filled order form, a worker, and a look into the tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cards.models import Card, Issue, Request
from cards.services import find_again
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome, run
from tests.cards.browse import Browser, Seen

# What a manager types at least; everything else is as the form opens.
TYPED = {
    "category": "vehicle",
    "printed_as": "1-ABC-123",
    "plate_country": "BE",
    "pays_diesel": "on",
    "recipient": "Acme, reception",
    "street": "Havenlaan 12",
    "postal_code": "1080",
    "town": "Brussel",
    "country": "BE",
    "code_type": "calculated",
}


def check(person: Browser, **typed: Any) -> Seen:
    """Fill the order form and send it; the check follows, or the form with its errors."""
    return person.fill("cards/new/", **{**TYPED, **typed})


def order(person: Browser, **typed: Any) -> Seen:
    """Order a card to the end; the request's page follows."""
    seen = check(person, **typed)
    assert seen.title == "Check your order", seen.errors
    return person.send(seen)


def settle(person: Browser, seen: Seen) -> Seen:
    """Confirm what the page before a change states; a form with errors, or a refusal, stays as it is."""
    return person.send(seen) if "/cards/change/" in seen.place else seen


def alter(person: Browser, card: Card, tab: str = "general", **typed: Any) -> Seen:
    """Change a card in one tab, to the end."""
    return settle(person, person.fill(f"cards/{card.pk}/change/?tab={tab}", **typed))


def rows(model: Any, **filters: Any) -> list[Any]:
    """The rows of a table, whosever they are."""
    with all_companies(reason="test"):
        return list(model._base_manager.filter(**filters).order_by("pk"))


def one(model: Any, **filters: Any) -> Any:
    [row] = rows(model, **filters)
    return row


def again(row: Any) -> Any:
    """The row as it stands now."""
    return one(type(row), pk=row.pk)


def issue_of(card: Card, rank: int = 1) -> Issue:
    return one(Issue, card_id=card.pk, rank=rank)


def request_of(card: Card, rank: int = 1) -> Request:
    return one(Request, subject_kind="cards.issue", subject_id=issue_of(card, rank).pk)


def audit_of(row: Any, *verbs: str) -> list[AuditEntry]:
    entries = rows(AuditEntry, kind=row._meta.label_lower, object_id=row.pk)
    return [entry for entry in entries if not verbs or entry.verb in verbs]


def change(row: Any, **fields: Any) -> None:
    """Write columns past the rules."""
    with all_companies(reason="test"):
        type(row)._base_manager.filter(pk=row.pk).update(**fields)


def put_in_search(cards: Any) -> None:
    """Cards of the factories are written past the services, and are not in the search table yet."""
    with all_companies(reason="test data"):
        chosen = Card.objects.filter(pk__in=[card.pk for card in cards])
        find_again(chosen.select_related("driver", "vehicle"))


def counted() -> dict[str, int]:
    """How many rows there are of everything that an act could leave behind."""
    with all_companies(reason="test"):
        return {
            model.__name__: model._base_manager.count() for model in (Card, Issue, Request, AuditEntry, WorkItem)
        } | {
            "statuses": hash(tuple(Issue.objects.order_by("pk").values_list("pk", "status"))),
            "renewals": hash(tuple(Card.objects.order_by("pk").values_list("pk", "renewal_status"))),
        }


class Worker:
    """Does what was promised and is due."""

    def __init__(self, on_commit: Any) -> None:
        self._on_commit = on_commit

    def work(self, now: datetime, kind: str = "cards.") -> list[Outcome]:
        outcomes = []
        while True:
            with all_companies(reason="test"):
                due = WorkItem.objects.filter(status="waiting", due_at__lte=now, kind__startswith=kind)
                ids = list(due.order_by("due_at", "pk").values_list("pk", flat=True))
            if not ids:
                return outcomes
            with self._on_commit(execute=True):
                outcomes += [run(pk, now) for pk in ids]
