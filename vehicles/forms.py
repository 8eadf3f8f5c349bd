"""The forms of a vehicle and of a driver."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import CustomerNumber, FleetDivision, Membership
from fleetportal.core.scope import current_scope
from vehicles import vin
from vehicles.models import LICENCES, Driver, Fuel, Vehicle
from vehicles.services import DriverData, VehicleData

COUNTRIES = (
    ("BE", lazy("Belgium")),
    ("FR", lazy("France")),
    ("NL", lazy("Netherlands")),
    ("LU", lazy("Luxembourg")),
    ("DE", lazy("Germany")),
    ("XX", lazy("another country")),
)
_CAPITALS = {"autocapitalize": "characters", "spellcheck": "false", "autocomplete": "off"}
_PLACES = {
    **dict.fromkeys(("customer_number", "division", "plate", "plate_country", "make", "model"), "field-half"),
    **dict.fromkeys(("vin", "vin_reason", "fuel", "cost_centre"), "field-half"),
    **dict.fromkeys(("last_name", "first_name", "email", "phone"), "field-half"),
    "licences": "field-inline",
}


class FleetForm(forms.Form):
    """What a vehicle and a driver have in common: where they lie. `about` is the row to change, or nothing."""

    use_required_attribute = False

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    customer_number = forms.ModelChoiceField(
        CustomerNumber.objects.none(), label=lazy("Customer number"), empty_label=lazy("Choose a customer number")
    )
    division = forms.ModelChoiceField(
        FleetDivision.objects.none(), required=False, label=lazy("Fleet division"), empty_label=lazy("No division")
    )

    def __init__(self, *args: Any, about: Vehicle | Driver | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        divisions = FleetDivision.objects.select_related("customer_number").order_by("name", "pk")
        open_ones = Q(closed_at__isnull=True)
        if about is None:
            del self.fields["version"]
            self.fields["customer_number"].queryset = CustomerNumber.objects.all()  # type: ignore[attr-defined]
        else:
            # What changes its number would leave its invoices behind.
            del self.fields["customer_number"]
            divisions = divisions.filter(customer_number=about.customer_number_id)
            open_ones |= Q(pk=about.division_id)
        field = self.fields["division"]
        field.queryset = divisions.filter(open_ones)  # type: ignore[attr-defined]
        scope = current_scope()
        if scope is not None and scope.divisions is not None:
            field.required = True
            field.error_messages["required"] = _("Choose one of your divisions.")

    def layout(self) -> list[tuple[Any, tuple[str, ...], Any]]:
        """Return the groups in the order of the page: title, names of fields, help."""
        raise NotImplementedError

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The groups as the template takes them."""
        groups = []
        for title, names, text in self.layout():
            fields = [self[name] for name in names if name in self.fields]
            for bound in fields:
                bound.field.place = _PLACES.get(bound.name, "")  # type: ignore[attr-defined]  # read by its template
            groups.append({"title": title, "help": text, "fields": fields})
        return groups


