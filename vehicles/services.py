"""What is done with vehicles and drivers: create, change, take out of the fleet (ONB-6).

What is wrong with a value comes as `ValidationError` by field, a refusal as `TransitionLost` with the sentence. Each
verb leaves one audit entry, and writes what the row is found by, in the caller's transaction.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import CustomerNumber, FleetDivision, Membership
from accounts.rights import is_administrator
from fleetportal.core import audit, related
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.scope import current_scope
from vehicles import vin
from vehicles.finding import find_drivers, find_vehicles
from vehicles.models import LICENCES, Driver, Vehicle
from vehicles.plates import read_plate

_PHONE = re.compile(r"\+?[0-9][0-9 ()/.-]{4,28}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleData:
    """What is entered of a vehicle. `as_typed` keeps the plate as it is, else it gets the form of its country."""

    plate: str
    plate_country: str
    as_typed: bool = False
    make: str = ""
    model: str = ""
    vin: str = ""
    vin_reason: str = ""
    fuel: str = ""
    division: FleetDivision | None = None
    cost_centre: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverData:
    """What is entered of a driver; `member` is the colleague that they are, if they are one."""

    last_name: str
    first_name: str
    email: str = ""
    phone: str = ""
    licences: tuple[str, ...] = ()
    division: FleetDivision | None = None
    member: Membership | None = None


def create_vehicle(*, number: CustomerNumber, data: VehicleData, actor: Actor, now: datetime) -> Vehicle:
    """Add a vehicle to a customer number in scope (ONB-6); a plate or VIN in use is refused at its field."""
    actor.must("vehicles.change")
    vehicle = Vehicle(customer_number=number, **_vehicle_values(data, number.pk, None))
    _saved(lambda: vehicle.save())
    audit.record(actor, "vehicles.created", vehicle, now=now, after=describe_vehicle(vehicle))
    find_vehicles([vehicle])
    return vehicle


def change_vehicle(*, vehicle: Vehicle, version: int, data: VehicleData, actor: Actor, now: datetime) -> bool:
    """Change a vehicle; returns whether anything was different. Its customer number stays.

    `version` is the one the form was made from: raises `TransitionLost` when somebody else changed the vehicle
    meanwhile, or took it out of the fleet.
    """
    actor.must("vehicles.change")
    values = _vehicle_values(data, vehicle.customer_number_id, vehicle.division_id)
    if not _change(vehicle, version, values, describe_vehicle, "vehicles.changed", actor, now):
        return False
    find_vehicles([vehicle])
    related.follow(vehicle)
    return True


def end_vehicle(*, vehicle: Vehicle, actor: Actor, now: datetime) -> None:
    """Take a vehicle out of the fleet: its plate is free again, and what hangs on it stays (VEH-5).

    Raises `TransitionLost` for one that is out already.
    """
    actor.must("vehicles.change")
    _end(vehicle, "vehicles.ended", actor, now)


def create_driver(*, number: CustomerNumber, data: DriverData, actor: Actor, now: datetime) -> Driver:
    """Add a driver to a customer number in scope (ONB-6). Which colleague they are is said as in `change_driver`."""
    actor.must("drivers.change")
    driver = Driver(customer_number=number, **_driver_values(data, number.pk, None, actor))
    _saved(lambda: driver.save())
    audit.record(actor, "drivers.created", driver, now=now, after=describe_driver(driver))
    find_drivers([driver])
    return driver


def change_driver(*, driver: Driver, version: int, data: DriverData, actor: Actor, now: datetime) -> bool:
    """Change a driver; returns whether anything was different. Raises as `change_vehicle` does.

    Another colleague than before needs the right to see colleagues; only who decides for the company names themselves,
    since the own view shows a driver's cards wherever they lie (ACC-9, GEN-1).
    """
    actor.must("drivers.change")
    values = _driver_values(data, driver.customer_number_id, driver, actor)
    if not _change(driver, version, values, describe_driver, "drivers.changed", actor, now):
        return False
    find_drivers([driver])
    related.follow(driver)
    return True


def end_driver(*, driver: Driver, actor: Actor, now: datetime) -> None:
    """Note that a driver has left; what hangs on them stays. Raises `TransitionLost` for who has left already."""
    actor.must("drivers.change")
    _end(driver, "drivers.ended", actor, now)


def describe_vehicle(vehicle: Vehicle) -> dict[str, Any]:
    """Return a vehicle as the audit keeps it."""
    return {
        "plate": vehicle.plate,
        "plate_country": vehicle.plate_country,
        "make": vehicle.make,
        "model": vehicle.model,
        "vin": vehicle.vin,
        "vin_reason": vehicle.vin_reason,
        "fuel": vehicle.fuel,
        "division": str(vehicle.division or ""),
        "cost_centre": vehicle.cost_centre,
    }


def describe_driver(driver: Driver) -> dict[str, Any]:
    """Return a driver as the audit keeps them."""
    return {
        "last_name": driver.last_name,
        "first_name": driver.first_name,
        "email": driver.email,
        "phone": driver.phone,
        "licences": driver.licences,
        "division": str(driver.division or ""),
        "member": str(driver.member or ""),
    }


def _vehicle_values(data: VehicleData, number: int, lies_in: int | None) -> dict[str, Any]:
    """Return the columns of a vehicle; raises ValidationError with everything that is wrong, by field."""
    wrong: dict[str, list[str]] = {}
    read = read_plate(data.plate, data.plate_country)
    plate = " ".join(data.plate.upper().split()) if data.as_typed else read.printed
    if not read.key:
        wrong["plate"] = [_("A plate has letters or digits.")]
    elif len(plate) > 15:
        wrong["plate"] = [_("A plate has at most %(most)s characters.") % {"most": 15}]
    number_of_vin, reason = vin.normalise(data.vin), _text(data.vin_reason)
    if number_of_vin and (sentence := vin.refusal(number_of_vin, reason)):
        wrong["vin"] = [sentence]
    if sentence := _division_refusal(data.division, number, lies_in):
        wrong["division"] = [sentence]
    if wrong:
        raise ValidationError(wrong)
    return {
        "plate": plate,
        "plate_country": data.plate_country,
        "plate_key": read.key,
        "make": _text(data.make),
        "model": _text(data.model),
        "vin": number_of_vin,
        # What needs no reason keeps none.
        "vin_reason": reason if number_of_vin and vin.refusal(number_of_vin, "") else "",
        "fuel": data.fuel,
        "division": data.division,
        "cost_centre": _text(data.cost_centre),
    }


def _driver_values(data: DriverData, number: int, before: Driver | None, actor: Actor) -> dict[str, Any]:
    """Return the columns of a driver; raises ValidationError with everything that is wrong, by field."""
    wrong: dict[str, list[str]] = {}
    names = {"last_name": _text(data.last_name), "first_name": _text(data.first_name)}
    for name, text in names.items():
        if not any(sign.isalpha() for sign in text):
            wrong[name] = [_("A name has letters.")]
    email, phone = data.email.strip(), _text(data.phone)
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            wrong["email"] = error.messages
    if phone and not _PHONE.fullmatch(phone):
        wrong["phone"] = [_("Enter a phone number, such as 0470123456 or +32 470 12 34 56.")]
    if set(data.licences) - set(LICENCES):
        wrong["licences"] = [_("Choose from the categories that are offered.")]
    if sentence := _division_refusal(data.division, number, before.division_id if before else None):
        wrong["division"] = [sentence]
    if sentence := _member_refusal(data.member, before, actor):
        wrong["member"] = [sentence]
    if wrong:
        raise ValidationError(wrong)
    licences = [one for one in LICENCES if one in data.licences]
    kept = {"email": email, "phone": phone, "licences": licences, "division": data.division, "member": data.member}
    return {**names, **kept}


def _text(text: str) -> str:
    """Return a text as it is kept: composed, with single spaces, without signs that can't be seen."""
    seen = "".join(sign for sign in text if unicodedata.category(sign) not in {"Cc", "Cf", "Cs"} or sign.isspace())
    return " ".join(unicodedata.normalize("NFC", seen).split())


