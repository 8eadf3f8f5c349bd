"""What pages offer: every address that stands in an answer, against what the oracle says of who reads it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from unittest import mock
from urllib.parse import urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

from accounts import actors
from accounts.models import User
from cards.models import Card, Request
from fleetportal.core.scope import all_companies
from tests import factories
from tests.house import oracle
from tests.house.oracle import METHODS, OBJECT, PERSONAS
from tests.house.world import World, address, ask, outcome, undone

EXPECTED = oracle.table()
_ADDRESSES = re.compile(rb'\s(?:href|action|formaction|hx-get|hx-post)="([^"]*)"')
# Pages that offer something else for each status of what they are about: the further kinds to look at.
_FURTHER = {
    "cards:card": ("new", "arriving", "blocked", "cancelled"),
    "cards:request": ("active_request", "arriving_request"),
}
# Operator staff all have the same rights today. Pages must not count on it: Otto with nothing, and Otto who only sees.
OTTO_MAY = {"nothing": frozenset({"home.see"}), "see": frozenset({"home.see", "operator.see"})}


def offered(content: bytes, url: str) -> set[str]:
    """Return the names of the pages to which an answer leads."""
    found = set()
    for match in _ADDRESSES.finditer(content):
        path = urlsplit(urljoin(url, html.unescape(match[1].decode()))).path
        try:
            found.add(resolve(path).view_name)
        except Resolver404:  # a file, another site, an anchor
            continue
    return found & EXPECTED.keys()


@contextmanager
def otto_who_may(level: str) -> Iterator[None]:
    """Let operator staff have these rights only."""
    with mock.patch.object(actors, "operator_permissions", return_value=OTTO_MAY[level]):
        yield


def expected_of_otto(name: str, level: str) -> str:
    """Return what the oracle says of Otto with fewer rights: who only sees may open what only shows."""
    if not name.startswith("operator:"):
        return EXPECTED[name]["otto"]
    return "ok" if level == "see" and "POST" not in METHODS[name] else "deny"


def wrongly_let_in(world: World, names: Iterable[str]) -> list[str]:
    """Return where Otto with fewer rights is answered otherwise than he should be."""
    wrong = []
    for name in names:
        if not name.startswith("operator:"):
            continue
        url = address(world, name, "own", OBJECT.get(name, ""), "otto")
        for level in OTTO_MAY:
            want = expected_of_otto(name, level)
            for method in sorted(METHODS[name] - {"OPTIONS"}):
                with otto_who_may(level):
                    answer = ask(world.clients["otto"], method, url, {})
                if outcome(answer) != want or answer.writes:
                    wrong.append(f"{name} otto ({level}) {method}: {outcome(answer)} for {want}")
    return wrong


def wrongly_offered(world: World, names: Iterable[str]) -> list[str]:
    """Return what pages show or offer to people whom the oracle keeps out of where it leads."""
    wrong, numbers = [], _numbers()
    for name in names:
        for persona in PERSONAS:
            if EXPECTED[name][persona] != "ok":
                continue
            for kind in (OBJECT.get(name, ""), *_FURTHER.get(name, ())):
                url = address(world, name, "own", kind, persona)
                answer = ask(world.clients[persona], "GET", url)
                if outcome(answer) != "ok":
                    wrong.append(f"{name} ({kind}) answers {persona} {answer.status}")
                doors = {one for one in offered(answer.content, url) if EXPECTED[one][persona] != "ok"}
                wrong += [f"{name} ({kind}) offers {persona} {one}" for one in sorted(doors)]
                if EXPECTED["cards:change"][persona] == "deny" and numbers.search(answer.content):
                    wrong.append(f"{name} ({kind}) shows {persona} a whole card number")
        if name.startswith("operator:") and "POST" not in METHODS[name]:
            wrong += _wrongly_offered_to_otto(world, name)
        elif not OBJECT.get(name) and EXPECTED[name]["cora"] == "ok":
            wrong += _wrongly_offered_where_nothing_is(name)
    return wrong + (wrongly_told(world) if "cards:card" in names else [])


def wrongly_told(world: World) -> list[str]:
    """Return what a card's page tells of its requests to Fay, who may open everything but requests."""
    wrong, url = [], address(world, "cards:card", "own", "new", "")
    with undone():
        factories.audit_entry(
            world.acme,
            kind="cards.request",
            object_id=world.id("new_request", "own"),
            verb="requests.document_added",
            after={"name": "order.pdf"},
        )
        told = {persona: ask(world.clients[persona], "GET", url).content for persona in ("ada", "fay")}
        with all_companies(reason="test"):
            Request.objects.filter(card=world.id("new", "own")).update(card=None)
        untold = {persona: ask(world.clients[persona], "GET", url).content for persona in ("ada", "fay")}
    if b">Requests<" not in told["ada"] or told["ada"] == untold["ada"]:
        wrong.append("cards:card tells Ada nothing of the requests")
    if b">Requests<" in told["fay"] or told["fay"] != untold["fay"]:
        wrong.append("cards:card tells Fay of the requests")
    return wrong


def _wrongly_offered_to_otto(world: World, name: str) -> list[str]:
    url = address(world, name, "own", OBJECT.get(name, ""), "otto")
    with otto_who_may("see"):
        answer = ask(world.clients["otto"], "GET", url)
    doors = {one for one in offered(answer.content, url) if expected_of_otto(one, "see") != "ok"}
    return [f"{name} offers otto, who may only see, {one}" for one in sorted(doors)]


def _wrongly_offered_where_nothing_is(name: str) -> list[str]:
    """Ask as somebody like Cora, in a company that has nothing: an empty page offers the first step."""
    with undone():
        nihil = factories.company("Nihil")
        client = _signed_in(factories.member(nihil, "Cora").user)
        url = address(World(nihil, nihil), name, "", "", "")
        doors = {one for one in offered(ask(client, "GET", url).content, url) if EXPECTED[one]["cora"] != "ok"}
    return [f"{name}, empty, offers {one} to who may only see" for one in sorted(doors)]


def _signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def _numbers() -> re.Pattern[bytes]:
    """Return what finds a whole card number, however it is spaced."""
    with all_companies(reason="test"):
        numbers = [one for one in Card.objects.values_list("number", flat=True) if one]
    return re.compile("|".join(r"\s?".join(number) for number in numbers).encode())
