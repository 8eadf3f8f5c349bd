"""The way over from the old portal: an old user name with its own address, and nothing for anybody else (ACC-8)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import OldLogin
from accounts.safety import oldportal
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from tests.accounts import mailbox
from tests.accounts.conftest import sign_in, signed_in

from .conftest import page

PATH = "/accounts/old-portal/"
NAME, EMAIL = "CLI0042", "an.peeters@client.example"
NEW = "Zwaluw 31 over Luik?"


@pytest.fixture
def loaded(person, now):
    user = person(password=None)
    assert oldportal.load_names([(NAME, user)], now) == 1
    return user


def ask(client: Client, name: str = NAME, email: str = EMAIL):
    return client.post(PATH, {"name": name, "email": email})


def links() -> list[str]:
    mailbox.send_waiting()
    words = [word for mail in mailbox.caught() for word in mail.body.split() if "/password/reset/key/" in word]
    return [word.partition(":8000")[2] for word in words]


@pytest.mark.rule("ACC-8")
@pytest.mark.django_db
def test_the_sign_in_page_says_it_and_offers_the_way(client):
    content = page(client, "/accounts/login/")
    assert "A user name of the old portal no longer works." in content
    assert f'href="{PATH}"' in content
    assert "bookmark" in page(client, PATH)


@pytest.mark.rule("ACC-8")
@pytest.mark.django_db
@pytest.mark.parametrize("name", [NAME, " cli0042 ", "Cli0042"])
def test_name_and_address_lead_to_a_link_a_password_and_in(client, loaded, name):
    assert ask(client, name, EMAIL.upper()).headers["Location"] == f"{PATH}?sent"
    (path,) = links()
    led = client.get(path).headers["Location"]
    assert OldLogin.objects.get().used_at is None
    assert client.post(led, {"password1": NEW, "password2": NEW}).status_code == 302
    assert OldLogin.objects.get().used_at is not None
    assert sign_in(client, EMAIL, NEW).status_code == 302
    assert signed_in(client)


@pytest.mark.rule("ACC-8")
@pytest.mark.django_db
@pytest.mark.parametrize(("name", "email"), [(NAME, "thief@evil.example"), ("CLI0043", EMAIL), ("", ""), (NAME, "x")])
def test_whoever_knows_only_one_of_the_two_gets_nothing(client, loaded, name, email):
    ask(client, name, email)
    assert links() == []


@pytest.mark.rule("ACC-8")
@pytest.mark.django_db
def test_the_answer_tells_nothing(loaded):
    seen = []
    for name, email in ((NAME, EMAIL), (NAME, "thief@evil.example"), ("CLI0043", EMAIL)):
        client = Client()
        with CaptureQueriesContext(connection) as queries:
            answer = ask(client, name, email)
        seen.append((answer.status_code, answer.headers["Location"], len(queries)))
    assert len(set(seen)) == 1
    with all_companies(reason="a test looks"):
        assert NAME not in str(list(OutgoingMail.objects.values()))
    assert NAME not in str(list(OldLogin.objects.values()))


@pytest.mark.rule("ACC-8")
@pytest.mark.django_db
def test_asking_again_and_again_is_refused_for_a_while(client, loaded):
    for _time in range(10):
        assert ask(client).status_code == 302
    assert ask(client).status_code == 429
    assert sign_in(client, EMAIL).status_code == 200  # signing in is counted apart


@pytest.mark.django_db
def test_a_name_stays_with_whom_it_was_loaded_for(loaded, person, now):
    other = person("Bart Maes")
    assert oldportal.load_names([(NAME.lower(), other), ("CLI0099", other), (" ", other)], now) == 1
    assert OldLogin.objects.get(name_hash__in=oldportal.name_hashes(NAME)).user == loaded
    assert oldportal.taken("cli0099")
    assert not oldportal.taken("CLI0100")


@pytest.mark.django_db
def test_an_earlier_secret_key_still_finds_the_name(loaded, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one, for a while, and long enough to be one"
    assert oldportal.taken(NAME)