class VehicleForm(FleetForm):
    """A vehicle: its plate, what it is, and where it lies. The service checks plate and VIN."""

    plate = forms.CharField(max_length=20, label=lazy("Plate"), widget=forms.TextInput(attrs=_CAPITALS))
    plate_country = forms.ChoiceField(choices=COUNTRIES, label=lazy("Country of the plate"))
    as_typed = forms.BooleanField(
        required=False,
        label=lazy("Print as typed"),
        help_text=lazy("Else a plate is kept in the form of its country."),
    )
    make = forms.CharField(max_length=30, required=False, label=lazy("Make"))
    model = forms.CharField(max_length=40, required=False, label=lazy("Model"))
    fuel = forms.ChoiceField(choices=[("", lazy("Not known")), *Fuel.choices], required=False, label=lazy("Fuel"))
    vin = forms.CharField(
        max_length=vin.LONGEST + 10,
        required=False,
        label=lazy("VIN"),
        help_text=lazy("17 characters, field E of the registration document."),
        widget=forms.TextInput(attrs=_CAPITALS),
    )
    vin_reason = forms.CharField(
        max_length=80,
        required=False,
        label=lazy("Reason for another number"),
        help_text=lazy("Only for an old vehicle or a trailer whose number is not a VIN."),
    )
    cost_centre = forms.CharField(max_length=20, required=False, label=lazy("Cost centre"))

    def layout(self) -> list[tuple[Any, tuple[str, ...], Any]]:
        """Return the groups."""
        return [
            (_("Plate"), ("plate", "plate_country", "as_typed"), ""),
            (_("Vehicle"), ("make", "model", "vin", "vin_reason", "fuel"), ""),
            (_("Where it belongs"), ("customer_number", "division", "cost_centre"), ""),
        ]

    def clean_vin(self) -> str:
        """Count the characters without the spaces that people set to read it."""
        number = vin.normalise(self.cleaned_data["vin"])
        if len(number) > vin.LONGEST:
            raise forms.ValidationError(_("A chassis number has at most %(most)s characters.") % {"most": vin.LONGEST})
        return number

    def data_of(self) -> VehicleData:
        """Return what the service takes."""
        names = ("plate", "plate_country", "as_typed", "make", "model", "vin", "vin_reason", "fuel", "cost_centre")
        typed = {name: self.cleaned_data[name] for name in names}
        return VehicleData(division=self.cleaned_data["division"], **typed)


class DriverForm(FleetForm):
    """A driver: who it is, and where they belong.

    One of `members` may be chosen as the colleague that they are; where there is None, that stays as it is.
    """

    last_name = forms.CharField(max_length=60, label=lazy("Last name"))
    first_name = forms.CharField(max_length=60, label=lazy("First name"))
    email = forms.EmailField(max_length=254, required=False, label=lazy("E-mail address"))
    phone = forms.CharField(
        max_length=30, required=False, label=lazy("Phone"), widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    licences = forms.MultipleChoiceField(
        choices=[(one, one) for one in LICENCES],
        required=False,
        label=lazy("Licence categories"),
        widget=forms.CheckboxSelectMultiple,
    )
    member = forms.ModelChoiceField(
        Membership.objects.none(),
        required=False,
        label=lazy("Colleague"),
        empty_label=lazy("No user of the portal"),
        help_text=lazy(
            "The user of the portal who this driver is. They see the driver's vehicles and cards as theirs."
        ),
    )

    def __init__(
        self, *args: Any, about: Driver | None = None, members: QuerySet[Membership] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, about=about, **kwargs)
        self.before = about.member if about else None
        if members is None:
            del self.fields["member"]
        else:
            stays = Q(pk=self.before.pk) if self.before else Q(pk__in=[])
            self.fields["member"].queryset = Membership.objects.filter(  # type: ignore[attr-defined]
                Q(pk__in=members.values("pk")) | stays
            ).order_by("name", "pk")

    def layout(self) -> list[tuple[Any, tuple[str, ...], Any]]:
        """Return the groups."""
        return [
            (_("Driver"), ("last_name", "first_name", "email", "phone", "licences", "member"), ""),
            (_("Where they belong"), ("customer_number", "division"), ""),
        ]

    def data_of(self) -> DriverData:
        """Return what the service takes."""
        typed = {name: self.cleaned_data[name] for name in ("last_name", "first_name", "email", "phone", "division")}
        member = self.cleaned_data["member"] if "member" in self.fields else self.before
        return DriverData(licences=tuple(self.cleaned_data["licences"]), member=member, **typed)


def initial_of(row: Vehicle | Driver) -> dict[str, Any]:
    """Return what the form of a change shows at first: the row as it is, its plate as it is kept."""
    names = ("version", "division") + (
        ("plate", "plate_country", "make", "model", "vin", "vin_reason", "fuel", "cost_centre")
        if isinstance(row, Vehicle)
        else ("last_name", "first_name", "email", "phone", "licences", "member")
    )
    return {name: getattr(row, name) for name in names}
