"""By what vehicles and drivers are found in lists and in the search box, kept up to date by their services."""

from __future__ import annotations

from collections.abc import Iterable

from fleetportal.core import search
from fleetportal.core.search_fill import Source, declare_source
from vehicles.models import Driver, Vehicle

VEHICLE, DRIVER = "vehicles.vehicle", "vehicles.driver"


def find_vehicles(vehicles: Iterable[Vehicle]) -> None:
    """Write what these vehicles are found by (called in the transaction that changes them)."""
    search.put(VEHICLE, map(_of_vehicle, vehicles))


def find_drivers(drivers: Iterable[Driver]) -> None:
    """Write what these drivers are found by (called in the transaction that changes them)."""
    search.put(DRIVER, map(_of_driver, drivers))


def _of_vehicle(one: Vehicle) -> search.Entry:
    parts = [one.plate, one.plate_key, one.make, one.model, one.vin, one.cost_centre]
    return _entry(one, " ".join(dict.fromkeys(part for part in parts if part)))


def _of_driver(one: Driver) -> search.Entry:
    return _entry(one, f"{one.last_name} {one.first_name} {one.email} {one.phone}")


def _entry(row: Vehicle | Driver, words: str) -> search.Entry:
    return search.Entry(
        company=row.company_id,
        object_id=row.pk,
        words=words,
        customer_number=row.customer_number_id,
        division=row.division_id,
    )


declare_source(Source(VEHICLE, Vehicle, lambda keys: map(_of_vehicle, Vehicle.objects.filter(pk__in=keys))))
declare_source(Source(DRIVER, Driver, lambda keys: map(_of_driver, Driver.objects.filter(pk__in=keys))))
