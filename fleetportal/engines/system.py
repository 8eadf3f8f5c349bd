"""What the engines need from the operating system: a user to run as, places it can reach, private files, free ports."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fleetportal.engines.errors import EngineError

# Below the range from which the kernel takes ports for outgoing connections, so that a port stays ours between runs.
PORTS = range(20_000, 30_000)
SHARED_DIR = Path("/var/lib/fleetportal")
_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def service_user() -> pwd.struct_passwd | None:
    """Return the user that the servers run as, or None for the present user.

    PostgreSQL refuses to run as root. Root therefore starts it as PORTAL_SERVICE_USER, as `postgres` where a package
    made that user, as `fleetportal` made here without a login, or as `nobody`.
    """
    if os.geteuid() != 0:
        return None
    if wanted := os.environ.get("PORTAL_SERVICE_USER"):
        try:
            return pwd.getpwnam(wanted)
        except KeyError:
            raise EngineError(f"PORTAL_SERVICE_USER names {wanted!r}, a user that does not exist.") from None
    for name in ("postgres", "fleetportal"):
        if user := _find_user(name):
            return user
    if shutil.which("useradd"):
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "fleetportal"],
            check=False,
            capture_output=True,
        )
        if user := _find_user("fleetportal"):
            return user
    return pwd.getpwnam("nobody")


def _find_user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def reachable(path: Path, user: pwd.struct_passwd | None) -> bool:
    """Say whether `user` can enter every directory on the way to `path`; what does not exist yet counts as open."""
    if user is None:
        return True
    resolved = path.resolve()
    for place in (*reversed(resolved.parents), resolved):
        if not place.exists():
            return True
        facts = place.stat()
        if facts.st_uid == user.pw_uid:
            allowed = facts.st_mode & 0o100
        elif facts.st_gid == user.pw_gid:
            allowed = facts.st_mode & 0o010
        else:
            allowed = facts.st_mode & 0o001
        if not allowed:
            return False
    return True


def reachable_home(wanted: Path, user: pwd.struct_passwd | None) -> Path:
    """Return a directory for the servers' data that `user` can enter, made if need be: `wanted`, else below /var/lib.

    A checkout in root's home (mode 0700) stays closed: nothing of it is opened to make room for a server.
    """
    home = wanted
    if not reachable(wanted, user):
        home = SHARED_DIR / hashlib.sha256(str(wanted.resolve()).encode()).hexdigest()[:12]
    make_directory(home, 0o711)
    return home


def reachable_copy(sources: list[Path], name: str, user: pwd.struct_passwd | None) -> Path:
    """Return a directory that holds `sources` side by side and that `user` can enter.

    That is their own parent where the user can reach it, else a copy below /var/lib, made once under `name` (which
    carries the version).
    """
    parent = sources[0].parent
    if all(reachable(source, user) for source in sources):
        return parent
    copy = SHARED_DIR / name
    if not copy.exists():
        make_directory(SHARED_DIR, 0o755)
        unfinished = SHARED_DIR / f"{name}.{os.getpid()}"
        unfinished.mkdir(mode=0o755)
        unfinished.chmod(0o755)
        for source in sources:
            shutil.copytree(source, unfinished / source.name, symlinks=True)
        try:
            unfinished.rename(copy)
        except OSError:  # another start of the portal was quicker; its copy is the same
            shutil.rmtree(unfinished)
    return copy


def make_directory(path: Path, mode: int, user: pwd.struct_passwd | None = None) -> None:
    """Make `path` with exactly `mode` (whatever the umask says) and give it to `user`; existing content stays."""
    new = not path.exists()
    path.mkdir(parents=True, exist_ok=True)
    if new:
        path.chmod(mode)
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def write_private(path: Path, text: str, user: pwd.struct_passwd | None = None) -> None:
    """Write `text` so that only its owner can ever read it (0600 from the first byte), replacing the file at once."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    if user is not None:
        os.chown(unfinished, user.pw_uid, user.pw_gid)
    unfinished.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in the file, or an empty one when there is no file."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    return found


def port_is_free(port: int) -> bool:
    """Say whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(wanted: int | None = None) -> int:
    """Return `wanted` when it is free, else another free port of 127.0.0.1."""
    if wanted is not None and port_is_free(wanted):
        return wanted
    for port in random.sample(PORTS, 200):
        if port_is_free(port):
            return port
    raise EngineError("No free port between 20000 and 30000 was found for PostgreSQL or Valkey.")


def when_parent_dies(number: int) -> None:
    """Ask for a signal to this process at the end of the one that started it (Linux; elsewhere nothing happens)."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, number)


def before_exec(death_signal: int, nice: int = 0) -> Callable[[], None]:
    """Return what a child does between fork and exec: ask for `death_signal` when its parent dies, and step back.

    On Linux nothing is left behind by a supervisor that was killed. Elsewhere there is no such request; the next start
    then ends a left-over PostgreSQL by its data directory.
    """
    parent = os.getpid()

    def prepare() -> None:
        when_parent_dies(death_signal)
        if os.getppid() != parent:  # the parent died before the request stood
            os._exit(1)
        if nice:
            os.nice(nice)

    return prepare
