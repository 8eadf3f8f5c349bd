"""Changing a card: one tab at a time, only what takes effect at once (CRD-40, CRD-42)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import FleetDivision
from cards.catalogue import FUELS, SERVICES
from cards.forms.fields import ControlFields, DeliveryFields, GeneralFields, Group, LimitFields
from cards.models import Card

TABS = {"general": lazy("General"), "limits": lazy("Limits"), "controls": lazy("Controls")}


class ChangeForm(GeneralFields, DeliveryFields, LimitFields, ControlFields):
    """The fields of one tab; `version` is the card's as the form was made."""

    choose_products = False

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, tab: str, card: Card, **kwargs: Any) -> None:
        self.tab, self.card = tab, card
        super().__init__(*args, **kwargs)
        self.open_divisions()
        general = ("division", "cost_centre", "vehicle", "driver", *self.delivery)
        kept = {
            "general": general,
            "limits": tuple(name for name in self.fields if self._is_limit(name)),
            "controls": self.controls,
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
        return any(name.startswith(f"limit_{code}_") for code in self.card.products)

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
            if product.code in self.card.products
        ]

    def layout(self) -> list[Group]:
        """Return the groups of the tab."""
        if self.tab == "general":
            return [
                Group(_("General"), ("vehicle", "driver", "cost_centre", "division")),
                Group(_("Delivery address"), self.delivery, _("Where the next plastic is sent.")),
            ]
        if self.tab == "controls":
            return self.control_groups()
        text = _("Leave the amount empty for no limit.")
        return [Group(_("Limits"), self.limit_names(), text, template="cards/limits.html")]

    def clean(self) -> dict[str, Any]:
        """Check what belongs together."""
        data = super().clean() or self.cleaned_data
        if self.tab == "limits":
            data["limits"] = self.check_limits(self.card.products)
        elif self.tab == "controls":
            data["controls"] = self.check_controls()
        return data

    def values(self) -> dict[str, Any]:
        """Return the columns of the card that the tab changes."""
        if self.tab == "controls":
            return dict(self.cleaned_data["controls"])
        if self.tab == "general":
            return {
                name: self.cleaned_data[name]
                for name in ("division", "cost_centre", "vehicle", "driver", *self.delivery)
            }
        return {}
