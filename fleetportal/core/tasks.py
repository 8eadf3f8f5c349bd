"""The two messages that travel through the broker: look at this item, run that job of the timetable."""

from __future__ import annotations

from django.utils import timezone

from fleetportal.celery import app
from fleetportal.core import heartbeat, startup, timetable, work_run, work_sweep  # noqa: F401  # a worker needs them all


@app.task(name="core.run_item")
def run_item(item_id: int) -> str:
    """Carry out one promised item; any number of these messages have the effect of one."""
    return work_run.run(item_id, timezone.now()).value


@app.task(name="core.run_job")
def run_job(name: str) -> None:
    """Run one job of the timetable."""
    timetable.run_job(name, timezone.now())
