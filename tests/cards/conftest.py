"""Acme and Borea with their people at a browser: Ada, Max, Cora and Fay, Ben the stranger, Otto the operator."""

from __future__ import annotations

import pytest

from tests import factories
from tests.cards.browse import Browser
from tests.cards.tools import Worker


@pytest.fixture
def acme(db):
    factories.card_product()
    return factories.company("Acme")


@pytest.fixture
def borea(db):
    return factories.company("Borea")


@pytest.fixture
def number(acme):
    return factories.customer_number(acme, "70100001", name="Acme Brussels")


@pytest.fixture
def second(acme):
    """Acme's other customer number."""
    return factories.customer_number(acme, "70100002", name="Acme Gent", town="Gent", postal_code="9000")


@pytest.fixture
def ada(acme, number):
    return Browser(factories.member(acme, "Ada").user, acme)


@pytest.fixture
def max_(acme, number):
    return Browser(factories.member(acme, "Max").user, acme)


@pytest.fixture
def cora(acme, number):
    return Browser(factories.member(acme, "Cora").user, acme)


@pytest.fixture
def fay(acme, number):
    return Browser(factories.member(acme, "Fay").user, acme)


@pytest.fixture
def ben(borea):
    return Browser(factories.member(borea, "Ben").user, borea)


@pytest.fixture
def otto(db):
    return Browser(factories.operator("Otto"))


@pytest.fixture
def worker(django_capture_on_commit_callbacks):
    """Does what was promised, when a test says so."""
    return Worker(django_capture_on_commit_callbacks)
