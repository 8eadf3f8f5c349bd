"""Open sessions: shown, ended on the server, and over by themselves after a while (ACC-7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.safety import sessions
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from fleetportal.core.timetable import run_job
from tests.accounts.conftest import sign_in, signed_in

from .conftest import page

NOON = datetime(2026, 11, 10, 11, 0, 0, tzinfo=UTC)
PATH = "/accounts/security/sessions/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile Safari/604.1"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def phone(own) -> Client:
    """Another device on which An is signed in."""
    client = Client(HTTP_USER_AGENT=IPHONE, REMOTE_ADDR="198.51.100.7")
    sign_in(client, own.user.email)
    return client


@pytest.mark.rule("ACC-7")
@pytest.mark.django_db
def test_the_page_tells_device_address_and_when_it_was_last_seen(own, phone, clock):
    clock.shift(timedelta(minutes=5))
    phone.get("/accounts/security/")
    content = page(own, PATH)
    assert "Safari · iPhone" in content
    assert "198.51.100.7" in content
    assert "This session" in content


@pytest.mark.rule("ACC-7")
@pytest.mark.django_db
def test_ending_one_signs_it_out_on_the_server_and_no_other(own, phone):
    third = Client()
    sign_in(third, own.user.email)
    row = UserSession.objects.get(ip="198.51.100.7")
    assert own.post(PATH, {"session": row.pk}).status_code == 302
    assert not signed_in(phone)
    assert signed_in(own)
    assert signed_in(third)
    assert not Session.objects.filter(session_key=row.session_key).exists()
    with all_companies(reason="a test looks"):
        assert AuditEntry.objects.filter(verb="accounts.sessions_ended").count() == 1


@pytest.mark.rule("ACC-7")
@pytest.mark.django_db
def test_ending_all_others_keeps_this_one(own, phone):
    own.post(PATH, {"others": "1"})
    assert not signed_in(phone)
    assert signed_in(own)


@pytest.mark.rule("ACC-7")
@pytest.mark.django_db
def test_nobody_ends_another_persons_session(own, phone, person):
    stranger = Client()
    sign_in(stranger, person("Bart Maes").email)
    for row in UserSession.objects.filter(user=own.user):
        stranger.post(PATH, {"session": row.pk})
    assert signed_in(own)
    assert signed_in(phone)


@pytest.mark.rule("ACC-7")
@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "idle", "whole"), [("client", 30, 12), ("dealer", 15, 8), ("operator", 15, 8)])
def test_a_session_ends_by_itself_and_says_so_calmly(client, person, clock, kind, idle, whole):
    user = person(kind=kind)
    sign_in(client, user.email)
    clock.shift(timedelta(minutes=idle) - timedelta(seconds=1))
    assert client.get("/accounts/profile/").status_code == 200
    clock.shift(timedelta(minutes=idle))
    led = client.get("/accounts/profile/?tab=1")
    assert led.headers["Location"] == "/accounts/login/?ended=idle&next=%2Faccounts%2Fprofile%2F%3Ftab%3D1"
    content = page(client, led.headers["Location"])
    assert "You were away for a while" in content
    back = client.post(
        "/accounts/login/",
        {"login": user.email, "password": "Vlinder 27 boven Gent!", "next": "/accounts/profile/?tab=1"},
    )
    assert back.headers["Location"] == "/accounts/profile/?tab=1"
    for _time in range(int(timedelta(hours=whole) / timedelta(minutes=10)) - 1):
        clock.shift(timedelta(minutes=10))
        assert signed_in(client)
    clock.shift(timedelta(minutes=10))
    assert "ended=long" in client.get("/").headers["Location"]
    assert not UserSession.objects.exists()
    with all_companies(reason="a test looks"):
        why = list(AuditEntry.objects.filter(verb="accounts.session_ended").values_list("after__why", flat=True))
    assert why == ["idle", "long"]


@pytest.mark.rule("ACC-7")
@pytest.mark.django_db
def test_a_form_that_comes_too_late_leads_back_to_its_page(own, clock):
    clock.shift(timedelta(minutes=31))
    late = own.post("/accounts/theme/", {"theme": "dark"}, HTTP_REFERER="http://testserver/PRO-ACMEAA/cards/?q=1")
    assert late.headers["Location"].endswith("ended=idle&next=%2FPRO-ACMEAA%2Fcards%2F%3Fq%3D1")
    own.user.refresh_from_db()
    assert own.user.theme == "auto"


@pytest.mark.django_db
def test_a_part_of_a_page_that_comes_too_late_leads_the_whole_page(own, clock):
    clock.shift(timedelta(minutes=31))
    late = own.get("/PRO-ACMEAA/cards/?q=1", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://elsewhere.example/x")
    assert late.status_code == 200
    assert late.headers["HX-Redirect"] == "/accounts/login/?ended=idle&next=%2F"


@pytest.mark.rule("ACC-7")
@pytest.mark.django_db
def test_a_session_that_was_ended_from_elsewhere_says_so_and_no_more(own, phone):
    sessions.end(UserSession.objects.filter(ip="198.51.100.7"))
    led = phone.get("/accounts/profile/?tab=1")
    assert led.headers["Location"] == "/accounts/login/?ended=over&next=%2Faccounts%2Fprofile%2F%3Ftab%3D1"
    content = page(phone, led.headers["Location"])
    assert "Your session has ended. Sign in to go on." in content
    # It is said once, where it happened: whoever comes afresh reads nothing of sessions.
    assert phone.get("/accounts/profile/").headers["Location"] == "/accounts/login/?next=/accounts/profile/"
    assert "has ended" not in page(Client(), "/accounts/login/")


@pytest.mark.rule("ACC-7")
@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/PRO-ACMEAA/cards/", "/PRO-NOBODY/cards/", "/no/such/page/"])
def test_an_ended_session_is_answered_as_none_is_but_for_that_word(own, phone, path):
    sessions.end(UserSession.objects.filter(ip="198.51.100.7"))
    ended, stranger = phone.get(path), Client().get(path)
    assert ended.status_code == stranger.status_code
    assert ("ended=over" in ended.headers.get("Location", "")) == (stranger.status_code == 302)


@pytest.mark.django_db
def test_a_part_of_a_page_whose_session_was_ended_leads_the_whole_page(own, phone):
    sessions.end(UserSession.objects.filter(ip="198.51.100.7"))
    at = {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "http://testserver/PRO-ACMEAA/cards/?q=1"}
    led = phone.get("/PRO-ACMEAA/cards/?q=12", **at)
    assert led.headers["HX-Redirect"] == "/accounts/login/?ended=over&next=%2FPRO-ACMEAA%2Fcards%2F%3Fq%3D1"


@pytest.mark.django_db
def test_who_signs_out_reads_nothing_of_an_ended_session(own):
    own.post("/accounts/logout/")
    assert "ended" not in own.get("/accounts/profile/").headers["Location"]


@pytest.mark.django_db
def test_using_a_session_costs_a_write_once_a_minute(own, clock):
    def updates() -> int:
        with CaptureQueriesContext(connection) as queries:
            own.get("/accounts/security/")
        return sum("usersessions" in one["sql"] for one in queries if one["sql"].startswith("UPDATE"))

    assert [updates(), updates()] == [0, 0]
    clock.shift(timedelta(seconds=61))
    assert [updates(), updates()] == [1, 0]


@pytest.mark.django_db
def test_sessions_that_ended_by_themselves_are_forgotten(own, clock):
    clock.shift(timedelta(days=2))
    run_job("accounts.forget_sessions", NOON + timedelta(days=2))
    assert not UserSession.objects.exists()
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("says", "shown"), [(FIREFOX, "Firefox · Windows"), (IPHONE, "Safari · iPhone"), ("curl/8", ""), ("", "")]
)
def test_a_device_is_named_by_what_its_browser_says(says, shown):
    assert sessions.device(says) == shown
