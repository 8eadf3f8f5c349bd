"""Servers and directories of their own for the tests of the engines."""

import shutil
import tempfile
from pathlib import Path

import pytest

from fleetportal.engines.postgres import THROW_AWAY, Postgres


def open_directory():
    """Return a new directory that the servers' user can enter (pytest's own are closed to others)."""
    directory = Path(tempfile.mkdtemp(prefix="fleetportal-engines-"))
    directory.chmod(0o711)
    return directory


@pytest.fixture
def home():
    directory = open_directory()
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster():
    """A PostgreSQL of this module's own, with the portal's roles and database."""
    directory = open_directory()
    postgres = Postgres(directory, directory / "postgres.log", THROW_AWAY)
    postgres.prepare()
    process = postgres.start()
    process.wait_ready()
    postgres.bootstrap()
    yield postgres
    process.stop()
    shutil.rmtree(directory, ignore_errors=True)
