"""Cards and requests in the search box."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as lazy

from cards.lifecycle import CARD, REQUEST
from cards.models import Card, Request
from fleetportal.core.finder import Kind, Shown, declare
from fleetportal.core.search import Hits


def show_cards(hits: Hits) -> Iterator[Shown]:
    """Return cards by plate or name, with the last four digits of their number (CRD-33)."""
    fields = ("pk", "printed_as", "number", "status", "division__name", "driver__last_name")
    for key, title, number, status, division, driver in Card.objects.filter(pk__anyof=hits).values_list(*fields):
        masked = f"···· {number[-4:]}" if number else ""
        yield Shown(key, title, " · ".join(filter(None, (masked, division, driver))), (status, CARD.label(status)))


def show_requests(hits: Hits) -> Iterator[Shown]:
    """Return requests by their number, with what they ask for."""
    kinds = dict(Request.Kind.choices)
    rows = Request.objects.annotate(number_text=Request.NUMBER).filter(pk__anyof=hits)
    for key, number, label, kind, at, status in rows.values_list(
        "pk", "number_text", "label", "kind", "accepted_at", "status"
    ):
        day = date_format(localtime(at), "SHORT_DATE_FORMAT")
        yield Shown(key, f"{number} · {label}", f"{kinds[kind]} · {day}", (status, REQUEST.label(status)))


declare(Kind("cards.card", lazy("Cards"), "cards.see", "cards:card", "cards:list", "credit-card", show_cards, 10))
declare(
    Kind(
        "cards.request",
        lazy("Requests"),
        "requests.see",
        "cards:request",
        "cards:requests",
        "clipboard-list",
        show_requests,
        20,
    )
)
