"""The matrix once more on the real web server: a sample of its cells, and what time tells of what is hidden (GEN-1)."""

from __future__ import annotations

import re
from functools import partial
from random import Random
from types import SimpleNamespace

import pytest

from tests.house.oracle import METHODS, OBJECT, PERSONAS
from tests.house.serving import Visitor, seen, serving, told_apart
from tests.house.test_foreign import fingerprints
from tests.house.test_matrix import ALL_METHODS, EXPECTED, body, expected, query, scopes_of
from tests.house.world import address, build, outcome

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
    pytest.mark.rule("GEN-1"),
    pytest.mark.xdist_group("served"),
]

PART = 50
PAIRS, MANY_PAIRS = 80, 500


@pytest.fixture
def committed():
    """The world of the house tests, for other processes to see."""
    return build()


def cells():
    """Return every cell: address, persona, scope, method and what the oracle says."""
    for name in sorted(EXPECTED):
        for persona in PERSONAS:
            for scope in scopes_of(name):
                for method in ALL_METHODS:
                    yield name, persona, scope, method, expected(name, persona, method, scope)


def sample():
    """Return two in a hundred of the cells, always the same; last those that act, once for each kind of object."""
    everything = list(cells())
    chosen = Random("served").sample(everything, len(everything) // PART)
    acting = {OBJECT.get(one[0], one[0]): one for one in chosen if one[3:] == ("POST", "ok")}
    return [one for one in chosen if one[3:] != ("POST", "ok")], list(acting.values())


def test_the_sample_holds_every_answer_and_every_method():
    looking, acting = sample()
    assert {cell[4] for cell in looking} == {"ok", "deny", "hide", "login", "none"}
    assert {cell[3] for cell in looking} == set(ALL_METHODS)
    assert {cell[1] for cell in looking} == set(PERSONAS)
    assert acting


def test_the_server_answers_a_sample_of_the_matrix_as_the_oracle_says(committed, tmp_path):
    world = committed
    looking, acting = sample()
    before = fingerprints(world.acme), fingerprints(world.borea)
    with serving(tmp_path) as server:
        visitors = {persona: Visitor(server, world.clients[persona]) for persona in PERSONAS}

        def differing(chosen):
            for name, persona, scope, method, want in chosen:
                url = address(world, name, scope or "own", OBJECT.get(name, ""), persona) + query(world, name)
                data = body(world, name, scope) if method == "POST" else None
                answer = visitors[persona].ask(method, url, data)
                got = outcome(SimpleNamespace(status=answer.status_code, location=answer.headers.get("Location", "")))
                if got != want:
                    yield f"{name} {persona} {method} {scope}: {got} for {want}"

        assert list(differing(looking)) == []
        assert (fingerprints(world.acme), fingerprints(world.borea)) == before
        assert list(differing(acting)) == []
        assert (fingerprints(world.acme), fingerprints(world.borea)) != before


# --- what time tells --------------------------------------------------------------------------------------------------


def hidden(world, name):
    """Return the addresses of another company's object and of one that does not exist."""
    return (address(world, name, scope, OBJECT[name], "ada") for scope in ("other_company", "not_existing"))


def compare(world, folder, names, pairs):
    """Compare both answers, and what they take, for addresses of one kind of object each."""
    told = {}
    with serving(folder) as server:
        ada = Visitor(server, world.clients["ada"])
        for name in names:
            theirs, nobodys = hidden(world, name)
            assert seen(ada.ask("GET", theirs)) == seen(ada.ask("GET", nobodys))
            assert ada.ask("GET", theirs).status_code == 404
            if said := told_apart(partial(ada.ask, "GET", theirs), partial(ada.ask, "GET", nobodys), pairs=pairs):
                told[name] = said
    return told


def one_of_each_kind():
    """Return one address for each kind of object that is looked up on its own."""
    kinds = {OBJECT[name]: name for name in sorted(OBJECT, reverse=True) if name.startswith("cards:")}
    return sorted(name for name in kinds.values() if "GET" in METHODS[name])


@pytest.mark.long
def test_time_does_not_tell_another_companys_object_from_none(committed, tmp_path):
    names = one_of_each_kind()
    assert len(names) >= 5
    chosen = sorted({"cards:card", *Random(len(names)).sample(names, 2)} & OBJECT.keys())
    assert compare(committed, tmp_path, chosen, PAIRS) == {}


@pytest.mark.long
@pytest.mark.timeout(900)
def test_time_tells_nothing_of_any_kind_of_object(committed, tmp_path):
    assert compare(committed, tmp_path, one_of_each_kind(), MANY_PAIRS) == {}


@pytest.mark.long
def test_thirty_milliseconds_would_be_told(committed, tmp_path):
    """The control: a server that thinks longer about what exists is found out."""
    theirs, nobodys = hidden(committed, "cards:card")
    with serving(tmp_path, "tests.house.faulty", FAULT_PATH=theirs) as server:
        ada = Visitor(server, committed.clients["ada"])
        said = told_apart(lambda: ada.ask("GET", theirs), lambda: ada.ask("GET", nobodys), pairs=20)
    assert len(re.findall(r"ms apart", said)) == 4