def _division_refusal(division: FleetDivision | None, number: int, lies_in: int | None) -> str:
    """Return why something of that number can't be put into the division, or an empty text.

    Who is limited to divisions would not see what lies in none (decision 3). What lies in a closed one stays there.
    """
    scope = current_scope()
    limits = scope.divisions if scope is not None else None
    if division is None:
        return _("Choose one of your divisions.") if limits is not None else ""
    if limits is not None and division.pk not in limits:
        return _("Choose one of your divisions.")
    if division.customer_number_id != number:
        return _("This division belongs to another customer number.")
    if division.closed_at is not None and division.pk != lies_in:
        return _("The division %(name)s is closed.") % {"name": division.name}
    return ""


def _member_refusal(member: Membership | None, before: Driver | None, actor: Actor) -> str:
    """Return why a driver can't be that colleague, or an empty text; who it was before, it may stay.

    Raises PermissionDenied for who may not see the colleagues.
    """
    if (member.pk if member else None) == (before.member_id if before else None):
        return ""
    if not actor.may("users.see"):
        raise PermissionDenied("users.see")
    if member is None:
        return ""
    if not member.is_active:
        return _("This colleague is inactive.")
    if member.pk == actor.membership and not is_administrator(member):
        return _("You can't name yourself. Ask your principal user or an Administrator.")
    return ""


