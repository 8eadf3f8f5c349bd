"""Passkeys: made and proved by a key in software; a proof counts once, for one person and one place (ACC-6)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.test import Client

from tests.accounts.conftest import sign_in, signed_in
from tests.passkeys import Passkey

from .conftest import hidden, page

NOON = datetime(2026, 11, 10, 11, 0, 0, tzinfo=UTC)
ADD, ASK = "/accounts/security/second-factor/passkey/", "/accounts/second-factor/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def options(content: str, kind: str) -> str:
    from html import unescape

    return unescape(content.partition(f'data-passkey-{kind}="')[2].partition('"')[0])


def add(client: Client, key: Passkey, name: str = "Work laptop"):
    content = page(client, ADD)
    values = {"ticket": hidden(content, "ticket"), "name": name, "credential": key.make(options(content, "make"))}
    return client.post(ADD, values)


def proof(client: Client, key: Passkey) -> dict[str, str]:
    content = page(client, ASK)
    return {"ticket": hidden(content, "ticket"), "credential": key.prove(options(content, "use"))}


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_a_passkey_is_added_and_opens_the_account(own):
    key = Passkey()
    assert add(own, key).status_code == 302
    assert "Work laptop" in page(own, "/accounts/security/second-factor/")
    other = Client()
    assert sign_in(other, own.user.email).headers["Location"] == ASK
    assert other.post(ASK, proof(other, key)).status_code == 302
    assert signed_in(other)


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_a_form_without_a_name_says_that_alone(own):
    answer = own.post(ADD, {"ticket": hidden(page(own, ADD), "ticket"), "name": "", "credential": ""})
    assert list(answer.context["form"].errors) == ["name"]


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_a_proof_counts_once(own):
    key = Passkey()
    add(own, key)
    first, second = Client(), Client()
    sign_in(first, own.user.email)
    sign_in(second, own.user.email)
    given = proof(first, key)
    assert first.post(ASK, given).status_code == 302
    assert "Try it once more" in second.post(ASK, given).content.decode()
    assert not signed_in(second)


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_a_proof_for_another_person_place_or_time_opens_nothing(own, person, clock):
    key = Passkey()
    add(own, key)
    stranger = Client()
    sign_in(stranger, person("Bart Maes").email)
    add(stranger, Passkey())
    thief = Client()
    sign_in(thief, "bart.maes@client.example")
    assert thief.post(ASK, proof(thief, key)).status_code == 200  # An's key, Bart's account
    other = Client()
    sign_in(other, own.user.email)
    for wrong in (Passkey(), Passkey("https://evil.example")):
        wrong.credential_id, wrong.key = key.credential_id, wrong.key
        assert other.post(ASK, proof(other, wrong)).status_code == 200
    elsewhere = Passkey("https://evil.example")
    elsewhere.credential_id, elsewhere.key = key.credential_id, key.key
    assert other.post(ASK, proof(other, elsewhere)).status_code == 200
    late = proof(other, key)
    clock.shift(timedelta(minutes=5))
    assert "This took too long" in other.post(ASK, late).content.decode()
    assert not signed_in(other)
    assert not signed_in(thief)


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
@pytest.mark.parametrize(
    "given", ["", "no json", "{}", "[]", "null", json.dumps({"id": "x", "response": {}}), '"\\u0000"']
)
def test_what_is_no_passkey_is_refused_with_a_sentence(own, given):
    content = page(own, ADD)
    values = {"ticket": hidden(content, "ticket"), "name": "Laptop", "credential": given}
    answer = own.post(ADD, values)
    assert "The browser made no passkey." in answer.content.decode()
    assert not Authenticator.objects.exists()
