"""`manage.py up`: what it starts, what it restarts, and that nothing stays behind."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from fleetportal.engines import demo, settings, system
from fleetportal.engines.errors import EngineError
from fleetportal.engines.valkey import Valkey
from tests.engines.waiting import alive, until

REPOSITORY = Path(__file__).resolve().parents[2]
NAMES = ("web", "worker", "beat")
OURS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "PORTAL_VAR",
    "PORTAL_DEMO",
    "PORTAL_URL",
    "SECRET_KEY",
    "PORT",
)


def clean_environment():
    """The environment of someone who has set nothing."""
    return {key: value for key, value in os.environ.items() if key not in OURS and key != "CARD_MAKER_PUBLIC_KEY"}


class Run:
    """One `manage.py up` with the small portal, in a directory of its own."""

    def __init__(self, home, **environment):
        self.home = home
        self.log = home / "told"
        self.port = int(environment.pop("PORT", 0)) or system.free_port()
        base = home / "base"
        (base / "static").mkdir(parents=True, exist_ok=True)
        (base / "requirements").mkdir(exist_ok=True)
        for name in ("requirements/runtime.txt", "manage.py", "static/site.css"):
            if not (base / name).exists():
                (base / name).write_text("")
        self.environment = {
            **clean_environment(),
            "SMALL_LOG": str(self.log),
            "SMALL_BASE": str(base),
            "PORTAL_VAR": str(home / "var"),
            "PORT": str(self.port),
            **environment,
        }
        self.output = home / "output"
        self.process = None

    def start(self, *arguments):
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.engines.small_portal", *arguments],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return self

    def until_said(self, text):
        until(lambda: text in self.said() or self.process.poll() is not None, seconds=40)
        assert text in self.said(), self.said()
        return self

    def ready(self):
        return self.until_said("The portal runs at")

    def said(self):
        return self.output.read_text()

    def told(self):
        return self.log.read_text().splitlines() if self.log.exists() else []

    def pid(self, name):
        """The process id of the stand-in that was started last under this name."""
        return int([line for line in self.told() if line.startswith(f"started {name} ")][-1].split()[-1])

    def urls(self):
        return json.loads((self.home / "var" / "engines" / "urls.json").read_text())

    def end(self, number=signal.SIGINT):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(60)
        return self.process.returncode


@pytest.fixture
def run(home):
    runs = []

    def make(**environment):
        runs.append(Run(home, **environment))
        return runs[-1]

    yield make
    for one in runs:
        one.end()
        for pid in servers_alive(one):  # only where the test has failed
            os.kill(pid, signal.SIGKILL)


def servers_alive(run):
    """The ids of servers that work in this run's directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = os.fsencode(run.home)
            facts = (process / "cmdline").read_bytes() + b" " + os.fsencode((process / "cwd").readlink())
            if place in facts and alive(int(process.name)):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_it_starts_in_order_says_how_to_sign_in_and_stops_in_order(run):
    portal = run(PORTAL_DEMO="1").start().ready()
    said = portal.said()
    assert f"http://localhost:{portal.port}" in said
    assert demo.DEMO_PASSWORD in said
    assert all(name in said for name in demo.SIGN_IN_NAMES)
    urls = portal.urls()
    assert stat.S_IMODE((portal.home / "var" / "engines" / "urls.json").stat().st_mode) == 0o600
    with psycopg.connect(urls["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("portal_app",)
    with redis.Redis.from_url(urls["REDIS_URL"]) as connection:
        assert connection.ping()
    until(lambda: any(line.startswith("started beat") for line in portal.told()))
    assert portal.end() == 0
    told = [line.rsplit(" ", 1)[0] if line.startswith("started") else line for line in portal.told()]
    assert set(told[:2]) == {"migrate --no-input --verbosity 1", "collectstatic --no-input --clear --verbosity 0"}
    assert told[2] == "seed_demo --if-empty"
    assert set(told[3:6]) == {"started web", "started worker", "started beat"}
    assert told[6:] == ["stopped beat", "stopped web", "stopped worker"]
    assert not (portal.home / "var" / "engines" / "urls.json").exists()
    assert servers_alive(portal) == []
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(urls["DATABASE_URL"])


def test_outside_the_demonstration_no_demo_data_is_loaded_and_no_password_shown(run):
    portal = run().start().ready()
    assert demo.DEMO_PASSWORD not in portal.said()
    assert not any(line.startswith("seed_demo") for line in portal.told())
    assert not (portal.home / "var" / "maker").exists()


def test_a_second_start_leaves_out_what_has_not_changed(run):
    first = run(PORTAL_DEMO="1").start().ready()
    (first.home / "var" / "static").mkdir()
    (first.home / "var" / "static" / "staticfiles.json").write_text("{}")
    first.end()
    secret = (first.home / "var" / "secret.key").read_text()
    first.log.unlink()
    second = run(PORTAL_DEMO="1").start().ready()
    assert all(line.startswith("started") for line in second.told())
    assert (second.home / "var" / "secret.key").read_text() == secret
    second.end()
    (second.home / "base" / "manage.py").write_text("# changed")
    second.log.unlink()
    third = run(PORTAL_DEMO="1").start().ready()
    assert third.told()[:2] == ["migrate --no-input --verbosity 1", "seed_demo --if-empty"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_way_of_asking_stops_it_cleanly(run, number):
    portal = run().start().ready()
    assert portal.end(number) == 0
    assert servers_alive(portal) == []


def test_nothing_is_left_when_it_was_killed_and_the_next_start_is_clean(run):
    portal = run().start().ready()
    # They start at once and tell it in any order.
    until(lambda: all(any(line.startswith(f"started {name} ") for line in portal.told()) for name in NAMES))
    pids = [portal.pid(name) for name in NAMES]
    assert len(servers_alive(portal)) >= 5
    portal.end(signal.SIGKILL)
    until(lambda: not any(map(alive, pids)) and servers_alive(portal) == [])
    again = run().start().ready()
    assert again.end() == 0


def test_with_its_parent_killed_it_stops_by_itself(home, run):
    portal = run()
    starter = (
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'tests.engines.small_portal', '--stop-with-parent'])\n"
    )
    with portal.output.open("w") as output:
        portal.process = subprocess.Popen(
            [sys.executable, "-c", starter], cwd=REPOSITORY, env=portal.environment, stdout=output, stderr=output
        )
    portal.ready()
    portal.end(signal.SIGKILL)
    until(lambda: servers_alive(portal) == [])
    assert "stopped web" in portal.told()


def test_a_process_that_dies_is_started_again(run):
    portal = run().start().ready()
    before = portal.pid("web")
    os.kill(before, signal.SIGKILL)
    until(lambda: portal.pid("web") != before)
    assert "web ended (SIGKILL)" in portal.said()


def test_a_server_that_dies_is_started_again_with_its_data(run):
    portal = run().start().ready()
    urls = portal.urls()
    with psycopg.connect(urls["DATABASE_OWNER_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    data = next((portal.home / "var" / "engines").glob("postgres-*"))
    os.kill(int((data / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
    portal.until_said("PostgreSQL ended")

    def back():
        try:
            with psycopg.connect(urls["DATABASE_URL"]) as connection:
                return connection.execute("SELECT to_regclass('kept') IS NOT NULL").fetchone() == (True,)
        except psycopg.OperationalError:
            return False

    until(back, seconds=20)


def test_a_taken_port_gives_one_sentence_and_starts_nothing(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        portal = run(PORT=port).start()
        assert portal.process.wait(30) == 1
    assert portal.said() == (
        f"Port {port} is taken by another program: choose another, as PORT={port + 1} make demo.\n"
    )
    assert not (portal.home / "var").exists()


def test_two_portals_do_not_share_a_directory(run):
    first = run().start().ready()
    second = Run(first.home)
    second.output = first.home / "second"
    second.start()
    assert second.process.wait(30) == 1
    assert f"already runs on {first.home / 'var'} (process {first.process.pid})" in second.said()
    assert first.process.poll() is None
    assert first.urls()


def test_a_failed_step_is_shown_and_everything_stopped(run):
    portal = run(SMALL_FAULT="migrate fails").start()
    assert portal.process.wait(60) == 1
    assert "migrate failed" in portal.said()
    assert "the table is gone" in portal.said()
    assert servers_alive(portal) == []
    assert not any(line.startswith("started") for line in portal.told())


def test_ctrl_c_during_a_long_step_stops_that_too(run):
    portal = run(SMALL_FAULT="migrate hangs").start().until_said("Running migrate")
    until(lambda: "migrate --no-input --verbosity 1" in portal.told())
    assert portal.end() == 0
    assert "stopped migrate" in portal.told()
    assert servers_alive(portal) == []


def test_a_portal_that_does_not_stay_up_gives_up_with_its_last_lines(run):
    portal = run(SMALL_FAULT="web dies").start()
    assert portal.process.wait(60) == 1
    assert "web does not stay up" in portal.said()
    assert "no way" in portal.said()
    assert servers_alive(portal) == []


def test_servers_of_ones_own_are_used_and_left_running(run, cluster, home):
    valkey = Valkey(home / "other", home / "other.log")
    system.make_directory(valkey.home, 0o711)
    valkey.prepare()
    valkey.start().wait_ready()
    try:
        portal = run(**cluster.urls(), **valkey.urls()).start().ready()
        assert not (home / "var" / "engines" / "urls.json").exists()
        assert not list((home / "var" / "engines").glob("postgres*"))
        assert portal.end() == 0
        psycopg.connect(cluster.urls()["DATABASE_URL"]).close()
        assert valkey.process.running()
    finally:
        valkey.process.stop()


def test_a_server_that_does_not_answer_is_named_without_its_password(run, cluster):
    wrong = {name: url.replace(str(cluster.config["port"]), "9") for name, url in cluster.urls().items()}
    portal = run(**wrong).start()
    assert portal.process.wait(60) == 1
    assert "The server in DATABASE_URL does not let us in" in portal.said()
    assert cluster.config["app_password"] not in portal.said()


def test_only_the_servers_can_be_started(run):
    portal = run().start("--engines").until_said("The servers run")
    psycopg.connect(portal.urls()["DATABASE_URL"]).close()
    assert portal.end() == 0
    assert portal.told() == []


def test_an_unknown_word_is_refused():
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--nonsense"], cwd=REPOSITORY, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert "--nonsense" in done.stdout


@pytest.mark.parametrize("port", ["0", "70000", "80a", "-1", " "])
def test_a_port_that_is_none_is_refused(monkeypatch, port):
    monkeypatch.setenv("PORT", port)
    with pytest.raises(EngineError, match="PORT must be a number"):
        settings.read()


def test_one_address_of_two_is_refused(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@localhost/b")
    monkeypatch.delenv("DATABASE_OWNER_URL", raising=False)
    with pytest.raises(EngineError, match="go together"):
        settings.read()


def test_a_flag_that_is_neither_yes_nor_no_is_refused(monkeypatch):
    monkeypatch.setenv("PORTAL_DEMO", "perhaps")
    with pytest.raises(EngineError, match="PORTAL_DEMO must be 1 or 0"):
        settings.read()
