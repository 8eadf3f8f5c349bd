"""People who act at the same moment, over HTTP, on a server with threads (GEN-3)."""

from __future__ import annotations

import threading

import pytest

from fleetportal.core.pages import forms as pages
from tests import factories
from tests.cards.online import LONGEST, Person


class Barrier:
    """Holds everybody who has looked until all have; only then they act."""

    def __init__(self, monkeypatch):
        self._barrier = None
        monkeypatch.setattr(pages, "between_check_and_act", self._wait)

    def of(self, count):
        self._barrier = threading.Barrier(count, timeout=LONGEST) if count else None

    def _wait(self):
        barrier = self._barrier
        if barrier is not None:
            barrier.wait()


@pytest.fixture
def barrier(monkeypatch):
    return Barrier(monkeypatch)


@pytest.fixture
def at_once(barrier):
    """Do several things at once: each has looked before any acts. Returns their answers in order."""

    def run(*acts):
        answers = [None] * len(acts)

        def do(place, act):
            try:
                answers[place] = act()
            except BaseException as error:  # told in the test's own thread
                answers[place] = error

        barrier.of(len(acts))
        threads = [threading.Thread(target=do, args=pair) for pair in enumerate(acts)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * LONGEST)
        barrier.of(0)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            assert answer is not None, "Somebody waits for ever."
            assert answer.status == 200, answer.text
        return answers

    return run


@pytest.fixture
def acme(transactional_db):
    factories.card_product()
    return factories.company("Acme")


@pytest.fixture
def number(acme):
    return factories.customer_number(acme)


@pytest.fixture
def people(live_server, acme, number):
    """Makes people of Acme who may change and block."""

    def make(count):
        return [
            Person(live_server, factories.member(acme, "Max").user, f"/{acme.identifier}/") for _each in range(count)
        ]

    return make


@pytest.fixture
def operators(live_server, transactional_db):
    def make(count):
        return [Person(live_server, factories.operator("Otto"), "/operator/") for _each in range(count)]

    return make
