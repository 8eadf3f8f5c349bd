"""Changing a card: one tab at a time, with all that its order asked for (CRD-40)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import FleetDivision
from cards.catalogue import FUELS, PRODUCT, SERVICES, Category, CodeType
from cards.forms.fields import ControlFields, DeliveryFields, GeneralFields, Group, LimitFields
from cards.forms.order import PAYS
from cards.forms.plastic import SECRETS, CodeFields, PrintFields
from cards.models import Card
from vehicles.plates import read_plate

TABS = {
    "general": lazy("General"),
    "products": lazy("Products and services"),
    "limits": lazy("Limits"),
    "controls": lazy("Controls"),
    "code": lazy("Secret code"),
}
_ACCOUNT = ("division", "cost_centre", "vehicle", "driver")


class ChangeForm(PrintFields, GeneralFields, DeliveryFields, LimitFields, ControlFields, CodeFields):
    """The fields of one tab; `version` is the card's as the form was made.

    `card` is the card as its newest order will make it, `products` what limits are offered for.
    """

    odometer_entry = forms.BooleanField(required=False, label=lazy("Ask for the odometer at the terminal"))
    another_code = forms.BooleanField(
        required=False,
        label=lazy("Calculate another code"),
        help_text=lazy("Only where the code is calculated: the new card gets another one, sent by letter."),
    )
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, tab: str, card: Card, products: list[str] | None = None, **kwargs: Any) -> None:
        self.tab, self.card = tab, card
        self.products = card.products if products is None else products
        super().__init__(*args, **kwargs)
        self.open_divisions()
        kept = {
            "general": (*self.printing, *_ACCOUNT, *self.delivery),
            "products": tuple(f"pays_{code}" for code in PRODUCT),
            "limits": tuple(name for name in self.fields if self._is_limit(name)),
            "controls": ("odometer_entry", *self.controls),
            "code": ("code_type", *SECRETS, "another_code"),
        }[tab]
        for name in list(self.fields):
            if name not in kept and name != "version":
                del self.fields[name]
        if tab == "general":
            # The card's own division may stay, also one that was closed since.
            usable = Q(closed_at__isnull=True) | Q(pk=card.division_id)
            divisions = FleetDivision.objects.filter(usable, customer_number=card.customer_number_id)
            self.fields["division"].queryset = divisions  # type: ignore[attr-defined]

    def _is_limit(self, name: str) -> bool:
        return any(name.startswith(f"limit_{code}_") for code in self.products)

    def lines(self) -> list[dict[str, Any]]:
        """Return the table of limits: only what the card pays for."""
        if self.tab != "limits":
            return []
        lines = []
        shown: set[str] = set()
        for line in self._chosen_lines():
            heading = line["heading"]
            line["heading"] = "" if heading in shown else heading
            shown.add(heading)
            lines.append(line)
        return lines

    def _chosen_lines(self) -> list[dict[str, Any]]:
        return [
            {
                "heading": heading,
                "label": product.label,
                "pays": None,
                **{key: self[f"limit_{product.code}_{key}"] for key in ("amount", "unit", "period", "on_reach")},
            }
            for heading, products in ((_("Fuel and energy"), FUELS), (_("Services"), SERVICES))
            for product in products
            if product.code in self.products
        ]

    def layout(self) -> list[Group]:
        """Return the groups of the tab."""
        if self.tab == "general":
            return [
                Group(_("What is printed on it"), self.printing),
                Group(_("Who and what it is for"), ("vehicle", "driver", "cost_centre", "division")),
                Group(_("Delivery address"), self.delivery, _("Where the next plastic is sent.")),
            ]
        if self.tab == "products":
            return [
                Group(_("Fuel and energy"), tuple(f"pays_{product.code}" for product in FUELS), name=PAYS),
                Group(_("Services"), tuple(f"pays_{product.code}" for product in SERVICES)),
            ]
        if self.tab == "controls":
            return self.control_groups()
        if self.tab == "code":
            return [
                Group(
                    _("Secret code"),
                    ("code_type", *SECRETS, "another_code"),
                    _("The secret code belongs to the plastic: another code or another type of code makes a new card."),
                )
            ]
        text = _("Leave the amount empty for no limit.")
        return [Group(_("Limits"), self.limit_names(), text, template="cards/limits.html")]

    def clean(self) -> dict[str, Any]:
        """Check what belongs together."""
        data = super().clean() or self.cleaned_data
        if self.tab == "general":
            if not self._is_printed_already(data):
                self.check_print(data)
        elif self.tab == "products":
            data["products"] = [code for code in PRODUCT if data.get(f"pays_{code}")]
            if not data["products"]:
                self.add_error(None, forms.ValidationError(_("Choose at least one product or service."), code=PAYS))
        elif self.tab == "limits":
            data["limits"] = self.check_limits(self.products)
        elif self.tab == "controls":
            data["controls"] = self.check_controls()
        else:
            self.check_code(data, self.card.product.validity_months)
        return data

    def _is_printed_already(self, data: dict[str, Any]) -> bool:
        """Say whether the card's own plate or name came back: it is printed as it is, in whatever form."""
        card = self.card
        if data.get("category") != card.category or data.get("printed_as") != card.printed_as:
            return False
        if card.category != Category.VEHICLE:
            data["plate_country"] = card.plate_country
        return data.get("plate_country", "") == card.plate_country

    def values(self) -> dict[str, Any]:
        """Return the columns of the card that the tab changes."""
        data = self.cleaned_data
        if self.tab == "controls":
            return {"odometer_entry": data["odometer_entry"], **data["controls"]}
        if self.tab == "products":
            return {"products": data["products"]}
        if self.tab == "code":
            return {"code_type": data["code_type"]}
        if self.tab == "general":
            printed = ("category", "printed_as", "plate_country", "extra_mention")
            return {name: data[name] for name in (*printed, *_ACCOUNT, *self.delivery)}
        return {}

    def another(self) -> bool:
        """Say whether another calculated code is asked for."""
        return self.tab == "code" and bool(self.cleaned_data["another_code"])


def shown_at_first(card: Card, limits: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the tabs show at first: the card as it is, or as its newest order will make it."""
    columns = (
        *("category", "printed_as", "plate_country", "extra_mention", "odometer_entry", "code_type"),
        *("division", "cost_centre"),
        *DeliveryFields.delivery,
        *ControlFields.controls,
    )
    shown: dict[str, Any] = {name: getattr(card, name) for name in columns}
    shown |= {"vehicle": str(card.vehicle or ""), "driver": str(card.driver or ""), "version": card.version}
    shown |= {f"pays_{code}": True for code in card.products}
    if card.category == Category.VEHICLE and card.plate_country:
        plate = read_plate(card.printed_as, card.plate_country)
        shown["print_as_typed"] = not plate.warning and plate.printed != card.printed_as
    for limit in limits:
        name = f"limit_{limit['product']}"
        shown |= {f"{name}_{key}": limit[key] for key in ("amount", "unit", "period", "on_reach")}
    return shown


def has_chosen_code(card: Card) -> bool:
    """Say whether the card's code is a chosen one, so that none has to be typed to keep it."""
    return card.code_type == CodeType.CHOSEN
