"""The real web server on the database of a test, and what takes its time."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import requests
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.test import Client
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fleetportal.engines import portal, system

LONGEST = 30
# A token of forms that we chose ourselves: the cookie and the form must agree, no more.
TOKEN = "t" * 32
UNLIKELY = 0.001
# Each answer has its own moment and its own nonces; what somebody typed comes back in its field.
_OWN_HEADERS = {"Date", "Expires", "Content-Security-Policy"}
_COOKIES_END = re.compile(r"(expires=)[^;]*", re.IGNORECASE)
_CHANGING = re.compile(rb'(name="(?:csrfmiddlewaretoken|form_key)" value=")[^"]*|(nonce=")[^"]*|(value=")[^"]*@[^"]*')


@contextmanager
def serving(folder: Path, app: str = "fleetportal.wsgi", **environment: str) -> Iterator[str]:
    """Run gunicorn as the portal does, one proxy before it, and give its address; `app` may be one with a fault."""
    parts = conninfo_to_dict(os.environ["DATABASE_URL"]) | {"dbname": connection.settings_dict["NAME"]}
    port = system.free_port()
    given = {**os.environ, "DATABASE_URL": make_conninfo(**parts), "TRUSTED_PROXY_COUNT": "1", **environment}
    server = portal.web(port, folder / f"{app}.log", given)
    server.command = [*server.command[:-1], app]
    server.start()
    try:
        server.wait_ready()
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


class Visitor:
    """Somebody before that server, with the session of a test client."""

    def __init__(self, address: str, client: Client | None = None) -> None:
        self.address = address
        self.session = requests.Session()
        for name, morsel in (client.cookies if client else {}).items():
            self.session.cookies.set(name, morsel.value)
        self.session.cookies.set(settings.CSRF_COOKIE_NAME, TOKEN)

    def ask(self, method: str, path: str, data: dict[str, Any] | None = None, network: int = 0) -> requests.Response:
        """Send one request, follow nothing; `network` is where it seems to come from."""
        fields = {name: value for name, value in (data or {}).items() if not isinstance(value, UploadedFile)}
        files = {
            name: (value.name, value.read(), value.content_type)
            for name, value in (data or {}).items()
            if isinstance(value, UploadedFile)
        }
        return self.session.request(
            method,
            self.address + path,
            data={**fields, "csrfmiddlewaretoken": TOKEN} if method == "POST" else None,
            files=files or None,
            headers={
                "X-CSRFToken": TOKEN,
                "X-Forwarded-For": f"10.{network // 250}.{network % 250}.7",
                "Accept-Encoding": "identity",  # a packed page is as long as it happens to be, on purpose
            },
            allow_redirects=False,
            timeout=LONGEST,
        )


def seen(answer: requests.Response) -> tuple[int, dict[str, str], bytes]:
    """Return what is the same in two answers that say the same."""
    headers = {
        # A cookie that lasts a year ends a second later when the clock struck between two answers.
        name: _COOKIES_END.sub(r"\1", value) if name == "Set-Cookie" else value
        for name, value in answer.headers.items()
        if name not in _OWN_HEADERS
    }
    return answer.status_code, headers, _CHANGING.sub(rb"\1\2\3", answer.content)


# --- time -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Times:
    """What pairs of requests took, in seconds."""

    first: list[float]
    second: list[float]

    @property
    def apart(self) -> float:
        """How far the two medians are from each other."""
        return abs(median(self.first) - median(self.second))

    @property
    def chance(self) -> float:
        """How likely differences like these are between equals: Wilcoxon's signed-rank test."""
        ranked = sorted((b - a for a, b in zip(self.first, self.second, strict=True)), key=abs)
        count = len(ranked)
        positive = sum(rank for rank, one in enumerate(ranked, start=1) if one > 0)
        mean, deviation = count * (count + 1) / 4, math.sqrt(count * (count + 1) * (2 * count + 1) / 24)
        return math.erfc(abs(positive - mean) / deviation / math.sqrt(2))


def measure(first: Callable[[], Any], second: Callable[[], Any], pairs: int, random: Random) -> Times:
    """Time both, a pair at a time, in an order that changes: whatever else happens on the machine meets both alike."""
    taken: tuple[list[float], list[float]] = ([], [])
    for _pair in range(pairs):
        for which in random.sample((0, 1), 2):
            began = perf_counter()
            (first, second)[which]()
            taken[which].append(perf_counter() - began)
    return Times(*taken)


def told_apart(
    first: Callable[[], Any], second: Callable[[], Any], *, pairs: int, within: float = 0.003, part: float = 0.0
) -> str:
    """Say whether time tells the two apart, or return an empty text.

    They must look alike in one of four measurements: chance does what only a real difference does in all of them.
    `within` is how far the medians may lie apart, in seconds or, where that is more, as `part` of the time it takes.
    """
    said = []
    for turn in range(4):
        times = measure(first, second, pairs, Random(turn))
        if times.apart <= max(within, part * median(times.second)) and times.chance >= UNLIKELY:
            return ""
        said.append(f"{times.apart * 1000:.1f} ms apart ({times.chance:.1e})")
    return ", ".join(said)
