"""Who is alive: worker and beat each write down every few seconds that they are there (decision 33)."""

from __future__ import annotations

import logging
import os
import threading
import uuid
from typing import Any

from celery.signals import worker_init, worker_ready, worker_shutdown
from django.db import Error, connection, transaction

from fleetportal.core.work_models import Heartbeat

logger = logging.getLogger(__name__)

# Seconds between two beats, and after how many somebody counts as gone.
EVERY = 5
GONE_AFTER = 20

_worker_name = ""
_stop = threading.Event()


def worker_name() -> str:
    """Return the name of the worker this process belongs to; "" outside a worker (a command, a test)."""
    return _worker_name


def beat(name: str, kind: Heartbeat.Kind) -> None:
    """Write down, by the database's own clock, that this process is alive."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '3s'")
        cursor.execute(
            "INSERT INTO core_heartbeat (name, kind, at) VALUES (%s, %s, clock_timestamp())"
            " ON CONFLICT (name) DO UPDATE SET at = excluded.at",
            [name, kind.value],
        )


def forget_old() -> None:
    """Remove who has been gone for a day."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_heartbeat WHERE at < clock_timestamp() - interval '1 day'")


def alive(pid: int) -> bool:
    """Say whether a process of this machine is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@worker_init.connect
def name_worker(**_kwargs: Any) -> None:
    """Give the worker its name before its processes are forked, so that they all claim under it."""
    global _worker_name
    _worker_name = str(uuid.uuid4())


@worker_ready.connect
def start(**_kwargs: Any) -> None:
    """Let a thread of the worker's main process beat from now on, however long its tasks take."""
    _stop.clear()
    threading.Thread(target=_keep_beating, name="heartbeat", daemon=True).start()


@worker_shutdown.connect
def stop(**_kwargs: Any) -> None:
    """Stop beating: claims that are still open are given to others soon."""
    _stop.set()


def _keep_beating() -> None:
    from fleetportal.core.work_sweep import release_dead_children

    while not _stop.is_set():
        try:
            beat(_worker_name, Heartbeat.Kind.WORKER)
            release_dead_children(_worker_name)
        except Error as error:
            logger.warning("No heartbeat: the database does not answer (%s).", type(error).__name__)
        finally:
            connection.close()
        _stop.wait(EVERY)
