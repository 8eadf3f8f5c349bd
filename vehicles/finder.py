"""Vehicles and drivers in the search box."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as lazy

from fleetportal.core.finder import Kind, Shown, declare
from fleetportal.core.search import Hits
from vehicles.finding import DRIVER, VEHICLE
from vehicles.models import Driver, Vehicle
from vehicles.states import DRIVER_STATES, STATE, VEHICLE_STATES


def show_vehicles(hits: Hits) -> Iterator[Shown]:
    """Return vehicles by plate, with what they are and where they lie."""
    words = dict(VEHICLE_STATES)
    rows = Vehicle.objects.filter(pk__anyof=hits).annotate(state=STATE)
    for pk, plate, make, model, division, state in rows.values_list(
        "pk", "plate", "make", "model", "division__name", "state"
    ):
        subtitle = " · ".join(filter(None, (f"{make} {model}".strip(), division)))
        yield Shown(pk, plate, subtitle, (state, str(words[state])))


def show_drivers(hits: Hits) -> Iterator[Shown]:
    """Return drivers by name, with their address and where they lie."""
    words = dict(DRIVER_STATES)
    rows = Driver.objects.filter(pk__anyof=hits).annotate(state=STATE)
    for pk, last, first, email, division, state in rows.values_list(
        "pk", "last_name", "first_name", "email", "division__name", "state"
    ):
        yield Shown(pk, f"{last} {first}", " · ".join(filter(None, (email, division))), (state, str(words[state])))


declare(Kind(VEHICLE, lazy("Vehicles"), "vehicles.see", "vehicles:vehicle", "vehicles:list", "car", show_vehicles, 30))
declare(
    Kind(DRIVER, lazy("Drivers"), "drivers.see", "vehicles:driver", "vehicles:drivers", "id-badge", show_drivers, 40)
)
