"""The order of a card: what is printed, what it pays for, limits and controls, where it goes, its secret code."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import CustomerNumber
from cards.catalogue import PRODUCT
from cards.forms.fields import ControlFields, DeliveryFields, GeneralFields, Group, LimitFields
from cards.forms.plastic import SECRETS, CodeFields, PrintFields
from cards.models import CardProduct

# The group of what the card pays for; an error with this code is said there.
PAYS = "pays"


class OrderForm(PrintFields, GeneralFields, DeliveryFields, LimitFields, ControlFields, CodeFields):
    """A new card (CRD-2 to CRD-6). With `code_is_set`, a chosen code was sealed before and is not asked again."""

    product = forms.ModelChoiceField(
        CardProduct.objects.none(), label=lazy("Type of product"), empty_label=None, widget=forms.RadioSelect
    )
    customer_number = forms.ModelChoiceField(
        CustomerNumber.objects.none(), label=lazy("Customer number"), empty_label=lazy("Choose a customer number")
    )
    odometer_entry = forms.BooleanField(required=False, label=lazy("Ask for the odometer at the terminal"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.open_divisions()
        self.fields["product"].queryset = CardProduct.objects.filter(is_offered=True).order_by("pk")  # type: ignore[attr-defined]
        self.fields["customer_number"].queryset = CustomerNumber.objects.all()  # type: ignore[attr-defined]

    def layout(self) -> list[Group]:
        """Return the groups in the order in which one thinks of them; controls are folded away while none is set."""
        return [
            Group(_("Card"), ("product", "customer_number", "division")),
            Group(
                _("What is printed on it"),
                self.printing,
            ),
            Group(_("Who and what it is for"), ("vehicle", "driver", "cost_centre")),
            Group(
                _("Products, services and limits"),
                self.limit_names(),
                _("Tick what the card pays for. Leave the amount empty for no limit."),
                template="cards/limits.html",
                name=PAYS,
            ),
            Group(
                _("Controls"),
                help=_("When, where and how often the card may be used. Without controls it may always be."),
                within=tuple(self.control_groups()),
                is_open=self.is_controlled(),
            ),
            Group(_("Delivery address"), self.delivery, _("Where the card is sent.")),
            Group(_("Secret code"), ("code_type", *SECRETS)),
        ]

    def clean(self) -> dict[str, Any]:
        """Check what belongs together."""
        data = super().clean() or self.cleaned_data
        self.check_division(data.get("customer_number"))
        data["products"] = [code for code in PRODUCT if data.get(f"pays_{code}")]
        if not data["products"]:
            self.add_error(None, forms.ValidationError(_("Choose at least one product or service."), code=PAYS))
        data["limits"] = self.check_limits(data["products"])
        data["controls"] = self.check_controls()
        self.check_print(data)
        self.check_code(data, data["product"].validity_months if data.get("product") else 48)
        return data
