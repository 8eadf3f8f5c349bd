"""Tells the history of the demonstration: each event through the service that people and jobs use, at its own moment.

Events stand in one queue by time, so that the audit's entries have the order in which things happened. Everything runs
in one transaction: a demonstration is there whole or not at all.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from random import Random
from typing import Any

from django.utils import timezone

from cards import services
from cards.catalogue import CodeType
from cards.codes import can_seal, seal, trivial
from cards.demo.fates import BRUSSELS, Fate, Plastic, at
from cards.demo.fleet import Settings
from cards.demo.people import VALIDITY_MONTHS, Cast, Colleague
from cards.expiry import expiry_after, month_text
from cards.lifecycle import ACTIVE
from cards.models import Card, CardProduct, Issue, Request
from cards.production import format as maker_format
from cards.production.answers import take_answer
from cards.production.batches import production_rows, take_batch
from cards.production.simulator import tracking_number
from cards.work import ACTIVE_AFTER, activate_dispatched, expire_issues
from fleetportal.core.access import Actor
from fleetportal.core.scope import Scope, all_companies, entered
from fleetportal.core.work import Job
from vehicles.models import Driver, Vehicle

REASON = "the demonstration's history"
Event = Callable[[datetime], None]
# Events of the same moment, in the order in which they take effect.
PEOPLE, OPERATOR, MAKER, JOBS = range(4)


@dataclass(slots=True)
class Life:
    """A card on its way through the story: its plan, and what has come of it."""

    cast: Cast
    settings: Settings
    fate: Fate
    vehicle: Vehicle | None = None
    driver: Driver | None = None
    # The membership of the driver, where they are a colleague.
    member: int | None = None
    card: Card | None = None
    requests: list[Request] = field(default_factory=list)


class Story:
    """A queue of events up to `now`; `begin` puts a card's life into it, `tell` lets everything happen."""

    def __init__(
        self, *, now: datetime, random: Random, operator: Actor, products: tuple[CardProduct, CardProduct]
    ) -> None:
        self.now, self.random, self.operator, self.products = now, random, operator, products
        self._queue: list[tuple[datetime, int, int, Scope | None, Event]] = []
        # What happens together: orders taken in one round, plastics in one answer of the card maker.
        self._rounds: defaultdict[datetime, list[tuple[Life, int]]] = defaultdict(list)
        self._answers: defaultdict[tuple[datetime, str], list[tuple[Life, int]]] = defaultdict(list)
        self._jobs: set[tuple[str, datetime]] = set()

    def at(self, moment: datetime, order: int, scope: Scope | None, event: Event) -> None:
        """Put an event into the queue, in somebody's scope or, with None, behind the wide door."""
        if moment <= self.now:
            self._queue.append((moment, order, len(self._queue), scope, event))

    def tell(self) -> None:
        """Let everything happen in its order; what follows one another in the same scope happens in one scope."""
        self._queue.sort(key=lambda entry: entry[:3])
        for scope, entries in itertools.groupby(self._queue, key=lambda entry: entry[3]):
            with entered(scope) if scope else all_companies(reason=REASON):
                for moment, _order, _count, _scope, event in entries:
                    event(moment)
        self._queue.clear()

    # --- What will happen to a card ---------------------------------------------------------------------------------

    def begin(self, life: Life) -> None:
        """Put the life of a card into the queue."""
        for place, plastic in enumerate(life.fate.plastics):
            if place == 0:
                self._let(life, plastic.ordered_at, self._order)
            elif plastic.change is not None:
                change = services.Change(**plastic.change)
                self._decided(life, plastic.ordered_at, partial(self._order_changed, change))
            self._production(life, place, plastic)
            self._let(life, plastic.received_at, self._receive)
            self._let(life, plastic.deleted_at, self._delete)
            self._let(life, plastic.withdrawn_at, self._withdraw)
            duplicate = place + 1 < len(life.fate.plastics)
            self._let(life, plastic.blocked_at, partial(self._block, plastic.block_reason, duplicate))
        for moment in life.fate.changes:
            self._let(life, moment, self._change)
        for decided_at, decide in (
            (life.fate.cancelled_at, services.cancel_card),
            (life.fate.taken_back_at, services.take_back_card),
        ):
            if decided_at is not None:
                self._decided(life, decided_at, partial(self._decide, decide))

    def _decided(self, life: Life, moment: datetime, deed: Callable[[Life, Actor, datetime], None]) -> None:
        """Let who manages the fleet decide something at that moment: always the same person, so nothing is drawn."""
        people = life.cast.people
        who = people.get("management") or people["principal"]
        self.at(moment, PEOPLE, who.scope, partial(deed, life, who.actor))

    def _let(self, life: Life, moment: datetime | None, deed: Callable[[Life, Actor, datetime], None]) -> None:
        """Let somebody of the company do something with the card at that moment, if there is one."""
        if moment is not None:
            who = self._somebody(life, moment)
            self.at(moment, PEOPLE, who.scope, partial(deed, life, who.actor))

    def _production(self, life: Life, place: int, plastic: Plastic) -> None:
        """Note the round in which a plastic is taken, the answers it stands in, and what time will do to it."""
        if plastic.taken_at:
            self._join(self._rounds, plastic.taken_at, life, place, OPERATOR, self._take)
        for kind, moment in (
            ("made", plastic.made_at),
            ("rejected", plastic.rejected_at),
            ("dispatched", plastic.dispatched_at),
            ("used", plastic.first_used_at),
        ):
            if moment:
                self._join(self._answers, (moment, kind), life, place, MAKER, partial(self._answer, kind))
        if plastic.dispatched_at and not plastic.received_at and not plastic.first_used_at:
            self._job("activate", plastic.dispatched_at + ACTIVE_AFTER + timedelta(minutes=7), activate_dispatched)
        if plastic.made_at:
            last = expiry_after(plastic.made_at.astimezone(BRUSSELS).date(), VALIDITY_MONTHS)
            self._job("expire", at(last + timedelta(days=1), 15), expire_issues)

    def _join(
        self,
        groups: defaultdict[Any, list[tuple[Life, int]]],
        key: Any,
        life: Life,
        place: int,
        order: int,
        event: Event,
    ) -> None:
        """Add a plastic to what happens together; the first one puts the event into the queue."""
        if key not in groups:
            self.at(key[0] if isinstance(key, tuple) else key, order, None, event)
        groups[key].append((life, place))

    def _job(self, name: str, moment: datetime, job: Job) -> None:
        """Let a job of the timetable run once at that moment."""
        if (name, moment) not in self._jobs:
            self._jobs.add((name, moment))
            self.at(moment, JOBS, None, partial(self._run, job))

    # --- What people do ---------------------------------------------------------------------------------------------

    def _somebody(self, life: Life, now: datetime) -> Colleague:
        """Draw who does it: most is done by those who manage the fleet, and only by those who had come by then."""
        people = life.cast.people
        if "management" not in people or now < self.now - timedelta(days=1700):
            return people["principal"]
        if life.settings.division == "North" and now > self.now - timedelta(days=600) and self.random.random() < 0.5:
            return people["north"]
        return people[self.random.choices(["management", "administrator", "principal"], weights=[6, 3, 1])[0]]

    def _order(self, life: Life, actor: Actor, now: datetime) -> None:
        settings, cast = life.settings, life.cast
        number = cast.numbers[settings.number]
        sealed = self._chosen_code(now) if settings.code_type == CodeType.CHOSEN else None
        order = services.Order(
            product=self.products[settings.second_product],
            customer_number=number,
            division=cast.divisions[settings.division] if settings.division else None,
            category=settings.category,
            printed_as=settings.printed_as,
            plate_country=settings.plate_country,
            extra_mention=settings.extra_mention,
            cost_centre=settings.cost_centre,
            vehicle=life.vehicle,
            driver=life.driver,
            products=settings.products,
            limits=settings.limits,
            controls=settings.controls,
            odometer_entry=settings.odometer_entry,
            address={name: getattr(number, name) for name in services.ADDRESS},
            code_type=settings.code_type if settings.code_type != CodeType.CHOSEN or sealed else CodeType.CALCULATED,
            sealed_code=sealed,
        )
        request = services.place_order(actor=actor, order=order, now=now)
        life.card = request.card
        life.requests.append(request)

    def _chosen_code(self, now: datetime) -> bytes | None:
        """Draw a code that is not easy to guess and seal it; None where the portal can't seal."""
        expiry = expiry_after(timezone.localdate(now), VALIDITY_MONTHS)
        code = f"{self.random.randint(0, 9999):04d}"
        while trivial(code, expiry=expiry):
            code = f"{self.random.randint(0, 9999):04d}"
        return seal(code) if can_seal() else None

    def _receive(self, life: Life, actor: Actor, now: datetime) -> None:
        services.receive_card(actor=actor, card=card_of(life), now=now)

    def _delete(self, life: Life, actor: Actor, now: datetime) -> None:
        services.delete_card(actor=actor, card=card_of(life), now=now)

    def _withdraw(self, life: Life, actor: Actor, now: datetime) -> None:
        services.withdraw_request(actor=actor, request=life.requests[-1], now=now)

    def _block(self, reason: str, duplicate: bool, life: Life, actor: Actor, now: datetime) -> None:
        request = services.block_card(actor=actor, card=card_of(life), reason=reason, duplicate=duplicate, now=now)
        if request is not None:
            life.requests.append(request)

    def _decide(self, decide: Callable[..., None], life: Life, actor: Actor, now: datetime) -> None:
        """Cancel the renewal of a card, or take that back."""
        decide(actor=actor, card=card_of(life), now=now)

    def _order_changed(self, change: services.Change, life: Life, actor: Actor, now: datetime) -> None:
        """Change what needs a new plastic, which is ordered with it."""
        card = card_of(life)
        card.refresh_from_db()
        done = services.change_card(actor=actor, card=card, version=card.version, change=change, now=now)
        if done.request is None:
            raise RuntimeError(f"The change of {life.settings.printed_as} ordered no plastic.")
        life.requests.append(done.request)

    def _change(self, life: Life, actor: Actor, now: datetime) -> None:
        """Raise the first ceiling, as is done when fuel gets dearer, or cap a single purchase."""
        card = card_of(life)
        card.refresh_from_db()
        limits = services.limits_of(card)
        values: dict[str, Any] = {}
        if self.random.random() < 0.7:
            limits[0]["amount"] = limits[0]["amount"] + 50 * self.random.randint(1, 3)
        else:
            values["max_amount"] = Decimal(50 * self.random.randint(2, 20))
        change = services.Change(values=values, limits=limits)
        services.change_card(actor=actor, card=card, version=card.version, change=change, now=now)

    # --- What the operator and the card maker do --------------------------------------------------------------------

    def _take(self, now: datetime) -> None:
        """Take a round of orders into production; its file went to the card maker at once."""
        ids = [life.requests[place].pk for life, place in self._rounds[now]]
        batch = take_batch(actor=self.operator, request_ids=ids, limit=len(ids), now=now)
        if batch is None or batch.size != len(ids):
            raise RuntimeError(f"A round of {len(ids)} orders could not be taken into production.")
        text = maker_format.order_file(str(batch), now, production_rows(batch))
        batch.checksum, batch.sent_at = maker_format.checksum(text.encode()), now + timedelta(seconds=2)
        batch.save(update_fields=["checksum", "sent_at"])

    def _answer(self, kind: str, now: datetime) -> None:
        """Hand in what the card maker says about the plastics of one answer."""
        today = timezone.localdate(now)
        plastics = self._answers[now, kind]
        cards = Card.objects.in_bulk([card_of(life).pk for life, _place in plastics])
        lines: list[Sequence[str]] = []
        for life, place in plastics:
            card, rank = cards[card_of(life).pk], place + 1
            if kind == "made":
                said = [today.isoformat(), month_text(expiry_after(today, VALIDITY_MONTHS))]
            elif kind == "rejected":
                said = [life.fate.plastics[place].rejected_because]
            elif kind == "dispatched":
                said = [tracking_number(Issue(card=card, rank=rank))]
            else:
                said = [today.isoformat()]
            lines.append([kind, card.number, str(rank), *said])
        self.hand_in(f"{kind}-{now:%Y%m%d-%H%M}", lines, now)

    def _run(self, job: Job, now: datetime) -> None:
        job(now)

    def hand_in(self, reference: str, lines: list[Sequence[str]], now: datetime) -> None:
        """Take an answer; every line of it must have taken effect."""
        content = maker_format.answer_file(reference, now, lines).encode()
        file = take_answer(f"{reference}.csv", content, now)
        if file.applied != len(lines):
            raise RuntimeError(f"The answer {reference} took effect in {file.applied} of {len(lines)} lines.")

    def last_uses(self, lives: Sequence[Life]) -> None:
        """Tell on which day each active card was last used: most of them lately, some not for months, a few never."""
        today = timezone.localdate(self.now)
        cards = [life.card.pk for life in lives if life.card]
        lines: list[Sequence[str]] = []
        with all_companies(reason=REASON):
            active = Issue.objects.filter(card_id__anyof=cards, status=ACTIVE, activated_at__lte=self.now)
            rows = active.order_by("pk").values_list("card__number", "rank", "activated_at")
            for number, rank, activated_at in rows:
                lately, long_ago = self.random.randint(0, 12), self.random.randint(13, 150)
                days = self.random.choices([lately, long_ago, None], weights=[80, 15, 5])[0]
                if days is not None:
                    day = max(timezone.localdate(activated_at), today - timedelta(days=days))
                    lines.append(["used", number, str(rank), day.isoformat()])
            self.hand_in(f"used-{self.now:%Y%m%d-%H%M}", lines, self.now)

    def mishaps(self) -> None:
        """Let the card maker send what can't be believed: a file that was cut off, and a line about nobody's card."""
        made = ["made", "7002010999999996", "1", "2026-01-05", "2030-01"]
        whole = maker_format.answer_file("made-again", self.now, [made]).encode()
        self.at(self.now - timedelta(hours=29), MAKER, None, partial(self._mishap, "made-cut-off.csv", whole[:-30]))
        self.at(self.now - timedelta(hours=28), MAKER, None, partial(self._mishap, "made-nobody.csv", whole))

    def _mishap(self, name: str, content: bytes, now: datetime) -> None:
        if take_answer(name, content, now).applied:
            raise RuntimeError(f"{name} should not have taken effect.")


def card_of(life: Life) -> Card:
    """Return the card; the story only acts on cards that were ordered."""
    if life.card is None:
        raise RuntimeError(f"{life.settings.printed_as} was not ordered.")
    return life.card
