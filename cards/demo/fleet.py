"""Vehicles, drivers and what their cards are set to, drawn from a fixed seed: every demonstration is the same."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from random import Random
from typing import Any

from cards.catalogue import Area, Category, CodeType, OnReach, Period, Unit, VehicleType
from vehicles.plates import read_plate

# Letters that spell no words.
_LETTERS = "BCDFGHJKLMNPRSTVXZ"
_FRENCH = "ABCDEFGHJKLMNPQRSTVWXYZ"
_FIRST = (
    "Ahmed", "Anke", "Benoît", "Brigitte", "Cédric", "Dirk", "Emma", "Fatima", "Frank", "Geert", "Hélène", "Ingrid",
    "Jean-Marc", "Joke", "Kevin", "Kristof", "Laurent", "Lieve", "Mohamed", "Nele", "Olivier", "Patrick", "Rachid",
    "René", "Sara", "Stefaan", "Tom", "Valérie", "Veerle", "Yves",
)  # fmt: skip
_LAST = (
    "Aerts", "Baert", "Bogaert", "Carlier", "Coppens", "De Backer", "De Clercq", "Declerck", "Denis", "Desmet",
    "Fontaine", "François", "Geerts", "Gérard", "Hermans", "Jacobs", "Lemmens", "Martens", "Mertens", "Michiels",
    "Moreau", "Noël", "Pauwels", "Renard", "Segers", "Simon", "Smets", "Stevens", "Thys", "Van Damme", "Verhoeven",
    "Wauters",
)  # fmt: skip
_BOREA_LAST = ("Boreaens", "Boreaert", "Boreaux", "Boreanne", "De Borea", "Van Borea")


@dataclass(frozen=True, slots=True)
class Model:
    """A kind of vehicle: what it is called, what it drinks, and how much fits in."""

    make: str
    name: str
    kind: str
    fuel: str
    tank: int | None
    monthly: int


LORRIES = (
    Model("Volvo", "FH 460", VehicleType.LORRY, "diesel", 620, 2400),
    Model("DAF", "XF 480", VehicleType.LORRY, "diesel", 600, 2400),
    Model("Scania", "R 450", VehicleType.LORRY, "diesel", 600, 2200),
    Model("MAN", "TGX 18.470", VehicleType.LORRY, "diesel", 580, 2200),
    Model("Iveco", "S-Way NP 460", VehicleType.LORRY, "cng", None, 1800),
)
VANS = (
    Model("Ford", "Transit", VehicleType.VAN, "diesel", 80, 500),
    Model("Mercedes-Benz", "Sprinter", VehicleType.VAN, "diesel", 71, 500),
    Model("Renault", "Master", VehicleType.VAN, "diesel", 80, 450),
    Model("Peugeot", "Partner", VehicleType.VAN, "diesel", 50, 350),
    Model("Opel", "Vivaro-e", VehicleType.VAN, "electricity", None, 300),
)
CARS = (
    Model("Skoda", "Octavia", VehicleType.CAR, "diesel", 45, 280),
    Model("Volkswagen", "ID.4", VehicleType.CAR, "electricity", None, 200),
    Model("Toyota", "Corolla", VehicleType.CAR, "petrol95", 43, 220),
    Model("BMW", "i4", VehicleType.CAR, "electricity", None, 220),
    Model("Peugeot", "308", VehicleType.CAR, "petrol95", 52, 240),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a fleet: how many cards of which kind, for which number and division, and their plates' countries."""

    number: str
    division: str | None
    vehicles: int
    models: tuple[Model, ...]
    countries: str
    prefix: str
    drivers: int = 0
    pool: int = 0


@dataclass(slots=True)
class Settings:
    """One card as it will be ordered; vehicle and driver are what will be made before, or None."""

    number: str
    division: str | None
    category: str
    printed_as: str
    plate_country: str
    model: Model
    driver: tuple[str, str] | None
    extra_mention: str
    cost_centre: str
    second_product: bool
    products: list[str]
    limits: list[dict[str, Any]]
    controls: dict[str, Any]
    odometer_entry: bool
    code_type: str
    has_vehicle: bool = field(default=False)


