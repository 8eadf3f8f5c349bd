#!/usr/bin/env python
"""The figures of docs/performance.md: the portal's pages against the frozen floor, interleaved in one run.

Brings up servers and data of its own in var/bench (about seven minutes the first time), then measures for about five
minutes. Everything is on the loopback and ends by itself. `--data` names another directory for the data, `--only` a
part of the measures.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BASE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BASE))

from fleetportal.engines import portal  # noqa: E402  # after the path is set
from tests.bench import colleagues, measure  # noqa: E402
from tests.bench.measure import (  # noqa: E402
    Result,
    Row,
    Target,
    interleaved,
    last_page,
    memory_mib,
    on_the_wire,
    row,
    throughput,
)

BIG, HUGE = "PRO-AAAAAA", "PRO-AABAAA"  # of 100,000 cards and of a million (seed_demo --bench --growth)
PAGE = BASE / "docs" / "performance.md"
PARTS = ("cards", "accounts")
MARKS = ("<!-- figures -->", "<!-- end of figures -->")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def engines(var: Path) -> Iterator[dict[str, str]]:
    """Bring up PostgreSQL and Valkey with data of their own, and end them in the end."""
    var.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PORTAL_VAR": str(var), "PORTAL_DEMO": "1", "PORT": str(free_port())}
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        environment.pop(name, None)
    log = (var / "engines.log").open("ab")
    process = subprocess.Popen([sys.executable, "manage.py", "up", "--engines"], cwd=BASE, env=environment, stderr=log)
    urls = var / "engines" / "urls.json"
    try:
        until = time.monotonic() + 60
        while not urls.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"The servers did not start; see {var / 'engines.log'}.")
            time.sleep(0.1)
        yield environment
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


@contextlib.contextmanager
def server(application: str, var: Path, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Serve a WSGI application with the portal's own command; yields port and process."""
    port = free_port()
    if application == "fleetportal.wsgi":
        command = [str(part) for part in portal.web(port, var / "log" / "web.log", environment).command]
    else:
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
        command += ["--worker-class", "gthread", "--no-control-socket", application]
    with (var / f"{application}.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=BASE, env=environment, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{application} did not start; see {var}.")
            time.sleep(0.1)
        time.sleep(2)  # both workers have loaded the portal
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def manage(environment: dict[str, str], *arguments: str) -> None:
    """Run a management command and let its words be seen."""
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=BASE, env=environment, check=True)


def prepare(var: Path, environment: dict[str, str], *, growth: bool) -> None:
    """Migrate, collect static files and make the cards where they are not there."""
    manage(environment, "migrate", "--noinput", "-v0")
    manage(environment, "collectstatic", "--noinput", "-v0")
    stamp = var / ("growth.stamp" if growth else "data.stamp")
    if not stamp.exists():
        manage(environment, "seed_demo", "--bench", *(["--growth"] if growth else []))
        stamp.touch()


