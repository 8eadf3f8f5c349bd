"""The portal's own processes: web, worker and beat, and the one-off commands before them."""

from __future__ import annotations

import http.client
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from fleetportal.engines.processes import Process

BASE_DIR = Path(__file__).resolve().parent.parent.parent


def web(port: int, log: Path, environment: Mapping[str, str]) -> Process:
    """Return the web server: two processes of four threads, each keeping its database connections."""
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    command += ["--worker-class", "gthread", "--graceful-timeout", "10", "--no-control-socket", "fleetportal.wsgi"]
    return Process(
        name="web",
        command=command,
        log=log,
        cwd=BASE_DIR,
        environment=environment,
        stop_seconds=15,
        is_ready=lambda _pid: answers(port),
        ready_seconds=90,
    )


def worker(log: Path, environment: Mapping[str, str]) -> Process:
    """Return the Celery worker; it gives way to the web server.

    Told to stop, it finishes what it can in 20 seconds and puts the rest back into the queue (soft shutdown). When the
    supervisor was killed it is ended at once: without its broker it would wait for a long time, and work that was begun
    is found again in the database.
    """
    command = [sys.executable, "-m", "celery", "--app", "fleetportal", "worker", "--concurrency", "2"]
    command += ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return Process(
        name="worker",
        command=command,
        log=log,
        cwd=BASE_DIR,
        environment={**environment, "REMAP_SIGTERM": "SIGQUIT"},
        stop_seconds=40,
        death_signal=signal.SIGKILL,
        nice=10,
    )


def beat(log: Path, environment: Mapping[str, str]) -> Process:
    """Return the one process that sends what comes round again; what it sent last stands in the database."""
    command = [sys.executable, "-m", "celery", "--app", "fleetportal", "beat", "--loglevel", "INFO"]
    command.append("--pidfile=")
    return Process(name="beat", command=command, log=log, cwd=BASE_DIR, environment=environment, stop_seconds=10)


def command(name: str, *arguments: str, log: Path, environment: Mapping[str, str]) -> Process:
    """Return a management command as a process that ends by itself."""
    return Process(
        name=name,
        command=[sys.executable, BASE_DIR / "manage.py", name, *arguments],
        log=log,
        cwd=BASE_DIR,
        environment=environment,
    )


def answers(port: int) -> bool:
    """Say whether the web process on this port answers for itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/livez", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
