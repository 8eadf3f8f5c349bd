"""Cards by the million: one statement for each chunk, each chunk committed, two at a time."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils import timezone

from accounts.finding import find_number
from accounts.models import Company, CustomerNumber, FleetDivision, Membership
from cards.demo.bulk_sql import INSERT_CARDS
from cards.demo.people import SEEDER, VALIDITY_MONTHS, card_products, names
from cards.models import Card, CardProduct
from cards.numbers import allocate
from fleetportal.core.scope import company_scope
from vehicles.finding import find_drivers
from vehicles.models import Driver

CHUNK = 50_000
# As many as the smallest machine has cores: the work is the database's, and one session uses one core.
SESSIONS = 2
# One card in so many is of the second product.
_SECOND_EVERY = 10
_MOST_DRIVERS = 200
# The trigram index takes new rows in a list first and sorts them in later, cheaper the more at once (kilobytes).
_TUNING = "SET LOCAL work_mem = '192MB'; SET LOCAL gin_pending_list_limit = '64MB'"


@dataclass(frozen=True, slots=True)
class Ground:
    """What the cards of one company stand on: places (a number, perhaps with a division), drivers, who asked."""

    company: int
    places: tuple[tuple[int, int | None], ...]
    drivers: tuple[tuple[int, str], ...]
    address: dict[str, str]
    requested_by: int | None
    cards: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Cards number `first` to `first + count - 1` of one company."""

    ground: Ground
    first: int
    count: int


def prepare(company: Company, count: int, *, now: datetime) -> Ground:
    """Find the company's numbers and divisions, and make them and its drivers where there are none.

    `count` is how many cards will come: a company of a thousand has fewer drivers than one of a million.
    """
    with company_scope(company.pk):
        if not CustomerNumber.objects.exists():
            _lay_out(company, divisions=4)
        numbers = list(CustomerNumber.objects.order_by("pk"))
        divisions = list(FleetDivision.objects.filter(closed_at__isnull=True).order_by("pk"))
        if not Driver.objects.exists():
            _make_drivers(company, numbers[0], min(_MOST_DRIVERS, max(10, count // 20)))
        drivers = tuple((driver.pk, str(driver)) for driver in Driver.objects.order_by("pk")[:_MOST_DRIVERS])
        principal = Membership.objects.filter(is_principal=True).first()
        # Every number also has cards of no division, as in life.
        places = [(number.pk, None) for number in numbers]
        places += [(division.customer_number_id, division.pk) for division in divisions]
        first = numbers[0]
        return Ground(
            company=company.pk,
            places=tuple(places),
            drivers=drivers,
            address={name: getattr(first, name) for name in ("recipient", "street", "postal_code", "town")},
            requested_by=principal.user_id if principal else None,
            cards=Card.objects.count(),
        )


def _lay_out(company: Company, *, divisions: int) -> None:
    """Give a company one customer number, known by the company's own key, and its divisions."""
    number = CustomerNumber.objects.create(
        number=f"72{company.pk:06d}",
        name=f"{company.legal_name} fleet",
        recipient=f"{company.legal_name}, fleet office",
        street="Tuinstraat 8",
        postal_code="2800",
        town="Mechelen",
    )
    find_number(number)
    for place in range(divisions):
        FleetDivision.objects.create(customer_number=number, name=f"Region {place + 1}")


def _make_drivers(company: Company, number: CustomerNumber, count: int) -> None:
    """Give a company drivers, whose names are the first of a fixed row."""
    rows = [
        Driver(company=company, customer_number=number, first_name=first, last_name=last)
        for first, last in itertools.islice(names(), count)
    ]
    find_drivers(Driver.objects.bulk_create(rows))


def chunks(ground: Ground, count: int, *, size: int = CHUNK) -> Iterator[Chunk]:
    """Cut `count` new cards of a company into chunks; they are numbered on from those it has."""
    start = ground.cards + 1
    for first in range(start, start + count, size):
        yield Chunk(ground, first, min(size, start + count - first))


def fill(work: Iterable[Chunk], *, now: datetime) -> Iterator[int]:
    """Make the cards of all chunks, each in a transaction of its own, and yield how many there are so far.

    Two chunks are made at a time, in two sessions of the database; inside of somebody's transaction, which no other
    session sees, one after the other. What is committed stays when a later chunk fails.
    """
    products = card_products()
    if connection.in_atomic_block:
        yield from itertools.accumulate(_make(chunk, products, now) for chunk in work)
        return
    done, running = 0, deque[Future[int]]()
    with ThreadPoolExecutor(SESSIONS) as pool:
        for chunk in work:
            running.append(pool.submit(_make_apart, chunk, products, now))
            while len(running) > SESSIONS:
                done += running.popleft().result()
                yield done
        while running:
            done += running.popleft().result()
            yield done


def _make_apart(chunk: Chunk, products: tuple[CardProduct, CardProduct], now: datetime) -> int:
    """Make one chunk in a thread of the pool, and leave no session behind."""
    try:
        return _make(chunk, products, now)
    finally:
        connection.close()


def _make(chunk: Chunk, products: tuple[CardProduct, CardProduct], now: datetime) -> int:
    """Make one chunk. Its numbers are taken before, so that nobody waits for their counter until it is done."""
    of_second = [(chunk.first + at) % _SECOND_EVERY == 0 for at in range(chunk.count)]
    # What a failed chunk leaves behind is a gap in the range of numbers, which does not matter.
    supply = [iter(allocate(products[0], of_second.count(False))), iter(allocate(products[1], of_second.count(True)))]
    ground = chunk.ground
    with company_scope(ground.company), connection.cursor() as cursor:
        cursor.execute(_TUNING)
        cursor.execute(
            INSERT_CARDS,
            {
                "first": chunk.first,
                "numbers": [next(supply[second]) for second in of_second],
                "products": [products[second].pk for second in of_second],
                "now": now,
                "today": timezone.localdate(now),
                "validity": VALIDITY_MONTHS,
                "company": ground.company,
                "place_numbers": [number for number, _division in ground.places],
                "place_divisions": [division for _number, division in ground.places],
                "drivers": [pk for pk, _name in ground.drivers],
                "driver_names": [name for _pk, name in ground.drivers],
                "requested_by": ground.requested_by,
                "actor": SEEDER,
                **ground.address,
            },
        )
    return chunk.count
