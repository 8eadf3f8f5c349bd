"""Language and theme, and the headers and refusals that every page has."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.rule("GEN-8")
def test_before_signing_in_the_language_is_kept_in_a_cookie(client):
    assert 'lang="en"' in client.get("/accounts/login/").content.decode()
    answer = client.post("/accounts/language/", {"language": "fr", "next": "/accounts/login/"})
    assert answer.headers["Location"] == "/accounts/login/"
    page = client.get("/accounts/login/")
    assert page.headers["Content-Language"] == "fr"
    assert '<html lang="fr"' in page.content.decode()


def test_the_browsers_language_is_the_first_guess(client):
    page = client.get("/accounts/login/", headers={"accept-language": "nl-BE,nl;q=0.9"})
    assert page.headers["Content-Language"] == "nl"


@pytest.mark.rule("GEN-8")
def test_a_signed_in_users_language_goes_with_them_to_other_devices(client, person):
    user = person()
    client.force_login(user)
    client.post("/accounts/language/", {"language": "nl", "next": "/"})
    other = Client()
    other.force_login(user)
    assert other.get("/").headers["Content-Language"] == "nl"


def test_the_theme_is_the_users(client, person):
    user = person()
    client.force_login(user)
    assert client.post("/accounts/theme/", {"theme": "dark", "next": "/"}).status_code == 302
    assert 'data-bs-theme="dark"' in client.get("/").content.decode()


def test_the_theme_asks_to_sign_in(client):
    assert client.post("/accounts/theme/", {"theme": "dark"}).headers["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(("name", "value"), [("language", "de"), ("language", ""), ("theme", "pink"), ("theme", "")])
def test_what_does_not_exist_is_refused(client, person, name, value):
    client.force_login(person())
    assert client.post(f"/accounts/{name}/", {name: value}).status_code == 400


@pytest.mark.parametrize("name", ["language", "theme"])
def test_a_link_changes_nothing(client, person, name):
    client.force_login(person())
    assert client.get(f"/accounts/{name}/?{name}=dark").status_code == 405


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_one_is_led_back_within_the_portal_only(client, url):
    answer = client.post("/accounts/language/", {"language": "nl", "next": url})
    assert answer.headers["Location"] == "/"


def test_pages_shut_themselves_off_from_other_sites(client, person):
    page = client.get("/accounts/login/")
    for name in ("Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"):
        assert page.headers[name] == "same-origin"
    assert "camera=()" in page.headers["Permissions-Policy"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "Server" not in page.headers
    client.force_login(person())
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_a_form_from_elsewhere_is_refused(person):
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/accounts/login/", {"login": "an.peeters@client.example", "password": "x"})
    assert answer.status_code == 403
    assert "This page was open for too long" in answer.content.decode()


def test_refusals_have_pages_of_their_own(client, person):
    client.force_login(person())
    gone = client.get("/nothing/here/")
    assert gone.status_code == 404
    assert gone.content == client.get("/operator/").content == client.get("/PRO-ABCDEF/").content
    bad = client.post("/accounts/language/", {"language": "xx"})
    assert bad.status_code == 400
    assert "This request could not be read" in bad.content.decode()


def test_a_failure_of_the_portal_has_a_page(client, person, monkeypatch):
    def fail(*_args: object) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("accounts.views.active_memberships", fail)
    client.raise_request_exception = False
    client.force_login(person())
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.content.decode()
    assert "on purpose" not in answer.content.decode()
