"""By what vehicles and drivers are found in lists and in the search box, kept up to date by their services."""

from __future__ import annotations

from collections.abc import Iterable

from fleetportal.core import search
from vehicles.models import Driver, Vehicle

VEHICLE, DRIVER = "vehicles.vehicle", "vehicles.driver"


def find_vehicles(vehicles: Iterable[Vehicle]) -> None:
    """Write what these vehicles are found by (called in the transaction that changes them)."""
    search.put(VEHICLE, [_entry(one, _vehicle_words(one)) for one in vehicles])


def find_drivers(drivers: Iterable[Driver]) -> None:
    """Write what these drivers are found by (called in the transaction that changes them)."""
    search.put(DRIVER, [_entry(one, f"{one.last_name} {one.first_name} {one.email} {one.phone}") for one in drivers])


def _vehicle_words(one: Vehicle) -> str:
    parts = [one.plate, one.plate_key, one.make, one.model, one.vin, one.cost_centre]
    return " ".join(dict.fromkeys(part for part in parts if part))


def _entry(row: Vehicle | Driver, words: str) -> search.Entry:
    return search.Entry(
        company=row.company_id,
        object_id=row.pk,
        words=words,
        customer_number=row.customer_number_id,
        division=row.division_id,
    )
