"""That vehicles and drivers lie in divisions, and what entries about them are called on *Activity* (ACC-32, GEN-2)."""

from __future__ import annotations

from django.db.models import Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from fleetportal.core.activity import Subject, declare_subject, declare_verbs
from fleetportal.core.contents import Content, declare_content
from vehicles.finding import DRIVER, VEHICLE
from vehicles.models import Driver, Vehicle

_DRIVER = Concat("last_name", Value(" "), "first_name")

declare_content(Content(Vehicle, _("Vehicles"), "vehicles.changed", "plate", VEHICLE))
declare_content(Content(Driver, _("Drivers"), "drivers.changed", _DRIVER, DRIVER))
declare_subject(
    Subject(Vehicle, _("Vehicle"), "vehicles.see", label="plate", page="vehicles:vehicle", search_kind=VEHICLE)
)
declare_subject(Subject(Driver, _("Driver"), "drivers.see", label=_DRIVER, page="vehicles:driver", search_kind=DRIVER))
declare_verbs(
    {
        "vehicles.created": _("Vehicle created"),
        "vehicles.changed": _("Vehicle changed"),
        "vehicles.ended": _("Vehicle taken out of the fleet"),
        "drivers.created": _("Driver created"),
        "drivers.changed": _("Driver changed"),
        "drivers.ended": _("Driver has left"),
    }
)
