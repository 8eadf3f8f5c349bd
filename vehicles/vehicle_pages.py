"""*Vehicles and drivers → Find a vehicle*: the list, one vehicle, and what is done with it (ONB-6)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.reach import DIVISIONS, NUMBERS
from fleetportal.core.pages import Badge, Choice, Link, Text
from vehicles import pages, services, vin
from vehicles.filters import VehicleFilter
from vehicles.finding import VEHICLE
from vehicles.forms import COUNTRIES, VehicleForm
from vehicles.models import Fuel, Vehicle
from vehicles.plates import read_plate
from vehicles.states import VEHICLE_STATES
from vehicles.words import vehicle_history


class VehicleArea(pages.Area):
    """The addresses, words and right of vehicles."""

    list_name, row_name, new_name = "vehicles:list", "vehicles:vehicle", "vehicles:new"
    change_right = "vehicles.change"
    plural, create, end = lazy("Vehicles"), lazy("Create a vehicle"), lazy("Take out of the fleet")
    states = VEHICLE_STATES


class VehicleList(VehicleArea, pages.FleetList):
    """The vehicles of the fleet."""

    permission = "vehicles.see"
    title = lazy("Vehicles")
    model = Vehicle
    filterset_class = VehicleFilter
    beside = (NUMBERS, DIVISIONS)
    advanced = ("customer_number",)
    search_kind = VEHICLE
    search_placeholder = lazy("Plate, make, model, VIN or cost centre")
    default_order = "plate"
    empty_title = lazy("No vehicles yet")
    empty_text = lazy("The vehicles of your fleet stand here.")
    file_name = "vehicles"
    views = {
        "general": (lazy("General"), ("plate", "make", "fuel", "number", "division", "state")),
        "all": (
            lazy("All columns"),
            ("plate", "country", "make", "fuel", "number", "division", "cost_centre", "state"),
        ),
    }
    columns = (
        Link("plate", lazy("Plate"), ("plate", "pk"), sort="plate"),
        Choice("country", lazy("Country of the plate"), ("plate_country",), choices=COUNTRIES, minor=True),
        Text("make", lazy("Make and model"), ("make", "model")),
        Choice("fuel", lazy("Fuel"), ("fuel",), choices=Fuel.choices, minor=True),
        Text("number", lazy("Customer number"), ("customer_number__number",), minor=True),
        Text("division", lazy("Fleet division"), ("division__name",)),
        Text("cost_centre", lazy("Cost centre"), ("cost_centre",), minor=True),
        Badge("state", lazy("State"), ("state",), choices=VEHICLE_STATES),
    )


class VehicleDetail(VehicleArea, pages.FleetDetail):
    """One vehicle."""

    permission = "vehicles.see"
    model = Vehicle

    def subtitle(self, row: Vehicle) -> str:
        """Return what it is."""
        return f"{row.make} {row.model}".strip()

    def notices(self, row: Vehicle) -> list[dict[str, Any]]:
        """Say what is doubtful, which is never wrong for sure (facts 4.8, 4.13)."""
        return [{"tone": "warning", "text": text} for text in doubts(row)] if row.ended_at is None else []

    def facts(self, row: Vehicle) -> list[dict[str, Any]]:
        """Return what is known."""
        return [
            {"label": _("Plate"), "value": row.plate},
            {"label": _("Country of the plate"), "value": dict(COUNTRIES).get(row.plate_country, row.plate_country)},
            {"label": _("Make and model"), "value": self.subtitle(row)},
            {"label": _("VIN"), "value": row.vin, "help": row.vin_reason},
            {"label": _("Fuel"), "value": Fuel(row.fuel).label if row.fuel else ""},
            {"label": _("Customer number"), "value": str(row.customer_number)},
            {"label": _("Fleet division"), "value": str(row.division or "")},
            {"label": _("Cost centre"), "value": row.cost_centre},
        ]

    def timeline(self, row: Vehicle) -> list[dict[str, Any]]:
        """Return what happened."""
        return vehicle_history(row)


def doubts(row: Vehicle) -> list[str]:
    """Return sentences about a plate of unknown form and a check digit that does not fit."""
    return [text for text in (read_plate(row.plate, row.plate_country).warning, vin.doubt(row.vin)) if text]


class NewVehicle(VehicleArea, pages.NewInFleet):
    """Create a vehicle."""

    permission = "vehicles.change"
    title = lazy("Create a vehicle")
    form_class = VehicleForm
    submit_label = lazy("Create the vehicle")

    def created(self, form: Any) -> Vehicle:
        """Create it."""
        number = form.cleaned_data["customer_number"]
        return services.create_vehicle(number=number, data=form.data_of(), actor=self.actor, now=self.now)


class ChangeVehicle(VehicleArea, pages.ChangeInFleet):
    """Change a vehicle."""

    permission = "vehicles.change"
    model = Vehicle
    form_class = VehicleForm
    submit_label = lazy("Save the changes")

    def changed(self, form: Any) -> bool:
        """Change it."""
        version = form.cleaned_data["version"]
        return services.change_vehicle(
            vehicle=self.object, version=version, data=form.data_of(), actor=self.actor, now=self.now
        )


class EndVehicle(VehicleArea, pages.EndInFleet):
    """Take a vehicle out of the fleet."""

    permission = "vehicles.change"
    model = Vehicle
    submit_label = lazy("Take out of the fleet")

    def confirm(self, row: Vehicle) -> dict[str, Any]:
        """Say what happens."""
        return {
            "title": _("Take the vehicle %(plate)s out of the fleet") % {"plate": row.plate},
            "happens": [
                _("It is offered in no form any more, and can't be changed."),
                _("Its plate is free for another vehicle."),
                *self.in_use(row),
            ],
            "not_happens": [_("Nothing is deleted: the vehicle and its history stay here.")],
            "items": [f"{row.plate} {row.make} {row.model}".strip()],
        }

    def act(self, form: forms.Form) -> str:
        """Take it out."""
        services.end_vehicle(vehicle=self.object, actor=self.actor, now=self.now)
        messages.success(self.request, _("%(plate)s is taken out of the fleet.") % {"plate": self.object.plate})
        return self.refused_url()
