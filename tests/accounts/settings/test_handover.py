"""Handing the principal role to another member (ACC-12)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Membership, MembershipNumber
from tests import factories
from tests.accounts.mailbox import caught, send_waiting
from tests.accounts.settings.conftest import again, browser, entries, read, said

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-12")]


@pytest.fixture
def max_(firm):
    return factories.member(
        firm.acme, "Max", profile="consultation", principal=False, applications=["cards"],
        customer_numbers=[firm.one], valid_until=timezone.localdate() + timedelta(days=9),
    )  # fmt: skip


def principals(firm):
    return [one.pk for one in read(Membership, company=firm.acme, is_principal=True)]


def test_the_page_says_what_happens_and_the_role_goes_over_with_everything(firm, max_):
    page = firm.get("handover/").content.decode()
    assert "without limits or end" in page
    assert "take the role back" in page
    assert "submit_label" not in page  # a question about nothing in particular lists nothing
    answer = firm.send("handover/", member=max_.pk, sure="on")
    assert "Person Max is the principal user now." in said(answer)
    assert principals(firm) == [max_.pk]
    new, old = again(max_), again(firm.ada)
    assert (new.profile, new.all_customer_numbers, new.valid_until) == ("administrator", True, None)
    assert {"cards", "users", "divisions"} <= set(new.applications)
    assert not read(MembershipNumber, membership=max_)
    assert (old.profile, old.is_principal, old.is_active) == ("administrator", False, True)
    assert {"cards", "users", "divisions"} <= set(old.applications)
    assert firm.get("handover/").status_code == 403
    assert firm.get("handover/", by=new).status_code == 200


@pytest.mark.rule("GEN-2")
def test_both_are_told_by_mail_and_both_histories_say_so(firm, max_):
    firm.send("handover/", member=max_.pk, sure="on")
    assert [entry.object_id for entry in entries("accounts.principal_given")] == [firm.ada.pk]
    assert [entry.object_id for entry in entries("accounts.principal_taken")] == [max_.pk]
    [entry] = entries("accounts.principal_changed")
    assert (entry.before, entry.after) == ({"principal": "Person Ada"}, {"principal": "Person Max"})
    send_waiting()
    mails = {mail.to[0]: mail for mail in caught()}
    assert mails.keys() == {firm.ada.user.email, max_.user.email}
    assert "Person Max is the principal user of Acme now" in mails[firm.ada.user.email].body
    assert "Person Ada handed over to you" in mails[max_.user.email].body
    for member in (firm.ada, max_):
        page = firm.get(f"users/{member.pk}/").content.decode()
        assert "Role of the principal user" in page


def test_it_takes_a_fresh_sign_in_and_a_tick(firm, max_):
    stale = browser(firm.ada.user, fresh=False)
    form = {"member": max_.pk, "sure": "on"}
    answer = stale.post(firm.url("handover/"), form)
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    answer = firm.send("handover/", member=max_.pk)
    assert answer.context["form"].errors["sure"]
    assert principals(firm) == [firm.ada.pk]


@pytest.mark.parametrize("why", ["inactive", "invited", "expired", "coming", "disabled", "elsewhere", "self"])
def test_who_does_not_get_in_can_not_take_the_role(firm, max_, why):
    today = timezone.localdate()
    fields = {
        "inactive": {"is_active": False},
        "invited": {"invited_at": timezone.now()},
        "expired": {"valid_until": today - timedelta(days=1)},
        "coming": {"valid_from": today + timedelta(days=1)},
    }.get(why, {})
    if why == "self":
        other = firm.ada
    elif why == "elsewhere":
        other = factories.member(factories.company("Borea"), "Ben")
    else:
        other = factories.member(firm.acme, "Cora", principal=False, **fields)
    if why == "disabled":
        other.user.is_active = False
        other.user.save()
    answer = firm.send("handover/", member=other.pk, sure="on")
    assert answer.context["form"].errors["member"]
    assert principals(firm) == [firm.ada.pk]


def test_nobody_but_the_principal_user_hands_it_over(firm, max_):
    rita = factories.member(firm.acme, "Rita", profile="administrator", principal=False)
    assert firm.as_(rita).get(firm.url("handover/")).status_code == 403
    assert firm.as_(rita).post(firm.url("handover/"), {"member": rita.pk, "sure": "on"}).status_code == 403
    assert "Hand over" not in firm.get("users/", by=rita).content.decode()
    assert "Hand over" in firm.get("users/").content.decode()


def test_where_there_is_nobody_the_page_says_so(firm):
    assert "There is no active colleague" in said(firm.send("handover/"))
