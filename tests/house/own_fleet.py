"""Vehicles and drivers that have left, for the walk, and valid forms about those of the fleet."""

from __future__ import annotations

from typing import Any

from accounts.models import Membership
from fleetportal.core.scope import all_companies
from tests import factories
from tests.factories import NOW
from vehicles.finding import find_drivers, find_vehicles
from vehicles.models import Driver, Vehicle

# Who is the driver of each scope: people with an own view that reaches beyond what they see elsewhere, and Ben.
DRIVERS = {
    "own": "cora", "other_division": "dan", "no_division": "rita", "other_number": "nina", "other_company": "ben",
}  # fmt: skip


def prepare(world: Any, mark: str) -> None:
    """Let one of each have left, all be found, and some be colleagues."""
    one, north = world.numbers["one"], world.divisions["north"]
    world.ids["left_vehicle", "own"] = factories.vehicle(one, division=north, ended_at=NOW).pk
    world.ids["left_driver", "own"] = factories.driver(one, division=north, ended_at=NOW).pk
    with all_companies(reason="test data"):
        find_vehicles(Vehicle.objects.all())
        find_drivers(Driver.objects.all())
        for scope, persona in DRIVERS.items():
            made = Driver.objects.filter(pk=world.ids["driver", scope])
            of = made.values("company")
            made.update(member=Membership.objects.get(company__in=of, user=world.people[persona]))


def body(world: Any, name: str, scope: str) -> dict[str, Any] | None:
    """Return a valid form, or None for a page that is not about vehicles and drivers."""
    division = world.divisions[{"other_division": "south", "other_number": "west"}.get(scope, "north")].pk
    vehicle = {"plate": "1-NEW-123", "plate_country": "BE", "division": division}
    driver = {"last_name": "Newman", "first_name": "Nora", "division": division}
    created = {"customer_number": world.numbers["one"].pk}
    return {
        "vehicles:new": {**vehicle, **created},
        "vehicles:change": {**vehicle, "version": 1},
        "vehicles:end": {},
        "vehicles:new_driver": {**driver, **created},
        "vehicles:change_driver": {**driver, "version": 1},
        "vehicles:end_driver": {},
    }.get(name)
