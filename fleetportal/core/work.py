"""Work that happens later: a promise is a row in the deciding transaction; Celery only says when to look (GEN-5).

Apps register what they can do in their `work` module: `@handler("cards.expire")` for promised work, `@periodic(…)` for
the portal's own timetable. How an item is run stands in `work_run`, how due items are found in `work_sweep`.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from celery.schedules import crontab
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from fleetportal.celery import app
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.scope import all_companies, company_scope, current_scope
from fleetportal.core.work_models import WorkItem

logger = logging.getLogger(__name__)

Handler = Callable[[WorkItem, datetime], None]
# Called in the transaction that notes a failure: the item, the sentence, whether no further try follows, and now.
OnError = Callable[[WorkItem, str, bool, datetime], None]
HeldHook = Callable[[WorkItem, datetime], None]
Job = Callable[[datetime], "int | tuple[int, int] | None"]

WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
# Longer than the hard time limit of a task (5 minutes): a process that is still allowed to work never loses its claim.
LEASE = timedelta(minutes=10)
# What operator staff need to let stopped work run again.
OPERATOR_PERMISSION = "operator.work"
# What a company's administrators need to decide on work that is held.
ADMINISTRATOR_PERMISSION = "work.decide"
# After the broker did not answer, requests don't wait for it again for this long (seconds); the sweeper catches up.
BROKER_PAUSE = 10.0

_NAME = re.compile(r"^[a-z]+\.[a-z_]+$")
_broker_silent_until = 0.0


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of promised work: who may ask for it, how long a claim lasts, how long to wait after each failure.

    `permission` is "" where nobody's right matters. `protective` work (a block) also runs when who asked has lost the
    right; other work is then held (GEN-13).
    """

    name: str
    function: Handler
    permission: str = ""
    protective: bool = False
    lease: timedelta = LEASE
    waits: tuple[timedelta, ...] = WAITS
    on_error: OnError | None = None


@dataclass(frozen=True, slots=True)
class PeriodicJob:
    """One job of the portal's own timetable; `quiet` ones leave a row only when they did something."""

    name: str
    function: Job
    every: timedelta | crontab
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Promise:
    """One of many promises of the same kind (`promise_many`)."""

    key: str
    subject: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    due_at: datetime | None = None


class RightLost(Exception):
    """Raised by a handler that finds that who asked may not do it any more: the work is held (GEN-13)."""


KINDS: dict[str, Kind] = {}
PERIODIC: dict[str, PeriodicJob] = {}
HELD_HOOKS: list[HeldHook] = []


def handler(
    name: str,
    *,
    permission: str = "",
    protective: bool = False,
    lease: timedelta = LEASE,
    waits: tuple[timedelta, ...] = WAITS,
    on_error: OnError | None = None,
) -> Callable[[Handler], Handler]:
    """Register the function that carries out one kind of work.

    It is called as `function(item, now)` in one transaction with the item's company in scope (or, where the item has
    none, behind the wide door), with `item.actor` saying for whom. What it writes is kept only if it returns; it may be
    called again after a failure or a killed worker. Raises ValueError for a name registered twice.
    """

    def register(function: Handler) -> Handler:
        _refuse_twice(KINDS, name)
        KINDS[name] = Kind(name, function, permission, protective, lease, waits, on_error)
        return function

    return register


def periodic(name: str, *, every: timedelta | crontab, quiet: bool = False) -> Callable[[Job], Job]:
    """Register a job of the portal's own timetable, called as `function(now)` with every company's rows in reach.

    It runs in one transaction under a lock, so that two of the same never overlap; it may run again after a crash and
    must not mind. It returns how many it did, or how many it did and how many failed; long work is promised in chunks.
    """

    def register(function: Job) -> Job:
        _refuse_twice(PERIODIC, name)
        PERIODIC[name] = PeriodicJob(name, function, every, quiet)
        return function

    return register


def held_hook(function: HeldHook) -> HeldHook:
    """Register who tells the administrators that work is held; called in the transaction that holds it."""
    HELD_HOOKS.append(function)
    return function


def kind_of(name: str) -> Kind:
    """Return the kind of that name; raises LookupError when no app registered it."""
    try:
        return KINDS[name]
    except KeyError:
        raise LookupError(f"No app knows how to do {name!r}.") from None


def promise(
    kind: str,
    *,
    key: str,
    due_at: datetime,
    subject: str = "",
    payload: dict[str, Any] | None = None,
    company_id: int | None = None,
    requested_by: int | None = None,
    batch: Any = None,
    now: datetime | None = None,
) -> WorkItem:
    """Write down that this will be done at `due_at`, in the current transaction, and return the row.

    The same `key` again returns the row that is there and has no second effect. Without `company_id` the work belongs
    to the company in scope, or to none. `requested_by` is the id of the user whose right is checked again when it runs;
    `payload` holds ids and plain values, never a secret. When it is due now, a worker is told on commit; a broker that
    is down delays that and nothing else. Raises LookupError for a kind nobody registered, ValueError for a key that
    other work has taken.
    """
    now = now or timezone.now()
    company_id = _company(company_id)
    entry = Promise(key, subject, payload or {}, due_at)
    with reach(company_id):
        row = _row(kind, entry, due_at, now, company_id, requested_by, batch)
        row.sent_at = now if due_at <= now else None
        WorkItem.objects.bulk_create([row], ignore_conflicts=True)
        item = WorkItem.objects.filter(key=key).first()
        if item is None or item.kind != kind or item.company_id != company_id:
            raise ValueError(f"The key {key!r} belongs to other work.")
        if item.status == WorkItem.Status.WAITING and item.due_at <= now:
            item_id = item.pk
            transaction.on_commit(lambda: remind([item_id]), robust=True)
    return item


