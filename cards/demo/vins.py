"""The chassis numbers of the demonstration's vehicles: invented, well-formed, and the same every time."""

from __future__ import annotations

from zlib import crc32

from cards.demo.fleet import Model
from vehicles.models import Fuel
from vehicles.vin import check_digit

# The world manufacturer identifier that each maker's vehicles begin with (ISO 3780).
_MAKERS = {
    "Volvo": "YV2",
    "DAF": "XLR",
    "Scania": "YS2",
    "MAN": "WMA",
    "Iveco": "ZCF",
    "Ford": "WF0",
    "Mercedes-Benz": "W1V",
    "Renault": "VF1",
    "Peugeot": "VF3",
    "Opel": "W0L",
    "Skoda": "TMB",
    "Volkswagen": "WVW",
    "Toyota": "SB1",
    "BMW": "WBY",
}
# What a VIN may hold: no I, O or Q. A year of 2019 to 2024 stands at the tenth place.
_SIGNS = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ"
_YEARS = "KLMNPR"
_FUELS = {
    "diesel": Fuel.DIESEL,
    "petrol95": Fuel.PETROL,
    "electricity": Fuel.ELECTRIC,
    "cng": Fuel.CNG,
}


def fuel_of(model: Model) -> str:
    """Return what drives vehicles of that model, by what their cards pay for."""
    return _FUELS[model.fuel]


def vin_of(model: Model, plate: str) -> str:
    """Return the VIN of the vehicle with that plate: nothing is drawn, so the rest of the demonstration stays as it is.

    It carries the check digit that European makers need not use, since many do (facts 4.8).
    """
    drawn = crc32(plate.encode())
    rest, signs = drawn, ""
    for _place in range(6):
        rest, one = divmod(rest, len(_SIGNS))
        signs += _SIGNS[one]
    maker, year, serial = _MAKERS[model.make], _YEARS[drawn % len(_YEARS)], drawn % 1_000_000
    return check_digit(f"{maker}{signs[:5]}0{year}{signs[5]}{serial:06d}")