class Portal:
    """The portal's own view of the data: ids, sessions and query counts, asked in this process."""

    def __init__(self, environment: dict[str, str]) -> None:
        os.environ.update(environment, DJANGO_SETTINGS_MODULE="fleetportal.settings")
        import django

        django.setup()

    def facts(self, identifier: str) -> dict[str, Any]:
        """Return a company's key, one of its cards, its principal user and how many cards it has."""
        from accounts.models import Company, Membership
        from cards.models import Card
        from fleetportal.core.scope import all_companies

        with all_companies(reason="measuring"):
            company = Company.objects.get(identifier=identifier)
            cards = Card.objects.filter(company=company)
            middle = cards.order_by("pk")[cards.count() // 2]
            user = Membership.objects.get(company=company, is_principal=True).user
            return {"company": company.pk, "card": middle.pk, "printed": middle.printed_as, "user": user}

    def cookie(self, user: Any) -> str:
        """Sign a user in and return the cookie."""
        from django.conf import settings
        from django.test import Client

        client = Client(HTTP_HOST="localhost")
        client.force_login(user)
        return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"

    def queries(self, user: Any, path: str) -> int:
        """Return how many statements a page takes."""
        from django.db import connection
        from django.test import Client
        from django.test.utils import CaptureQueriesContext

        client = Client(HTTP_HOST="localhost")
        client.force_login(user)
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        return len(captured)


def pages(target: Any, floor: Any, facts: dict[str, Any], huge: dict[str, Any] | None) -> tuple[list[Row], list[str]]:
    """Measure list, search, deep page, growth and detail."""
    path = f"/{BIG}/cards/"
    own = target("list", path, facts)
    rare = facts["printed"].replace(" ", "+")
    targets = [
        own,
        floor("floor", f"/floor/{facts['company']}/"),
        target("search", f"{path}?status=active&q=1-", facts),
        target("few", f"{path}?status=active&q={rare}", facts),
        target("deep", last_page(own), facts),
        target("detail", f"{path}{facts['card']}/", facts),
        floor("floor detail", f"/floor/{facts['company']}/{facts['card']}/"),
    ]
    if huge:
        rare_huge = huge["printed"].replace(" ", "+")
        targets += [
            target("list 1M", f"/{HUGE}/cards/", huge),
            target("detail 1M", f"/{HUGE}/cards/{huge['card']}/", huge),
            target("search 1M", f"/{HUGE}/cards/?status=active&q=1-", huge),
            target("few 1M", f"/{HUGE}/cards/?status=active&q={rare_huge}", huge),
        ]
    got = interleaved(targets, rounds=12, count=12)
    same_rows(got["list"], got["floor"])
    cpu = {name: result.cpu_ms for name, result in got.items()}
    rows = [
        row("card list, CPU, against F", cpu["list"] / cpu["floor"], 1.5, 0.8),
        row("card detail, CPU, against the minimal detail view", cpu["detail"] / cpu["floor detail"], 5, 3),
        row("status and search, many hits, against the own list", cpu["search"] / cpu["list"], 2.5, 1.5),
        row("status and search, few hits, against the own list", cpu["few"] / cpu["list"], 1.5, 1.5),
        row("deep page, against the own first page", cpu["deep"] / cpu["list"], 1.2, 1.05),
    ]
    if huge:
        rows += [
            row("list, 1,000,000 against 100,000 cards", cpu["list 1M"] / cpu["list"], 1.1, 1.0),
            row("detail, 1,000,000 against 100,000 cards", cpu["detail 1M"] / cpu["detail"], 1.1, 1.0),
            row("search, 1,000,000 against 100,000 cards", cpu["few 1M"] / cpu["few"], 1.5, 1.2),
            row(
                "status and search on 1,000,000, many hits, against its list",
                cpu["search 1M"] / cpu["list 1M"],
                2.5,
                1.5,
            ),
        ]
    notes = [f"{name}: {result.cpu_ms:.1f} ms CPU, {result.p50:.1f} ms p50" for name, result in got.items()]
    return rows, notes


def same_rows(page: Result, floor: Result) -> None:
    """Refuse to compare times of different contents: both pages show the same fifty cards."""
    shown = re.findall(rb'class="row-link"[^>]*>([^<]+)<', page.body)
    expected = re.findall(rb"<tr><td>([^<]+)</td>", floor.body)
    if len(shown) != 50 or shown != expected:
        raise SystemExit(f"The portal's list and the floor show different rows: {shown[:3]} and {expected[:3]}.")


def files(target: Any, floor: Any, facts: dict[str, Any], workers: Any) -> tuple[list[Row], list[str]]:
    """Measure the downloads of 100,000 cards."""
    path = f"/{BIG}/cards/"
    targets = [
        target("xlsx", f"{path}?format=xlsx", facts),
        floor("floor xlsx", f"/floor/{facts['company']}/xlsx/"),
        target("csv", f"{path}?format=csv", facts),
        floor("floor csv", f"/floor/{facts['company']}/csv/"),
    ]
    got = {one.name: Result() for one in targets}
    before = max(memory_mib(pid) for pid in workers())
    for _ in range(3):
        for one in targets:
            measure.run(one, 1, got[one.name])
    after = max(memory_mib(pid) for pid in workers())
    cpu = {name: result.cpu_ms for name, result in got.items()}
    rows = [
        row("Excel of 100,000 cards, CPU, against the streaming writer", cpu["xlsx"] / cpu["floor xlsx"], 2, 1.3),
        row("CSV of 100,000 cards, CPU, against plain CSV", cpu["csv"] / cpu["floor csv"], 2, 1.2),
        row("CSV, first byte", min(got["csv"].first), 100, 100, "ms"),
        row("memory that downloads leave in a web process", after - before, 40, 20, "MiB"),
        row("memory of a web process", after, 150, 100, "MiB"),
    ]
    return rows, [
        f"{name}: {result.cpu_ms / 1000:.2f} s CPU, {len(result.body):,} bytes" for name, result in got.items()
    ]


def weight(target: Any, facts: dict[str, Any]) -> list[Row]:
    """Measure what a browser fetches: the list with all it needs, and the list alone."""
    import http.client

    page = target("page", f"/{BIG}/cards/", facts)
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=60)
    _status, body, _first = measure.get(page, connection)
    connection.close()
    needed = {name.decode().split("#")[0] for name in re.findall(rb'(?:href|src)="(/static/[^"]+)"', body)}
    alone = on_the_wire(page)
    whole = alone + sum(on_the_wire(target(name, name, facts)) for name in needed)
    return [
        row("page weight, first visit", whole / 1024, 130, 90, "KiB"),
        row("page weight, later", alone / 1024, 25, 12, "KiB"),
    ]


