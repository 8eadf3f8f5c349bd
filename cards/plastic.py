"""Which settings of a card need a new plastic when they are changed, and which take effect at once (CRD-42).

The settings stand here; which of the two it is stands with each card product, where operator staff change it. The
rule's sheet lost its columns, so what a new card product begins with is a reading of it (decision 0040).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from cards.catalogue import FUELS, SERVICES, Category

FUEL_CODES = frozenset(product.code for product in FUELS)
SERVICE_CODES = frozenset(product.code for product in SERVICES)
# The secret code lives on the plastic: another one is always another plastic (PIN-3).
CODE = "code"


@dataclass(frozen=True, slots=True)
class Setting:
    """What is changed as one thing: its name, its words, and the columns of a card that hold it."""

    name: str
    label: Any
    columns: tuple[str, ...] = ()


# What operator staff decide on, product by product. Choice and ceilings of fuels and of services share columns.
SETTINGS = (
    Setting("category", _("Card category"), ("category",)),
    Setting("printed", _("Plate or name on the card"), ("printed_as", "plate_country")),
    Setting("extra_mention", _("Extra mention"), ("extra_mention",)),
    Setting("fuels", _("Choice of fuel or energy")),
    Setting("services", _("Chosen services")),
    Setting("odometer_entry", _("Odometer at the terminal"), ("odometer_entry",)),
    Setting("fuel_limits", _("Limits of fuel and energy")),
    Setting("service_limits", _("Limits of services")),
    Setting("tank_capacity", _("Tank capacity"), ("tank_capacity",)),
    Setting("vehicle_type", _("Vehicle type"), ("vehicle_type",)),
    Setting("forbidden_days", _("Forbidden days"), ("forbidden_days",)),
    Setting("hours", _("Hours allowed"), ("hours_from", "hours_until")),
    Setting("area", _("Area"), ("area", "countries")),
    Setting("transactions", _("Most transactions"), ("max_transactions", "max_transactions_period")),
    Setting("max_amount", _("Highest amount of one transaction"), ("max_amount",)),
    Setting("min_minutes_between", _("Least time between two transactions"), ("min_minutes_between",)),
)
# Who the card belongs to and where it goes is the account's, never the plastic's: at once, whatever the product.
ACCOUNT = (
    Setting("division", _("Fleet division"), ("division",)),
    Setting("cost_centre", _("Cost centre"), ("cost_centre",)),
    Setting("vehicle", _("Vehicle"), ("vehicle",)),
    Setting("driver", _("Driver"), ("driver",)),
    Setting("address", _("Delivery address"), ("recipient", "street", "postal_code", "town", "country")),
)
SETTING = {setting.name: setting for setting in (*SETTINGS, *ACCOUNT)}


def rules() -> list[tuple[str, Any]]:
    """Return what can be decided for a card product: name and words. The extra mention is decided by category.

    Where it is printed a new mention needs a new plastic; where it is not, it is only written with the account.
    """
    found: list[tuple[str, Any]] = []
    for setting in SETTINGS:
        if setting.name == "extra_mention":
            found += [(mention_of(one.value), one.label) for one in Category]
        else:
            found.append((setting.name, setting.label))
    return found


def mention_of(category: str) -> str:
    """Return the name under which a product says whether cards of that category carry the extra mention."""
    return f"extra_mention_{category}"


def reading() -> list[str]:
    """Return what needs a new plastic as CRD-42 is read: what a card product begins with."""
    return [
        "category",
        "printed",
        *(mention_of(one.value) for one in Category),
        "fuels",
        "services",
        "odometer_entry",
    ]


def needs_plastic(name: str, *, needing: list[str], category: str) -> bool:
    """Say whether a changed setting needs a new plastic for a product with these rules and a card of that category."""
    if name == CODE:
        return True
    return (mention_of(category) if name == "extra_mention" else name) in needing
