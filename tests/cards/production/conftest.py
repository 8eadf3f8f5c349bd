"""Acme with one customer number, Ada who orders, Otto who produces, and the directory shared with the card maker."""

from __future__ import annotations

import pytest

from tests import factories
from tests.cards.production.tools import Directory


@pytest.fixture
def acme(db):
    return factories.company("Acme")


@pytest.fixture
def number(acme):
    return factories.customer_number(acme)


@pytest.fixture
def ada(acme):
    return factories.member(acme, "Ada").user


@pytest.fixture
def otto(db):
    return factories.operator("Otto")


@pytest.fixture
def directory(settings, tmp_path, django_capture_on_commit_callbacks):
    settings.CARD_MAKER = "files"
    settings.PRODUCTION_DIR = tmp_path / "production"
    return Directory(settings.PRODUCTION_DIR, django_capture_on_commit_callbacks)


@pytest.fixture
def ordered(number, ada):
    """A card that Ada has ordered."""
    return factories.card(number, status="new", requested_by=ada, printed_as="1-ABC-123")


@pytest.fixture
def in_production(number, ada):
    """A card whose first plastic is at the card maker's."""
    return factories.card(number, status="in_creation", requested_by=ada, printed_as="1-ABC-123")
