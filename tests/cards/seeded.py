"""What holds of all seeded data, in the demonstration and in cards made by the thousand; and how to make it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from io import StringIO

from django.core.management import call_command
from django.db import connection
from stdnum import luhn

from accounts.models import Company
from cards.mirror import refresh_cards
from cards.models import Card, CardProduct, Issue, Request
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies, company_scope

WIDE = "the test looks at everything"


def run(*arguments: str) -> str:
    """Run the command and return what it said."""
    out = StringIO()
    call_command("seed_demo", *arguments, stdout=out)
    return out.getvalue()


def company(identifier: str) -> Company:
    """Return the company with that identifier."""
    with all_companies(reason=WIDE):
        return Company.objects.get(identifier=identifier)


def of(identifier: str):
    """Enter the scope of the company with that identifier."""
    return company_scope(company(identifier).pk)


def replay(kind: str, first: str, column: str = "status") -> dict[int, str]:
    """Replay the audit of every object of a kind: each entry must begin where the one before it ended."""
    replayed: dict[int, str] = defaultdict(lambda: first)
    last: dict[int, datetime] = {}
    for entry in AuditEntry.objects.filter(kind=kind).order_by("pk"):
        assert entry.at >= last.get(entry.object_id, entry.at), "entries stand in the order in which things happened"
        last[entry.object_id] = entry.at
        if column in entry.after:
            if entry.before:
                assert entry.before[column] == replayed[entry.object_id]
            replayed[entry.object_id] = entry.after[column]
    return replayed


def the_audit_replays() -> bool:
    """Say whether the audit of each plastic and each request leads to its status, and of each card to its renewal's."""
    with all_companies(reason=WIDE):
        issues, requests = replay("cards.issue", "new"), replay("cards.request", "received")
        assert all(issues[pk] == status for pk, status in Issue.objects.values_list("pk", "status"))
        assert all(requests[pk] == status for pk, status in Request.objects.values_list("pk", "status"))
        renewals = replay("cards.card", "none", "renewal_status")
        assert all(renewals[pk] == status for pk, status in Card.objects.values_list("pk", "renewal_status"))
        return bool(issues and requests)


def cards_mirror_their_issues() -> bool:
    """Say whether what cards show is what the mirror would write."""
    shown = ("pk", "status", "rank", "expires_on", "dispatched_at", "live")
    with all_companies(reason=WIDE):
        before = list(Card.objects.order_by("pk").values_list(*shown))
        refresh_cards(list(Issue.objects.values_list("pk", flat=True)))
        return before == list(Card.objects.order_by("pk").values_list(*shown)) != []


def keys_stay_within_companies() -> bool:
    """Let the database check every foreign key now; it raises where one leads to another company."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return True


def numbers_are_valid() -> bool:
    """Say whether every number is one of its product's, with its check digit, below the next to be given out."""
    with all_companies(reason=WIDE):
        made = list(Card.objects.exclude(number="").values_list("number", "product__issuer_number"))
        assert all(len(number) == 16 and number.startswith(issuer) and luhn.is_valid(number) for number, issuer in made)
        for product in CardProduct.objects.all():
            highest = Card.objects.filter(product=product).order_by("-number").values_list("number", flat=True)[0]
            assert int(highest[6:-1]) < product.next_serial
        return {issuer for _number, issuer in made} == {"700201", "700202"}