def promise_many(
    kind: str,
    promises: Iterable[Promise],
    *,
    due_at: datetime,
    company_id: int | None = None,
    requested_by: int | None = None,
    batch: Any = None,
    now: datetime | None = None,
) -> None:
    """Write down many promises of one kind in one statement (per 5,000); keys that are there already stay as they are.

    What is due now is handed out by the sweeper, which is told on commit: one customer's thousand doesn't go first.
    """
    now = now or timezone.now()
    company_id = _company(company_id)
    rows = [_row(kind, one, one.due_at or due_at, now, company_id, requested_by, batch) for one in promises]
    with reach(company_id):
        WorkItem.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5000)
        if any(row.due_at <= now for row in rows):
            transaction.on_commit(lambda: _send("core.run_job", "core.sweep"), robust=True)


def cancel(keys: Iterable[str], *, now: datetime) -> int:
    """Take back promises that nobody has begun; returns how many. Work that runs or is done stays as it is."""
    open_statuses = [WorkItem.Status.WAITING, WorkItem.Status.HELD]
    return WorkItem.objects.filter(key__in=list(keys), status__in=open_statuses).update(
        status=WorkItem.Status.CANCELLED, finished_at=now
    )


def retry(item: WorkItem, actor: Actor, *, now: datetime) -> bool:
    """Let failed or held work run again, now; False when it is not stopped (any more).

    For operator staff (raises PermissionDenied for others). The right of who asked is checked again as before.
    """
    actor.must(OPERATOR_PERMISSION)
    return _restart(item, actor, "work.retry", [WorkItem.Status.FAILED, WorkItem.Status.HELD], now)


def take_over(item: WorkItem, actor: Actor, *, now: datetime) -> bool:
    """Let held work run in one's own name (GEN-13); False when it is not held (any more).

    Raises PermissionDenied for somebody who could not ask for it themselves.
    """
    if permission := kind_of(item.kind).permission:
        actor.must(permission)
    return _restart(item, actor, "work.take_over", [WorkItem.Status.HELD], now, requested_by=actor.user)


def drop(item: WorkItem, actor: Actor, *, now: datetime) -> bool:
    """Decide that held work is never done (GEN-13); False when it is not held (any more).

    For administrators (raises PermissionDenied for others).
    """
    actor.must(ADMINISTRATOR_PERMISSION)
    with reach(item.company_id):
        dropped = WorkItem.objects.filter(pk=item.pk, status=WorkItem.Status.HELD).update(
            status=WorkItem.Status.CANCELLED, finished_at=now
        )
        if dropped:
            before, after = WorkItem.Status.HELD.value, WorkItem.Status.CANCELLED.value
            audit.record(actor, "work.drop", item, now=now, before={"status": before}, after={"status": after})
            item.refresh_from_db()
    return bool(dropped)


def remind(item_ids: Iterable[int]) -> None:
    """Tell the workers to look at these items; without a broker nothing happens, and the sweeper tells them later."""
    for item_id in item_ids:
        if not _send("core.run_item", item_id):
            return


def _send(task: str, argument: Any) -> bool:
    """Send one Celery message; False when the broker does not answer, and then nobody waits for it for a while."""
    global _broker_silent_until
    if time.monotonic() < _broker_silent_until:
        return False
    try:
        app.send_task(task, args=[argument], ignore_result=True)
    except (OperationalError, RedisError, OSError) as error:
        _broker_silent_until = time.monotonic() + BROKER_PAUSE
        logger.warning("The broker does not answer (%s); what is due waits for it.", type(error).__name__)
        return False
    return True


def _refuse_twice(registry: dict[str, Any], name: str) -> None:
    if not _NAME.match(name):
        raise ValueError(f"{name!r} is not app.verb.")
    if name in registry:
        raise ValueError(f"{name} is registered twice.")


def _company(company_id: int | None) -> int | None:
    scope = current_scope()
    if company_id is None and scope is not None:
        return scope.company
    return company_id


@contextmanager
def reach(company_id: int | None) -> Iterator[None]:
    """Come into reach of the rows of that company (or of none), without leaving a scope that reaches them already."""
    scope = current_scope()
    if scope is not None and (scope.wide or (company_id is not None and scope.company == company_id)):
        with transaction.atomic():
            yield
    elif company_id is not None:
        with company_scope(company_id):
            yield
    else:
        with all_companies(reason="promise of work that belongs to no company"):
            yield


def _row(
    kind: str,
    entry: Promise,
    due_at: datetime,
    now: datetime,
    company_id: int | None,
    requested_by: int | None,
    batch: Any,
) -> WorkItem:
    return WorkItem(
        company_id=company_id,
        kind=kind_of(kind).name,
        key=entry.key,
        subject=entry.subject[:200],
        payload=entry.payload,
        due_at=due_at,
        requested_by_id=requested_by,
        batch=batch,
        created_at=now,
    )


def _restart(
    item: WorkItem, actor: Actor, verb: str, statuses: list[WorkItem.Status], now: datetime, **sets: Any
) -> bool:
    with reach(item.company_id):
        stopped = WorkItem.objects.select_for_update(of=("self",)).filter(pk=item.pk, status__in=statuses).first()
        if stopped is None:
            return False
        WorkItem.objects.filter(pk=item.pk).update(
            status=WorkItem.Status.WAITING, due_at=now, sent_at=now, failures=0, finished_at=None, error="", **sets
        )
        before = {"status": stopped.status, "error": stopped.error}
        audit.record(actor, verb, stopped, now=now, before=before, after={"status": WorkItem.Status.WAITING.value})
        item_id = item.pk
        transaction.on_commit(lambda: remind([item_id]), robust=True)
        item.refresh_from_db()
    return True