def table(rows: list[Row], notes: list[str]) -> str:
    """Write the figures as a page shows them."""
    lines = ["| what | measured | must | goal | kept |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {value} | {must} | {goal} | {'yes' if kept else '**no**'} |"
        for name, value, must, goal, kept in rows
    ]
    lines += ["", "The numbers behind the ratios (this machine, this run):", "", *(f"- {note}" for note in notes)]
    return "\n".join(lines)


def main() -> int:
    """Measure, print the table, put it into docs/performance.md; 1 when a 'must' is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=BASE / "var" / "bench")
    parser.add_argument("--no-growth", action="store_true", help="leave out the company of a million cards")
    parser.add_argument("--only", choices=PARTS, help="measure this part and print it")
    parser.add_argument("--no-write", action="store_true", help="print only")
    chosen = parser.parse_args()
    parts = (chosen.only,) if chosen.only else PARTS
    if chosen.only == "accounts" and chosen.no_growth:
        raise SystemExit("The accounts are measured in the company of a million cards.")
    var = chosen.data.resolve()
    with engines(var) as environment:
        environment.setdefault("SECRET_KEY", os.urandom(16).hex())
        prepare(var, environment, growth=not chosen.no_growth)
        inside = Portal(environment)
        facts = inside.facts(BIG)
        facts["cookie"] = inside.cookie(facts["user"])
        huge = None if chosen.no_growth else inside.facts(HUGE)
        if huge:
            huge["cookie"] = inside.cookie(huge["user"])
            stamp = var / "colleagues.stamp"
            if not stamp.exists():
                colleagues.seed(HUGE)
                stamp.touch()
        postmaster = postmaster_of()
        with (
            server("fleetportal.wsgi", var, environment) as (own_port, own_pid),
            server("tests.bench.floor_wsgi", var, environment) as (floor_port, floor_pid),
        ):

            def target(name: str, path: str, who: dict[str, Any], part: str = "") -> Target:
                return Target(name, own_port, path, (own_pid, postmaster), who["cookie"], part)

            def floor(name: str, path: str) -> Target:
                return Target(name, floor_port, path, (floor_pid, postmaster))

            rows: list[Row] = []
            notes: list[str] = []
            if "cards" in parts:
                add(rows, notes, pages(target, floor, facts, huge))
                list_path = f"/{BIG}/cards/"
                rows.append(row("queries, list", inside.queries(facts["user"], list_path), 10, 6, ""))
                rows.append(
                    row("queries, detail", inside.queries(facts["user"], f"{list_path}{facts['card']}/"), 15, 8, "")
                )
                speed = throughput(target("list", list_path, facts), clients=8, seconds=8)
                rows.append(row("throughput of the list, 8 clients", speed, 60, 120, "/s", least=True))
                rows += weight(target, facts)
                add(rows, notes, files(target, floor, facts, lambda: measure.tree(own_pid) - {own_pid}))
            if "accounts" in parts and huge:
                add(rows, notes, colleagues.pages(target, floor, HUGE, huge, facts["company"]))
    text = table(rows, notes)
    print(text)
    if not (chosen.no_write or chosen.only) and PAGE.exists():
        page = PAGE.read_text()
        start, end = (page.index(mark) for mark in MARKS)
        PAGE.write_text(f"{page[: start + len(MARKS[0])]}\n{text}\n{page[end:]}")
    return 0 if all(kept for *_rest, kept in rows) else 1


def add(rows: list[Row], notes: list[str], more: tuple[list[Row], list[str]]) -> None:
    """Take over what a part has measured."""
    rows += more[0]
    notes += more[1]


def postmaster_of() -> int:
    """Return the process of the PostgreSQL server, asked from itself."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = int(cursor.fetchone()[0])
    fields = Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[1])


if __name__ == "__main__":
    sys.exit(main())
