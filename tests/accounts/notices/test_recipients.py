"""Who receives which kind of notice: the company's choice, cut down to what each may see (ACC-40, GEN-1)."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import NoticeRecipient
from cards.notices import tell_blocked
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.notices.conftest import KIND, actor_of, mails, notices

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-40")]


def told(template="card_blocked"):
    return sorted(mail.recipient.first_name for mail in mails(template))


def test_who_blocks_a_card_is_told_although_nobody_was_chosen(office, max_):
    office.block(office.card(), by=max_)
    assert told() == ["Max"]
    (notice,) = notices(max_)
    assert (notice.kind, notice.unread, notices(office.ada)) == (KIND, True, [])


def test_whom_the_company_chose_is_told_by_name_who_did_it(office, max_):
    assert office.choose(office.ada).status_code == 302
    card = office.card(printed_as="1-ABC-123")
    office.block(card, by=max_)
    assert told() == ["Ada", "Max"]
    assert {mail.recipient.first_name: mail.context["by"] for mail in mails()} == {"Ada": "Person Max", "Max": ""}
    (notice,) = notices(office.ada)
    assert (notice.object_id, notice.channel) == (card.pk, "mail")


def test_nobody_is_told_of_what_lies_outside_their_numbers_and_divisions(office):
    nina = factories.member(office.acme, "Nina", customer_numbers=[office.numbers[0]])
    dan = factories.member(office.acme, "Dan", divisions=[office.north])
    office.choose(nina, dan)
    office.block(office.card(1))
    assert told() == ["Ada"]
    office.block(office.card(0))
    assert told() == ["Ada", "Ada", "Nina"]
    office.block(office.card(0, division=office.north))
    assert told() == ["Ada", "Ada", "Ada", "Dan", "Nina", "Nina"]


def test_of_many_at_once_each_is_told_of_those_within_reach_in_one_mail(office):
    nina = factories.member(office.acme, "Nina", customer_numbers=[office.numbers[0]])
    max_ = factories.member(office.acme, "Max")
    office.choose(nina, max_)
    office.block_many([office.card(0, printed_as="1-ONE-111"), office.card(1), office.card(1)])
    assert {mail.recipient.first_name: mail.context["count"] for mail in mails()} == {"Max": 3, "Nina": 1}
    (hers,) = notices(nina)
    assert hers.context["printed_as"] == "1-ONE-111"
    assert "cards" not in hers.context or hers.context["cards"] == []
    assert [one.object_id for one in notices(max_)] == [None]


@pytest.mark.parametrize("lost", ["inactive", "expired", "application", "invited"])
def test_who_is_not_let_in_or_lost_the_right_is_told_nothing(office, max_, lost):
    office.choose(max_)
    with all_companies(reason="test data"):
        if lost == "inactive":
            max_.is_active = False
        elif lost == "expired":
            max_.valid_until = factories.NOW.date().replace(year=2020)
        elif lost == "invited":
            max_.invited_at = factories.NOW
        else:
            max_.applications = ["requests"]
        max_.save()
    office.block(office.card())
    assert (told(), notices(max_)) == (["Ada"], [])


def test_another_companys_people_are_never_told(office):
    ben = factories.member(factories.company("Borea"), "Ben")
    answer = office.choose(ben)
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {KIND}
    office.block(office.card())
    assert told() == ["Ada"]


def test_the_same_deed_told_twice_is_told_once(office, max_):
    office.choose(max_)
    card, now = office.card(), timezone.now()
    with all_companies(reason="test"):
        card = type(card).objects.select_related("company").get(pk=card.pk)
        for _time in range(2):
            tell_blocked(actor=actor_of(office.ada).actor, cards=[card], reason="theft", now=now, confirm=True)
    assert told() == ["Ada", "Max"]
    assert (len(notices(max_)), len(notices(office.ada))) == (1, 1)


def test_the_choice_is_two_lists_of_users_and_noted_in_the_audit(office, max_):
    page = office.as_(office.ada).get(office.url("settings/")).content.decode()
    assert page.count("data-two-lists") == 3
    assert "js/two-lists." in page
    assert f"{max_}, " not in page
    namesake = factories.member(office.acme, "Max")
    page = office.as_(office.ada).get(office.url("settings/")).content.decode()
    assert f"{namesake}, {namesake.user.email}" in page
    assert office.choose(max_).status_code == 302
    with all_companies(reason="test"):
        (row,) = NoticeRecipient.objects.all()
        (entry,) = AuditEntry.objects.filter(verb="notices.recipients_changed")
    assert (row.membership_id, row.kind) == (max_.pk, KIND)
    assert (entry.before, entry.after) == ({KIND: []}, {KIND: [str(max_)]})
    assert office.choose(max_).status_code == 302
    office.choose()
    with all_companies(reason="test"):
        assert not NoticeRecipient.objects.exists()
        assert AuditEntry.objects.filter(verb="notices.recipients_changed").count() == 2


def test_two_who_choose_at_once_do_not_write_over_each_other(office, max_):
    stale = office.as_(office.ada).get(office.url("settings/")).context["form"].fields["version"].initial
    office.choose(max_)
    answer = office.choose(office.ada, version=stale)
    assert answer.status_code == 200
    assert "Somebody else changed the recipients meanwhile" in answer.content.decode()
    with all_companies(reason="test"):
        assert [row.membership_id for row in NoticeRecipient.objects.all()] == [max_.pk]


def test_who_may_not_see_cards_can_not_be_chosen(office):
    rita = factories.member(office.acme, "Rita", principal=False, applications=["requests"])
    answer = office.choose(rita)
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {KIND}
