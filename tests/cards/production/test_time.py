"""What time alone does to plastics: ten days after dispatch they are Active, after their last day Expired (FUL-4)."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from cards import work
from cards.models import Card, Issue
from fleetportal.core.scope import all_companies
from fleetportal.core.timetable import run_job
from tests import factories
from tests.cards.production.tools import audit_of, issue_of, reload, rows
from tests.factories import NOW

TEN_DAYS = timedelta(days=10)


def underway(number, dispatched_at, **fields):
    return factories.card(
        number,
        status="in_creation",
        issue_fields={"dispatched_at": dispatched_at, "made_on": dispatched_at.date()},
        **fields,
    )


def activate(now):
    row = run_job("cards.activate_dispatched", now)
    assert row is None or not row.error, row.error
    return row.done if row else 0


def expire(now):
    row = run_job("cards.expire_issues", now)
    assert row is None or not row.error, row.error
    return row.done if row else 0


@pytest.mark.rule("FUL-4")
def test_ten_days_after_dispatch_a_card_is_active(number):
    card = underway(number, NOW)
    assert activate(NOW + TEN_DAYS - timedelta(seconds=1)) == 0
    assert reload(card).status == "in_creation"
    assert activate(NOW + TEN_DAYS) == 1
    assert (reload(card).status, issue_of(card).activated_at) == ("active", NOW + TEN_DAYS)
    [entry] = audit_of(issue_of(card))
    assert (entry.verb, entry.actor_label) == ("operator.activate", "cards.activate_dispatched")
    assert activate(NOW + TEN_DAYS) == 0
    assert len(audit_of(issue_of(card))) == 1


@pytest.mark.rule("FUL-4")
def test_a_job_that_was_off_for_weeks_catches_up(number):
    cards = [underway(number, NOW + timedelta(days=day)) for day in range(3)]
    assert activate(NOW + timedelta(days=60)) == 3
    assert {reload(card).status for card in cards} == {"active"}


def test_what_was_not_dispatched_or_is_blocked_stays(number):
    waiting = factories.card(number, status="in_creation")
    blocked = factories.card(number, status="blocked")
    assert activate(NOW + timedelta(days=400)) == 0
    assert (reload(waiting).status, reload(blocked).status) == ("in_creation", "blocked")


@pytest.mark.rule("FUL-4")
def test_a_duplicate_becomes_active_by_itself_too(number):
    card = factories.card(number, status="blocked")
    factories.issue(card, rank=2, status="in_creation", ordered_at=NOW, dispatched_at=NOW)
    activate(NOW + TEN_DAYS)
    assert [issue_of(card, rank).status for rank in (1, 2)] == ["blocked", "active"]
    assert (reload(card).status, reload(card).rank) == ("active", 2)


def test_a_card_works_through_the_last_day_of_its_month(number):
    card = factories.card(number, issue_fields={"expires_on": date(2026, 11, 30)})
    # 23:59 and 00:00 in Brussels, which is an hour ahead of UTC in winter.
    assert expire(datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC)) == 0
    assert reload(card).status == "active"
    assert expire(datetime(2026, 11, 30, 23, 0, 0, tzinfo=UTC)) == 1
    assert (reload(card).status, reload(card).live) == ("expired", False)
    assert expire(datetime(2026, 11, 30, 23, 0, 0, tzinfo=UTC)) == 0
    assert len(audit_of(issue_of(card))) == 1


def test_in_summer_the_day_ends_two_hours_before_that_of_utc(number):
    card = factories.card(number, issue_fields={"expires_on": date(2027, 6, 30)})
    assert expire(datetime(2027, 6, 30, 21, 59, 59, tzinfo=UTC)) == 0
    assert expire(datetime(2027, 6, 30, 22, 0, 0, tzinfo=UTC)) == 1
    assert reload(card).status == "expired"


def test_only_active_plastics_expire_and_an_older_rank_by_its_own_date(number):
    blocked = factories.card(number, status="blocked", issue_fields={"expires_on": date(2020, 1, 31)})
    card = factories.card(number, issue_fields={"expires_on": date(2026, 10, 31)})
    factories.issue(card, rank=2, status="active", ordered_at=NOW - timedelta(days=90))
    assert expire(NOW) == 1
    assert reload(blocked).status == "blocked"
    assert [issue_of(card, rank).status for rank in (1, 2)] == ["expired", "active"]
    assert (reload(card).status, reload(card).rank) == ("active", 2)


def test_many_are_moved_some_at_a_time(number, monkeypatch):
    monkeypatch.setattr(work, "CHUNK", 2)
    monkeypatch.setattr(work, "CHUNKS", 2)
    cards = [underway(number, NOW) for _card in range(5)]
    later = NOW + TEN_DAYS
    assert [activate(later), activate(later), activate(later)] == [4, 1, 0]
    assert {reload(card).status for card in cards} == {"active"}


@pytest.mark.django_db(transaction=True)
def test_a_card_that_somebody_works_on_is_left_for_the_next_time(number):
    busy, free = underway(number, NOW), underway(number, NOW)
    locked, done = threading.Event(), threading.Event()

    def customer():
        with all_companies(reason="test"):
            Card.objects.select_for_update().get(pk=busy.pk)
            locked.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=customer)
    thread.start()
    assert locked.wait(20)
    assert activate(NOW + TEN_DAYS) == 1
    done.set()
    thread.join(20)
    assert [reload(card).status for card in (busy, free)] == ["in_creation", "active"]
    assert activate(NOW + TEN_DAYS) == 1


@pytest.mark.rule("FUL-4")
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_move_each_card_once(number):
    cards = [underway(number, NOW) for _card in range(6)]
    start = threading.Barrier(2)
    moved = []

    def worker():
        start.wait(20)
        with all_companies(reason="test"):  # past the job's own lock, which keeps two runs apart
            moved.append(work.activate_dispatched(NOW + TEN_DAYS))
        connection.close()

    threads = [threading.Thread(target=worker) for _worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(moved) == 6
    assert {len(audit_of(issue_of(card))) for card in cards} == {1}
    assert rows(Issue, status="in_creation") == []