ACME_PARTS = (
    Part("70214801", "North", 62, LORRIES + VANS, "BBBBBBBNO", "NRD", drivers=2),
    Part("70214801", "South", 44, VANS, "BBBBBBO", "SUD", drivers=2, pool=2),
    Part("70214801", "Company cars", 46, CARS, "BBBBBBBO", "CAR", drivers=10),
    Part("70214801", None, 6, VANS + CARS, "BO", "HQ", pool=3),
    Part("70214802", "Long distance", 58, LORRIES, "FFFFFBN", "INT", drivers=2),
    Part("70214802", "Workshop", 24, VANS, "FFFP", "ATL", pool=3),
)
BOREA_PARTS = (
    Part("71930501", "Borea Kitchens", 30, VANS, "", "BOREA-KITCHEN", drivers=4, pool=2),
    Part("71930501", "Borea Events", 16, VANS + CARS, "", "BOREA-EVENT", drivers=4, pool=2),
    Part("71930501", None, 2, CARS, "", "BOREA-HQ"),
)


def acme(random: Random) -> list[Settings]:
    """Return Acme's cards: 240 by vehicle, 16 by driver, 8 of the pool."""
    return _cards(random, ACME_PARTS, plates=_Plates(random), last_names=_LAST, marker="")


def borea(random: Random) -> list[Settings]:
    """Return Borea's 60 cards; each of their words holds the company's name."""
    count = 0

    def plate(_kind: str) -> tuple[str, str]:
        nonlocal count
        count += 1
        return f"BOREA-{count:02d}", "BE"

    return _cards(random, BOREA_PARTS, plates=plate, last_names=_BOREA_LAST, marker="BOREA ")


