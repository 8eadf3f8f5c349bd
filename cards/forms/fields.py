"""The fields of a card in groups, for the order form and for the tabs of a change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts import postal
from accounts.models import CustomerNumber, FleetDivision
from cards.catalogue import (
    FUELS,
    NETWORK,
    PRODUCT,
    PRODUCTS,
    SERVICES,
    Area,
    OnReach,
    Period,
    Unit,
    VehicleType,
    Weekday,
)
from cards.forms.numbers import AmountField, WholeField
from fleetportal.core.scope import current_scope
from vehicles.models import Driver, Vehicle
from vehicles.plates import plate_key

# What the embosser can print: capitals, digits, space, hyphen, apostrophe (CRD-3).
EMBOSSED = re.compile(r"[A-Z0-9 '-]{1,26}\Z")
_HIGHEST = Decimal("999999.99")
# Django's own sentences speak of a value that is greater than or equal to another.
_NUMBERS = {"min_value": lazy("Enter %(limit_value)s or more."), "max_value": lazy("Enter %(limit_value)s or less.")}

# Fields that stand beside others, and groups of choices in a line (static/css/portal.css); all others stand alone.
_PLACES = {
    **dict.fromkeys(("product", "category", "area", "forbidden_days", "countries"), "field-inline"),
    **dict.fromkeys(("customer_number", "division", "printed_as", "plate_country"), "field-half"),
    **dict.fromkeys(("vehicle", "driver", "cost_centre", "postal_code"), "field-third"),
    **dict.fromkeys(("vehicle_type", "tank_capacity", "hours_from", "hours_until"), "field-half"),
    **dict.fromkeys(("max_transactions", "max_transactions_period"), "field-half"),
    **dict.fromkeys(("max_amount", "min_minutes_between"), "field-half"),
    **dict.fromkeys(("secret_code", "secret_code_again"), "field-half"),
    "town": "field-two-thirds",
}


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading. With `within` they stand in groups again, folded away unless `is_open`.

    `template` draws the fields in its own way. What is wrong with the group as a whole, and with no field of it alone,
    is an error of the form whose code is the group's `name`; it is said under the heading.
    """

    title: Any
    names: tuple[str, ...] = ()
    help: Any = ""
    template: str = ""
    within: tuple[Group, ...] = ()
    is_open: bool = True
    name: str = ""


