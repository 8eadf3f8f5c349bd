"""Whether a vehicle or a driver is of the fleet today, as one expression for lists, filters and pages."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, CharField, Value, When
from django.utils.translation import gettext_lazy as _

ACTIVE, ENDED = "active", "inactive"
STATE = Case(When(ended_at__isnull=True, then=Value(ACTIVE)), default=Value(ENDED), output_field=CharField())
VEHICLE_STATES = ((ACTIVE, _("In use")), (ENDED, _("Out of the fleet")))
DRIVER_STATES = ((ACTIVE, _("Drives for you")), (ENDED, _("Has left")))


def state_of(row: Any) -> str:
    """Return the state of a row that was read without it."""
    return ACTIVE if row.ended_at is None else ENDED
