"""`manage.py up`: starts the servers and the portal in order, restarts what dies, and stops all of it in order."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from fleetportal.engines import demo, others, portal, settings, stamps, system
from fleetportal.engines.errors import EngineError
from fleetportal.engines.postgres import Postgres
from fleetportal.engines.processes import Process
from fleetportal.engines.valkey import Valkey

_WATCH_SECONDS = 0.2
_LONGEST_WAIT = 30.0
_STEADY_SECONDS = 60.0
_TRIES_BEFORE_READY = 3


@dataclass
class Watched:
    """A running process, with what is needed to start it again after it died."""

    process: Process
    started_at: float = field(default_factory=time.monotonic)
    failures: int = 0
    again_at: float | None = None


class Supervisor:
    """One run of the portal, from the first server to the last that is stopped."""

    def __init__(self, plan: settings.Plan) -> None:
        """Prepare a run; nothing is started."""
        self.plan = plan
        self.stopping = False
        self.database: Postgres | None = None
        self.redis: Valkey | None = None
        self.watched: list[Watched] = []
        self.urls: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.home = plan.engines

    def asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        """Note a Ctrl-C or a request to end; the watching loop sees it."""
        self.stopping = True

    def cancelled(self) -> bool:
        """Say whether someone asked to stop."""
        return self.stopping

    # --- Starting ---------------------------------------------------------------------------------------------------

    def run(self, *, only_engines: bool) -> None:
        """Start everything, watch it until someone asks to stop, and stop it; also after an error."""
        try:
            self.start_engines()
            if only_engines:
                say("The servers run; the addresses are in " + str(self.plan.engines / "urls.json"))
            else:
                self.prepare()
                self.start_portal()
            self.watch()
        finally:
            self.stop()

    def start_engines(self) -> None:
        """Start PostgreSQL and Valkey where no others are named, or see that the others answer."""
        system.make_directory(self.plan.engines, 0o711)
        system.make_directory(self.plan.logs, 0o700)
        user = system.service_user() if self.plan.own_database or self.plan.own_redis else None
        self.home = system.reachable_home(self.plan.engines, user)
        if self.plan.own_database:
            self.database = Postgres(self.home, self.plan.logs / "postgres.log")
            if self.database.prepare():
                say(f"A new PostgreSQL {self.database.major} database was made in {self.database.data}")
            self._add(self.database.start())
        if self.plan.own_redis:
            self.redis = Valkey(self.home, self.plan.logs / "valkey.log")
            self.redis.prepare()
            self._add(self.redis.start())
        for watched in self.watched:
            watched.process.wait_ready(self.cancelled)
        if self.stopping:
            return
        if self.database:
            self.database.bootstrap()
            self.urls |= self.database.urls()
        if self.redis:
            self.urls |= self.redis.urls()
        self._check_others()
        if self.urls:
            system.write_private(self.plan.engines / "urls.json", json.dumps(self.urls, indent=2) + "\n")
        self.environment = settings.environment(self.plan, self.urls)

    def _check_others(self) -> None:
        """Ask each server that is not ours for an answer, so that what is wrong with it is told at once."""
        if not self.plan.own_database:
            others.check_database()
        if not self.plan.own_redis and (advice := others.check_redis()):
            say(advice)

    def prepare(self) -> None:
        """Bring the schema, the collected files and the demo data up to date; what has not changed is left out."""
        known = stamps.Stamps(self.home / "stamps.json")
        schema = stamps.fingerprint(portal.BASE_DIR, stamps.source_files(portal.BASE_DIR))
        files = stamps.fingerprint(portal.BASE_DIR, stamps.static_files(portal.BASE_DIR), str(self.plan.var))
        steps = []
        if not (self.database and known.stands("migrate", schema)):
            steps.append(("migrate", schema, ["migrate", "--no-input", "--verbosity", "1"]))
        if not (known.stands("collectstatic", files) and (self.plan.var / "static" / "staticfiles.json").exists()):
            steps.append(("collectstatic", files, ["collectstatic", "--no-input", "--clear", "--verbosity", "0"]))
        self._run_steps(steps, known)
        # The data is looked at whenever the code or the database changed; 'if empty' makes that harmless.
        if self.plan.demo and not (self.database and known.stands("seed_demo", schema)):
            self._run_steps([("seed_demo", schema, ["seed_demo", "--if-empty"])], known)

    def _run_steps(self, steps: list[tuple[str, str, list[str]]], known: stamps.Stamps) -> None:
        """Run commands that do not wait for one another, and stamp those that went well."""
        running = []
        for name, mark, arguments in steps:
            say(f"Running {name}")
            step = portal.command(*arguments, log=self.plan.logs / f"{name}.log", environment=self.environment)
            step.start()
            running.append((step, mark))
        try:
            while not self.stopping and any(step.running() for step, _mark in running):
                time.sleep(0.02)
        finally:
            for step, _mark in running:
                step.stop()
        if self.stopping:
            return
        for step, mark in running:
            if step.popen is None or step.popen.returncode != 0:
                raise EngineError(f"{step.name} failed. Its last lines ({step.log}):\n{step.last_lines(25)}")
            known.put(step.name, mark)

    def start_portal(self) -> None:
        """Start web, worker and beat, and say so once the web server answers."""
        if self.stopping:
            return
        logs, environment = self.plan.logs, self.environment
        self._add(portal.web(self.plan.port, logs / "web.log", environment)).start()
        self._add(portal.worker(logs / "worker.log", environment)).start()
        self._add(portal.beat(logs / "beat.log", environment)).start()
        while not self.stopping and not portal.answers(self.plan.port):
            self.look_after()
            for watched in self.watched:
                if watched.failures >= _TRIES_BEFORE_READY:
                    process = watched.process
                    raise EngineError(f"{process.name} does not stay up. ({process.log}):\n{process.last_lines(25)}")
            time.sleep(0.05)
        if self.stopping:
            return
        url = self.environment["PORTAL_URL"]
        print(demo.welcome(url) if self.plan.demo else f"\n  The portal runs at {url}\n", flush=True)

    def _add(self, process: Process) -> Process:
        self.watched.append(Watched(process))
        return process

    # --- Watching ---------------------------------------------------------------------------------------------------

    def watch(self) -> None:
        """Restart what dies until someone asks to stop."""
        while not self.stopping:
            self.look_after()
            time.sleep(_WATCH_SECONDS)

    def look_after(self) -> None:
        """Restart what has died: at once the first time, then after 1, 2, 4 … 30 seconds while it keeps dying."""
        now = time.monotonic()
        for watched in self.watched:
            process = watched.process
            if process.running():
                if watched.failures and now - watched.started_at > _STEADY_SECONDS:
                    watched.failures = 0
                continue
            if watched.again_at is None:
                wait = 0.0 if not watched.failures else min(_LONGEST_WAIT, 2.0 ** (watched.failures - 1))
                watched.failures += 1
                watched.again_at = now + wait
                code = process.popen.returncode if process.popen else None
                say(f"{process.name} ended ({_how(code)}); it is started again. Its last lines ({process.log}):")
                print(process.last_lines(5), flush=True)
            if now >= watched.again_at:
                self._start_again(watched)

    def _start_again(self, watched: Watched) -> None:
        if self.database and watched.process is self.database.process:
            self.database.end_left_over()
        watched.process.start()
        watched.started_at = time.monotonic()
        watched.again_at = None

    # --- Stopping ---------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Stop everything: first what makes work, then what does it, then what holds it."""
        if self.watched:
            say("Stopping")
        by_name = {watched.process.name: watched.process for watched in self.watched}
        for name in ("beat", "web", "worker", "Valkey", "PostgreSQL"):
            if process := by_name.get(name):
                process.stop()
        (self.plan.engines / "urls.json").unlink(missing_ok=True)


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"code {code}"