def _saved(write: Any) -> Any:
    """Write; of two who enter the same plate, VIN or colleague at once, the second is told as if they came later."""
    try:
        with transaction.atomic():
            return write()
    except IntegrityError as error:
        if "vehicles_vehicle_plate_once" in str(error):
            raise ValidationError({"plate": [_("Another vehicle of your company has this plate.")]}) from error
        if "vehicles_vehicle_vin_once" in str(error):
            raise ValidationError({"vin": [_("Another vehicle of your company has this VIN.")]}) from error
        if "vehicles_driver_member_once" in str(error):
            raise ValidationError(
                {"member": [_("This colleague is another driver of this customer number.")]}
            ) from error
        raise


def _change(
    row: Any, version: int, values: dict[str, Any], describe: Any, verb: str, actor: Actor, now: datetime
) -> bool:
    """Swap the row's values where its version is still that one; return whether anything was different."""
    before = describe(row)
    current = type(row).objects.filter(pk=row.pk, version=version, ended_at__isnull=True)
    if all(getattr(row, name) == value for name, value in values.items()) and current.exists():
        return False
    if not _saved(lambda: current.update(version=F("version") + 1, **values)):
        _refuse_ended(type(row).objects.get(pk=row.pk))
        raise TransitionLost(_("Somebody else changed this meanwhile. Look at it again before you change it."))
    row.refresh_from_db()
    old, new = audit.changes(before, describe(row))
    audit.record(actor, verb, row, now=now, before=old, after=new)
    return True


def _end(row: Any, verb: str, actor: Actor, now: datetime) -> None:
    current = type(row).objects.filter(pk=row.pk, ended_at__isnull=True)
    if not current.update(ended_at=now, version=F("version") + 1):
        _refuse_ended(type(row).objects.get(pk=row.pk))
    audit.record(actor, verb, row, now=now, before={"ended": False}, after={"ended": True})


def _refuse_ended(row: Any) -> None:
    if sentence := ended_refusal(row):
        raise TransitionLost(sentence)


def ended_refusal(row: Vehicle | Driver) -> str:
    """Return why nothing is changed on what has left the fleet, or an empty text."""
    if row.ended_at is None:
        return ""
    if isinstance(row, Vehicle):
        return _("This vehicle is taken out of the fleet already.")
    return _("This driver has left already.")