class _Plates:
    """Draws plates, each once: Belgian (B), of the old Belgian forms (O), Dutch (N), French (F), old French (P)."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.given: set[str] = set()

    def __call__(self, kind: str) -> tuple[str, str]:
        """Return a plate as its country prints it, and the country."""
        country = {"B": "BE", "O": "BE", "N": "NL", "F": "FR", "P": "FR"}[kind]
        while True:
            plate = read_plate(getattr(self, f"_{kind.lower()}")(), country)
            if plate.warning:
                raise ValueError(f"{plate.printed} is no plate of {country}.")
            if plate.key not in self.given:
                self.given.add(plate.key)
                return plate.printed, country

    def _letters(self, count: int, alphabet: str = _LETTERS) -> str:
        return "".join(self.random.choice(alphabet) for _letter in range(count))

    def _b(self) -> str:
        return f"{self.random.choice('1222')}{self._letters(3)}{self.random.randint(1, 999):03d}"

    def _o(self) -> str:
        letters, digits = self._letters(3), f"{self.random.randint(1, 999):03d}"
        return self.random.choice([letters + digits, digits + letters])

    def _n(self) -> str:
        return self.random.choice(
            [
                f"V{self.random.randint(1, 999):03d}{self._letters(2)}",
                f"{self.random.randint(10, 99)}B{self._letters(2)}{self.random.randint(1, 9)}",
                f"BV{self._letters(2)}{self.random.randint(1, 99):02d}",
            ]
        )

    def _f(self) -> str:
        left = self.random.choice("EFGH") + self.random.choice(_FRENCH)
        if left in {"SS", "WW"}:
            left = "FR"
        return f"{left}{self.random.randint(1, 999):03d}{self._letters(2)}"

    def _p(self) -> str:
        return f"{self.random.randint(100, 999)}{self._letters(3)}59"


def _cards(
    random: Random,
    parts: tuple[Part, ...],
    *,
    plates: Callable[[str], tuple[str, str]],
    last_names: tuple[str, ...],
    marker: str,
) -> list[Settings]:
    """Draw the cards of a fleet, part by part."""
    taken: set[tuple[str, str]] = set()
    cards = []
    for part in parts:
        for place in range(part.vehicles + part.drivers + part.pool):
            model = random.choice(part.models)
            driver = _driver(random, last_names, taken)
            if place < part.vehicles:
                plate, country = plates(random.choice(part.countries) if part.countries else "")
                with_driver = model.kind == VehicleType.CAR or random.random() < 0.6
                card = _settings(random, part, model, Category.VEHICLE, plate, country, driver if with_driver else None)
                card.has_vehicle = True
            elif place < part.vehicles + part.drivers:
                card = _settings(random, part, model, Category.DRIVER, embossed(" ".join(driver)), "", driver)
            else:
                pool = f"{marker}POOL {part.prefix} {place - part.vehicles - part.drivers + 1}"
                card = _settings(random, part, model, Category.POOL, pool[:26], "", None)
            if marker:
                card.extra_mention = "BOREA CATERING"
            cards.append(card)
    return cards


def _driver(random: Random, last_names: tuple[str, ...], taken: set[tuple[str, str]]) -> tuple[str, str]:
    """Draw a name that nobody of the company has yet; a second Dirk Maes gets a second letter, as on a payroll."""
    first, last = random.choice(_FIRST), random.choice(last_names)
    while (first, last) in taken:
        first, last = random.choice(_FIRST), random.choice(last_names)
    taken.add((first, last))
    return first, last


def _settings(
    random: Random,
    part: Part,
    model: Model,
    category: str,
    printed_as: str,
    country: str,
    driver: tuple[str, str] | None,
) -> Settings:
    """Draw what a card pays for, its ceilings and its controls, as they suit the vehicle."""
    lorry, car = model.kind == VehicleType.LORRY, model.kind == VehicleType.CAR
    products = [model.fuel, "wash"]
    if model.fuel == "diesel":
        products.append("adblue")
    if lorry:
        products += ["toll", "lubricants"]
    elif random.random() < 0.5:
        products.append("parking")
    monthly = Decimal(model.monthly + 50 * random.randint(-2, 4))
    limits = [limit(model.fuel, monthly, Unit.EUR, Period.MONTH, random.choice([OnReach.BLOCK, OnReach.NOTIFY]))]
    if random.random() < 0.6:
        limits.append(limit("wash", Decimal(random.choice([15, 20, 40])), Unit.EUR, Period.WEEK))
    if "adblue" in products and lorry:
        limits.append(limit("adblue", Decimal(random.choice([60, 80])), Unit.LITRE, Period.MONTH, OnReach.NOTIFY))
    controls: dict[str, Any] = {"vehicle_type": model.kind, "tank_capacity": model.tank}
    if lorry:
        controls |= {"area": Area.CHOSEN, "countries": ["BE", "NL", "FR", "LU", "DE"]}
    elif not car:
        controls |= {"area": Area.HOME, "hours_from": time(5), "hours_until": time(21)}
        controls["forbidden_days"] = random.choice([[], [7], [6, 7]])
    if random.random() < 0.3:
        controls |= {"max_transactions": random.choice([1, 2, 3]), "max_transactions_period": Period.DAY}
    if random.random() < 0.25:
        controls |= {"max_amount": Decimal(900 if lorry else 120), "min_minutes_between": 30}
    return Settings(
        number=part.number,
        division=part.division,
        category=category,
        printed_as=printed_as,
        plate_country=country,
        model=model,
        driver=driver,
        extra_mention="",
        cost_centre=f"{part.prefix}-{random.randint(1, 6):02d}",
        second_product=lorry,
        products=products,
        limits=limits,
        controls=controls,
        odometer_entry=not lorry and random.random() < 0.7,
        code_type=random.choices(
            [CodeType.CALCULATED, CodeType.CHOSEN, CodeType.PERSONAL], weights=[70, 10, 20 if lorry else 5]
        )[0],
    )


def limit(product: str, amount: Decimal, unit: str, period: str, on_reach: str = OnReach.BLOCK) -> dict[str, Any]:
    """Return a ceiling as the services take it."""
    return {"product": product, "amount": amount, "unit": unit, "period": period, "on_reach": on_reach}


def embossed(name: str) -> str:
    """Return a name as the embosser can print it: capitals without accents, at most 26 (CRD-3)."""
    letters = unicodedata.normalize("NFKD", name.upper())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))[:26].strip()
