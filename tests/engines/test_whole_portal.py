"""`manage.py up` with the real portal, as `make demo` starts it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fleetportal.engines import system
from tests.engines.test_supervisor import clean_environment, servers_alive
from tests.engines.waiting import alive, until

REPOSITORY = Path(__file__).resolve().parents[2]


class Portal:
    """The portal on servers of its own, without demo data."""

    def __init__(self, home):
        self.home = home
        self.port = system.free_port()
        self.output = home / "output"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=REPOSITORY,
                env=clean_environment() | {"PORTAL_VAR": str(home / "var"), "PORT": str(self.port)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def ready(self):
        until(lambda: "The portal runs at" in self.said() or self.process.poll() is not None, seconds=120)
        assert "The portal runs at" in self.said(), self.said()

    def said(self):
        return self.output.read_text()

    def health(self):
        """What /healthz says: the code, and the names of what is not alive."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=20)
        try:
            connection.request("GET", "/healthz")
            answer = connection.getresponse()
            checks = json.loads(answer.read())["checks"]
        except (OSError, http.client.HTTPException):
            return 0, ["web"]
        finally:
            connection.close()
        return answer.status, [name for name, check in checks.items() if not check["alive"]]

    def children(self):
        """The process ids of what the supervisor started, by a word of their command line."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                parent = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
                line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if parent == self.process.pid:
                name = re.search(r"gunicorn|worker|beat|postgres|valkey", line)
                found[name[0] if name else line] = int(process.name)
        return found

    def family(self):
        """Every process below the supervisor."""
        parents = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(process.name)] = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
        family = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        return family - {self.process.pid}

    def end(self, number=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(90)
        return self.process.returncode


@pytest.fixture
def portal(home):
    portal = Portal(home)
    yield portal
    family = portal.family()
    portal.end()
    for pid in filter(alive, {*family, *servers_alive(portal)}):  # only where the test has failed
        os.kill(pid, signal.SIGKILL)


def test_the_portal_comes_up_heals_and_goes_without_a_trace(portal):
    portal.ready()
    until(lambda: portal.health() == (200, []), seconds=30)
    before = portal.children()
    assert set(before) == {"gunicorn", "worker", "beat", "postgres", "valkey"}
    assert os.getpriority(os.PRIO_PROCESS, before["worker"]) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    until(
        lambda: len(portal.children()) == 5 and not set(before.values()) & set(portal.children().values()), seconds=60
    )
    until(lambda: portal.health() == (200, []), seconds=60)
    family = portal.family()
    assert len(family) > 12
    assert portal.end() == 0
    assert not any(map(alive, family))
    assert servers_alive(portal) == []


def test_a_killed_supervisor_leaves_no_process(portal):
    portal.ready()
    family = portal.family()
    portal.end(signal.SIGKILL)
    until(lambda: not any(map(alive, family)) and servers_alive(portal) == [], seconds=20)
