"""Rows that are older than the search of their kind are found, too: their entries are filled in, some at a time."""

from __future__ import annotations

import pytest

from fleetportal.core import search, search_fill, work
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.search import SearchEntry
from fleetportal.core.search_fill import SOURCES
from fleetportal.core.timetable import run_job
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome, run
from tests import factories
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-6")]

KINDS = {"accounts.company", "accounts.number", "accounts.user", "vehicles.driver", "vehicles.vehicle"}


@pytest.fixture
def acme(monkeypatch):
    monkeypatch.setattr(work.app, "send_task", lambda *_args, **_options: None)
    monkeypatch.setattr(search_fill, "CHUNK", 2)
    return factories.company("Acme")


@pytest.fixture
def old(acme):
    """Five vehicles, a driver and a member that nothing finds, as they were before there was a search of them."""
    number = factories.customer_number(acme)
    north = factories.division(number, "North")
    rows = {
        "vehicles.vehicle": [factories.vehicle(number, plate=f"1-OLD-00{one}", division=north) for one in range(5)],
        "vehicles.driver": [factories.driver(number, last_name="Ouwerkerk")],
        "accounts.user": [factories.member(acme, "Max")],
    }
    with all_companies(reason="test"):
        SearchEntry.objects.all().delete()
    return rows


def waiting():
    with all_companies(reason="test"):
        return list(WorkItem.objects.filter(kind="core.fill_search", status="waiting").order_by("pk"))


def fill():
    """Do what waits, and what it promises, until there is nothing more; return how many runs that took."""
    runs = 0
    while items := waiting():
        for item in items:
            assert run(item.pk, NOW) is Outcome.DONE
            runs += 1
    return runs


def entries(**which):
    with all_companies(reason="test"):
        return list(SearchEntry.objects.filter(**which).order_by("kind", "object_id"))


def test_each_kind_that_came_later_is_looked_after():
    assert SOURCES.keys() == KINDS


def test_what_has_no_entry_is_found_after_the_job(acme, old):
    run_job("core.look_for_gaps", NOW)
    assert {item.payload["kind"] for item in waiting()} == KINDS
    fill()
    assert {(one.kind, one.object_id) for one in entries(kind__in=old)} == {
        (kind, row.pk) for kind, rows in old.items() for row in rows
    }
    with company_scope(acme.pk):
        assert search.find("vehicles.vehicle", "1old003").ids() == [old["vehicles.vehicle"][3].pk]
        assert search.find("vehicles.driver", "ouwer").ids() == [old["vehicles.driver"][0].pk]
        assert search.find("accounts.user", "max").ids() == [old["accounts.user"][0].pk]
    vehicle = old["vehicles.vehicle"][0]
    (entry,) = entries(kind="vehicles.vehicle", object_id=vehicle.pk)
    assert (entry.company_id, entry.customer_number_id, entry.division_id) == (
        acme.pk, vehicle.customer_number_id, vehicle.division_id,
    )  # fmt: skip


def test_many_are_filled_in_chunks_and_what_is_whole_is_left_alone(old):
    run_job("core.look_for_gaps", NOW)
    vehicles = [item for item in waiting() if item.payload["kind"] == "vehicles.vehicle"]
    assert run(vehicles[0].pk, NOW) is Outcome.DONE
    assert len(entries(kind="vehicles.vehicle")) == 2
    assert fill() >= 2
    assert len(entries(kind="vehicles.vehicle")) == 5
    later = NOW.replace(year=NOW.year + 1)
    run_job("core.look_for_gaps", later)
    assert waiting() == []


def test_an_entry_that_somebody_wrote_meanwhile_stays(acme, old):
    """A vehicle is changed between the look and the write: what was read here is older."""
    vehicle = old["vehicles.vehicle"][0]
    with company_scope(acme.pk):
        stale = list(SOURCES["vehicles.vehicle"].entries([vehicle.pk]))
        search.put("vehicles.vehicle", [search.Entry(acme.pk, vehicle.pk, "2-NEW-999")])
        search.put("vehicles.vehicle", stale, missing_only=True)
    (entry,) = entries(kind="vehicles.vehicle")
    assert entry.text == "2-new-999"
