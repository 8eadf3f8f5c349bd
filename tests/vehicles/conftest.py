"""A company with numbers, divisions and people, and forms of vehicles and drivers as a manager fills them in."""

from __future__ import annotations

from typing import Any

from tests.accounts.settings.conftest import Firm, firm

__all__ = ["driver_form", "firm", "vehicle_form"]


def vehicle_form(firm: Firm, **changes: Any) -> dict[str, Any]:
    """Return a valid form of a new vehicle, under number one in division north."""
    return {
        "plate": "1abc123",
        "plate_country": "BE",
        "make": "Volvo",
        "model": "FH 460",
        "fuel": "diesel",
        "vin": "",
        "vin_reason": "",
        "customer_number": firm.one.pk,
        "division": firm.north.pk,
        "cost_centre": "Depot 4",
        **changes,
    }


def driver_form(firm: Firm, **changes: Any) -> dict[str, Any]:
    """Return a valid form of a new driver, under number one in division north."""
    return {
        "last_name": "De Smet",
        "first_name": "Dirk",
        "email": "dirk.desmet@acme.example",
        "phone": "+32 470 12 34 56",
        "licences": ["CE", "B"],
        "customer_number": firm.one.pk,
        "division": firm.north.pk,
        **changes,
    }
