"""Running promised work: claim, check the right again, act and finish in one transaction (GEN-5, GEN-13)."""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from fleetportal.core import heartbeat
from fleetportal.core.access import Actor, system
from fleetportal.core.scope import Scope, all_companies, company_scope, entered
from fleetportal.core.work import HELD_HOOKS, KINDS, WAITS, Kind, RightLost, kind_of
from fleetportal.core.work_models import WorkItem

logger = logging.getLogger(__name__)
T = TypeVar("T")

# Who a person is today: the setting WORK_ACTOR, since the kernel knows no app. Called with user, company and now.
ACTOR_NOW = "accounts.actors.current_actor"
# Whose rows that person may reach today: the setting WORK_SCOPE, called with the actor.
SCOPE_NOW = "accounts.actors.current_reach"
# How long to wait (seconds) between tries to note a failure, while the database itself is what failed.
PATIENCE = (0.5, 1.0, 2.0, 4.0, 8.0)


class ClaimLost(Exception):
    """The claim was given to somebody else in the meantime; what was done under it is rolled back."""


class Outcome(StrEnum):
    """What became of one run."""

    DONE = "done"
    NOT_MINE = "not mine"  # it is done, running, not due or gone: a reminder that came twice or too late
    LOST = "lost"
    AGAIN = "again"
    FAILED = "failed"
    HELD = "held"


def run(item_id: int, now: datetime) -> Outcome:
    """Carry out one item if it waits and is due; any number of calls, at the same time or later, have one effect.

    The claim commits on its own, so that others see it. The handler and 'done' are one transaction, which only counts
    while the claim is still this one's. A failure is noted with its class and first line (never the payload), and tried
    again after the kind's waits.
    """
    began = time.monotonic()
    item = claim(item_id, now)
    if item is None:
        return Outcome.NOT_MINE
    try:
        kind = kind_of(item.kind)
        actor = _actor(item, kind, now)
        if actor is None:
            return _hold(item, kind, _later(now, began))
        with translation.override(actor.language), _reach_of(item, kind, actor):
            item.actor = actor
            kind.function(item, now)
            _finish(item, _later(now, began))
    except ClaimLost:
        logger.warning("%s took so long that its claim was given to another worker; nothing of it was kept.", item)
        return Outcome.LOST
    except RightLost:
        return _insist(lambda: _hold(item, kind_of(item.kind), _later(now, began)))
    except Exception as error:  # whatever a handler raises is an answer: it is noted on the row, and tried again
        sentence = note(str(item), error)
        return _insist(lambda: give_back(item, sentence, _later(now, began)))
    return Outcome.DONE


def claim(item_id: int, now: datetime) -> WorkItem | None:
    """Take a waiting item that is due, for one attempt; None when there is nothing to take."""
    with all_companies(reason="claiming promised work"):
        item = WorkItem.objects.filter(pk=item_id, status=WorkItem.Status.WAITING, due_at__lte=now).first()
        if item is None:
            return None
        kind = KINDS.get(item.kind)
        lease_until = now + (kind.lease if kind else timedelta(minutes=1))
        taken = WorkItem.objects.filter(pk=item_id, status=WorkItem.Status.WAITING, attempts=item.attempts).update(
            status=WorkItem.Status.RUNNING,
            attempts=F("attempts") + 1,
            claimed_at=now,
            claimed_by=heartbeat.worker_name(),
            claimed_pid=os.getpid(),
            lease_until=lease_until,
        )
    if not taken:
        return None
    item.status = WorkItem.Status.RUNNING
    item.attempts += 1
    return item


def give_back(item: WorkItem, sentence: str, at: datetime, *, abandoned: bool = False) -> Outcome:
    """Note that the attempt `item` stands for failed: it waits for its next try, or has failed for good.

    `abandoned`: not the work failed but its worker ended; then its own waits, which may be long, say nothing.
    """
    kind = KINDS.get(item.kind)
    waits = kind.waits if kind else WAITS
    final = item.failures >= len(waits)
    sets: dict[str, Any] = {"status": WorkItem.Status.WAITING, "sent_at": None}
    if final:
        sets = {"status": WorkItem.Status.FAILED, "finished_at": at}
    else:
        sets["due_at"] = at + (WAITS[min(item.failures, len(WAITS) - 1)] if abandoned else waits[item.failures])
    with _reach(item):
        if not _mine(item).update(error=sentence, failures=item.failures + 1, **sets):
            return Outcome.LOST
        if kind is not None and kind.on_error is not None:
            kind.on_error(item, sentence, final, at)
    return Outcome.FAILED if final else Outcome.AGAIN


