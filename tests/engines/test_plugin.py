"""The servers and roles that tests run on."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from fleetportal.engines import pytest_plugin, system
from fleetportal.engines.valkey import Valkey
from tests.engines.waiting import alive, until

REPOSITORY = Path(__file__).resolve().parents[2]
SET_BY_THE_PLUGIN = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "PORTAL_VAR",
    "PORTAL_DEMO",
    "PORTAL_URL",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "CARD_MAKER_PUBLIC_KEY",
    "DJANGO_SETTINGS_MODULE",
    pytest_plugin._OWN_REDIS,
)


def outside(home, **more):
    """The environment of another run of pytest, started by hand, with a temporary directory of its own."""
    kept = {k: v for k, v in os.environ.items() if k not in SET_BY_THE_PLUGIN and not k.startswith("PYTEST_")}
    return kept | {"TMPDIR": str(home)} | more


def sleeper(home):
    """A test file that says which servers it got, and sleeps."""
    file = home / "test_sleeper.py"
    file.write_text(
        "import os, pathlib, time\n\n"
        "def test_sleep():\n"
        "    told = os.environ['DATABASE_URL'] + ' ' + os.environ['REDIS_URL']\n"
        f"    pathlib.Path({str(home / 'told')!r}).write_text(told)\n"
        "    time.sleep(float(os.environ.get('SLEEP', 0)))\n"
    )
    return file


def pytest_command(*arguments):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "pyproject.toml"]
    return [*command, "--rootdir", str(REPOSITORY), *map(str, arguments)]


def servers_in(directory):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(directory) in os.fsencode((process / "cwd").readlink()) and alive(int(process.name)):
                found.append(int(process.name))
        except OSError:
            continue
    return found


@pytest.mark.django_db
def test_tests_run_as_the_portal_does():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, session_user")
        assert cursor.fetchone() == ("portal_app", "portal_app")
        cursor.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        assert cursor.fetchall() == [("portal_owner",)]
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute("CREATE TABLE mine (id int)")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "again"])
def test_tests_with_real_transactions_clean_up_after_themselves(time):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_session")
        assert cursor.fetchone() == (0,)
        cursor.execute("INSERT INTO django_session VALUES ('key', 'data', now())")


def test_tests_have_a_directory_and_a_broker_of_their_own():
    own = Path(os.environ["PORTAL_VAR"])
    assert REPOSITORY not in own.parents
    assert own == settings.VAR_DIR
    assert settings.CELERY_BROKER_URL.startswith(os.environ["REDIS_URL"])
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    assert worker is None or own.name == worker
    assert "testserver" in settings.ALLOWED_HOSTS
    assert (own / "maker" / "public.key").read_text().strip() == settings.CARD_MAKER_PUBLIC_KEY


def test_nothing_is_left_after_a_run(home):
    subprocess.run(pytest_command(sleeper(home)), cwd=REPOSITORY, env=outside(home), check=True, timeout=120)
    assert "127.0.0.1" in (home / "told").read_text()
    assert not list(home.glob("fleetportal-test-*"))
    assert servers_in(home) == []


def test_nothing_runs_after_a_run_that_was_killed_and_the_next_run_clears_up(home):
    command = pytest_command(sleeper(home))
    with subprocess.Popen(command, cwd=REPOSITORY, env=outside(home, SLEEP="60"), start_new_session=True) as killed:
        until((home / "told").exists, seconds=60)
        assert len(servers_in(home)) > 1
        killed.send_signal(signal.SIGKILL)
    until(lambda: servers_in(home) == [])
    assert len(list(home.glob("fleetportal-test-*"))) == 1
    subprocess.run(command, cwd=REPOSITORY, env=outside(home), check=True, timeout=120)
    assert not list(home.glob("fleetportal-test-*"))


def test_servers_of_ones_own_are_used_and_left_as_they_were(home, cluster):
    valkey = Valkey(home / "valkey", home / "valkey.log", persistent=False)
    system.make_directory(valkey.home, 0o711)
    valkey.prepare()
    valkey.start().wait_ready()
    chosen = f"{Path(__file__).relative_to(REPOSITORY)}::{test_tests_run_as_the_portal_does.__name__}"
    try:
        environment = outside(home, **cluster.urls(), **valkey.urls())
        for test in (chosen, sleeper(home)):
            subprocess.run(pytest_command(test), cwd=REPOSITORY, env=environment, check=True, timeout=170)
        assert (home / "told").read_text() == f"{cluster.urls()['DATABASE_URL']} {valkey.urls()['REDIS_URL']}"
        assert valkey.process.running()
    finally:
        valkey.process.stop()
    with psycopg.connect(cluster.urls()["DATABASE_OWNER_URL"]) as owner:
        assert owner.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'test%'").fetchone() == (0,)


def test_one_address_of_two_stops_the_run_with_a_sentence(home):
    environment = outside(home, DATABASE_URL="postgresql://portal_app@localhost/portal")
    done = subprocess.run(
        pytest_command(sleeper(home)), cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "go together" in done.stderr
    assert not list(home.glob("fleetportal-test-*"))


@pytest.mark.xdist_group("plugin")
def test_xdist_is_told_which_tests_belong_together(request):
    grouped = request.config.getoption("loadgroup", default=False)
    assert request.node.nodeid.endswith("@plugin") == grouped
