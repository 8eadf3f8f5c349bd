"""Signing in and out, and where people start (ACC-1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import User
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies

from .conftest import PASSWORD, WRONG, sign_in, signed_in

pytestmark = pytest.mark.django_db


def verbs() -> list[str]:
    """The audit of this test's sign-ins, oldest first."""
    with all_companies(reason="a test looks"):
        entries = AuditEntry.objects.filter(company=None).exclude(verb="accounts.user_created").order_by("pk")
        return [entry.verb for entry in entries]


@pytest.mark.rule("ACC-1")
@pytest.mark.parametrize(
    "typed", ["an.peeters@client.example", "AN.Peeters@Client.EXAMPLE", " an.peeters@client.example "]
)
def test_the_address_in_any_capitals_and_the_password_let_in(client, person, typed):
    person()
    answer = sign_in(client, typed)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"
    assert signed_in(client)
    assert verbs() == ["accounts.signed_in"]


@pytest.mark.rule("ACC-1")
@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("an.peeters@client.example", WRONG),
        ("an.peeters@client.example", PASSWORD.upper()),
        ("an.peeters@client.example", f" {PASSWORD}"),
        ("nobody@client.example", PASSWORD),
    ],
)
def test_anything_else_is_refused_in_the_same_words(client, person, email, password):
    person()
    answer = sign_in(client, email, password)
    assert answer.status_code == 200
    assert "The address, the number or the password is wrong." in answer.content.decode()
    assert not signed_in(client)
    assert verbs() == ["accounts.sign_in_failed"]


@pytest.mark.parametrize(("email", "password"), [("", PASSWORD), ("an.peeters@client.example", ""), ("an", PASSWORD)])
def test_what_is_missing_or_no_address_is_said_at_the_field(client, person, hashes, email, password):
    person()
    hashes.reset()
    answer = sign_in(client, email, password)
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() & {"login", "password"}
    assert hashes.count == 0


def test_the_audit_of_a_failure_keeps_nothing_that_was_typed(client, person):
    person()
    sign_in(client, "not.an.account@client.example", WRONG)
    with all_companies(reason="a test looks"):
        entry = AuditEntry.objects.get(verb="accounts.sign_in_failed")
    assert entry.actor is None
    assert entry.address == "127.0.0.1"
    kept = f"{entry.actor_label} {entry.object_label} {entry.before} {entry.after}"
    assert "not.an.account" not in kept
    assert WRONG not in kept


@pytest.mark.rule("ACC-1")
@pytest.mark.parametrize("change", ["inactive", "unconfirmed"])
def test_who_may_not_come_in_does_not(client, person, change):
    user = person()
    if change == "inactive":
        User.objects.update(is_active=False)
    else:
        user.emailaddress_set.update(verified=False)
    answer = sign_in(client, user.email)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/inactive/"
    assert client.get("/accounts/inactive/").status_code == 200
    assert not signed_in(client)


def test_an_account_made_inactive_is_out_at_the_next_page(client, person):
    user = person()
    sign_in(client, user.email)
    assert signed_in(client)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not signed_in(client)


def test_every_page_but_the_entrance_asks_to_sign_in(client, db):
    for url in ("/", "/accounts/password/change/", "/accounts/reauthenticate/"):
        answer = client.get(url)
        assert answer.status_code == 302, url
        assert answer.headers["Location"] == f"/accounts/login/?next={url}"


@pytest.mark.rule("ACC-9")
def test_signing_out_ends_the_session_on_the_server(client, person):
    user = person()
    sign_in(client, user.email)
    stolen = Client()
    stolen.cookies["session"] = client.cookies["session"].value
    assert signed_in(stolen)
    assert client.get("/accounts/logout/").status_code == 200  # a link alone signs nobody out
    assert signed_in(client)
    answer = client.post("/accounts/logout/")
    assert answer.headers["Location"] == "/accounts/login/"
    assert not signed_in(client)
    assert not signed_in(stolen)
    assert not Session.objects.filter(session_key=stolen.cookies["session"].value).exists()
    assert verbs() == ["accounts.signed_in", "accounts.signed_out"]