class Grouped(forms.Form):
    """A form whose fields stand in groups with a heading."""

    use_required_attribute = False

    def layout(self) -> list[Group]:
        """Return the groups in the order of the page."""
        raise NotImplementedError

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The groups as the template takes them."""
        return [self._group(group) for group in self.layout()]

    @property
    def wrong_groups(self) -> list[dict[str, Any]]:
        """The groups that are wrong as a whole: id and first field of each, what is wrong, whether it has the focus.

        It has it where no field above it is wrong.
        """
        found: list[dict[str, Any]] = []
        above: list[str] = []
        for place, group in enumerate(self.groups, 1):
            names = [field.name for field in group["fields"]]
            if group["errors"]:
                focus = not found and not self.errors.keys() & set(above)
                found.append({"id": f"group-{place}", "first": names[0], "errors": group["errors"], "focus": focus})
            above += names
        return found

    def _group(self, group: Group) -> dict[str, Any]:
        within = [self._group(one) for one in group.within]
        fields = [self[name] for name in group.names if name in self.fields]
        for bound in fields:
            bound.field.place = _PLACES.get(bound.name, "")  # type: ignore[attr-defined]  # read by the field's template
        wrong = self.non_field_errors().as_data() if group.name and self.is_bound else []
        return {
            "title": group.title,
            "errors": [said for error in wrong if error.code == group.name for said in error.messages],
            "help": group.help,
            "template": group.template,
            "groups": within,
            "open": group.is_open,
            "fields": fields + [field for one in within for field in one["fields"]],
        }


class Lookup(forms.CharField):
    """A text that names one row in scope; a list of suggestions helps to type it."""

    def __init__(self, *, missing: Any, **kwargs: Any) -> None:
        self.missing = missing
        super().__init__(required=False, max_length=80, **kwargs)

    def find(self, text: str) -> Any:
        """Return the row that `text` names, or None."""
        raise NotImplementedError

    def clean(self, value: Any) -> Any:
        """Return the row; a text that names none is an error with a sentence."""
        text = super().clean(value)
        if not text:
            return None
        row = self.find(text)
        if row is None:
            raise forms.ValidationError(self.missing, code="missing")
        return row


class VehicleLookup(Lookup):
    """A vehicle by its plate, however it is spaced."""

    def find(self, text: str) -> Vehicle | None:
        """Return the vehicle in use with that plate."""
        return Vehicle.objects.filter(plate_key=plate_key(text), ended_at__isnull=True).first()


class DriverLookup(Lookup):
    """A driver by first and last name, in either order: lists write the last name first."""

    def find(self, text: str) -> Driver | None:
        """Return the one driver of that name; two of one name are none."""
        words = text.split()
        wanted = Q()
        # Both names may have several words: where one ends and the other begins is tried out.
        for at in range(1, len(words)):
            one, other = " ".join(words[:at]), " ".join(words[at:])
            wanted |= Q(first_name__iexact=one, last_name__iexact=other)
            wanted |= Q(first_name__iexact=other, last_name__iexact=one)
        if not wanted:
            return None
        rows = list(Driver.objects.filter(wanted, ended_at__isnull=True)[:2])
        return rows[0] if len(rows) == 1 else None


class GeneralFields(Grouped):
    """Division, cost centre, vehicle and driver: what takes effect at once."""

    division = forms.ModelChoiceField(
        FleetDivision.objects.none(), required=False, label=lazy("Fleet division"), empty_label=lazy("No division")
    )
    cost_centre = forms.CharField(max_length=20, required=False, label=lazy("Cost centre"))
    vehicle = VehicleLookup(
        missing=lazy("None of your vehicles has this plate."), label=lazy("Vehicle"), help_text=lazy("The plate.")
    )
    driver = DriverLookup(
        missing=lazy("None of your drivers has this name, or two have."),
        label=lazy("Driver"),
        help_text=lazy("Last name and first name."),
    )

    def open_divisions(self) -> None:
        """Offer the open divisions in scope; who is limited to divisions would not see a card without one."""
        divisions = FleetDivision.objects.filter(closed_at__isnull=True).select_related("customer_number")
        field = self.fields["division"]
        field.queryset = divisions  # type: ignore[attr-defined]  # a ModelChoiceField
        scope = current_scope()
        if scope is not None and scope.divisions is not None:
            field.required = True
            field.error_messages["required"] = _("Choose one of your divisions.")
        for name, rows in (("vehicle", "plates"), ("driver", "drivers")):
            self.fields[name].widget.attrs["list"] = f"{rows}-list"

    def check_division(self, number: CustomerNumber | None) -> None:
        """A division belongs to one customer number."""
        division = self.cleaned_data.get("division")
        if division is not None and number is not None and division.customer_number_id != number.pk:
            self.add_error("division", _("This division belongs to another customer number."))


class DeliveryFields(Grouped):
    """Where the plastic is sent."""

    recipient = forms.CharField(max_length=80, label=lazy("Recipient"))
    street = forms.CharField(max_length=80, label=lazy("Street and number"))
    postal_code = forms.CharField(max_length=10, label=lazy("Postal code"))
    town = forms.CharField(max_length=60, label=lazy("Town"))
    country = forms.ChoiceField(choices=list(NETWORK.items()), label=lazy("Country"), initial="BE")

    delivery = ("recipient", "street", "postal_code", "town", "country")

    def clean(self) -> dict[str, Any] | None:
        """A postal code is one of its country, and kept as that writes it."""
        data = super().clean()
        postal.check(self)
        return data


class LimitFields(Grouped):
    """One line for each product: whether the card pays for it, and its ceiling (CRD-4)."""

    choose_products = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for product in PRODUCTS:
            units = [(Unit.EUR.value, Unit.EUR.label)]
            if product.quantity:
                units.append((product.quantity.value, product.quantity.label))
            if self.choose_products:
                self.fields[f"pays_{product.code}"] = forms.BooleanField(required=False, label=product.label)
            name = f"limit_{product.code}"
            self.fields[f"{name}_amount"] = AmountField(
                required=False,
                max_value=_HIGHEST,
                error_messages=_NUMBERS,
                label=_("Limit for %(product)s") % {"product": product.label},
            )
            self.fields[f"{name}_unit"] = forms.ChoiceField(
                required=False, choices=units, label=_("Unit of the limit for %(product)s") % {"product": product.label}
            )
            self.fields[f"{name}_period"] = forms.ChoiceField(
                required=False,
                choices=Period.choices,
                initial=Period.MONTH,
                label=_("Period of the limit for %(product)s") % {"product": product.label},
            )
            self.fields[f"{name}_on_reach"] = forms.ChoiceField(
                required=False,
                choices=OnReach.choices,
                label=_("When the limit for %(product)s is reached") % {"product": product.label},
            )

    def lines(self) -> list[dict[str, Any]]:
        """Return the table of products: fuels and energy first, then services."""
        lines = []
        for heading, products in ((_("Fuel and energy"), FUELS), (_("Services"), SERVICES)):
            for product in products:
                name = f"limit_{product.code}"
                lines.append(
                    {
                        "heading": heading if product is products[0] else "",
                        "label": product.label,
                        "pays": self[f"pays_{product.code}"] if self.choose_products else None,
                        "amount": self[f"{name}_amount"],
                        "unit": self[f"{name}_unit"],
                        "period": self[f"{name}_period"],
                        "on_reach": self[f"{name}_on_reach"],
                    }
                )
        return lines

    def limit_names(self) -> tuple[str, ...]:
        """Return the names of the fields of the table, line by line."""
        keys = ("amount", "unit", "period", "on_reach")
        return tuple(
            name
            for product in PRODUCTS
            for name in (f"pays_{product.code}", *(f"limit_{product.code}_{key}" for key in keys))
        )

    def check_limits(self, chosen: list[str]) -> list[dict[str, Any]]:
        """Check the lines and return the limits, one dictionary each."""
        limits = []
        for code, product in PRODUCT.items():
            name = f"limit_{code}"
            amount = self.cleaned_data.get(f"{name}_amount")
            if amount is None:
                continue
            if amount <= 0:
                self.add_error(f"{name}_amount", _("A limit is more than zero. Leave it empty for no limit."))
                continue
            if code not in chosen:
                self.add_error(f"{name}_amount", _("The card does not pay for this product."))
                continue
            limits.append(
                {
                    "product": product.code,
                    "amount": amount,
                    "unit": self.cleaned_data.get(f"{name}_unit") or Unit.EUR,
                    "period": self.cleaned_data.get(f"{name}_period") or Period.MONTH,
                    "on_reach": self.cleaned_data.get(f"{name}_on_reach") or OnReach.BLOCK,
                }
            )
        return limits


class ControlFields(Grouped):
    """Technical, time, place and transaction controls that take effect at once (CRD-5)."""

    vehicle_type = forms.ChoiceField(
        choices=[("", lazy("Any")), *VehicleType.choices], required=False, label=lazy("Vehicle type")
    )
    tank_capacity = WholeField(
        min_value=1, max_value=2000, required=False, label=lazy("Tank capacity"), error_messages=_NUMBERS
    )
    forbidden_days = forms.TypedMultipleChoiceField(
        choices=Weekday.choices,
        coerce=int,
        required=False,
        label=lazy("Forbidden days"),
        widget=forms.CheckboxSelectMultiple,
    )
    hours_from = forms.TimeField(
        required=False, label=lazy("Allowed from"), widget=forms.TimeInput(attrs={"type": "time"})
    )
    hours_until = forms.TimeField(
        required=False, label=lazy("Allowed until"), widget=forms.TimeInput(attrs={"type": "time"})
    )
    area = forms.ChoiceField(
        choices=Area.choices, initial=Area.EVERYWHERE, label=lazy("Area"), widget=forms.RadioSelect
    )
    countries = forms.MultipleChoiceField(
        choices=list(NETWORK.items()),
        required=False,
        label=lazy("Chosen countries"),
        widget=forms.CheckboxSelectMultiple,
    )
    max_transactions = WholeField(
        min_value=1, max_value=999, required=False, label=lazy("Most transactions"), error_messages=_NUMBERS
    )
    max_transactions_period = forms.ChoiceField(
        choices=[(Period.DAY, Period.DAY.label), (Period.WEEK, Period.WEEK.label), (Period.MONTH, Period.MONTH.label)],
        required=False,
        initial=Period.DAY,
        label=lazy("Period of the most transactions"),
    )
    max_amount = AmountField(
        required=False,
        min_value=Decimal("0.01"),
        max_value=_HIGHEST,
        label=lazy("Highest amount of one transaction"),
        error_messages={
            **_NUMBERS,
            "min_value": lazy("The amount is more than zero. Leave it empty for none."),
        },
    )
    min_minutes_between = WholeField(
        min_value=1,
        max_value=10080,
        required=False,
        label=lazy("Least time between two transactions"),
        error_messages=_NUMBERS,
    )

    units = {"tank_capacity": lazy("litres"), "max_amount": "€", "min_minutes_between": lazy("minutes")}
    technical = ("vehicle_type", "tank_capacity")
    in_time = ("forbidden_days", "hours_from", "hours_until")
    in_place = ("area", "countries")
    of_transactions = ("max_transactions", "max_transactions_period", "max_amount", "min_minutes_between")
    controls = technical + in_time + in_place + of_transactions

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, unit in self.units.items():
            self.fields[name].unit = unit  # type: ignore[attr-defined]  # read by the field's template

    def control_groups(self) -> list[Group]:
        """Return the groups of controls."""
        return [
            Group(_("Technical controls"), ("odometer_entry", *self.technical)),
            Group(_("Controls in time"), self.in_time, _("Outside these days and hours the card is refused.")),
            Group(_("Controls by place"), self.in_place),
            Group(
                _("Controls of transactions"), self.of_transactions, _("Leave empty what you do not want to control.")
            ),
        ]

    def is_controlled(self) -> bool:
        """Say whether a control is set, or something is wrong with one."""
        quiet: tuple[Any, ...] = (None, "", [], False, Area.EVERYWHERE)
        names = (
            "odometer_entry",
            *self.technical,
            *self.in_time,
            "area",
            "max_transactions",
            *self.of_transactions[2:],
        )
        return any(self[name].value() not in quiet for name in names) or any(
            self[name].errors for name in self.controls
        )

    def check_controls(self) -> dict[str, Any]:
        """Check what belongs together and return the controls as a card holds them."""
        data = self.cleaned_data
        start, end = data.get("hours_from"), data.get("hours_until")
        # What can't be read is said at its field, and is not missing.
        unreadable = {"hours_from", "hours_until"} & self.errors.keys()
        if (start is None) != (end is None) and not unreadable:
            self.add_error("hours_until" if end is None else "hours_from", _("Give both hours, or none."))
        elif start is not None and start == end:
            self.add_error("hours_until", _("The two hours are the same."))
        if len(data.get("forbidden_days") or []) == len(Weekday.choices):
            self.add_error("forbidden_days", _("The card could never be used: leave at least one day."))
        if data.get("area") == Area.CHOSEN and not data.get("countries"):
            self.add_error("countries", _("Tick at least one country."))
        values = {name: data.get(name) for name in self.controls}
        if values["area"] != Area.CHOSEN:
            values["countries"] = []
        if values["max_transactions"] is None:
            values["max_transactions_period"] = ""
        return {
            name: ([] if value is None and name in {"forbidden_days", "countries"} else value)
            for name, value in values.items()
        }