def note(what: str, error: BaseException) -> str:
    """Log where an error came from; return its class and first line, for the lines after it may quote a row."""
    lines = "It took longer than a task may." if isinstance(error, SoftTimeLimitExceeded) else str(error)
    sentence = f"{type(error).__name__}: {lines.partition(chr(10))[0]}"[:1000].rstrip(": ")
    logger.error("%s failed: %s\n%s", what, sentence, "".join(traceback.format_tb(error.__traceback__)))
    return sentence


def _finish(item: WorkItem, at: datetime) -> None:
    """Mark the item done in the handler's transaction; raises ClaimLost when this attempt is no longer the one."""
    if not _mine(item).update(status=WorkItem.Status.DONE, finished_at=at, error=""):
        raise ClaimLost(item.key)


def _hold(item: WorkItem, kind: Kind, at: datetime) -> Outcome:
    """Put the item aside for an administrator, and have them told (GEN-13)."""
    sentence = _("The person who asked for this may not do it any more.")
    with _reach(item):
        if not _mine(item).update(status=WorkItem.Status.HELD, finished_at=at, error=sentence):
            return Outcome.LOST
        item.status, item.error = WorkItem.Status.HELD, sentence
        if kind.on_error is not None:
            kind.on_error(item, sentence, True, at)
        for tell in HELD_HOOKS:
            tell(item, at)
    return Outcome.HELD


def _mine(item: WorkItem) -> Any:
    return WorkItem.objects.filter(pk=item.pk, status=WorkItem.Status.RUNNING, attempts=item.attempts)


def _reach(item: WorkItem):  # type: ignore[no-untyped-def]  # the context manager's type is that of `entered`
    """Enter the item's company, or the wide door for work that belongs to none."""
    if item.company_id is not None:
        return company_scope(item.company_id)
    return all_companies(reason=item.kind)


def _reach_of(item: WorkItem, kind: Kind, actor: Actor):  # type: ignore[no-untyped-def]  # as `_reach`
    """Enter what who asked may reach today: a member's numbers and divisions may have become fewer since (GEN-13).

    Protective work is done to all that was confirmed: whose card is stolen may have changed, that it is has not.
    """
    if item.company_id is None or actor.membership is None or kind.protective:
        return _reach(item)
    scope: Scope = import_string(getattr(settings, "WORK_SCOPE", SCOPE_NOW))(actor)
    return entered(scope)


def _actor(item: WorkItem, kind: Kind, now: datetime) -> Actor | None:
    """Return for whom the handler acts: who asked, with the rights of today, or None when it must be held.

    Protective work runs also for somebody who lost the right: a stolen card stays blocked.
    """
    if item.requested_by_id is None:
        return replace(system(item.kind), company=item.company_id)
    current = import_string(getattr(settings, "WORK_ACTOR", ACTOR_NOW))
    actor: Actor | None = current(item.requested_by_id, item.company_id, now)
    if actor is not None and (not kind.permission or actor.may(kind.permission)):
        return actor
    if kind.permission and not kind.protective:
        return None
    stand_in = actor or replace(system(item.kind), user=item.requested_by_id, company=item.company_id)
    return replace(stand_in, everything=True)


def _later(now: datetime, began: float) -> datetime:
    """Return the moment that it is by now, on the clock that `now` was read from."""
    return now + timedelta(seconds=time.monotonic() - began)


def _insist(write: Callable[[], T]) -> T:
    """Write also when the database has just been restarted; after half a minute the lease takes over."""
    for pause in PATIENCE:
        try:
            return write()
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(pause)
    return write()
