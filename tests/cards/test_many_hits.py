"""A search that finds more than a list shows: the list says so, a download holds them all (CRD-30, CRD-32)."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import openpyxl
import pytest

from fleetportal.core import search
from tests import factories
from tests.cards.tools import put_in_search

SAID = "match the search. Type more"


@pytest.fixture
def fleet(acme, number, monkeypatch):
    monkeypatch.setattr(search, "LIST_CAP", 3)
    cards = [factories.card(number, printed_as=f"1-VAN-00{n}") for n in range(3)]
    put_in_search(cards)
    return cards


def names(person, **asked):
    return {row["Plate or name"] for row in person.get("cards/", **asked).rows}


@pytest.mark.rule("CRD-30")
def test_as_many_hits_as_a_list_shows_are_all_of_them(ada, fleet):
    seen = ada.get("cards/", q="van")
    assert len(seen.rows) == 3
    assert SAID not in seen.text


@pytest.mark.rule("CRD-30")
def test_a_list_says_that_more_match_than_it_shows(ada, number, fleet):
    put_in_search([factories.card(number, printed_as="1-VAN-009")])
    seen = ada.get("cards/", q="van")
    assert len(seen.rows) == 3
    assert SAID in seen.text
    assert names(ada, q="van009") == {"1-VAN-009"}


@pytest.mark.rule("CRD-32")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_download_of_a_search_is_not_cut_off(ada, number, fleet, kind):
    put_in_search([factories.card(number, printed_as="1-VAN-009")])
    _head, *rows = downloaded(ada, kind, q="van")
    assert {row[0] for row in rows} == {"1-VAN-000", "1-VAN-001", "1-VAN-002", "1-VAN-009"}


@pytest.mark.rule("CRD-32")
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 6, 30, 22, 30, 15, tzinfo=UTC), "2026-07-01 00:30:15"),
        (datetime(2026, 12, 31, 22, 30, 15, 999_999, tzinfo=UTC), "2026-12-31 23:30:15"),
    ],
    ids=["summer", "winter"],
)
def test_a_download_tells_the_time_of_brussels(ada, number, kind, moment, shown):
    factories.card(number, created_at=moment)
    head, row = downloaded(ada, kind)
    assert str(row[head.index("Created")])[:19] == shown


def downloaded(person, kind, **asked):
    response = person.client.get(person.url("cards/"), {"format": kind, **asked})
    body = b"".join(response.streaming_content)
    if kind == "csv":
        return list(csv.reader(io.StringIO(body.decode("utf-8-sig")), delimiter=";"))
    return [list(row) for row in openpyxl.load_workbook(io.BytesIO(body)).active.iter_rows(values_only=True)]
