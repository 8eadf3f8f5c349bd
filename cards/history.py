"""The history of a card and of a request: audit entries in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from cards.catalogue import NETWORK, PRODUCT, Area, BlockReason, Category, CodeType, OnReach, Period, VehicleType
from cards.describe import country_of_plate, days_text, limit_text, minutes_text, products_text
from cards.lifecycle import CARD, REQUEST
from cards.models import Card, Request
from cards.overlay import CEILINGS, CHOICES, Limits
from cards.plastic import CODE, SETTING
from cards.services.shared import describe
from fleetportal.core.pages.detail import history

# What stands in an entry beside the status, and its word on screen; the rest is told by the title.
_FIELDS = {
    "category": lambda: _("Card category"),
    "printed_as": lambda: _("Plate or name on the card"),
    "plate_country": lambda: _("Country of the plate"),
    "extra_mention": lambda: _("Extra mention"),
    "products": lambda: _("Products and services"),
    "fuels": lambda: _("Fuel and energy"),
    "services": lambda: _("Services"),
    "odometer_entry": lambda: _("Odometer at the terminal"),
    "code_type": lambda: _("Type of secret code"),
    "code": lambda: _("Secret code"),
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


# How the values of an entry are said; what is not named here was typed by people, and is shown as it is.
_SAID: dict[str, Callable[[Any], str]] = {
    "category": lambda value: str(Category(value).label),
    "plate_country": country_of_plate,
    "products": lambda codes: products_words(codes),
    "fuels": lambda codes: products_words(codes),
    "services": lambda codes: products_words(codes),
    "odometer_entry": lambda asked: _("Asked for") if asked else _("Not asked for"),
    "code_type": lambda value: str(CodeType(value).label),
    # That it is another one is all that is known of a code (GEN-12).
    "code": lambda value: _("another one"),
    "country": lambda code: str(NETWORK.get(code, code)),
    "vehicle_type": lambda value: str(VehicleType(value).label),
    "tank_capacity": lambda litres: _("%(litres)s litres") % {"litres": number_format(litres)},
    "forbidden_days": days_text,
    "hours_from": lambda value: str(value)[:5],
    "hours_until": lambda value: str(value)[:5],
    "area": lambda value: str(Area(value).label),
    "countries": lambda codes: ", ".join(str(NETWORK.get(code, code)) for code in codes),
    "max_transactions_period": lambda value: str(Period(value).label),
    "max_amount": lambda value: f"{number_format(Decimal(value), decimal_pos=2, force_grouping=True)} €",
    "min_minutes_between": minutes_text,
    "made_on": lambda value: date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT"),
    "expires_on": lambda value: date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT"),
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
        "cards.plastic_ordered": lambda entry: (
            _("Changed plastic ordered, rank %(rank)s") % entry.after,
            _lines(entry),
        ),
        "cards.plastic_changed": lambda entry: (
            _("Order of the plastic changed, rank %(rank)s") % entry.after,
            _lines(entry),
        ),
        "cards.change_made": lambda entry: (_("Settings changed by the new plastic"), _lines(entry)),
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
        "cards.letter_sent": lambda entry: (_("Rank %(rank)s: code letter sent") % entry.after, []),
        "cards.letter_refused": lambda entry: (
            _("Rank %(rank)s: code letter refused by the card maker") % entry.after,
            [],
        ),
        **{
            f"{app}.{transition.name}": _moved
            for app in ("cards", "operator", "requests")
            for lifecycle in (CARD, REQUEST)
            for transition in lifecycle.transitions
            if (app, transition.name) != ("cards", "block")
        },
        "cards.reissue": lambda entry: (
            _("Reissue of the secret code ordered, rank %(rank)s: request %(request)s") % entry.after,
            [],
        ),
        "cards.cancel": lambda entry: (_("Renewal cancelled"), []),
        "cards.take_back": lambda entry: (_("Cancelling taken back"), []),
        "cards.renew": lambda entry: (_("Cancelling taken back"), []),
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


def setting_lines(
    before: Card, before_limits: Limits, after: Card, after_limits: Limits, settings: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Return how two cards differ in these settings, in words: a line for each field, and for each limit."""
    pairs: dict[str, list[Any]] = {}
    for place, (card, limits) in enumerate(((before, before_limits), (after, after_limits))):
        kept = [limit for limit in limits if limit["product"] in after.products]
        described = describe(card, kept)
        for name in settings:
            for field, value in _described(name, described):
                pairs.setdefault(field, ["", ""])[place] = value
    lines = []
    for field, (old, new) in pairs.items():
        if old == new:
            continue
        if field in CEILINGS:
            lines += _limits(old, new)
        else:
            lines.append({"label": _FIELDS[field](), "before": _plain(field, old), "after": _plain(field, new)})
    return lines


def _described(setting: str, described: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the fields of a setting, from what the audit keeps of a card."""
    if setting == CODE:
        return [("code_type", described["code_type"])]
    if setting in CHOICES:
        return [(setting, [code for code in described["products"] if code in CHOICES[setting]])]
    if setting in CEILINGS:
        return [(setting, [one for one in described["limits"] if one.split(" ", 1)[0] in CEILINGS[setting]])]
    return [(column, described[column]) for column in SETTING[setting].columns]


def products_words(codes: list[str]) -> str:
    """Return what is paid for in words, in the catalogue's order."""
    return ", ".join(word for _code, word in products_text(codes))


def _lines(entry: Any, only: set[str] | None = None) -> list[dict[str, Any]]:
    """Return what changed, field by field and limit by limit; of `only` these fields where they are named."""
    lines = []
    for name, value in entry.after.items():
        if name not in _FIELDS or (only is not None and name not in only):
            continue
        before = entry.before.get(name)
        if name == "limits":
            lines += _limits(before or [], value or [])
        else:
            lines.append({"label": _FIELDS[name](), "before": _plain(name, before), "after": _plain(name, value)})
    return lines


def _limits(before: list[str], after: list[str]) -> list[dict[str, Any]]:
    """Return a line for each product whose limit changed, in the order of the catalogue."""
    old, new = (dict(limit.split(" ", 1) for limit in limits) for limits in (before, after))
    return [
        {
            "label": _("Limit for %(product)s") % {"product": product.label},
            "before": _limit(old.get(code)),
            "after": _limit(new.get(code)),
        }
        for code, product in PRODUCT.items()
        if old.get(code) != new.get(code)
    ]


def _limit(stored: str | None) -> str:
    """Return a limit as the audit keeps it (amount, unit, period, what happens) in words."""
    if stored is None:
        return _("no limit")
    amount, unit, period, on_reach = stored.split(" ")
    words = limit_text({"amount": Decimal(amount), "unit": unit, "period": period})
    return f"{words}, {OnReach(on_reach).label}"


def _plain(name: str, value: Any) -> str:
    if value in (None, "", []):
        return "–"
    if name in _SAID:
        return _SAID[name](value)
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)
