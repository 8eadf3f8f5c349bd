"""The history of a card and of a request: audit entries in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from cards.catalogue import BlockReason
from cards.lifecycle import CARD, REQUEST
from cards.models import Card, Request
from fleetportal.core.pages.detail import history

# What stands in an entry beside the status, and its word on screen; the rest is told by the title.
_FIELDS = {
    "division": lambda: _("Fleet division"),
    "cost_centre": lambda: _("Cost centre"),
    "vehicle": lambda: _("Vehicle"),
    "driver": lambda: _("Driver"),
    "recipient": lambda: _("Recipient"),
    "street": lambda: _("Street and number"),
    "postal_code": lambda: _("Postal code"),
    "town": lambda: _("Town"),
    "country": lambda: _("Country"),
    "limits": lambda: _("Limits"),
    "vehicle_type": lambda: _("Vehicle type"),
    "tank_capacity": lambda: _("Tank capacity"),
    "forbidden_days": lambda: _("Forbidden days"),
    "hours_from": lambda: _("Allowed from"),
    "hours_until": lambda: _("Allowed until"),
    "area": lambda: _("Area"),
    "countries": lambda: _("Chosen countries"),
    "max_transactions": lambda: _("Most transactions"),
    "max_transactions_period": lambda: _("Period of the most transactions"),
    "max_amount": lambda: _("Highest amount of one transaction"),
    "min_minutes_between": lambda: _("Least time between two transactions"),
    "tracking": lambda: _("Tracking"),
    "made_on": lambda: _("Made"),
    "expires_on": lambda: _("Expiry"),
}


def card_history(card: Card, issue_ids: list[int], request_ids: list[int]) -> list[dict[str, Any]]:
    """Return what happened to the card, its plastics and its requests, newest first."""
    subjects = [("cards.card", [card.pk]), ("cards.issue", issue_ids), ("cards.request", request_ids)]
    return history(subjects, _words(), _doers())


def request_history(request: Request) -> list[dict[str, Any]]:
    """Return what happened to a request and to the plastic it is about."""
    subjects = [("cards.request", [request.pk])]
    if request.subject_kind == "cards.issue":
        subjects.append(("cards.issue", [request.subject_id]))
    return history(subjects, _words(), _doers())


def _doers() -> dict[str, str]:
    """Return who acts where no person does; any other job is the portal itself."""
    return {"cards.maker": _("Card maker"), "": _("Portal")}


def _words() -> dict[str, Any]:
    return {
        "cards.ordered": lambda entry: (_("Card ordered"), []),
        "cards.changed": lambda entry: (_("Settings changed"), _lines(entry)),
        "cards.duplicate_ordered": lambda entry: (_("Duplicate ordered, rank %(rank)s") % entry.after, []),
        "requests.accepted": lambda entry: (_("Request accepted"), []),
        "requests.document_added": lambda entry: (_("Document added: %(name)s") % entry.after, []),
        "cards.seeded": _moved,
        "requests.seeded": _moved,
        "cards.block": _blocked,
        "cards.made": lambda entry: (_("Rank %(rank)s: made by the card maker") % entry.after, []),
        "cards.dispatched": lambda entry: (
            _("Rank %(rank)s: dispatched") % entry.after,
            _lines(entry, {"tracking"}),
        ),
        "cards.refused_after_block": lambda entry: (
            _("Rank %(rank)s: refused by the card maker after the block") % entry.after,
            [],
        ),
        **{
            f"{app}.{transition.name}": _moved
            for app in ("cards", "operator", "requests")
            for lifecycle in (CARD, REQUEST)
            for transition in lifecycle.transitions
            if (app, transition.name) != ("cards", "block")
        },
        "operator.activate": _moved,
        "operator.expire": _moved,
        "operator.produce": _moved,
        "cards.stop": _moved,
        "cards.drop": _moved,
    }


def _moved(entry: Any) -> tuple[str, list[dict[str, Any]]]:
    """Say from which status to which."""
    lifecycle = REQUEST if entry.kind == "cards.request" else CARD
    status = lifecycle.label(entry.after.get("status", ""))
    if entry.kind == "cards.request":
        return _("Request: %(status)s") % {"status": status}, []
    return _("Rank %(rank)s: %(status)s") % {"rank": entry.after.get("rank", ""), "status": status}, []


def _blocked(entry: Any) -> tuple[str, list[dict[str, Any]]]:
    title, lines = _moved(entry)
    reason = dict(BlockReason.choices).get(entry.after.get("block_reason", ""))
    return (f"{title} ({reason})" if reason else title), lines


def _lines(entry: Any, only: set[str] | None = None) -> list[dict[str, Any]]:
    """Return what changed, field by field; of `only` these fields where they are named."""
    return [
        {"label": _FIELDS[name](), "before": _plain(entry.before.get(name)), "after": _plain(value)}
        for name, value in entry.after.items()
        if name in _FIELDS and (only is None or name in only)
    ]


def _plain(value: Any) -> str:
    if value in (None, "", []):
        return "–"
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
