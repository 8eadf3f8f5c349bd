"""Tests on real servers: a throw-away PostgreSQL and Valkey for each run, and the two roles of the database.

pytest-django reads the settings before any conftest.py is loaded, and the settings need addresses: hence a plugin
(named in pyproject.toml) that starts the servers first. Under xdist the controller starts PostgreSQL once, and each
worker gets a database, a Valkey and a directory of its own. A demonstration that runs at the same time is not touched:
nothing here looks at its directory.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from _pytest.nodeid import NodeId

from fleetportal.engines import demo, others, portal, settings, stamps, system, two_roles
from fleetportal.engines.errors import EngineError
from fleetportal.engines.postgres import THROW_AWAY, Postgres
from fleetportal.engines.processes import Process
from fleetportal.engines.valkey import Valkey

_PREFIX = "fleetportal-test-"
_OWN_REDIS = "PORTAL_TEST_OWN_REDIS"


@dataclass
class Servers:
    """What this pytest process started, and takes away again."""

    directory: Path
    processes: list[Process] = field(default_factory=list)
    homes: list[Path] = field(default_factory=list)

    def stop(self) -> None:
        """End the servers without ceremony and remove all they wrote."""
        for process in reversed(self.processes):
            process.stop()
        for home in {self.directory, *self.homes}:
            shutil.rmtree(home, ignore_errors=True)


_SERVERS = pytest.StashKey[Servers]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """Start the servers before pytest-django reads the settings (a wrapper runs before every ordinary hook)."""
    try:
        servers = _in_worker() if "PYTEST_XDIST_WORKER" in os.environ else _in_controller()
    except EngineError as error:
        raise pytest.UsageError(str(error)) from error
    early_config.stash[_SERVERS] = servers
    early_config.add_cleanup(servers.stop)
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Bring in the fixtures now: of two plugins with a fixture of one name, the later one overrides."""
    if config.pluginmanager.hasplugin("django"):
        config.pluginmanager.register(two_roles, "fleetportal_two_roles")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let xdist keep the tests of one group in one worker (--dist loadgroup).

    xdist 3.8 passes the group on at the end of a test's id, in an attribute that pytest no longer reads since 9.2: its
    groups are silently ignored (pytest-xdist, issue 1386). So the id gets its group here.
    """
    if not config.getoption("loadgroup", default=False):  # set by xdist, in its workers
        return
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group is not None and not item.nodeid.endswith(f"@{group.args[0]}"):
            item._id = NodeId.parse(f"{item.nodeid}@{group.args[0]}")


def _in_controller() -> Servers:
    """Start PostgreSQL and Valkey where none are named, and set the environment the settings read."""
    _sweep()
    directory = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
    directory.chmod(0o711)
    servers = Servers(directory)
    try:
        if settings.own_database():
            _start_postgres(servers)
        else:
            others.check_database()
        if not os.environ.get("REDIS_URL"):
            os.environ[_OWN_REDIS] = "1"
            _start_valkey(servers)
        else:
            others.check_redis()
        os.environ |= {
            "PORTAL_VAR": str(directory),
            "PORTAL_DEMO": "1",
            "PORTAL_URL": "http://localhost:8000",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1,[::1]",
            "CARD_MAKER_PUBLIC_KEY": demo.card_maker_key(directory / "maker"),
            "LOG_LEVEL": "WARNING",
        }
        os.environ.pop("PORTAL_DB_ROLE", None)
        _collect_static(directory)
    except BaseException:
        servers.stop()
        raise
    return servers


def _in_worker() -> Servers:
    """Give this xdist worker a directory and a Valkey of its own; PostgreSQL and the rest come by the environment."""
    directory = Path(os.environ["PORTAL_VAR"]) / os.environ["PYTEST_XDIST_WORKER"]
    system.make_directory(directory, 0o711)
    for name in ("maker", "static"):
        (directory / name).symlink_to(directory.parent / name)
    os.environ["PORTAL_VAR"] = str(directory)
    servers = Servers(directory)
    if os.environ.get(_OWN_REDIS):
        _start_valkey(servers)
    return servers


def _start_postgres(servers: Servers) -> None:
    home = system.reachable_home(servers.directory / "engines", system.service_user())
    servers.homes.append(home)
    postgres = Postgres(home, servers.directory / "postgres.log", THROW_AWAY)
    postgres.prepare()
    process = postgres.start()
    process.stop_signal = process.death_signal = signal.SIGQUIT  # at once: there is nothing to keep
    servers.processes.append(process)
    process.wait_ready()
    postgres.bootstrap()
    os.environ |= postgres.urls()


def _start_valkey(servers: Servers) -> None:
    home = system.reachable_home(servers.directory / "engines", system.service_user())
    servers.homes.append(home)
    valkey = Valkey(home, servers.directory / "valkey.log", persistent=False)
    valkey.prepare()
    servers.processes.append(valkey.start())
    servers.processes[-1].wait_ready()
    os.environ |= valkey.urls()


def _collect_static(directory: Path) -> None:
    """Put the collected static files where this run's settings look for them.

    Pages name them by their hashed names, so they must have been collected. That takes seconds, so what was collected
    is kept in the checkout until one of the files changes; runs share it by a link.
    """
    kept = portal.BASE_DIR / "var" / "test-static"
    mark = stamps.fingerprint(portal.BASE_DIR, stamps.static_files(portal.BASE_DIR))[:16]
    target = kept / mark
    if not (target / "staticfiles.json").exists():
        step = portal.command(
            "collectstatic",
            "--no-input",
            "--verbosity",
            "0",
            log=directory / "collectstatic.log",
            environment=os.environ,
        )
        step.start()
        if step.popen is None or step.popen.wait(300):
            raise EngineError(f"The static files could not be collected:\n{step.last_lines(25)}")
        kept.mkdir(parents=True, exist_ok=True)
        for old in kept.iterdir():
            if old.stat().st_mtime < time.time() - 86_400:  # a run that began today may still serve from it
                shutil.rmtree(old, ignore_errors=True)
        unfinished = kept / f"{mark}.{os.getpid()}"
        shutil.move(directory / "static", unfinished)
        try:
            unfinished.rename(target)
        except OSError:  # another run was quicker
            shutil.rmtree(unfinished)
    (directory / "static").symlink_to(target)


def _sweep() -> None:
    """Remove what runs that were killed have left in the temporary directory."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        process = left.name.removeprefix(_PREFIX).split("-")[0]
        gone = process.isdigit() and sys.platform == "linux" and not Path(f"/proc/{process}").exists()
        if gone and left.stat().st_uid == os.geteuid():
            shutil.rmtree(left, ignore_errors=True)
