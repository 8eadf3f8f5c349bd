"""Changing colleagues (ACC-25 to ACC-27): what they are told, what nobody may do, and who is kept out at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.colleagues.services import set_active
from accounts.models import Membership
from fleetportal.core import timetable
from fleetportal.core.access import system
from fleetportal.core.audit import AuditEntry
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.scope import all_companies, company_scope
from tests import factories
from tests.accounts.colleagues.conftest import one, visitor
from tests.accounts.mailbox import caught, send_waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(house):
    return factories.member(house.acme, "Max", person=factories.user("Max", phone="0470111222", language="fr"))


def change(house, member, by=None, **changes):
    form = house.change_form(member, **changes)
    return house.as_(by or house.ada).post(house.url(f"{member.pk}/change/"), form)


def signed_out():
    """Let the work of the minute run."""
    timetable.run_job("accounts.end_sessions", timezone.now())


def sentence(house, client, url):
    """Where a refusal leads, and what stands there."""
    return client.post(url, follow=True).content.decode()


# --- what is changed, and who is told ---------------------------------------------------------------------------------


@pytest.mark.rule("ACC-25")
@pytest.mark.rule("ACC-26")
def test_a_change_is_told_to_the_colleague_in_their_language(house, max_):
    answer = change(
        house,
        max_,
        profile="consultation",
        applications=["cards", "users"],
        valid_until="2027-03-31",
        last_name="Dubois",
    )
    assert answer.status_code == 302, answer.context["form"].errors
    send_waiting()
    (mail,) = caught()
    assert mail.to == [max_.user.email]
    assert "Votre accès à Acme a changé" in mail.subject
    for part in ("DUBOIS", "Consultation", "Gestion", "31 mars 2027", "Factures"):
        assert part in mail.body, mail.body
    html = str(mail.alternatives[0][0])
    assert "<li>" in html
    assert "DUBOIS" in html
    changed = one(pk=max_.pk)
    assert (changed.name, changed.profile, changed.version) == ("DUBOIS Max", "consultation", 2)


@pytest.mark.rule("ACC-26")
def test_who_changes_nothing_sends_nothing(house, max_):
    page = (
        house.as_(house.ada)
        .post(house.url(f"{max_.pk}/change/"), house.change_form(max_), follow=True)
        .content.decode()
    )
    assert "Nothing was changed." in page
    send_waiting()
    assert caught() == []
    assert one(pk=max_.pk).version == 1


@pytest.mark.rule("ACC-11")
def test_levels_of_the_card_side_are_independent_of_the_profile(house, max_):
    assert change(house, max_, profile="consultation", change_applications=["cards"]).status_code == 302
    assert one(pk=max_.pk).change_applications == ["cards"]


@pytest.mark.rule("GEN-2")
def test_a_change_stands_in_the_audit_with_before_and_after_and_on_the_colleagues_page(house, max_):
    change(house, max_, profile="consultation", change_applications=[])
    with all_companies(reason="a test looks"):
        entry = AuditEntry.objects.get(verb="accounts.member_changed")
    assert (entry.before["profile"], entry.after["profile"]) == ("management", "consultation")
    assert "last_name" not in entry.after
    page = house.as_(house.ada).get(house.url(f"{max_.pk}/")).content.decode()
    assert "<del>Management</del>" in page
    assert "<ins>Consultation</ins>" in page


@pytest.mark.rule("GEN-3")
def test_of_two_who_change_the_same_colleague_the_second_is_told(house, max_):
    eve = factories.member(house.acme, "Eve", profile="administrator", principal=False)
    form = house.change_form(max_, profile="accounting")
    change(house, max_, by=eve, profile="consultation")
    page = house.as_(house.ada).post(house.url(f"{max_.pk}/change/"), form, follow=True).content.decode()
    assert "Somebody else has changed this colleague meanwhile." in page
    assert one(pk=max_.pk).profile == "consultation"


def test_names_of_who_works_for_several_companies_are_their_own(house, max_):
    factories.member(factories.company("Borea"), "Max", person=max_.user)
    form = house.change_form(max_, profile="consultation", last_name="STOLEN", email="stolen@client.example")
    assert house.as_(house.ada).post(house.url(f"{max_.pk}/change/"), form).status_code == 302
    assert (one(pk=max_.pk).user.last_name, one(pk=max_.pk).user.email) == ("Person", max_.user.email)


def test_the_address_of_who_has_joined_is_not_the_companys_to_change(house, max_):
    form = house.change_form(max_, email="stolen@client.example")
    house.as_(house.ada).post(house.url(f"{max_.pk}/change/"), form)
    assert one(pk=max_.pk).user.email == max_.user.email


@pytest.mark.rule("ACC-25")
@pytest.mark.rule("GEN-6")
def test_colleagues_are_found_by_name_address_and_phone_and_filtered(house):
    made = house.created()
    browser = house.as_(house.ada)
    for wanted in ("peeters", "an.peeters@cl", "PEETERS AN"):
        assert [row for row in (made.name,) if row in browser.get(house.url(), {"q": wanted}).content.decode()]
    page = browser.get(house.url(), {"state": "invited"}).content.decode()
    assert "PEETERS AN" in page
    assert "Person Ada" not in page.split('id="list-region"')[1]
    assert "PEETERS AN" not in browser.get(house.url(), {"state": "active"}).content.decode()
    assert "PEETERS AN" not in browser.get(house.url(), {"application": "invoices"}).content.decode()


# --- nobody gives more than they hold ---------------------------------------------------------------------------------


@pytest.fixture
def mia(house):
    """Management, with the cards only to see, and the users."""
    return factories.member(
        house.acme, "Mia", profile="management", principal=False, applications=["cards", "users", "vehicles"],
        change_applications=[],
    )  # fmt: skip


@pytest.mark.rule("ACC-13")
@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("profile", "administrator"),
        ("applications", ["cards", "invoices"]),
        ("change_applications", ["cards"]),
    ],
)
def test_nobody_gives_what_they_do_not_hold(house, mia, field, given):
    answer = house.create(by=mia, **{"applications": ["cards"], "levels": "chosen", field: given})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]


@pytest.mark.rule("ACC-13")
def test_what_a_colleague_holds_beyond_ones_own_stays_when_one_changes_them(house, mia, max_):
    answer = change(house, max_, by=mia, applications=["cards"], profile="consultation", change_applications=[])
    assert answer.status_code == 302, answer.context["form"].errors
    kept = one(pk=max_.pk)
    assert "vehicles" not in kept.applications
    assert "invoices" in kept.applications
    assert "requests" in kept.change_applications


@pytest.mark.rule("ACC-13")
@pytest.mark.parametrize("act", ["change", "deactivate"])
def test_nobody_touches_who_holds_more_nor_themselves_nor_the_principal_user(house, mia, act):
    eve = factories.member(house.acme, "Eve", profile="administrator", principal=False)
    for target, by, said in (
        (eve, mia, "profile is above yours"),
        (mia, mia, "change your own rights"),
        (house.ada, eve, "The principal user holds everything"),
        (house.ada, house.ada, "change your own rights"),
    ):
        page = sentence(house, house.as_(by), house.url(f"{target.pk}/{act}/")).replace("&#x27;", "'")
        assert said in page, page
        assert one(pk=target.pk).version == 1
        listed = house.as_(by).get(house.url()).content.decode()
        assert f"{target.pk}/{act}/" not in listed
        assert f"{target.pk}/{act}/" not in house.as_(by).get(house.url(f"{target.pk}/")).content.decode()


@pytest.mark.rule("ACC-12")
def test_the_last_administrator_stays(house, max_):
    """Who acts is an administrator too, so only somebody from outside comes to it, or two at once (tests/races)."""
    eve = factories.member(house.acme, "Eve", profile="administrator", principal=False)
    with all_companies(reason="a company without a principal user"):
        Membership.objects.filter(pk=house.ada.pk).update(is_principal=False, profile="management")
    with company_scope(house.acme.pk), pytest.raises(TransitionLost, match="At least one active administrator"):
        set_active(membership=eve, active=False, actor=system("tests"), now=timezone.now())
    with all_companies(reason="another one"):
        Membership.objects.filter(pk=max_.pk).update(profile="administrator")
    with company_scope(house.acme.pk):
        set_active(membership=eve, active=False, actor=system("tests"), now=timezone.now())
    assert one(pk=eve.pk).is_active is False


# --- inactive, and active again ---------------------------------------------------------------------------------------


@pytest.mark.rule("ACC-27")
@pytest.mark.rule("ACC-26")
def test_who_is_made_inactive_is_out_with_the_next_click_on_every_device(house, max_):
    laptop, phone = visitor(max_.user), visitor(max_.user)
    home = f"/{house.acme.identifier}/cards/"
    assert {laptop.get(home).status_code, phone.get(home).status_code} == {200}
    assert house.as_(house.ada).post(house.url(f"{max_.pk}/deactivate/")).status_code == 302
    for device in (laptop, phone):
        assert device.get(home).status_code in {302, 404}
        assert device.get("/").headers["Location"].startswith("/accounts/login/")
    send_waiting()
    assert "Accès\xa0: inactif" in caught()[0].body
    house.as_(house.ada).post(house.url(f"{max_.pk}/activate/"))
    assert visitor(max_.user).get(home).status_code == 200


@pytest.mark.rule("ACC-27")
def test_who_is_made_inactive_in_one_company_goes_on_in_the_other(house, max_):
    borea = factories.company("Borea")
    factories.member(borea, "Max", person=max_.user)
    device = visitor(max_.user)
    house.as_(house.ada).post(house.url(f"{max_.pk}/deactivate/"))
    assert device.get(f"/{house.acme.identifier}/").status_code == 404
    assert device.get(f"/{borea.identifier}/").status_code == 200


@pytest.mark.rule("ACC-27")
def test_making_inactive_twice_is_told(house, max_):
    url = house.url(f"{max_.pk}/deactivate/")
    house.as_(house.ada).post(url)
    assert "This colleague is inactive." in sentence(house, house.as_(house.ada), url)
    assert "This colleague is active." in sentence(
        house, house.as_(house.ada), house.url(f"{house.created().pk}/activate/")
    )


@pytest.mark.rule("ACC-22")
def test_after_the_last_day_a_colleague_is_out_and_signed_out_within_a_minute(house):
    today = timezone.localdate()
    person = factories.member(house.acme, "Vic", principal=False, valid_until=today).user
    device, another = visitor(person), visitor(person)
    home = f"/{house.acme.identifier}/"
    assert device.get(home).status_code == 200
    midnight = (timezone.localtime() + timedelta(days=1)).replace(hour=0, minute=0, second=30, microsecond=0)
    with time_machine.travel(midnight, tick=False):
        signed_out()
        assert not Session.objects.filter(session_key=device.session.session_key or "").exists()
        for one_ in (device, another):
            assert one_.get(home).headers["Location"].startswith("/accounts/login/")


@pytest.mark.rule("ACC-22")
def test_without_the_minutes_work_the_company_is_closed_all_the_same(house):
    today = timezone.localdate()
    device = visitor(factories.member(house.acme, "Vic", principal=False, valid_until=today - timedelta(days=1)).user)
    assert device.get(f"/{house.acme.identifier}/").status_code == 404


@pytest.mark.rule("ACC-22")
def test_the_work_of_the_minute_leaves_everybody_else_signed_in(house, max_):
    devices = [visitor(max_.user), visitor(factories.operator()), house.as_(house.ada)]
    ben = factories.member(factories.company("Borea"), "Ben", is_active=False)
    house.created(email=ben.user.email)  # he waits to join Acme
    devices.append(visitor(ben.user))
    signed_out()
    for device in devices:
        assert not device.get("/").headers.get("Location", "").startswith("/accounts/login/")
