"""The portal's real processes on this test's database, with a broker of their own that may be killed as well."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fleetportal.core import health
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import Heartbeat, WorkItem
from fleetportal.engines import portal, system
from fleetportal.engines.valkey import Valkey
from tests import factories
from tests.cards.online import Person


class Crew:
    """Web, worker, beat and broker; each is started when a test says so, and ended with the test."""

    def __init__(self, folder):
        self.folder = folder
        self.valkey = Valkey(
            system.reachable_home(folder / "engines", system.service_user()), folder / "valkey.log", persistent=False
        )
        self.valkey.prepare()
        self.running = []
        self.people = []
        self.broker = self.start_broker()
        parts = conninfo_to_dict(os.environ["DATABASE_URL"]) | {"dbname": connection.settings_dict["NAME"]}
        self.environment = {
            **os.environ,
            **self.valkey.urls(),
            "DATABASE_URL": make_conninfo(**parts),
            "CARD_MAKER": "simulator",
            "LOG_LEVEL": "INFO",
        }

    def start_broker(self):
        self.broker = self._run(self.valkey.start(), started=True)
        return self.broker

    def worker(self):
        process = self._run(portal.worker(self.folder / f"worker{len(self.running)}.log", self.environment))
        wait_for(lambda: health.database()["worker"]["alive"])
        return process

    def beat(self):
        return self._run(portal.beat(self.folder / "beat.log", self.environment))

    def web(self):
        port = system.free_port()
        self.address = f"http://127.0.0.1:{port}"
        return self._run(portal.web(port, self.folder / "web.log", self.environment))

    def person(self, user, home):
        self.people.append(Person(self.address, user, home))
        return self.people[-1]

    def kill(self, process):
        """End a process and all that it started, with no chance to tidy up."""
        process.kill()
        self.running.remove(process)

    def freeze(self, process):
        """Stop a process and all that it started, until `thaw`."""
        os.killpg(process.pid, signal.SIGSTOP)

    def thaw(self, process):
        os.killpg(process.pid, signal.SIGCONT)

    def stop(self):
        for person in self.people:
            person.session.close()
        for process in reversed(self.running):
            process.kill()

    def _run(self, process, *, started=False):
        if not started:
            process.start()
        self.running.append(process)
        process.wait_ready()
        return process


def wait_for(condition, seconds=60, said=lambda: ""):
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, f"It did not happen in time. {said()}"
        time.sleep(0.1)
    return answer


def hurry(kind=""):
    """What waits for its time is due now."""
    now = timezone.now()
    with all_companies(reason="test"):
        waiting = WorkItem.objects.filter(status="waiting", due_at__gt=now, kind__startswith=kind)
        waiting.update(due_at=now, sent_at=None)


def forget_workers():
    """Let the killed worker have been silent for long enough to count as gone; the new one is heard of again."""
    hour = timedelta(hours=1)
    with all_companies(reason="test"):
        WorkItem.objects.filter(status="running").update(claimed_at=F("claimed_at") - hour)
        Heartbeat.objects.filter(kind=Heartbeat.Kind.WORKER).update(at=F("at") - hour)


def running(kind):
    with all_companies(reason="test"):
        return WorkItem.objects.filter(kind=kind, status="running").first()


def done(kind):
    with all_companies(reason="test"):
        return WorkItem.objects.filter(kind=kind, status="done").exists()


def left():
    """What is promised and not done, for the sentence of a test that waits in vain."""
    with all_companies(reason="test"):
        return list(WorkItem.objects.exclude(status="done").values("kind", "status", "error", "attempts", "due_at"))


@pytest.fixture
def crew(transactional_db, tmp_path):
    tmp_path.chmod(0o711)
    crew = Crew(tmp_path)
    yield crew
    crew.stop()


@pytest.fixture
def acme(transactional_db):
    factories.card_product()
    return factories.company("Acme")


@pytest.fixture
def number(acme):
    return factories.customer_number(acme)