def say(text: str) -> None:
    """Tell the person at the keyboard what is going on."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


@contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Hold the directory's lock: two portals on the same data would end each other's servers."""
    system.make_directory(directory, 0o711)
    with (directory / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise EngineError(
                f"A portal already runs on {directory.parent} (process {lock.read().strip() or 'unknown'}): stop it, "
                "or give this one a directory of its own with PORTAL_VAR."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def main(arguments: list[str]) -> int:
    """Run the portal in the foreground; return the exit code.

    `--engines` starts only the servers. `--stop-with-parent` ends the portal when the program that started it is gone
    (make, which was killed), as if that one had passed the word on.
    """
    unknown = set(arguments) - {"--engines", "--stop-with-parent"}
    if unknown:
        say(f"manage.py up knows no {' '.join(sorted(unknown))}; it knows --engines and --stop-with-parent.")
        return 2
    if "--stop-with-parent" in arguments:
        system.when_parent_dies(signal.SIGTERM)
    try:
        plan = settings.read()
        with only_one(plan.engines):
            supervisor = Supervisor(plan)
            previous: dict[int, Any] = {}
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                previous[number] = signal.signal(number, supervisor.asked_to_stop)
            supervisor.run(only_engines="--engines" in arguments)
    except EngineError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    return 0
