"""The demonstration as a whole: two companies with fleets and cards, what happened to them, and one that begins."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from accounts.models import Company
from cards.catalogue import CodeType
from cards.demo import fleet
from cards.demo.beginning import CEDAR, bring_in_cedar, publish
from cards.demo.fates import Fate, Fates, Plastic, in_office
from cards.demo.fleet import Settings
from cards.demo.letters import letters
from cards.demo.people import ACME, BOREA, Cast, bring_in, bring_in_staff, card_products
from cards.demo.story import Life, Story
from cards.demo.vins import fuel_of, vin_of
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.work_models import WorkItem
from vehicles.finding import find_drivers, find_vehicles
from vehicles.models import Driver, Vehicle
from vehicles.plates import plate_key

# One seed for each company, so that a change of one fleet leaves the other as it was.
ACME_SEED, BOREA_SEED, STORY_SEED = 20_260_101, 20_260_102, 20_260_103
# How many cards have which fate (see `Fates`); the others are active.
ACME_FATES = {
    "expired": 14,
    "replaced": 16,
    "replaced_twice": 3,
    "blocked": 8,
    "never_came": 2,
    "duplicate_waits": 3,
    "duplicate_in_production": 2,
    "duplicate_under_way": 3,
    "duplicate_rejected": 1,
    "new": 6,
    "new_late": 3,
    "in_production": 4,
    "made": 3,
    "in_production_late": 2,
    "under_way": 9,
    "deleted": 4,
    "withdrawn": 3,
    "rejected": 2,
}
BOREA_FATES = {
    "expired": 2,
    "replaced": 2,
    "blocked": 2,
    "duplicate_waits": 1,
    "new": 2,
    "new_late": 1,
    "in_production": 1,
    "made": 1,
    "under_way": 2,
    "deleted": 1,
    "rejected": 1,
}
# One active card in so many was changed since.
_CHANGED_EVERY = 7
# Of the active cards that expire first, every second one was cancelled: their vehicles go back at the end of the lease.
# One lease was then prolonged. A card each few days, the first one so many days ago.
_CANCELLED_OF, _CANCELLED_SINCE, _CANCELLED_EACH, _PROLONGED = 12, 40, 5, 1
# What was changed on some cards so that they need a new plastic; the last one so many days ago, all on cards that were
# ordered long before.
_CHANGES: tuple[dict[str, Any], ...] = (
    {"values": {"extra_mention": "DEPOT 2", "cost_centre": "DEPOT-2"}},
    {"another_code": True},
    {"values": {"extra_mention": "NIGHT SHIFT"}},
)
_REPLACED_SINCE, _SETTLED = 120, 300
# Who manages the fleet and drives a car of it, and has an own view (ACC-9); the part of their address before the @.
DRIVES, DRIVES_FOR = "management", "Company cars"
# The mail by which a colleague is invited.
_INVITATION = "colleague_invited"


def is_there() -> bool:
    """Say whether the demonstration's companies are in the database already, one of them or all."""
    with all_companies(reason="is the demonstration there?"):
        return Company.objects.filter(identifier__in=[ACME.identifier, BOREA.identifier, CEDAR.identifier]).exists()


def make(*, now: datetime) -> None:
    """Make the demonstration, whole or not at all; everything in it lies before `now`.

    Raises IntegrityError where a company or a person of it is there already.
    """
    with transaction.atomic():
        before = _newest()
        operator = bring_in_staff(now=now)
        publish(operator, now=now)
        acme, borea = bring_in(ACME, now=now), bring_in(BOREA, now=now)
        story = Story(now=now, random=_dice(STORY_SEED), operator=operator, products=card_products())
        lives = _lives(acme, fleet.acme, ACME_FATES, _dice(ACME_SEED), now, days_between=45)
        _renew_plastics(lives, now)
        lives += _lives(borea, fleet.borea, BOREA_FATES, _dice(BOREA_SEED), now, days_between=90)
        for life in lives:
            story.begin(life)
        letters(story, lives)
        story.mishaps()
        story.tell()
        story.last_uses(lives)
        bring_in_cedar(now=now)
        _close(before, now)


def _dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # nothing secret is drawn, and it must come out the same every time


def _lives(
    cast: Cast, draw: Any, wanted: dict[str, int], random: Random, now: datetime, *, days_between: int
) -> list[Life]:
    """Draw a fleet and the fates of its cards, and make its vehicles and drivers."""
    settings: list[Settings] = draw(random)
    names = [name for name, count in wanted.items() for _card in range(count)]
    names += ["active"] * (len(settings) - len(names))
    random.shuffle(names)
    fates = Fates(random, now, days_between)
    lives = [Life(cast, one, fates.draw(name)) for one, name in zip(settings, names, strict=True)]
    for life in [life for life in lives if life.fate.name == "active"][::_CHANGED_EVERY]:
        life.fate.changes.append(_changed_at(life.fate, random, now))
    if DRIVES in cast.people:
        chosen = next(one for one in lives if one.settings.division == DRIVES_FOR and one.fate.name == "active")
        chosen.settings.driver, chosen.member = cast.people[DRIVES].name, cast.people[DRIVES].actor.membership
    _let_go(lives, now)
    _park(lives)
    return lives


