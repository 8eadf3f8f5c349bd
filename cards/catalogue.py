"""What a card can pay for, and the words for its settings: fuels, energy, services, and the units of their limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Unit(models.TextChoices):
    EUR = "eur", _("euro")
    LITRE = "l", _("litres")
    KWH = "kwh", _("kWh")
    KG = "kg", _("kg")


@dataclass(frozen=True, slots=True)
class Product:
    """A fuel, an energy or a service; `quantity` is the unit of its limits beside money, or None."""

    code: str
    label: Any
    group: str
    quantity: Unit | None = None


PRODUCTS: tuple[Product, ...] = (
    Product("diesel", _("Diesel"), "fuel", Unit.LITRE),
    Product("petrol95", _("Petrol 95"), "fuel", Unit.LITRE),
    Product("petrol98", _("Petrol 98"), "fuel", Unit.LITRE),
    Product("lpg", _("LPG"), "fuel", Unit.LITRE),
    Product("cng", _("CNG"), "fuel", Unit.KG),
    Product("hydrogen", _("Hydrogen"), "fuel", Unit.KG),
    Product("electricity", _("Electricity"), "fuel", Unit.KWH),
    Product("adblue", _("AdBlue"), "service", Unit.LITRE),
    Product("wash", _("Car wash"), "service"),
    Product("parking", _("Parking"), "service"),
    Product("toll", _("Toll and tunnels"), "service"),
    Product("lubricants", _("Lubricants"), "service"),
    Product("shop", _("Shop"), "service"),
)
PRODUCT = {product.code: product for product in PRODUCTS}
FUELS = tuple(product for product in PRODUCTS if product.group == "fuel")
SERVICES = tuple(product for product in PRODUCTS if product.group == "service")


class Category(models.TextChoices):
    VEHICLE = "vehicle", _("By vehicle")
    DRIVER = "driver", _("By driver")
    POOL = "pool", _("Pool")


class CodeType(models.TextChoices):
    CALCULATED = "calculated", _("4 digits, calculated by the operator")
    CHOSEN = "chosen", _("4 digits, chosen by you")
    PERSONAL = "personal", _("Personal code of 8 digits")


class Period(models.TextChoices):
    TRANSACTION = "transaction", _("per transaction")
    DAY = "day", _("per day")
    WEEK = "week", _("per week")
    MONTH = "month", _("per month")


class OnReach(models.TextChoices):
    BLOCK = "block", _("block this product")
    NOTIFY = "notify", _("only send a notice")


class VehicleType(models.TextChoices):
    CAR = "car", _("Car")
    VAN = "van", _("Van")
    LORRY = "lorry", _("Lorry")
    MOTORCYCLE = "motorcycle", _("Motorcycle")
    OTHER = "other", _("Other")


class Area(models.TextChoices):
    EVERYWHERE = "everywhere", _("All countries of the network")
    HOME = "home", _("Home country only")
    CHOSEN = "chosen", _("Chosen countries")


class Weekday(models.IntegerChoices):
    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")
    SUNDAY = 7, _("Sunday")


class BlockReason(models.TextChoices):
    THEFT = "theft", _("Theft")
    LOSS = "loss", _("Loss")
    NOT_RECEIVED = "not_received", _("Not received")
    DEFECTIVE = "defective", _("Defective")


class RenewalStatus(models.TextChoices):
    NONE = "none", _("None")
    CANDIDATE = "candidate", _("Candidate for renewal")
    CANCELLED = "cancelled", pgettext_lazy("card", "Cancelled")
    IN_RENEWAL = "in_renewal", _("In renewal")


# Countries of the network, by ISO 3166-1 alpha-2; the home country is the company's.
NETWORK = {
    "BE": _("Belgium"),
    "FR": _("France"),
    "NL": _("Netherlands"),
    "LU": _("Luxembourg"),
    "DE": _("Germany"),
    "ES": _("Spain"),
    "IT": _("Italy"),
    "PT": _("Portugal"),
    "AT": _("Austria"),
    "PL": _("Poland"),
    "CZ": _("Czechia"),
    "HU": _("Hungary"),
    "SK": _("Slovakia"),
}
