"""Another e-mail address: confirmed at the new one, told to the old one, undone from there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import EmailChange, MobileNumber, User
from accounts.safety import factors
from fleetportal.core.audit import AuditEntry
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from tests.accounts import mailbox
from tests.accounts.conftest import PASSWORD, sign_in, signed_in

from .conftest import app_code, page, set_up_app

NOON = datetime(2026, 11, 10, 11, 0, 0, tzinfo=UTC)
PATH = "/accounts/security/email/"
OLD, NEW = "an.peeters@client.example", "an@new.example"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def ask(client: Client, email: str = NEW):
    return client.post(PATH, {"email": email})


def link(to: str, about: str) -> str:
    """Return the path of the newest link of that kind that was sent to an address."""
    mailbox.send_waiting()
    bodies = [mail.body for mail in mailbox.caught() if mail.to == [to] and about in mail.body]
    word = next(word for word in bodies[-1].split() if about in word)
    return word.partition(":8000")[2]


def confirmed(client: Client) -> None:
    ask(client)
    assert Client().post(link(NEW, "/email/confirm/")).status_code == 302


@pytest.mark.rule("ACC-1")
@pytest.mark.django_db
def test_the_new_address_counts_once_its_link_was_used(own):
    assert ask(own).status_code == 302
    assert sign_in(Client(), NEW).status_code == 200
    path = link(NEW, "/email/confirm/")
    reader = Client()
    for _time in range(3):  # a mail program looks at links by itself
        assert "an@new.example" in page(reader, path)
    own.user.refresh_from_db()
    assert own.user.email == OLD
    assert reader.post(path).status_code == 302
    assert sign_in(Client(), NEW).status_code == 302
    assert sign_in(Client(), OLD).status_code == 200
    assert reader.post(path).status_code == 410
    assert reader.get(path).headers["Referrer-Policy"] == "strict-origin"
    with all_companies(reason="a test looks"):
        entry = AuditEntry.objects.get(verb="accounts.email_changed")
    assert (entry.before, entry.after) == ({"email": OLD}, {"email": NEW})


@pytest.mark.django_db
def test_the_old_address_undoes_it_for_seven_days_and_whoever_did_it_is_out(own, clock):
    clock.shift(timedelta(minutes=1))
    confirmed(own)
    secret, _codes = set_up_app(own, NOON + timedelta(minutes=1))
    MobileNumber.objects.create(user=own.user, number="+32470000001", confirmed_at=NOON + timedelta(minutes=2))
    path = link(OLD, "/email/undo/")
    clock.shift(timedelta(days=6, hours=23))
    sign_in(own, NEW)
    own.post("/accounts/second-factor/", {"code": app_code(secret, NOON + timedelta(days=6, hours=23, minutes=1))})
    assert signed_in(own)
    owner = Client()
    assert OLD in page(owner, path)
    undone = owner.post(path)
    assert "The change is undone: your earlier address counts again." in page(owner, undone.headers["Location"])
    assert not signed_in(own)
    assert sign_in(Client(), NEW).status_code == 200
    assert sign_in(Client(), OLD).status_code == 200  # whoever changed it knew the password
    assert not factors.has_factor(own.user.pk)
    assert not MobileNumber.objects.exists()
    led = owner.get(link(OLD, "/password/reset/key/")).headers["Location"]
    assert "your password stays as it is" not in mailbox.caught()[-1].body  # it counts no more
    new = "Zwaluw 31 over Luik?"
    assert owner.post(led, {"password1": new, "password2": new}).status_code == 302
    assert sign_in(Client(), OLD, new).headers["Location"] == "/"
    assert owner.post(path).status_code == 410


@pytest.mark.django_db
def test_after_seven_days_nothing_is_undone_any_more(own, clock):
    confirmed(own)
    path = link(OLD, "/email/undo/")
    clock.shift(timedelta(days=7))
    assert Client().post(path).status_code == 410
    assert User.objects.get(pk=own.user.pk).email == NEW


@pytest.mark.django_db
def test_the_first_owner_undoes_later_changes_as_well(own, clock):
    confirmed(own)
    first = link(OLD, "/email/undo/")
    clock.shift(timedelta(minutes=5))
    ask(own, "third@new.example")
    Client().post(link("third@new.example", "/email/confirm/"))
    second = link(NEW, "/email/undo/")
    assert Client().post(first).status_code == 302
    assert User.objects.get(pk=own.user.pk).email == OLD
    assert Client().post(second).status_code == 410


@pytest.mark.django_db
def test_a_link_ends_after_two_days_and_when_another_is_asked_for(own, clock):
    ask(own)
    first = link(NEW, "/email/confirm/")
    ask(own, "other@new.example")
    assert Client().post(first).status_code == 410
    second = link("other@new.example", "/email/confirm/")
    clock.shift(timedelta(days=2))
    assert Client().post(second).status_code == 410


@pytest.mark.django_db
def test_a_change_can_be_taken_back(own):
    ask(own)
    path = link(NEW, "/email/confirm/")
    assert "an@new.example" in page(own, PATH)
    own.post(PATH, {"drop": "1", "email": ""})
    assert Client().post(path).status_code == 410
    assert "an@new.example" not in page(own, "/accounts/security/")


@pytest.mark.django_db
@pytest.mark.parametrize("email", ["", "no address", OLD, OLD.upper()])
def test_what_is_no_new_address_is_refused_at_its_field(own, email):
    answer = ask(own, email)
    assert answer.status_code == 200
    assert 'id="id_email_error"' in answer.content.decode()
    assert not EmailChange.objects.exists()


@pytest.mark.django_db
def test_nobody_learns_whose_address_it_is_but_its_reader(own, person):
    other = person("Bart Maes")
    free, taken = ask(own, NEW), ask(own, other.email.upper())
    assert (taken.status_code, taken.headers["Location"]) == (free.status_code, free.headers["Location"])
    mailbox.send_waiting()
    (mail,) = [mail for mail in mailbox.caught() if mail.to == [other.email]]
    assert "belongs to an account of the portal already" in mail.body
    assert "/email/confirm/" not in mail.body


@pytest.mark.django_db
def test_an_address_that_was_taken_meanwhile_is_refused_and_nothing_changes(own, person):
    ask(own)
    path = link(NEW, "/email/confirm/")
    person("Bart Maes", email=NEW)
    answer = Client().post(path)
    assert answer.status_code == 410
    assert "belongs to another account" in answer.content.decode()
    assert User.objects.get(pk=own.user.pk).email == OLD


@pytest.mark.django_db
def test_five_questions_an_hour_are_enough(own):
    for number in range(5):
        ask(own, f"an{number}@new.example")
    assert "several changes just now" in ask(own, "an9@new.example").content.decode()


@pytest.mark.django_db
def test_it_is_behind_a_fresh_sign_in(own, clock):
    clock.shift(timedelta(minutes=11))
    assert own.get(PATH).headers["Location"].startswith("/accounts/reauthenticate/")
    own.post("/accounts/reauthenticate/", {"password": PASSWORD})
    clock.shift(timedelta(minutes=29))
    assert ask(own).status_code == 302  # typed in a page that was opened in time
    assert EmailChange.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("token", ["made-up", "1-abc:def", "%00", "1" * 300])
@pytest.mark.parametrize("kind", ["confirm", "undo"])
def test_a_made_up_link_opens_nothing(client, kind, token):
    assert client.get(f"/accounts/email/{kind}/{token}/").status_code == 410
    assert client.post(f"/accounts/email/{kind}/{token}/").status_code == 410


@pytest.mark.django_db
def test_no_link_stands_in_the_table_of_mails(own):
    confirmed(own)
    change = EmailChange.objects.get()
    with all_companies(reason="a test looks"):
        rows = str(list(OutgoingMail.objects.values()))
    assert change.nonce not in rows


@pytest.mark.django_db
def test_a_password_is_asked_again_with_the_limits_of_signing_in(own, clock):
    clock.shift(timedelta(minutes=11))
    for _time in range(10):
        own.post("/accounts/reauthenticate/", {"password": "wrong"})
    assert own.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code in {200, 429}
    assert own.get(PATH).status_code == 302
