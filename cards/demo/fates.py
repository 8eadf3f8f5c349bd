"""What becomes of each card, and when: the plan of a history, drawn before anything is written.

Moments are working hours in Brussels, rounds of production twice a day, and, for what is under way now, hours before
`now`. What a plan says is carried out by `story`, through the same services as if people had done it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from cards.catalogue import BlockReason

BRUSSELS = ZoneInfo("Europe/Brussels")
# The card maker's own words: shown as they came.
NOT_PRINTABLE = "Embossing line 1 can't be printed"
WRONG_ADDRESS = "Delivery address unknown to the carrier"
_YEARS_AGO = 1490  # a plastic made so many days ago has expired: 48 months and the rest of the month


@dataclass(slots=True)
class Plastic:
    """One plastic, with the moments of its life; None is 'not (yet)'."""

    ordered_at: datetime
    taken_at: datetime | None = None
    made_at: datetime | None = None
    dispatched_at: datetime | None = None
    rejected_at: datetime | None = None
    rejected_because: str = ""
    received_at: datetime | None = None
    first_used_at: datetime | None = None
    withdrawn_at: datetime | None = None
    deleted_at: datetime | None = None
    blocked_at: datetime | None = None
    block_reason: str = ""
    # What was changed on the card, so that this plastic was ordered; None for a first one and for a duplicate.
    change: dict[str, Any] | None = None


@dataclass(slots=True)
class Fate:
    """The plastics of one card, by rank, when its settings are changed, and when its renewal is decided on."""

    name: str
    plastics: list[Plastic]
    changes: list[datetime] = field(default_factory=list)
    cancelled_at: datetime | None = None
    taken_back_at: datetime | None = None


@dataclass(slots=True)
class Fates:
    """Draws fates of one fleet, which orders new cards every `days_between` days, so that batches have some size."""

    random: Random
    now: datetime
    days_between: int

    def draw(self, name: str) -> Fate:
        """Return a fate of that name; each is a method below."""
        return Fate(name, getattr(self, f"_{name}")())

    # --- Moments ----------------------------------------------------------------------------------------------------

    def _office(self, days_ago: float, hour: float = 9.0) -> datetime:
        """Return a moment in office hours that many days ago; on a weekend, of the Friday before."""
        return in_office(days_ago, int(hour * 60) + self.random.randint(0, 50), self.now)

    def _order_day(self, newest: int, oldest: int) -> int:
        """Draw a day between, one of those on which this fleet orders."""
        first, last = -(-newest // self.days_between), oldest // self.days_between
        return self.random.randint(first, last) * self.days_between

    def _ago(self, hours: float) -> datetime:
        return self.now - timedelta(hours=hours)

    def _life(self, ordered_at: datetime, *, receive: bool = True) -> Plastic:
        """Return a plastic that was made and dispatched within its 24 hours, and received days later."""
        local = ordered_at.astimezone(BRUSSELS)
        late = self.random.random() < 0.02
        if local.time() < time(14, 30):
            taken, sent = at(local.date(), 14 * 60 + 30), at(local.date() + timedelta(days=1), 7 * 60 + 30)
        else:
            next_day = local.date() + timedelta(days=1)
            taken, sent = at(next_day, 8 * 60 + 30), at(next_day, 13 * 60)
        plastic = Plastic(ordered_at, taken, taken + timedelta(hours=3), sent + timedelta(hours=24 if late else 0))
        if receive:
            self._arrive(plastic)
        return plastic

    def _arrive(self, plastic: Plastic) -> None:
        """Let a dispatched plastic be confirmed, be used before that, or be left to become active by itself."""
        if plastic.dispatched_at is None:
            raise ValueError("What was not dispatched can't arrive.")
        days, dice = self.random.randint(2, 6), self.random.random()
        if dice < 0.65:
            plastic.received_at = plastic.dispatched_at + timedelta(days=days, minutes=self.random.randint(30, 400))
        elif dice < 0.85:
            # The network tells of purchases once a day, late in the evening.
            sent_on = plastic.dispatched_at.astimezone(BRUSSELS).date()
            plastic.first_used_at = at(sent_on + timedelta(days=days), 22 * 60)

    # --- Fates ------------------------------------------------------------------------------------------------------

    def _active(self) -> list[Plastic]:
        lately = self.random.random() < 0.06
        days_ago = self.random.choice([21, 28]) if lately else self._order_day(20, 1380)
        return [self._life(self._office(days_ago, 8.5 + self.random.random() * 4))]

    def _expired(self) -> list[Plastic]:
        plastic = self._life(self._office(self._order_day(_YEARS_AGO + 35, _YEARS_AGO + 230), 9.5))
        return [plastic]

    def _replaced(self) -> list[Plastic]:
        first = self._life(self._office(self._order_day(260, 1300), 10))
        first.blocked_at = self._office(self.random.randint(30, 200), 15)
        first.block_reason = self._reason()
        return [first, self._life(first.blocked_at)]

    def _replaced_twice(self) -> list[Plastic]:
        first, second = self._replaced()
        first.blocked_at = second.ordered_at = self._office(self.random.randint(150, 240), 11)
        second = self._life(second.ordered_at)
        second.blocked_at = self._office(self.random.randint(25, 120), 16)
        second.block_reason = self._reason()
        return [first, second, self._life(second.blocked_at)]

    def _blocked(self) -> list[Plastic]:
        plastic = self._life(self._office(self._order_day(340, 1300), 9))
        plastic.blocked_at = self._office(self.random.randint(2, 300), 8)
        plastic.block_reason = self._reason()
        return [plastic]

    def _never_came(self) -> list[Plastic]:
        plastic = self._life(self._office(self._order_day(30, 200), 10), receive=False)
        if plastic.dispatched_at is not None:
            plastic.blocked_at = plastic.dispatched_at + timedelta(days=8, hours=2)
        plastic.block_reason = BlockReason.NOT_RECEIVED
        return [plastic]

    def _duplicate_waits(self) -> list[Plastic]:
        plastic = self._blocked()[0]
        plastic.blocked_at = self._ago(self.random.uniform(1, 9))
        return [plastic, Plastic(plastic.blocked_at)]

    def _duplicate_in_production(self) -> list[Plastic]:
        plastic = self._blocked()[0]
        plastic.blocked_at = self._ago(self.random.uniform(12, 18))
        return [plastic, Plastic(plastic.blocked_at, self._ago(5))]

    def _duplicate_under_way(self) -> list[Plastic]:
        plastic = self._blocked()[0]
        plastic.blocked_at = self._ago(24 * 3 + self.random.uniform(0, 12))
        return [plastic, Plastic(plastic.blocked_at, self._ago(56), self._ago(54), self._ago(52))]

    def _duplicate_rejected(self) -> list[Plastic]:
        plastic = self._blocked()[0]
        plastic.blocked_at = self._ago(60)
        second = Plastic(plastic.blocked_at, self._ago(56))
        second.rejected_at, second.rejected_because = self._ago(54), WRONG_ADDRESS
        return [plastic, second]

    def _new(self) -> list[Plastic]:
        return [Plastic(self._ago(self.random.uniform(0.4, 10)))]

    def _new_late(self) -> list[Plastic]:
        return [Plastic(self._ago(self.random.uniform(26, 49)))]

    def _in_production(self) -> list[Plastic]:
        return [Plastic(self._ago(self.random.uniform(11, 18)), self._ago(5))]

    def _made(self) -> list[Plastic]:
        return [Plastic(self._ago(self.random.uniform(11, 18)), self._ago(5), self._ago(1.5))]

    def _in_production_late(self) -> list[Plastic]:
        return [Plastic(self._ago(self.random.uniform(34, 40)), self._ago(30))]

    def _under_way(self) -> list[Plastic]:
        days = self.random.choice([1, 2, 4, 7])
        sent = 24 * days + 2
        return [Plastic(self._ago(sent + self.random.uniform(16, 22)), self._ago(sent + 14), self._ago(sent + 8),
                        self._ago(sent))]  # fmt: skip

    def _deleted(self) -> list[Plastic]:
        plastic = Plastic(self._office(self.random.randint(3, 500), 10))
        plastic.deleted_at = plastic.ordered_at + timedelta(minutes=self.random.randint(4, 50))
        return [plastic]

    def _withdrawn(self) -> list[Plastic]:
        plastic = Plastic(self._office(self.random.randint(3, 300), 9))
        plastic.withdrawn_at = plastic.ordered_at + timedelta(minutes=self.random.randint(20, 90))
        return [plastic]

    def _rejected(self) -> list[Plastic]:
        plastic = self._life(self._office(self.random.randint(3, 200), 11), receive=False)
        plastic.made_at = plastic.dispatched_at = None
        if plastic.taken_at is not None:
            plastic.rejected_at = plastic.taken_at + timedelta(hours=2)
        plastic.rejected_because = NOT_PRINTABLE
        return [plastic]

    def _reason(self) -> str:
        return self.random.choices([BlockReason.THEFT, BlockReason.LOSS, BlockReason.DEFECTIVE], weights=[4, 4, 2])[0]


def in_office(days_ago: float, minutes: int, now: datetime) -> datetime:
    """Return that minute of the day so many days ago; on a weekend, of the Friday before."""
    day = (now - timedelta(days=days_ago)).astimezone(BRUSSELS).date()
    return at(day - timedelta(days=max(0, day.weekday() - 4)), minutes)


def at(day: date, minutes: int) -> datetime:
    """Return the moment that many minutes after midnight in Brussels."""
    return datetime.combine(day, time(minutes // 60, minutes % 60), BRUSSELS).astimezone(UTC)
