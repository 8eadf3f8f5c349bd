"""Held work is a notice to those who decide on it: as each chose, and under the bell in any case (GEN-13, ACC-41)."""

from __future__ import annotations

import pytest

from accounts.models import Membership
from accounts.work import WORK_HELD, tell_administrators
from fleetportal.core.notices import Channel
from fleetportal.core.scope import all_companies, company_scope
from tests import factories
from tests.accounts.notices.conftest import mails, notices, visitor
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-13"), pytest.mark.rule("ACC-41")]


@pytest.fixture
def item(office, max_):
    return factories.work_item(
        office.acme, kind="cards.block_many", status="held", subject="Recount of 3 cards", requested_by=max_.user
    )


def hold(item):
    with all_companies(reason="test") if item.company_id is None else company_scope(item.company_id):
        tell_administrators(item, NOW)


def choose(member, channel):
    """Choose on *My notices* how held work comes."""
    client = visitor(member.user)
    path = f"/{member.company.identifier}/notices/mine/"
    form = client.get(path).context["form"]
    assert WORK_HELD.name in form.fields
    data = {name: field.initial if form.initial.get(name) is None else form.initial[name]
            for name, field in form.fields.items()}  # fmt: skip
    answer = client.post(path, data | {WORK_HELD.name: channel})
    assert answer.status_code == 302


def test_each_administrator_finds_it_under_the_bell_and_in_the_mail_once(office, item, max_):
    rita = factories.member(office.acme, "Rita", profile=Membership.Profile.ADMINISTRATOR, principal=False)
    hold(item)
    hold(item)
    assert sorted(one.recipient.first_name for one in mails("work_held")) == ["Ada", "Rita"]
    for member in (office.ada, rita):
        (notice,) = notices(member)
        assert (notice.kind, notice.unread) == (WORK_HELD.name, True)
    assert notices(max_) == []
    listed = office.as_(office.ada).get(office.url()).content.decode()
    assert "Held until you decide: Recount of 3 cards" in listed


@pytest.mark.parametrize(("channel", "mailed"), [(Channel.PORTAL, []), (Channel.DAILY, []), (Channel.MAIL, ["Ada"])])
def test_who_chose_another_way_still_has_it_under_the_bell(office, item, channel, mailed):
    choose(office.ada, channel)
    hold(item)
    assert [one.recipient.first_name for one in mails("work_held")] == mailed
    (notice,) = notices(office.ada)
    assert (notice.channel, notice.unread) == (channel, True)


def test_a_limited_administrator_and_another_company_hear_nothing(office, item):
    nina = factories.member(
        office.acme, "Nina", profile=Membership.Profile.ADMINISTRATOR, principal=False,
        customer_numbers=[office.numbers[0]],
    )  # fmt: skip
    ben = factories.member(factories.company("Borea"), "Ben")
    hold(item)
    assert notices(nina) == notices(ben) == []
    assert {one.recipient.first_name for one in mails("work_held")} == {"Ada"}


def test_work_of_the_operators_own_is_mailed_to_operator_staff(db):
    factories.operator("Otto")
    hold(factories.work_item(None, kind="cards.take_answer", status="held", subject="answer.csv"))
    assert [one.recipient.first_name for one in mails("work_held")] == ["Otto"]
