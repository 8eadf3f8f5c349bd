"""The download of cards: general information, ceilings and controls of each (CRD-32)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cards.catalogue import (
    NETWORK,
    PRODUCTS,
    Area,
    Category,
    CodeType,
    OnReach,
    Period,
    RenewalStatus,
    Unit,
    VehicleType,
    Weekday,
)
from cards.lifecycle import CARD_STATUSES
from cards.models import CardLimit
from fleetportal.core.pages import Badge, Choice, Column, Date, Masked, Moment, Number, Several, Text, Translated
from fleetportal.core.pages.exports import Export

FLAGS = ((True, lazy("yes")), (False, lazy("no")))


@dataclass(frozen=True, slots=True)
class Hour(Column):
    """A time of day, in hours and minutes."""

    def exporter(self) -> Callable[..., Any]:
        """Return it as the portal writes it everywhere."""
        return lambda at: f"{at:%H:%M}" if at is not None else ""


def card_export() -> Export:
    """Return the download of cards in the language in force."""
    columns: tuple[Column, ...] = (
        Text("printed", lazy("Plate or name"), ("printed_as",)),
        Masked("number", lazy("Number"), ("number",)),
        Translated("product", lazy("Type of product"), ("product__name",)),
        Badge(
            "status", lazy("Status"), ("status",), choices=[(status.value, status.label) for status in CARD_STATUSES]
        ),
        Choice("renewal", lazy("Renewal"), ("renewal_status",), choices=RenewalStatus.choices),
        Number("rank", lazy("Rank"), ("rank",)),
        Choice("category", lazy("Category"), ("category",), choices=Category.choices),
        Text("plate_country", lazy("Country of the plate"), ("plate_country",)),
        Text("customer_number", lazy("Customer number"), ("customer_number__number",)),
        Text("division", lazy("Fleet division"), ("division__name",)),
        Text("vehicle", lazy("Vehicle"), ("vehicle__plate",)),
        Text("driver", lazy("Driver"), ("driver__last_name", "driver__first_name")),
        Text("cost_centre", lazy("Cost centre"), ("cost_centre",)),
        Text("extra_mention", lazy("Extra mention"), ("extra_mention",)),
        Choice("code_type", lazy("Secret code"), ("code_type",), choices=CodeType.choices),
        Moment("created", lazy("Created"), ("created_at",)),
        Date("expires", lazy("Expiry"), ("expires_on",)),
        Date("last_used", lazy("Last used"), ("last_used_on",)),
        Choice("vehicle_type", lazy("Vehicle type"), ("vehicle_type",), choices=VehicleType.choices),
        Number("tank_capacity", lazy("Tank capacity"), ("tank_capacity",)),
        Choice("odometer_entry", lazy("Odometer at the terminal"), ("odometer_entry",), choices=FLAGS),
        Several("forbidden_days", lazy("Forbidden days"), ("forbidden_days",), choices=Weekday.choices),
        Hour("hours_from", lazy("Allowed from"), ("hours_from",)),
        Hour("hours_until", lazy("Allowed until"), ("hours_until",)),
        Choice("area", lazy("Area"), ("area",), choices=Area.choices),
        Several("countries", lazy("Chosen countries"), ("countries",), choices=NETWORK),
        Number("max_transactions", lazy("Most transactions"), ("max_transactions",)),
        Choice("max_period", lazy("in the period"), ("max_transactions_period",), choices=Period.choices),
        Number("max_amount", lazy("Highest amount of one transaction"), ("max_amount",)),
        Number("min_minutes", lazy("Least minutes between two"), ("min_minutes_between",)),
    )
    heads = tuple(_("Limit for %(product)s") % {"product": product.label} for product in PRODUCTS)
    units = {unit.value: str(unit.label) for unit in Unit}
    periods = {period.value: str(period.label) for period in Period}
    reached = {on.value: str(on.label) for on in OnReach}
    point = get_format("DECIMAL_SEPARATOR")
    places = {product.code: place for place, product in enumerate(PRODUCTS)}

    def attach(ids: list[int]) -> dict[int, list[str]]:
        said: dict[tuple[Any, ...], str] = {}  # many ceilings are alike
        cells: dict[int, list[str]] = {}
        limits = CardLimit.objects.filter(card_id__anyof=set(ids)).order_by()
        for card, product, *terms in limits.values_list("card_id", "product", "amount", "unit", "period", "on_reach"):
            if product not in places:
                continue
            if card not in cells:
                cells[card] = [""] * len(places)
            if (term := tuple(terms)) not in said:
                amount, unit, period, on_reach = term
                number = str(amount).replace(".", point)
                said[term] = f"{number} {units[unit]} {periods[period]}, {reached[on_reach]}"
            cells[card][places[product]] = said[term]
        return cells

    return Export(columns, heads, attach)
