"""The daily summary: once for each person and day, of what waits, however often its work runs (ACC-41)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as outbox

from accounts.models import Notice, NoticeChoice
from accounts.notices.work import LISTED
from fleetportal.core import work_run
from fleetportal.core.scope import all_companies
from fleetportal.core.timetable import run_job
from fleetportal.core.work import PERIODIC
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.accounts.mailbox import send_waiting
from tests.accounts.notices.conftest import mails, notices

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-41")]

SEVEN = datetime(2026, 11, 5, 6, 0, tzinfo=UTC)  # in Brussels, in winter


def summarise(now=SEVEN):
    """Let the morning's work run, and the worker do what it promised."""
    run_job("accounts.promise_summaries", now)
    with all_companies(reason="test"):
        waiting = WorkItem.objects.filter(kind="accounts.send_summary", status="waiting")
        items = list(waiting.values_list("pk", flat=True))
    for item in items:
        assert work_run.run(item, now) is work_run.Outcome.DONE


def wait(member, number=1, **fields):
    """Leave notices for the next summary."""
    return [factories.notice(member, key=f"{member.pk}-{one}", channel="daily", **fields) for one in range(number)]


def test_the_work_of_the_morning_is_due_at_seven_in_brussels():
    schedule = PERIODIC["accounts.promise_summaries"].every
    assert (schedule.hour, schedule.minute) == ({7}, {0})


def test_what_waits_comes_in_one_mail_in_the_persons_language(office):
    max_ = factories.member(office.acme, "Max", person=factories.user("Max", language="fr"))
    wait(max_, 3)
    factories.notice(max_, key="at-once", channel="mail")
    factories.notice(max_, key="portal", channel="portal")
    summarise()
    (mail,) = mails("notice_summary")
    assert (mail.recipient, mail.language, mail.context["count"]) == (max_.user, "fr", 3)
    send_waiting()
    (sent,) = outbox.outbox
    assert sent.to == [max_.user.email]
    assert sent.subject == "Votre résumé : 3 notifications"
    assert "Acme" in sent.body
    assert f"/{office.acme.identifier}/notices/" in sent.body
    assert sent.alternatives[0].mimetype == "text/html"


def test_however_often_it_runs_one_goes_out_a_day_and_nothing_is_lost(office, max_):
    wait(max_)
    for minutes in (0, 1, 120):
        summarise(SEVEN + timedelta(minutes=minutes))
    assert len(mails("notice_summary")) == 1
    factories.notice(max_, key="later", channel="daily")
    summarise(SEVEN + timedelta(hours=3))
    assert len(mails("notice_summary")) == 1
    summarise(SEVEN + timedelta(days=1))
    assert [mail.context["count"] for mail in mails("notice_summary")] == [1, 1]


def test_after_three_days_off_there_is_one_summary(office, max_):
    for day in range(3):
        factories.notice(max_, key=f"day{day}", channel="daily", created_at=SEVEN - timedelta(days=day))
    summarise(SEVEN + timedelta(days=3))
    assert [mail.context["count"] for mail in mails("notice_summary")] == [3]


def test_with_nothing_to_say_no_mail_goes_out(office, max_):
    summarise()
    wait(max_, 2, unread=False)
    summarise(SEVEN + timedelta(days=1))
    assert mails() == []
    assert all(one.summarised_at for one in notices(max_))


def test_one_person_in_two_companies_gets_one_summary(office, max_):
    borea = factories.company("Borea")
    there = factories.member(borea, "Max", person=max_.user)
    wait(max_, 2)
    wait(there)
    summarise()
    (mail,) = mails("notice_summary")
    assert {one["name"]: one["count"] for one in mail.context["companies"]} == {"Acme": 2, "Borea": 1}
    assert mail.company_id is None


@pytest.mark.rule("GEN-1")
def test_what_is_out_of_reach_by_the_morning_is_not_told(office):
    dan = factories.member(office.acme, "Dan", divisions=[office.north])
    card = office.card(division=office.north)
    factories.notice(dan, key="card", kind="cards.request_refused", channel="daily", object_id=card.pk,
                     context={"cards": [{"printed_as": "1-FAR-999"}], "count": 1})  # fmt: skip
    gone = factories.member(office.acme, "Max", valid_until=SEVEN.date() - timedelta(days=1))
    wait(gone)
    with all_companies(reason="test data"):
        type(card).objects.filter(pk=card.pk).update(division=None)
    summarise()
    assert mails() == []


def test_a_long_summary_is_cut_and_says_how_many_more(office, max_):
    wait(max_, LISTED + 4)
    summarise()
    (mail,) = mails("notice_summary")
    (company,) = mail.context["companies"]
    assert (len(company["lines"]), company["more"], mail.context["count"]) == (LISTED, 4, LISTED + 4)


def test_a_person_who_was_removed_gets_none(office, max_):
    wait(max_)
    with all_companies(reason="test data"):
        type(max_.user).objects.filter(pk=max_.user_id).update(is_active=False)
    summarise()
    assert mails() == []


@pytest.mark.rule("GEN-14")
def test_notices_are_removed_after_half_a_year(office, max_, settings):
    factories.notice(max_, key="old", created_at=SEVEN - timedelta(days=settings.NOTICE_DAYS, minutes=1))
    kept = factories.notice(max_, key="kept", created_at=SEVEN - timedelta(days=settings.NOTICE_DAYS - 1))
    run_job("accounts.forget_notices", SEVEN)
    assert [one.pk for one in notices(max_)] == [kept.pk]
    with all_companies(reason="test"):
        assert not NoticeChoice.objects.exists()
        assert Notice.objects.count() == 1
