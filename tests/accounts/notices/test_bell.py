"""The bell, the list behind it, and how each person wants to be told (ACC-41)."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from accounts.models import Notice, NoticeChoice
from fleetportal.core.audit import AuditEntry
from fleetportal.core.batches import BATCH_DONE
from fleetportal.core.notices import Subject, notify
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.notices.conftest import mails, notices

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-41")]


def bell(client, url):
    """Return what the bell says to a screen reader."""
    return re.search(r'class="btn btn-icon bell"[^>]*aria-label="([^"]+)"', client.get(url).content.decode())[1]


def batch_done(office, member, key="one"):
    """Tell a member that a bulk action of theirs is done."""
    context = {"label": "Block of 7 cards", "done": 7, "failed": 0, "path": f"/{office.acme.identifier}/cards/"}
    with all_companies(reason="test"):
        notify(
            BATCH_DONE, company_id=office.acme.pk, subjects=[Subject(owner=member.user_id)],
            context=lambda *_: context, key=f"test:{key}", now=timezone.now(),
        )  # fmt: skip


def test_the_bell_counts_what_is_unread_and_opening_a_notice_reads_it(office):
    card = office.card(printed_as="1-ABC-123")
    office.block(card)
    ada = office.as_(office.ada)
    assert bell(ada, office.url()) == "Notices: 1 unread"
    page = ada.get(office.url()).content.decode()
    assert "Fuel card 1-ABC-123 is blocked" in page
    assert '<td class="col-minor" data-label="Kind">Card blocked</td>' in page
    (notice,) = notices(office.ada)
    assert ada.get(office.url(f"{notice.pk}/")).status_code == 200
    assert bell(ada, office.url()) == "Notices: 1 unread"  # a GET changes nothing
    answer = ada.post(office.url(f"{notice.pk}/"))
    assert answer.url == f"/{office.acme.identifier}/cards/{card.pk}/"
    assert bell(ada, office.url()) == "Notices: 0 unread"


def test_the_bell_stops_counting_at_ninety_nine(office):
    for number in range(101):
        factories.notice(office.ada, key=f"n{number}")
    ada = office.as_(office.ada)
    assert bell(ada, office.url()) == "Notices: more than 99 unread"
    assert ">99+</span>" in ada.get(office.url()).content.decode()


def test_unread_notices_stand_first_and_all_are_read_at_once(office):
    old, new = factories.notice(office.ada, key="old", unread=False), factories.notice(office.ada, key="new")
    newest = factories.notice(office.ada, key="newest", unread=False)
    ada = office.as_(office.ada)
    page = ada.get(office.url()).content.decode()
    assert re.findall(r'/notices/(\d+)/"', page) == [str(one.pk) for one in (new, newest, old)]
    assert re.findall(r'/notices/(\d+)/"', ada.get(office.url("?state=unread")).content.decode()) == [str(new.pk)]
    assert ada.post(office.url("read/")).url == office.url()
    assert bell(ada, office.url()) == "Notices: 0 unread"
    assert "Mark all as read" not in ada.get(office.url()).content.decode()


def test_nobody_reads_a_colleagues_notice_or_one_of_another_company(office, max_):
    borea = factories.company("Borea")
    factories.member(borea, "Max", person=office.ada.user)
    theirs = factories.notice(max_, key="max")
    elsewhere = factories.notice(factories.member(borea, "Ben"), key="ben")
    with all_companies(reason="test data"):
        Notice.objects.filter(pk=elsewhere.pk).update(user=office.ada.user)
    ada = office.as_(office.ada)
    for notice in (theirs, elsewhere):
        assert ada.get(office.url(f"{notice.pk}/")).status_code == 404
        assert ada.post(office.url(f"{notice.pk}/")).status_code == 404
    assert bell(ada, office.url()) == "Notices: 0 unread"
    ada.post(office.url("read/"))
    assert [one.unread for one in notices(max_)] == [True]
    assert bell(ada, f"/{borea.identifier}/notices/") == "Notices: 1 unread"


@pytest.mark.rule("GEN-1")
def test_a_notice_goes_with_the_right_to_what_it_is_about(office):
    """The card has moved out of reach, or the application was closed: nothing of it is told any more."""
    dan = factories.member(office.acme, "Dan", divisions=[office.north])
    card = office.card(division=office.north, printed_as="1-FAR-999")
    office.block(card, by=dan)
    client = office.as_(dan)
    (notice,) = notices(dan)
    assert "1-FAR-999" in client.get(office.url()).content.decode()
    with all_companies(reason="test data"):
        type(card).objects.filter(pk=card.pk).update(division=None)
    assert "1-FAR-999" not in client.get(office.url()).content.decode()
    assert bell(client, office.url()) == "Notices: 0 unread"
    assert client.get(office.url(f"{notice.pk}/")).status_code == 404
    assert client.post(office.url(f"{notice.pk}/")).status_code == 404
    with all_companies(reason="test data"):
        type(card).objects.filter(pk=card.pk).update(division=office.north)
        dan.applications = ["requests"]
        dan.save()
    assert client.get(office.url(f"{notice.pk}/")).status_code == 404
    assert "1-FAR-999" not in client.get(office.url()).content.decode()


def test_each_chooses_at_once_each_morning_or_the_portal_alone(office, max_):
    client = office.as_(max_)
    form = client.get(office.url("mine/")).context["form"]
    assert "cards.blocked" not in form.fields  # the company chose who receives it
    assert form.fields["core.batch_done"].initial == "mail"
    rest = dict.fromkeys(form.fields, "mail")
    batch_done(office, max_, "at once")
    assert [mail.template for mail in mails()] == ["batch_done"]
    for channel in ("portal", "daily"):
        assert client.post(office.url("mine/"), {**rest, "core.batch_done": channel}).status_code == 302
        batch_done(office, max_, channel)
    assert [mail.template for mail in mails()] == ["batch_done"]
    assert [one.channel for one in notices(max_)] == ["mail", "portal", "daily"]
    with all_companies(reason="test"):
        entries = AuditEntry.objects.filter(verb="notices.chosen").order_by("pk")
        assert [one.after for one in entries] == [{"core.batch_done": "portal"}, {"core.batch_done": "daily"}]
        assert NoticeChoice.objects.get(kind="core.batch_done").channel == "daily"


@pytest.mark.parametrize("typed", ["", "never", "mail\x00"])
def test_a_channel_that_there_is_not_is_said_at_its_field(office, typed):
    ada = office.as_(office.ada)
    names = ada.get(office.url("mine/")).context["form"].fields
    answer = ada.post(office.url("mine/"), dict.fromkeys(names, "daily") | {"core.batch_done": typed})
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {"core.batch_done"}
    with all_companies(reason="test"):
        assert not NoticeChoice.objects.exists()


def test_the_choice_of_one_company_is_not_that_of_another(office, max_):
    borea = factories.company("Borea")
    there = factories.member(borea, "Max", person=max_.user)
    client = office.as_(max_)
    names = client.get(office.url("mine/")).context["form"].fields
    client.post(office.url("mine/"), dict.fromkeys(names, "portal"))
    assert client.get(f"/{borea.identifier}/notices/mine/").context["form"].fields["core.batch_done"].initial == "mail"
    assert there.company_id != office.acme.pk
