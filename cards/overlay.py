"""What a changed plastic will carry, beside the card that does not carry it yet (decision 0041).

An issue keeps it as plain values by setting. Choice and ceilings of fuels and of services have a key each, since one
may need a new plastic and the other not; everything else stands under the name of its column.
"""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from cards.catalogue import PRODUCT
from cards.models import Card
from cards.plastic import ACCOUNT, FUEL_CODES, SERVICE_CODES, SETTINGS, Setting

CHOICES = {"fuels": FUEL_CODES, "services": SERVICE_CODES}
CEILINGS = {"fuel_limits": FUEL_CODES, "service_limits": SERVICE_CODES}
Limits = list[dict[str, Any]]
_FIELDS = {field.name: field for field in Card._meta.concrete_fields}


def with_changes(card: Card, changes: dict[str, Any] | None) -> Card:
    """Return the card as a plastic with these changes will carry it: a copy for reading, never to be saved."""
    made = copy.copy(card)
    kept = changes or {}
    for name, value in kept.items():
        if name not in CHOICES and name not in CEILINGS:
            setattr(made, name, _FIELDS[name].to_python(value))
    chosen = {code for group in CHOICES.values() for code in card.products if code in group}
    for name, group in CHOICES.items():
        if name in kept:
            chosen = (chosen - group) | set(kept[name])
    made.products = [code for code in PRODUCT if code in chosen]
    return made


def limits_with(limits: Limits, changes: dict[str, Any] | None) -> Limits:
    """Return the ceilings of a card as a plastic with these changes will have them."""
    kept = changes or {}
    found = list(limits)
    for name, group in CEILINGS.items():
        if name in kept:
            found = [limit for limit in found if limit["product"] not in group]
            found += [{**limit, "amount": Decimal(limit["amount"])} for limit in kept[name]]
    return found


def value_of(name: str, card: Card, limits: Limits) -> dict[str, Any]:
    """Return what a changed plastic keeps of one setting, in values that JSON can hold."""
    if name in CHOICES:
        return {name: [code for code in card.products if code in CHOICES[name]]}
    if name in CEILINGS:
        chosen = [limit for limit in limits if limit["product"] in CEILINGS[name]]
        return {name: [{**limit, "amount": f"{limit['amount']:.2f}"} for limit in chosen]}
    return {column: getattr(card, column) for column in _SETTING[name].columns}


def differing(before: Card, before_limits: Limits, after: Card, after_limits: Limits) -> list[str]:
    """Return the settings in which two cards differ, in the order of the catalogue; the secret code is no setting."""
    return [
        setting.name
        for setting in (*SETTINGS, *ACCOUNT)
        if _compared(setting, before, before_limits, after.products)
        != _compared(setting, after, after_limits, after.products)
    ]


def _compared(setting: Setting, card: Card, limits: Limits, products: list[str]) -> Any:
    """Return what is compared; a ceiling of what the card won't pay for goes with it, and is no change of its own."""
    if setting.name in CHOICES:
        return {code for code in card.products if code in CHOICES[setting.name]}
    if setting.name in CEILINGS:
        return sorted(
            (
                limit["product"],
                Decimal(limit["amount"]),
                str(limit["unit"]),
                str(limit["period"]),
                str(limit["on_reach"]),
            )
            for limit in limits
            if limit["product"] in CEILINGS[setting.name] and limit["product"] in products
        )
    return [getattr(card, f"{name}_id" if name in _KEYS else name) for name in setting.columns]


_SETTING = {setting.name: setting for setting in SETTINGS}
_KEYS = {"division", "vehicle", "driver"}
