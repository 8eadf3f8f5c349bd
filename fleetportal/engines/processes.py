"""One child process with its way of being started, watched and stopped."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleetportal.engines import system
from fleetportal.engines.errors import EngineError

_KEEP_LOG_BYTES = 5 * 1024 * 1024


@dataclass(kw_only=True)
class Process:
    """A program that runs until it is told to stop; its output goes to a log file of its own.

    Each child leads a session of its own, so that Ctrl-C reaches only the supervisor, which stops them in order.
    """

    name: str
    command: Sequence[str | Path]
    log: Path
    cwd: Path
    environment: Mapping[str, str] | None = None
    # What it is told to stop with, how long it may take (seconds), and what it gets when the supervisor was killed.
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 15
    death_signal: int = signal.SIGTERM
    nice: int = 0
    user: pwd.struct_passwd | None = None
    # What it reads from its standard input: a way to hand over secrets that `ps` does not show.
    stdin: str | None = None
    # Called after the start; returns True once it answers, and is asked for at most `ready_seconds`.
    is_ready: Callable[[int], bool] | None = None
    ready_seconds: float = 60
    popen: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        """Return its process id, or None when it was not started."""
        return self.popen.pid if self.popen else None

    def running(self) -> bool:
        """Say whether it was started and has not ended."""
        return self.popen is not None and self.popen.poll() is None

    def start(self) -> None:
        """Start it; the caller waits with `wait_ready` where that matters."""
        _make_room(self.log)
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [str(part) for part in self.command],
                cwd=self.cwd,
                env=None if self.environment is None else dict(self.environment),
                stdin=subprocess.DEVNULL if self.stdin is None else subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=system.before_exec(self.death_signal, self.nice),
                **run_as(self.user),
            )
        if self.stdin is not None and self.popen.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self.popen.stdin as pipe:  # it ended already: wait_ready says so
                pipe.write(self.stdin.encode())

    def wait_ready(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Wait until it answers.

        Raises EngineError when it ends instead, or stays silent for `ready_seconds`. Returns early when `cancelled`.
        """
        deadline = time.monotonic() + self.ready_seconds
        while not cancelled():
            if self.popen is None or self.popen.poll() is not None:
                raise EngineError(f"{self.name} ended at its start. Its last lines ({self.log}):\n{self.last_lines()}")
            if self.is_ready is None or self.is_ready(self.popen.pid):
                return
            if time.monotonic() > deadline:
                raise EngineError(
                    f"{self.name} did not answer within {self.ready_seconds:.0f} seconds, see {self.log}."
                )
            time.sleep(0.02)

    def stop(self) -> None:
        """Tell it to stop and wait; after `stop_seconds` end it with everything it started."""
        if self.popen is None or self.popen.poll() is not None:
            return
        self.popen.send_signal(self.stop_signal)
        try:
            self.popen.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it and the processes of its session at once."""
        if self.popen is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def last_lines(self, count: int = 12) -> str:
        """Return the end of its log, indented, to be shown to a person."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-count:]
        except FileNotFoundError:
            lines = []
        return "\n".join(f"    {line}" for line in lines)


def run_as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the arguments with which subprocess runs something as `user`, and as nobody's group member besides."""
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _make_room(log: Path) -> None:
    """Put a log that has grown large aside; one older copy is kept."""
    if log.exists() and log.stat().st_size > _KEEP_LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
