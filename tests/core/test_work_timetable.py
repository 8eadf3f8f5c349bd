"""The portal's own timetable: one at a time, with a row that says how it went; beat sends it and says it is alive."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from celery.schedules import crontab
from django.db import connection

from fleetportal.celery import app
from fleetportal.core import beat, heartbeat, timetable, work
from fleetportal.core.scope import all_companies, current_scope
from fleetportal.core.work_models import Heartbeat, JobRun
from tests.core.worktools import job, notes
from tests.factories import NOW

SECOND = timedelta(seconds=1)


def runs(name):
    with all_companies(reason="test"):
        return list(JobRun.objects.filter(name=name).order_by("pk"))


@pytest.mark.django_db
def test_a_job_runs_with_every_company_in_reach_and_leaves_a_row():
    seen = []

    def count(now):
        seen.append((now, current_scope().reason))
        return 3, 1

    with job("test.count", count, every=SECOND):
        timetable.run_job("test.count", NOW)
    assert seen == [(NOW, "test.count")]
    (row,) = runs("test.count")
    assert (row.started_at, row.done, row.failed, row.error) == (NOW, 3, 1, "")
    assert row.finished_at >= NOW


@pytest.mark.django_db
def test_a_quiet_job_leaves_a_row_only_when_it_did_something():
    results = [None, 0, 2]
    with job("test.quiet", lambda now: results.pop(0), every=SECOND, quiet=True):
        for _time in range(3):
            timetable.run_job("test.quiet", NOW)
    assert [row.done for row in runs("test.quiet")] == [2]


@pytest.mark.django_db
def test_a_job_that_fails_keeps_nothing_but_its_error():
    from tests import factories
    from tests.core.worktools import note

    acme = factories.company("Acme")

    def fail(now):
        note(acme.pk, "kept?")
        raise RuntimeError("no luck\nDETAIL: secret")

    with job("test.fail", fail, every=SECOND):
        timetable.run_job("test.fail", NOW)
    assert [row.error for row in runs("test.fail")] == ["RuntimeError: no luck"]
    assert notes("kept?") == 0


@pytest.mark.django_db
def test_a_job_nobody_knows_is_a_mistake():
    with pytest.raises(LookupError, match=r"test\.unknown"):
        timetable.run_job("test.unknown", NOW)


@pytest.mark.django_db(transaction=True)
def test_two_timetables_do_not_run_the_same_job_at_once():
    began, go_on = threading.Event(), threading.Event()

    def wait(now):
        began.set()
        assert go_on.wait(20)
        return 1

    def run_it():
        timetable.run_job("test.wait", NOW)
        connection.close()

    with job("test.wait", wait, every=SECOND):
        thread = threading.Thread(target=run_it)
        thread.start()
        assert began.wait(20)
        assert timetable.run_job("test.wait", NOW) is None
        go_on.set()
        thread.join()
        assert len(runs("test.wait")) == 1


@pytest.mark.django_db
def test_old_runs_are_forgotten():
    with job("test.count", lambda now: 1, every=SECOND):
        timetable.run_job("test.count", NOW - timedelta(days=61))
        timetable.run_job("test.count", NOW)
    assert timetable.run_job("core.forget_runs", NOW).done == 1
    assert len(runs("test.count")) == 1


@pytest.mark.django_db(transaction=True)
def test_beat_sends_what_the_apps_registered():
    with (
        job("test.often", lambda now: None, every=timedelta(seconds=30)),
        job("test.daily", lambda now: None, every=crontab(hour=6, minute=0)),
    ):
        scheduler = beat.HeartbeatScheduler(app=app)
        assert scheduler.schedule.keys() == work.PERIODIC.keys()
        often, daily = scheduler.schedule["test.often"], scheduler.schedule["test.daily"]
    assert (often.task, often.args, often.options["expires"]) == ("core.run_job", ("test.often",), 30)
    assert daily.schedule.hour == {6}
    assert "expires" not in daily.options


@pytest.mark.django_db(transaction=True)  # beat closes its connection
def test_beat_catches_up_what_it_missed_while_it_was_off():
    from django.utils import timezone

    now = timezone.now()
    with job("test.daily", lambda now: 1, every=timedelta(days=1)):
        fresh = beat.HeartbeatScheduler(app=app).schedule["test.daily"]
        assert not fresh.is_due().is_due
        timetable.run_job("test.daily", now - timedelta(days=2))
        assert beat.HeartbeatScheduler(app=app).schedule["test.daily"].is_due().is_due
        timetable.run_job("test.daily", now - timedelta(hours=2))
        assert not beat.HeartbeatScheduler(app=app).schedule["test.daily"].is_due().is_due


@pytest.mark.django_db(transaction=True)
def test_beat_beats_and_looks_again_within_seconds(monkeypatch):
    monkeypatch.setattr(work, "PERIODIC", {})
    monkeypatch.setattr(beat, "PERIODIC", {})
    scheduler = beat.HeartbeatScheduler(app=app)
    assert scheduler.tick() <= heartbeat.EVERY
    assert Heartbeat.objects.get(kind="beat").name == scheduler.name


def test_a_process_is_there_or_not():
    import os

    assert heartbeat.alive(os.getpid())
    assert heartbeat.alive(1)
    assert not heartbeat.alive(2**22 + 7)
