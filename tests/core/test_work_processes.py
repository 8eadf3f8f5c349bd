"""With real processes: a worker that is killed, a broker that is emptied, and beat delay work and lose none (GEN-5)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fleetportal.core import health, startup
from fleetportal.core.mail import CaughtMail, OutgoingMail, queue_mail
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from tests import factories

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300), pytest.mark.xdist_group("processes")]


class Crew:
    """The worker and beat of this test, on its database and broker; each is a process group of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.running = []

    def start(self, *arguments):
        parts = conninfo_to_dict(os.environ["DATABASE_URL"]) | {"dbname": connection.settings_dict["NAME"]}
        environment = {**os.environ, "DATABASE_URL": make_conninfo(**parts), "LOG_LEVEL": "INFO"}
        log = (self.folder / f"{arguments[0]}{len(self.running)}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "--app", "fleetportal", *arguments, "--loglevel", "INFO"],
            env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, cwd=settings.BASE_DIR,
        )  # fmt: skip
        log.close()
        self.running.append(process)
        return process

    def worker(self):
        return self.start("worker", "--concurrency", "2", "--without-gossip", "--without-mingle")

    def beat(self):
        return self.start("beat", "--schedule", str(self.folder / "schedule"), "--pidfile=")

    def kill(self, process):
        """End a process and its children with no chance to tidy up."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def stop(self):
        for process in list(self.running):
            self.kill(process)


@pytest.fixture
def crew(tmp_path):
    redis.Redis.from_url(settings.CELERY_BROKER_URL).flushdb()
    crew = Crew(tmp_path)
    yield crew
    crew.stop()


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.1)
    return answer


def queue(count, name):
    user = factories.user("Ada")
    with all_companies(reason="test"):
        for number in range(count):
            queue_mail("password_changed", user=user, key=f"{name}:{number}", now=timezone.now())


def done():
    with all_companies(reason="test"):
        return WorkItem.objects.filter(status="done").count()


def mails():
    with all_companies(reason="test"):
        return CaughtMail.objects.count(), OutgoingMail.objects.filter(status="sent").count()


def claimed():
    with all_companies(reason="test"):
        return WorkItem.objects.filter(status="running").first()


def alive(name):
    return health.database()[name]["alive"]


@pytest.mark.rule("GEN-5")
def test_a_killed_worker_and_an_emptied_broker_lose_no_work_and_do_none_twice(crew):
    first = crew.worker()
    wait_for(lambda: alive("worker"))
    queue(60, "first")
    wait_for(lambda: done() >= 5)
    crew.kill(first)
    before = done()
    assert before < 60, "The worker was killed too late to prove anything."
    redis.Redis.from_url(settings.CELERY_BROKER_URL).flushdb()
    queue(5, "second")
    redis.Redis.from_url(settings.CELERY_BROKER_URL).flushdb()
    crew.beat()
    crew.worker()
    wait_for(lambda: done() == 65, 90)
    assert mails() == (65, 65)
    with all_companies(reason="test"):
        assert not WorkItem.objects.exclude(status="done").exists()


@pytest.mark.rule("GEN-5")
def test_beat_has_what_was_promised_for_later_done_when_it_is_due(crew):
    crew.worker()
    crew.beat()
    wait_for(lambda: alive("worker") and alive("beat"))
    queue_mail("password_changed", user=factories.user("Ada"), key="later", now=timezone.now() + timedelta(seconds=2))
    began = time.monotonic()
    wait_for(lambda: done() == 1, 40)
    assert time.monotonic() - began > 1
    assert mails() == (1, 1)


@pytest.mark.rule("GEN-5")
def test_a_process_of_the_worker_that_is_killed_gives_its_work_back(crew):
    """Its worker lives on, and says which of its processes do not: nobody waits for the lease."""
    worker = crew.worker()
    crew.beat()
    wait_for(lambda: alive("worker") and alive("beat"))
    queue_mail("password_changed", user=factories.user("Ada"), key="killed", now=timezone.now() + timedelta(seconds=1))
    with startup.connect() as own, own.transaction():
        own.execute("SET LOCAL ROLE portal_wide")
        own.execute("SELECT FROM core_outgoingmail FOR UPDATE")  # the handler waits here, in the middle of its work
        item = wait_for(claimed)
        os.kill(item.claimed_pid, signal.SIGKILL)
    wait_for(lambda: done() == 1)
    assert worker.poll() is None
    assert mails() == (1, 1)
    with all_companies(reason="test"):
        item = WorkItem.objects.get()
    assert (item.attempts, item.failures) == (2, 1)


@pytest.mark.parametrize("stopped", ["worker", "beat"])
def test_health_names_the_one_that_was_stopped(crew, stopped):
    crews = {"worker": crew.worker(), "beat": crew.beat()}
    wait_for(lambda: alive("worker") and alive("beat"))
    crew.kill(crews[stopped])
    wait_for(lambda: not alive(stopped))
    answer = health.healthz(RequestFactory().get("/healthz"))
    assert (answer.status_code, json.loads(answer.content)["down"]) == (503, [stopped])
