"""Running the portal's own timetable: each job under a lock, in one transaction, with a row that says how it went."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import connection

from fleetportal.core.scope import all_companies
from fleetportal.core.work import PERIODIC, periodic
from fleetportal.core.work_models import JobRun
from fleetportal.core.work_run import note

KEEP_RUNS = timedelta(days=60)


def run_job(name: str, now: datetime) -> JobRun | None:
    """Run one job of the timetable and return its row; None when another process runs it, or nothing had to be done.

    An error rolls back what the job wrote, is noted, and is not raised: the next time comes anyway. Raises LookupError
    for a name nobody registered.
    """
    if name not in PERIODIC:
        raise LookupError(f"No app has a job {name!r}.")
    job = PERIODIC[name]
    began = time.monotonic()
    row = JobRun(name=name, started_at=now, finished_at=now)
    try:
        with all_companies(reason=name):
            if not _lock(name):
                return None
            counts = job.function(now)
            row.done, row.failed = counts if isinstance(counts, tuple) else (counts or 0, 0)
            row.finished_at = now + timedelta(seconds=time.monotonic() - began)
            if job.quiet and not row.done and not row.failed:
                return None
            row.save()
            return row
    except Exception as error:  # whatever a job raises stands in its row, where operator staff see it
        sentence = note(f"The job {name}", error)
    row = JobRun(name=name, started_at=now, finished_at=now + timedelta(seconds=time.monotonic() - began))
    row.error = sentence
    with all_companies(reason=name):
        row.save()
    return row


def last_starts() -> dict[str, datetime]:
    """Return when each job started last, so that a timetable that was off knows what it missed."""
    with all_companies(reason="what the timetable has missed"):
        newest = JobRun.objects.order_by("name", "-started_at").distinct("name")
        return dict(newest.values_list("name", "started_at"))


def _lock(name: str) -> bool:
    """Take the job's lock until the transaction ends; two timetables or two workers never run the same at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"job {name}"])
        return bool(cursor.fetchone()[0])


@periodic("core.forget_runs", every=timedelta(hours=6), quiet=True)
def forget_runs(now: datetime) -> int:
    """Remove rows of runs that nobody asks about any more."""
    return JobRun.objects.filter(started_at__lt=now - KEEP_RUNS).delete()[0]