def test_a_sign_in_gets_a_session_of_its_own(client, person):
    client.get("/accounts/login/")
    client.session.save()
    before = client.session.session_key
    sign_in(client, person().email)
    assert client.session.session_key != before


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/accounts/security/", "/accounts/security/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("http://localhost:8000/", "/"),
    ],
)
def test_after_signing_in_one_is_led_on_within_the_portal_only(client, person, wanted, led_to):
    person()
    answer = client.post(
        "/accounts/login/", {"login": "an.peeters@client.example", "password": PASSWORD, "next": wanted}
    )
    assert answer.headers["Location"] == led_to


@pytest.mark.rule("ACC-22", "ACC-27")
@pytest.mark.parametrize(("active", "led_to"), [(True, "/{}/cards/?status=active"), (False, "/")])
def test_after_signing_in_one_is_led_back_to_a_company_that_lets_one_in(
    client, person, company, member, active, led_to
):
    user, firm = person(), company("Zonnebloem")
    member(user, firm, is_active=active)
    wanted = f"/{firm.identifier}/cards/?status=active"
    answer = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD, "next": wanted})
    assert answer.headers["Location"] == led_to.format(firm.identifier)


class TestStart:
    def test_one_company_is_entered_at_once(self, client, person, company, member):
        user, firm = person(), company("Zonnebloem")
        member(user, firm)
        client.force_login(user)
        assert client.get("/").headers["Location"] == f"/{firm.identifier}/"

    def test_of_several_the_first_by_name(self, client, person, company, member):
        user, second, first = person(), company("Zonnebloem"), company("Akkerwinde")
        member(user, second)
        member(user, first)
        client.force_login(user)
        assert client.get("/").headers["Location"] == f"/{first.identifier}/"

    def test_operator_staff_go_to_their_area(self, client, person):
        client.force_login(person(kind="operator"))
        assert client.get("/").headers["Location"] == "/operator/"

    @pytest.mark.rule("ACC-22")
    @pytest.mark.parametrize("why", ["none", "ended", "not yet", "inactive", "company"])
    def test_nobody_enters_a_company_that_does_not_let_them_in(self, client, person, company, member, why):
        user = person()
        today = timezone.localdate()
        details = {
            "ended": {"valid_until": today - timedelta(days=1)},
            "not yet": {"valid_from": today + timedelta(days=1)},
            "inactive": {"is_active": False},
        }.get(why, {})
        if why != "none":
            firm = company("Zonnebloem", is_active=why != "company")
            member(user, firm, **details)
        client.force_login(user)
        answer = client.get("/")
        assert answer.status_code == 200
        assert "There is no company for you today" in answer.content.decode()

    @pytest.mark.rule("ACC-22")
    def test_the_last_day_still_counts(self, client, person, company, member):
        user, firm, today = person(), company("Zonnebloem"), timezone.localdate()
        member(user, firm, valid_from=today, valid_until=today)
        client.force_login(user)
        assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "name", ["account_signup", "account_email", "account_set_password", "account_request_login_code", "mfa_index"]
)
def test_what_the_portal_does_not_use_has_no_address(client, person, name):
    with pytest.raises(NoReverseMatch):
        reverse(name)
    client.force_login(person())
    for url in (
        "/accounts/signup/",
        "/accounts/email/",
        "/accounts/",
        "/accounts/password/set/",
        "/accounts/login/code/",
    ):
        assert client.get(url).status_code == 404, url


def test_a_person_without_a_password_is_led_to_choose_one(client, person):
    client.force_login(person(password=None))
    assert client.get("/accounts/password/change/").headers["Location"] == "/accounts/password/reset/"
    assert client.get("/accounts/reauthenticate/").headers["Location"] == "/accounts/password/reset/"


def test_the_password_once_more(client, person):
    user = person()
    sign_in(client, user.email)
    url = "/accounts/reauthenticate/?next=/PRO-ABCDEF/"
    assert client.get(url).status_code == 200
    wrong = client.post(url, {"password": WRONG})
    assert wrong.status_code == 200
    assert "The password is wrong." in wrong.content.decode()
    assert client.post(url, {"password": PASSWORD}).headers["Location"] == "/PRO-ABCDEF/"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/"])
def test_a_form_is_sent_by_post_and_by_nothing_else(client, path, method):
    assert getattr(client, method)(path).status_code == 405
