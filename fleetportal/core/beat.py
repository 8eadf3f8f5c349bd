"""Beat: it sends the timetable that the apps registered, and says that it is alive (decision 33)."""

from __future__ import annotations

import logging
import time
import uuid
from datetime import timedelta
from typing import Any

from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import schedule
from django.db import Error, connection

from fleetportal.core import heartbeat
from fleetportal.core.timetable import last_starts
from fleetportal.core.work import PERIODIC, PeriodicJob
from fleetportal.core.work_models import Heartbeat

logger = logging.getLogger(__name__)


def entries() -> dict[str, dict[str, Any]]:
    """Return beat's entries for the registered jobs; a message nobody fetched is void when the next one is due."""
    return {name: _entry(job) for name, job in PERIODIC.items()}


def _entry(job: PeriodicJob) -> dict[str, Any]:
    options: dict[str, Any] = {"ignore_result": True}
    if isinstance(job.every, timedelta):
        options["expires"] = max(job.every.total_seconds(), float(heartbeat.EVERY))
        return {"task": "core.run_job", "args": (job.name,), "schedule": schedule(job.every), "options": options}
    return {"task": "core.run_job", "args": (job.name,), "schedule": job.every, "options": options}


class HeartbeatScheduler(Scheduler):
    """Keeps the timetable in memory, remembers by the rows of past runs what it missed, and beats every few seconds."""

    max_interval = heartbeat.EVERY

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.name = str(uuid.uuid4())
        self._beaten_at = 0.0
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Fill the timetable; a daily job whose time passed while beat was off is sent at once."""
        self.merge_inplace(entries())
        try:
            starts = last_starts()
        except Error as error:
            logger.warning("The database does not answer (%s); missed jobs are not caught up.", type(error).__name__)
            starts = {}
        finally:
            connection.close()
        for name, started_at in starts.items():
            if name in self.schedule:
                self.schedule[name].last_run_at = started_at

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Beat, then send at most one job that is due; return after how many seconds to look again."""
        self._beat()
        return min(super().tick(*args, **kwargs), self.max_interval)

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        """Send one job; a broker that does not answer costs seconds, and the heart must not stop meanwhile."""
        super().apply_entry(entry, producer=producer)
        self._beat()

    def _beat(self) -> None:
        if time.monotonic() - self._beaten_at < heartbeat.EVERY - 1:
            return
        self._beaten_at = time.monotonic()
        try:
            heartbeat.beat(self.name, Heartbeat.Kind.BEAT)
        except Error as error:
            logger.warning("No heartbeat: the database does not answer (%s).", type(error).__name__)
        finally:
            connection.close()
