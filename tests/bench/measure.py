"""Measuring a server from outside: processor time of its processes and of the database's, answer times, sizes."""

from __future__ import annotations

import http.client
import os
import re
import statistics
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
# A line of the table: what, measured, must, goal, kept.
Row = tuple[str, str, str, str, bool]


@dataclass
class Result:
    """What was measured of one address: CPU milliseconds a request, wall times, sizes of the last answer."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    body: bytes = b""
    sent: int = 0

    @property
    def cpu_ms(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.cpu)

    @property
    def p50(self) -> float:
        """The median wall time of a request, in milliseconds."""
        return statistics.median(self.wall)

    @property
    def p95(self) -> float:
        """The wall time that 95 of 100 requests stay under, in milliseconds."""
        return sorted(self.wall)[int(len(self.wall) * 0.95)]


@dataclass(frozen=True)
class Target:
    """An address on a server, with the processes whose time it costs; `part` is the part of the page that is asked."""

    name: str
    port: int
    path: str
    pids: tuple[int, ...]
    cookie: str = ""
    part: str = ""


def tree(root: int) -> set[int]:
    """Return a process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue  # it ended while we looked
            children.setdefault(parent, []).append(int(entry.name))
    found, wanted = set(), [root]
    while wanted:
        pid = wanted.pop()
        found.add(pid)
        wanted.extend(children.get(pid, []))
    return found


def cpu_seconds(roots: tuple[int, ...]) -> float:
    """Return the processor time that these processes and all below them have used, ended children included."""
    total = 0
    for root in roots:
        for pid in tree(root):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue  # it ended while we looked
            total += sum(int(value) for value in fields[11:15])
    return total / TICKS


def memory_mib(root: int) -> float:
    """Return the proportional memory (PSS) of one process in MiB."""
    lines = Path(f"/proc/{root}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def get(target: Target, connection: http.client.HTTPConnection, *, packed: bool = False) -> tuple[int, bytes, float]:
    """Ask once; return status, body and the seconds until the first byte."""
    headers = {"Host": "localhost"}
    if target.cookie:
        headers["Cookie"] = target.cookie
    if target.part:
        headers |= {"HX-Request": "true", "HX-Target": target.part}
    if packed:
        headers["Accept-Encoding"] = "br, gzip"
    began = time.perf_counter()
    connection.request("GET", target.path, headers=headers)
    response = connection.getresponse()
    start = response.read(1)
    first = time.perf_counter() - began
    return response.status, start + response.read(), first


def run(target: Target, count: int, result: Result) -> None:
    """Ask `count` times on one connection and add what it cost to `result`."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=120)
    before = cpu_seconds(target.pids)
    for _ in range(count):
        began = time.perf_counter()
        status, body, first = get(target, connection)
        result.wall.append((time.perf_counter() - began) * 1000)
        result.first.append(first * 1000)
        if status != 200:
            raise RuntimeError(f"{target.name}: {target.path} answered {status}")
        result.body = body
    result.cpu.append((cpu_seconds(target.pids) - before) * 1000 / count)
    connection.close()


def interleaved(targets: list[Target], *, rounds: int, count: int) -> dict[str, Result]:
    """Ask every target in turn, many rounds, so that what else the machine does falls on all alike."""
    results = {target.name: Result() for target in targets}
    for target in targets:
        run(target, 3, Result())
    for _ in range(rounds):
        for target in targets:
            run(target, count, results[target.name])
    return results


def on_the_wire(target: Target) -> int:
    """Return the size of an answer as a browser gets it, packed."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=60)
    _status, body, _first = get(target, connection, packed=True)
    connection.close()
    return len(body)


def throughput(target: Target, *, clients: int, seconds: float) -> float:
    """Return the requests a second that so many clients get answered."""
    until = time.perf_counter() + seconds
    counts = [0] * clients

    def ask(place: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=60)
        while time.perf_counter() < until:
            get(target, connection)
            counts[place] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def row(name: str, value: float, must: float, goal: float, unit: str = "×", *, least: bool = False) -> Row:
    """Return a line of the table: what, measured, must, goal, kept."""
    kept = value >= must if least else value <= must
    sign = "≥" if least else "≤"
    return name, f"{value:.2f} {unit}", f"{sign} {must:g} {unit}", f"{sign} {goal:g} {unit}", kept


def last_page(target: Target) -> str:
    """Return the address of a page deep in the list: the one before the last."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=60)
    deep = Target("last", target.port, joined(target.path, "last=1"), target.pids, target.cookie)
    _status, body, _first = get(deep, connection)
    connection.close()
    found = re.search(rb'href="([^"]*before=[^"]*)"', body)
    if found is None:
        raise SystemExit(f"The last page of {target.path} has no way back.")
    return found.group(1).decode().replace("&amp;", "&")


def joined(path: str, words: str) -> str:
    """Return an address with further words."""
    return f"{path}{'&' if '?' in path else '?'}{words}"
