"""Entries about vehicles and drivers in words, for their histories."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from fleetportal.core.audit import AuditEntry
from fleetportal.core.pages.detail import history
from vehicles.models import Driver, Fuel, Vehicle

_FIELDS = {
    "plate": lambda: _("Plate"),
    "plate_country": lambda: _("Country of the plate"),
    "make": lambda: _("Make"),
    "model": lambda: _("Model"),
    "vin": lambda: _("VIN"),
    "vin_reason": lambda: _("Reason for another number"),
    "fuel": lambda: _("Fuel"),
    "division": lambda: _("Fleet division"),
    "cost_centre": lambda: _("Cost centre"),
    "last_name": lambda: _("Last name"),
    "first_name": lambda: _("First name"),
    "email": lambda: _("E-mail address"),
    "phone": lambda: _("Phone"),
    "licences": lambda: _("Licence categories"),
    "member": lambda: _("Colleague"),
}


def _said(name: str, value: Any) -> str:
    if value in (None, "", []):
        return "–"
    if name == "fuel":
        return str(Fuel(value).label)
    return ", ".join(value) if isinstance(value, list) else str(value)


def _changed(entry: AuditEntry) -> tuple[str, list[dict[str, Any]]]:
    lines = [
        {"label": _FIELDS[name](), "before": _said(name, entry.before.get(name)), "after": _said(name, value)}
        for name, value in entry.after.items()
        if name in _FIELDS
    ]
    return _("Changed"), lines


def vehicle_history(vehicle: Vehicle) -> list[dict[str, Any]]:
    """Return what happened to a vehicle, newest first."""
    words = {
        "vehicles.created": _("Created"),
        "vehicles.changed": _changed,
        "vehicles.ended": _("Taken out of the fleet"),
    }
    return history([("vehicles.vehicle", [vehicle.pk])], words, {"": _("The portal")})


def driver_history(driver: Driver) -> list[dict[str, Any]]:
    """Return what happened to a driver, newest first."""
    words = {"drivers.created": _("Created"), "drivers.changed": _changed, "drivers.ended": _("Has left")}
    return history([("vehicles.driver", [driver.pk])], words, {"": _("The portal")})
