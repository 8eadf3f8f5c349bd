"""A member's own fuel cards and vehicles: those of the drivers that they are (ACC-9)."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.own.declaring import Part, Reader, declare_part
from cards.describe import address_text, limit_text, products_text
from cards.lifecycle import ACTIVE, CARD, EXPIRED, IN_CREATION, NEW, WITHDRAWN
from cards.models import Card, CardLimit, Issue
from vehicles.colleagues import drivers_of
from vehicles.models import Fuel, Vehicle

# One person has few; more are found in the list of cards.
MOST = 20


def _cards_of(member: int) -> QuerySet[Card]:
    """Return what the member may hold in their hand: what was never made, or is long over, is left out."""
    cards = Card.objects.filter(driver__in=drivers_of(member)).exclude(status__in=[WITHDRAWN, EXPIRED])
    return cards.select_related("company", "vehicle").order_by("-pk")[:MOST]


def _cards(reader: Reader) -> list[dict[str, Any]]:
    """Return a section for each card: number, status, expiry, what it pays for, and how far its delivery is."""
    cards = list(_cards_of(reader.member))
    limits: defaultdict[int, dict[str, CardLimit]] = defaultdict(dict)
    for limit in CardLimit.objects.filter(card__in=cards):
        limits[limit.card_id][limit.product] = limit
    under_way = [card for card in cards if card.status == IN_CREATION]
    tracking = {
        issue.card_id: issue.tracking
        for issue in Issue.objects.filter(card__in=under_way, status=IN_CREATION).order_by("rank")
    }
    opened = reader.openable(Card, [card.pk for card in cards], "cards.see")
    names = _names(cards)
    return [
        {
            "title": _("Fuel card %(name)s") % {"name": names[card.pk]},
            "facts": [
                {"label": _("Number"), "value": _number(card, card.pk in opened)},
                {"label": _("Status"), "value": _badge(card)},
                {"label": _("Expiry"), "value": _day(card.expires_on)},
                *_delivery(card, tracking.get(card.pk, "")),
                *_limits(card, limits[card.pk]),
            ],
        }
        for card in cards
    ]


def _names(cards: list[Card]) -> dict[int, str]:
    """Return what each card is called; of those with the same print, the digits or the order tell one from another."""
    alike = Counter(card.printed_as for card in cards)
    names: dict[int, str] = {}
    for place, card in enumerate(cards, 1):
        apart = f" ···· {card.last_digits}" if card.number else f" ({place})"
        names[card.pk] = card.printed_as + (apart if alike[card.printed_as] > 1 else "")
    return names


def _number(card: Card, opened: bool) -> Any:
    """Return the last four digits (CRD-33), with the way to the card's page where that may be opened."""
    text = f"···· {card.last_digits}" if card.number else ""
    if not opened:
        return text
    url = reverse("cards:card", args=[card.company.identifier, card.pk])
    return format_html('{} <a href="{}">{}</a>', text, url, _("Open the card"))


def _day(day: date | None) -> str:
    return date_format(day, "SHORT_DATE_FORMAT") if day else ""


def _badge(card: Card) -> Any:
    return format_html('<span class="status status-{}">{}</span>', card.status, CARD.label(card.status))


def _delivery(card: Card, tracking: str) -> list[dict[str, Any]]:
    """Return how far a plastic is that is ordered and has not arrived."""
    if card.status == NEW:
        text = _("Ordered, not made yet. The plastic in use stays valid until then.") if card.live else _(
            "Ordered, not made yet."
        )  # fmt: skip
    elif card.status == IN_CREATION and card.dispatched_at is None:
        text = _("Being made.")
    elif card.status == IN_CREATION:
        day = date_format(timezone.localtime(card.dispatched_at), "SHORT_DATE_FORMAT")
        text = _("Dispatched on %(day)s to %(address)s.") % {"day": day, "address": address_text(card.lines)}
    else:
        return []
    return [{"label": _("Delivery"), "value": text, "help": tracking}]


def _limits(card: Card, limits: dict[str, CardLimit]) -> list[dict[str, Any]]:
    """Return what the card pays for, with each ceiling in words."""
    return [
        {
            "label": label,
            "value": limit_text(limits[code]) if code in limits else _("no limit"),
            "help": _("When it is reached: %(what)s") % {"what": limits[code].get_on_reach_display()}
            if code in limits
            else "",
        }
        for code, label in products_text(card.products)
    ]


def _vehicles(reader: Reader) -> list[dict[str, Any]]:
    """Return the vehicles of the fleet that the member's working cards belong to."""
    linked = _cards_of(reader.member)
    working = [card for card in linked if card.vehicle is not None and card.status in {NEW, IN_CREATION, ACTIVE}]
    found = {card.vehicle.pk: (card, card.vehicle) for card in working if card.vehicle and not card.vehicle.ended_at}
    if not found:
        return []
    opened = reader.openable(Vehicle, found, "vehicles.see")
    rows = [
        [
            format_html(
                '<a href="{}">{}</a>', reverse("vehicles:vehicle", args=[card.company.identifier, vehicle.pk]), vehicle
            )
            if vehicle.pk in opened
            else str(vehicle),
            f"{vehicle.make} {vehicle.model}".strip(),
            str(Fuel(vehicle.fuel).label) if vehicle.fuel else "",
        ]
        for card, vehicle in found.values()
    ]
    return [{"title": _("Vehicles"), "table": {"headers": [_("Plate"), _("Make and model"), _("Fuel")], "rows": rows}}]


declare_part(Part("vehicles", 10, _vehicles))
declare_part(Part("cards", 20, _cards))
