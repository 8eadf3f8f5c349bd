"""A card's settings in words, for its page, for the check before an order, and for files."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cards.catalogue import NETWORK, PRODUCT, Area, Period, Unit, VehicleType, Weekday
from cards.lifecycle import IN_CREATION
from cards.models import Card

# A plate of a country whose forms are not known; ISO 3166-1 leaves this code to everybody.
ELSEWHERE = "XX"


def limit_text(limit: Any) -> str:
    """Return a ceiling in words: 250 euro per month."""
    values = limit if isinstance(limit, dict) else {name: getattr(limit, name) for name in ("amount", "unit", "period")}
    amount = values["amount"]
    digits = 0 if amount == amount.to_integral_value() else 2
    return _("%(amount)s %(unit)s %(period)s") % {
        "amount": number_format(amount, decimal_pos=digits, force_grouping=True),
        "unit": Unit(values["unit"]).label,
        "period": Period(values["period"]).label,
    }


def address_text(lines: list[str]) -> str:
    """Return an address on one line; its last part is the country's code, which is said as a name."""
    *parts, country = lines
    return ", ".join([*parts, str(NETWORK.get(country, country))])


def country_of_plate(code: str) -> str:
    """Return the country of a plate in words; a card by driver or pool has none."""
    return _("another country") if code == ELSEWHERE else str(NETWORK.get(code, code))


def under_way(card: Card) -> str:
    """Return what is to be done with a card that was dispatched and not received, or an empty text (FUL-4)."""
    if card.status != IN_CREATION or card.dispatched_at is None:
        return ""
    day = date_format(timezone.localtime(card.dispatched_at), "SHORT_DATE_FORMAT")
    return _("The card was dispatched on %(day)s. Confirm its receipt to make it usable.") % {"day": day}


def products_text(codes: list[str]) -> list[tuple[str, str]]:
    """Return code and word of what a card pays for, in the catalogue's order."""
    return [(code, str(product.label)) for code, product in PRODUCT.items() if code in codes]


def controls_of(card: Any) -> list[dict[str, Any]]:
    """Return a card's controls as facts."""
    return [
        {
            "label": _("Vehicle type"),
            "value": str(VehicleType(card.vehicle_type).label) if card.vehicle_type else _("Any"),
        },
        {
            "label": _("Tank capacity"),
            "value": _("%(litres)s litres") % {"litres": card.tank_capacity} if card.tank_capacity else "",
        },
        {
            "label": _("Odometer at the terminal"),
            "value": _("Asked for") if card.odometer_entry else _("Not asked for"),
        },
        {"label": _("Forbidden days"), "value": days_text(card.forbidden_days)},
        {"label": _("Hours allowed"), "value": hours_text(card)},
        {"label": _("Area"), "value": area_text(card)},
        {"label": _("Most transactions"), "value": transactions_text(card)},
        {
            "label": _("Highest amount of one transaction"),
            "value": f"{number_format(card.max_amount, decimal_pos=2, force_grouping=True)} €"
            if card.max_amount
            else "",
        },
        {"label": _("Least time between two transactions"), "value": minutes_text(card.min_minutes_between)},
    ]


def days_text(days: list[int]) -> str:
    """Return days of the week in words."""
    return ", ".join(str(Weekday(day).label) for day in sorted(days))


def hours_text(card: Any) -> str:
    """Return the hours in which the card may be used."""
    if card.hours_from is None or card.hours_until is None:
        return ""
    return f"{time_format(card.hours_from, 'H:i')} – {time_format(card.hours_until, 'H:i')}"


def area_text(card: Any) -> str:
    """Return where the card may be used."""
    if card.area == Area.CHOSEN:
        return ", ".join(str(NETWORK.get(code, code)) for code in card.countries)
    return str(Area(card.area).label)


def transactions_text(card: Any) -> str:
    """Return how many transactions are allowed in a period."""
    if not card.max_transactions:
        return ""
    return f"{card.max_transactions} {Period(card.max_transactions_period or Period.DAY).label}"


def minutes_text(minutes: int | None) -> str:
    """Return a number of minutes in words."""
    if not minutes:
        return ""
    return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