def _let_go(lives: Sequence[Life], now: datetime) -> None:
    """Plan which cards are not renewed; nothing is drawn for it, so that the rest of the story stays as it was."""
    active = [life for life in lives if life.fate.name == "active" and life.member is None]
    oldest = sorted(active, key=lambda life: life.fate.plastics[0].ordered_at)[:_CANCELLED_OF]
    for place, life in enumerate(oldest[::2]):
        days_ago = _CANCELLED_SINCE - place * _CANCELLED_EACH
        life.fate.cancelled_at = in_office(days_ago, 10 * 60 + 7 * place, now)
        if place == _PROLONGED:
            life.fate.taken_back_at = in_office(days_ago - 7, 15 * 60 + 20, now)


def _renew_plastics(lives: Sequence[Life], now: datetime) -> None:
    """Plan which cards are changed so that they need a new plastic; nothing is drawn, as above.

    One waits for production, one is on its way, and one replaced the older one, which is still valid, some months ago.
    """
    fit = [
        life
        for life in lives
        if life.fate.name == "active"
        and not (life.fate.changes or life.fate.cancelled_at or life.member)
        and life.settings.code_type == CodeType.CALCULATED
        and life.fate.plastics[0].ordered_at < now - timedelta(days=_SETTLED)
    ]
    waiting, under_way, done = fit[: len(_CHANGES)]
    hour = timedelta(hours=1)
    waiting.fate.plastics.append(Plastic(now - 3 * hour, change=_CHANGES[0]))
    under_way.fate.plastics.append(
        Plastic(now - 60 * hour, now - 56 * hour, now - 54 * hour, now - 52 * hour, change=_CHANGES[1])
    )
    ordered = in_office(_REPLACED_SINCE, 10 * 60, now)
    done.fate.plastics.append(
        Plastic(ordered, ordered + hour, ordered + 4 * hour, ordered + 20 * hour,
                received_at=ordered + 96 * hour, change=_CHANGES[2])
    )  # fmt: skip


def _changed_at(fate: Fate, random: Random, now: datetime) -> datetime:
    """Draw when a card's settings were changed: after its plastic has become active at the latest."""
    settled = fate.plastics[0].ordered_at + timedelta(days=13)
    return settled + (now - settled) * random.random()


def _park(lives: Sequence[Life]) -> None:
    """Make the vehicles and drivers of a fleet, and link them to their cards' lives.

    The vehicle of an expired card has left the fleet.
    """
    cast = lives[0].cast
    vehicles, drivers = [], []
    for life in lives:
        settings = life.settings
        place: dict[str, Any] = {
            "company_id": cast.company.pk,
            "customer_number": cast.numbers[settings.number],
            "division": cast.divisions[settings.division] if settings.division else None,
        }
        if settings.driver:
            first, last = settings.driver
            address = f"{fleet.embossed(first)}.{fleet.embossed(last)}".lower().replace(" ", "")
            domain = cast.company.email.partition("@")[2]
            life.driver = Driver(
                **place, first_name=first, last_name=last, email=f"{address}@{domain}", member_id=life.member
            )
            drivers.append(life.driver)
        if settings.has_vehicle:
            life.vehicle = Vehicle(
                **place,
                plate=settings.printed_as,
                plate_country=settings.plate_country,
                plate_key=plate_key(settings.printed_as),
                make=settings.model.make,
                model=settings.model.name,
                vin=vin_of(settings.model, settings.printed_as),
                fuel=fuel_of(settings.model),
                ended_at=_left(life.fate),
            )
            vehicles.append(life.vehicle)
    with company_scope(cast.company.pk):
        find_vehicles(Vehicle.objects.bulk_create(vehicles))
        find_drivers(Driver.objects.bulk_create(drivers))


def _left(fate: Fate) -> datetime | None:
    made_at = fate.plastics[0].made_at
    return made_at + timedelta(days=1440) if fate.name == "expired" and made_at else None


def _newest() -> tuple[int, int]:
    """Return the highest ids of work and of mails before the story."""
    with all_companies(reason="the demonstration's history"):
        return (
            WorkItem.objects.aggregate(newest=Max("pk"))["newest"] or 0,
            OutgoingMail.objects.aggregate(newest=Max("pk"))["newest"] or 0,
        )


def _close(before: tuple[int, int], now: datetime) -> None:
    """Note that what the story promised was done and its mails were sent, at the time: nothing of it is sent today.

    Invitations alone are: their links are made when the mail goes out, and before that an invitation is on its way.
    """
    work, mails = before
    with all_companies(reason="the demonstration's history"):
        promised = WorkItem.objects.filter(pk__gt=work, status=WorkItem.Status.WAITING, due_at__lte=now)
        promised.exclude(kind="core.send_mail", subject=_INVITATION).update(
            status=WorkItem.Status.DONE, attempts=1, finished_at=F("due_at") + timedelta(seconds=1)
        )
        written = OutgoingMail.objects.filter(pk__gt=mails, status=OutgoingMail.Status.WAITING)
        written.exclude(template=_INVITATION).update(
            status=OutgoingMail.Status.SENT, tries=1, sent_at=F("created_at") + timedelta(seconds=1)
        )
