"""Finding work: what is due is handed out fairly between companies, what dead workers held is given back (GEN-5)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from fleetportal.celery import app
from fleetportal.core import heartbeat
from fleetportal.core.scope import all_companies
from fleetportal.core.work import periodic, remind
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome, give_back

# Messages that may stand in the broker's queue at once; more would only wait there instead of in the database.
QUEUE_LIMIT = 200
# A reminder that nobody followed is sent again after this long: the broker may have lost it.
REMIND_AGAIN = timedelta(seconds=10)
RELEASE_AT_ONCE = 500

# Each company in turn by the waiting index, however many rows it has; then the oldest of each, the second oldest, …
_DUE = """
    WITH RECURSIVE owner (id) AS (
        (SELECT company_id FROM core_workitem WHERE status = 'waiting' AND company_id IS NOT NULL
         ORDER BY company_id LIMIT 1)
        UNION ALL
        SELECT (SELECT w.company_id FROM core_workitem w WHERE w.status = 'waiting' AND w.company_id > o.id
                ORDER BY w.company_id LIMIT 1)
        FROM owner o WHERE o.id IS NOT NULL
    ),
    due AS (
        SELECT mine.id, mine.due_at, row_number() OVER (PARTITION BY o.id ORDER BY mine.due_at, mine.id) AS turn
        FROM owner o CROSS JOIN LATERAL (
            SELECT w.id, w.due_at FROM core_workitem w
            WHERE w.status = 'waiting' AND w.company_id = o.id AND w.due_at <= %(now)s
                AND (w.sent_at IS NULL OR w.sent_at < %(again)s)
            ORDER BY w.due_at, w.id LIMIT %(room)s
        ) mine
        UNION ALL
        SELECT nobody.id, nobody.due_at, row_number() OVER (ORDER BY nobody.due_at, nobody.id)
        FROM (
            SELECT w.id, w.due_at FROM core_workitem w
            WHERE w.status = 'waiting' AND w.company_id IS NULL AND w.due_at <= %(now)s
                AND (w.sent_at IS NULL OR w.sent_at < %(again)s)
            ORDER BY w.due_at, w.id LIMIT %(room)s
        ) nobody
    ),
    picked AS (SELECT id, turn, due_at FROM due ORDER BY turn, due_at, id LIMIT %(room)s),
    sent AS (
        UPDATE core_workitem w SET sent_at = %(now)s FROM picked p WHERE w.id = p.id AND w.status = 'waiting'
        RETURNING w.id, p.turn, p.due_at
    )
    SELECT id FROM sent ORDER BY turn, due_at, id
"""

_ABANDONED = """
    SELECT w.id FROM core_workitem w
    WHERE w.status = 'running' AND (
        w.lease_until < %(now)s
        OR (w.claimed_by <> '' AND w.claimed_at < clock_timestamp() - %(gone)s::interval AND NOT EXISTS (
            SELECT FROM core_heartbeat h WHERE h.name = w.claimed_by AND h.at > clock_timestamp() - %(gone)s::interval
        ))
    )
    ORDER BY w.claimed_at LIMIT %(limit)s
"""


def hand_out(now: datetime, room: int) -> list[int]:
    """Note for up to `room` due items that somebody is told of them now, and return their ids, companies in turn."""
    if room <= 0:
        return []
    with all_companies(reason="handing out what is due"), connection.cursor() as cursor:
        cursor.execute(_DUE, {"now": now, "again": now - REMIND_AGAIN, "room": room})
        return [item_id for (item_id,) in cursor.fetchall()]


def queue_length() -> int | None:
    """Return how many messages wait in the broker; None when it does not answer."""
    try:
        with app.connection_for_write() as broker:
            channel = broker.default_channel
            return int(channel.queue_declare(app.conf.task_default_queue, passive=False).message_count)
    except (OperationalError, RedisError, OSError):
        return None


@periodic("core.sweep", every=timedelta(seconds=5), quiet=True)
def sweep(now: datetime) -> int:
    """Tell the workers what is due; without a broker nothing is noted, so that the next sweep can tell them."""
    length = queue_length()
    if length is None:
        return 0
    item_ids = hand_out(now, QUEUE_LIMIT - length)
    if item_ids:
        transaction.on_commit(lambda: remind(item_ids), robust=True)
    return 0


@periodic("core.release", every=timedelta(seconds=5), quiet=True)
def release(now: datetime) -> int:
    """Give back claims whose lease is over or whose worker has not been heard of; returns how many."""
    heartbeat.forget_old()
    with connection.cursor() as cursor:
        cursor.execute(_ABANDONED, {"now": now, "gone": f"{heartbeat.GONE_AFTER} seconds", "limit": RELEASE_AT_ONCE})
        abandoned = [item_id for (item_id,) in cursor.fetchall()]
    return _give_back(WorkItem.objects.filter(pk__in=abandoned, status=WorkItem.Status.RUNNING), now)


def release_dead_children(worker: str) -> int:
    """Give back what killed processes of this worker held; returns how many."""
    now = timezone.now()
    with all_companies(reason="giving back what a killed process held"):
        running = WorkItem.objects.filter(status=WorkItem.Status.RUNNING, claimed_by=worker)
        return _give_back([item for item in running if not heartbeat.alive(item.claimed_pid or 0)], now)


def _give_back(items: Iterable[WorkItem], now: datetime) -> int:
    outcomes = [give_back(item, "The worker that ran it ended.", now, abandoned=True) for item in items]
    return sum(outcome is not Outcome.LOST for outcome in outcomes)
