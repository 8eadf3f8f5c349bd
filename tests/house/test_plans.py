"""What lists ask the database can be answered by an index, under row-level security too; and the floor stands still."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import factories

FLOOR = Path(__file__).parent.parent / "bench" / "floor.py"


def test_the_floor_is_the_one_that_pages_were_always_measured_against():
    """Whoever changes the floor changes this as well, and measures everything anew (decision 31)."""
    assert (
        hashlib.sha256(FLOOR.read_bytes()).hexdigest()
        == "5d3d64ca904235da4f564e5b864cc2962b07dd75139a34ac26c3b61f0d473c77"
    )


def test_no_statement_of_the_portal_is_given_parallel_workers(db):
    """To start two processes costs more than what a page asks."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW max_parallel_workers_per_gather")
        assert cursor.fetchone() == ("0",)


@pytest.fixture
def ada(db):
    acme = factories.company()
    number = factories.customer_number(acme)
    division = factories.division(number)
    for _card in range(60):
        factories.card(number, division=division)
    client = Client()
    client.force_login(factories.member(acme, "Ada").user)
    return client


def plan(sql):
    """Explain a statement with sequential scans made dear: one that is left has no index to take its place."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        lines = [line for (line,) in cursor.fetchall()]
        cursor.execute("SET LOCAL enable_seqscan = on")
    return "\n".join(lines)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?sort=printed",
        "?sort=-printed",
        "?sort=expires",
        "?sort=-last_used&view=settings",
        "?status=active",
        "?last=1",
    ],
)
@pytest.mark.parametrize("page", ["cards", "requests"])
def test_a_list_is_read_by_an_index(ada, page, query):
    with CaptureQueriesContext(connection) as captured:
        assert ada.get(f"/PRO-ACMEAA/{page}/{query}").status_code == 200
    table = f"cards_{page.removesuffix('s')}"
    asked = [one["sql"] for one in captured if f'FROM "{table}"' in one["sql"] and one["sql"].startswith("SELECT")]
    assert len(asked) == 2  # the rows and the count
    for sql in asked:
        shown = plan(sql)
        assert f"Seq Scan on {table}" not in shown, shown
        assert "Index" in shown
