"""What docs/operators/backup.md tells operators to do, done."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from fleetportal.engines import roles
from fleetportal.engines.postgres import THROW_AWAY, Postgres

REPOSITORY = Path(__file__).resolve().parents[2]
FACTS = """
    SELECT 'table', relname, pg_get_userbyid(relowner) || relrowsecurity || relforcerowsecurity || relacl::text
    FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'S')
    UNION ALL SELECT 'policy', polname, pg_get_expr(polqual, polrelid) FROM pg_policy
    UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
              WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'function', proname, pg_get_userbyid(proowner) || prosecdef || proacl::text FROM pg_proc
              WHERE pronamespace = 'public'::regnamespace AND proowner <> 10
    UNION ALL SELECT 'extension', extname, '' FROM pg_extension
    ORDER BY 1, 2, 3
"""


def as_superuser(cluster):
    config = cluster.config
    return psycopg.connect(
        host="127.0.0.1", port=config["port"], user="postgres", password=config["password"], dbname=roles.DATABASE
    )


def program(cluster, name, *arguments, user="postgres", password=None):
    """Run one of PostgreSQL's programs as the documents say."""
    environment = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(cluster.config["port"]),
        "PGPASSWORD": password or cluster.config["password"],
    }
    command = [cluster.binaries / name, f"--username={user}", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def migrated(cluster):
    """A cluster with the portal's tables and a few rows."""
    environment = os.environ | cluster.urls()
    command = [sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"]
    subprocess.run(command, cwd=REPOSITORY, env=environment, check=True, timeout=170)
    with as_superuser(cluster) as connection:
        connection.execute("INSERT INTO django_session VALUES ('kept', 'data', now())")
    return cluster


def test_a_backup_that_was_put_back_is_the_same_database(migrated, home):
    file = home / "portal.dump"
    dumped = program(migrated, "pg_dump", "--format=custom", f"--file={file}", roles.DATABASE)
    assert dumped.returncode == 0, dumped.stderr
    other = Postgres(home, home / "postgres.log", THROW_AWAY)
    other.prepare()
    other.start().wait_ready()
    try:
        other.bootstrap()
        options = ["--no-owner", "--role=portal_owner", "--exit-on-error", f"--dbname={roles.DATABASE}"]
        restored = program(other, "pg_restore", *options, str(file))
        assert restored.returncode == 0, restored.stderr
        with as_superuser(migrated) as before, as_superuser(other) as after:
            assert after.execute(FACTS).fetchall() == before.execute(FACTS).fetchall()
            assert after.execute("SELECT session_key FROM django_session").fetchall() == [("kept",)]
        done = subprocess.run(
            [sys.executable, "manage.py", "migrate", "--check"],
            cwd=REPOSITORY,
            env=os.environ | other.urls(),
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == 0
    finally:
        other.process.stop()


def test_a_backup_by_a_role_that_may_not_see_all_rows_fails_aloud(migrated, home):
    file = home / "portal.dump"
    password = migrated.config["owner_password"]
    dumped = program(migrated, "pg_dump", f"--file={file}", roles.DATABASE, user=roles.OWNER, password=password)
    assert dumped.returncode != 0
    assert "row-level security" in dumped.stderr


def test_the_programs_of_our_own_server_are_at_hand_while_it_runs(migrated, home):
    """`python -m fleetportal.engines psql`, in a directory as `manage.py up` leaves it."""
    engines = home / "var" / "engines"
    engines.mkdir(parents=True)
    command = [sys.executable, "-m", "fleetportal.engines", "psql", "--csv", "--tuples-only"]
    command += ["--command", "SELECT current_user, count(*) FROM django_session"]

    def ask():
        return subprocess.run(
            command,
            cwd=REPOSITORY,
            env=os.environ | {"PORTAL_VAR": str(home / "var")},
            capture_output=True,
            text=True,
            timeout=60,
        )

    assert "does not run" in ask().stderr
    (engines / "urls.json").write_text('{"DATABASE_URL": "x"}')
    (engines / "postgres.json").symlink_to(migrated.config_file)
    assert ask().stdout == "postgres,1\n"


def test_the_files_are_kept_without_the_secret_and_what_can_be_made_again(tmp_path):
    text = (REPOSITORY / "docs" / "operators" / "backup.md").read_text()
    commands = re.findall(r"^    (tar .*PORTAL_VAR.*)$", text, re.MULTILINE)
    assert len(commands) == 2
    before, after = tmp_path / "before", tmp_path / "after"
    after.mkdir()
    for name in ("engines/postgres.json", "log/web.log", "static/site.css", "secret.key", "files/ab/one"):
        (before / name).parent.mkdir(parents=True, exist_ok=True)
        (before / name).write_text(name)
    for command, place in zip(commands, (before, after), strict=True):  # nothing went to the card maker yet
        told = command.replace("portal-files-$(date +%F).tar", "portal-files.tar")
        subprocess.run(["sh", "-c", told], cwd=tmp_path, env=os.environ | {"PORTAL_VAR": str(place)}, check=True)
    assert [str(path.relative_to(after)) for path in after.rglob("*") if path.is_file()] == ["files/ab/one"]
