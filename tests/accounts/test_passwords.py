"""Choosing a password: the rule, changing it, and the link for a forgotten one (ACC-2, ACC-3, ACC-4)."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import OldPassword, User
from accounts.passwords import PortalPasswordValidator, is_common
from fleetportal.core.audit import AuditEntry
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies

from .conftest import PASSWORD, WRONG, sign_in, signed_in
from .mailbox import caught, send_waiting

pytestmark = pytest.mark.django_db

NEW = "Zwaluw 31 over Luik?"
SHORT = "The password must have at least 8 characters."
LONG = "The password can have at most 128 characters."
LETTER = "The password must have a letter."
DIGIT = "The password must have a digit."
SPECIAL = "The password must have a special character, such as ! or ?."
ADDRESS = "The password can't be your e-mail address or its first part."
COMMON = "This password is a common one, easy to guess."
REMEMBERED = "This is one of your last four passwords."


def change(client: Client, new: str, *, old: str = PASSWORD, again: str | None = None):
    return client.post(
        "/accounts/password/change/",
        {"oldpassword": old, "password1": new, "password2": new if again is None else again},
    )


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize(
    ("password", "sentences"),
    [
        ("Ab1!xyz", {SHORT}),
        ("1!", {SHORT, LETTER}),
        ("abc", {SHORT, DIGIT, SPECIAL, COMMON}),
        ("Zwaluwen!", {DIGIT}),
        ("Zwaluwen7", {SPECIAL}),
        ("Zwaluw 31", {SPECIAL}),  # a space is no special character
        ("12345!78", {LETTER}),
        ("an.peeters1@client.example", {ADDRESS}),
        ("AN.Peeters1@client.EXAMPLE", {ADDRESS}),
        ("An.Peeters1", {ADDRESS}),
        ("P4ssword!!", set()),
        ("Password1!", {COMMON}),
        ("1!password", {COMMON}),
        ("pa55.sw0rd", set()),
        ("Q1w!erty77", {COMMON}),
        ("Zw1!" * 32 + "x", {LONG}),
        (PASSWORD, {REMEMBERED}),
    ],
)
def test_each_condition_that_is_not_met_is_named(client, person, password, sentences):
    user = person(email="an.peeters1@client.example")
    client.force_login(user)
    answer = change(client, password)
    if not sentences:
        assert answer.status_code == 302
    else:
        assert answer.status_code == 200
        assert set(answer.context["form"].errors["password1"]) == sentences
        user.refresh_from_db()
        assert user.check_password(PASSWORD)


@pytest.mark.rule("ACC-3")
@pytest.mark.parametrize("password", [NEW, "éàç-1234", "Zw1!" * 32, "пароль-мой-7", "Xy1?zw2!"])
def test_what_meets_all_conditions_is_taken(client, person, password):
    user = person()
    client.force_login(user)
    assert change(client, password).status_code == 302
    assert sign_in(Client(), user.email, password).status_code == 302
    assert sign_in(Client(), user.email, PASSWORD).status_code == 200


def test_the_rule_stands_in_one_sentence_and_needs_no_user():
    rule = PortalPasswordValidator()
    assert "8 characters" in rule.get_help_text()
    rule.validate(NEW)
    with pytest.raises(ValidationError):
        rule.validate("short")


@pytest.mark.parametrize(
    ("password", "common"), [("letmein", True), ("LetMeIn!", True), ("a1!b2@c3", False), (NEW, False)]
)
def test_what_is_common(password, common):
    assert is_common(password) is common


@pytest.mark.rule("ACC-3")
def test_the_last_four_passwords_are_refused_and_the_fifth_is_not(client, person):
    user = person()
    client.force_login(user)
    used = [PASSWORD, *(f"Zwaluw {number} over Luik?" for number in (41, 42, 43, 44))]
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for old, new in pairwise(used):
            clock.shift(timedelta(minutes=5))
            assert change(client, new, old=old).status_code == 302
        clock.shift(timedelta(minutes=5))
        for earlier in used[1:]:
            answer = change(client, earlier, old=used[-1])
            assert answer.context["form"].errors["password1"] == [REMEMBERED], earlier
        assert change(client, used[0], old=used[-1]).status_code == 302
    assert OldPassword.objects.filter(user=user).count() == 4


@pytest.mark.rule("ACC-3")
def test_the_page_lists_the_conditions_and_says_which_address_it_must_differ_from(client, person):
    user = person()
    client.force_login(user)
    page = client.get("/accounts/password/change/").content.decode()
    for rule in ("length", "letter", "digit", "special", "address"):
        assert f'data-rule="{rule}"' in page
    assert f'data-address="{user.email}"' in page
    assert "js/password-rules" in page


@pytest.mark.rule("ACC-4")
def test_a_change_ends_the_other_sessions_and_keeps_this_one(client, person):
    user = person()
    other = Client()
    sign_in(other, user.email)
    sign_in(client, user.email)
    key = client.session.session_key
    answer = change(client, NEW)
    assert answer.headers["Location"] == "/"
    assert signed_in(client)
    assert client.session.session_key != key
    assert not signed_in(other)
    assert last_verb() == "accounts.password_changed"
    send_waiting()
    (mail,) = caught()
    assert mail.to == [user.email]
    assert mail.subject == "Your password was changed"
    assert NEW not in mail.body


@pytest.mark.rule("ACC-4")
@pytest.mark.parametrize(
    ("old", "again", "field", "sentence"),
    [
        (WRONG, NEW, "oldpassword", "This is not your current password."),
        (PASSWORD, NEW + "x", "password2", "You must type the same password each time."),
        ("", NEW, "oldpassword", "Fill in “Current password”."),
    ],
)
def test_a_change_needs_the_present_password_and_the_new_one_twice(client, person, old, again, field, sentence):
    user = person()
    client.force_login(user)
    answer = change(client, NEW, old=old, again=again)
    assert answer.status_code == 200
    assert answer.context["form"].errors[field] == [sentence]
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def last_verb() -> str:
    with all_companies(reason="a test looks"):
        return AuditEntry.objects.order_by("-pk")[0].verb


def ask(client: Client, email: str):
    return client.post("/accounts/password/reset/", {"email": email})


def link_in(text: str) -> str:
    (url,) = re.findall(r"http://localhost:8000(/accounts/password/reset/key/\S+)", text)
    return url


@pytest.fixture
def link(client, person) -> str:
    """The way from a mail to the page where a new password is chosen."""
    user = person()
    ask(client, user.email)
    send_waiting()
    (mail,) = caught()
    assert mail.to == [user.email]
    return link_in(mail.body)


@pytest.mark.rule("ACC-2")
def test_a_forgotten_password_is_replaced_by_a_link(client, person, link):
    user = User.objects.get()
    elsewhere = Client()
    sign_in(elsewhere, user.email)
    user.refresh_from_db()
    ask(client, user.email)  # a sign-in ends the links from before it
    send_waiting()
    answer = client.get(link_in(caught()[-1].body))
    form = answer.headers["Location"]
    assert "set-password" in form  # the token leaves the address
    page = client.get(form)
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert "no-store" in page.headers["Cache-Control"]
    bad = client.post(form, {"password1": "short", "password2": "short"})
    assert SHORT in bad.content.decode()
    done = client.post(form, {"password1": NEW, "password2": NEW})
    assert done.headers["Location"] == "/accounts/password/reset/key/done/"
    assert client.get(done.headers["Location"]).status_code == 200
    assert last_verb() == "accounts.password_reset"
    assert not signed_in(client)
    assert not signed_in(elsewhere)
    assert sign_in(client, user.email, NEW).status_code == 302
    assert OldPassword.objects.filter(user=user).count() == 1


@pytest.mark.rule("ACC-2")
@pytest.mark.parametrize("why", ["used", "old", "newer password", "forged", "other user"])
def test_a_link_that_no_longer_holds_says_so(client, person, link, why):
    user = User.objects.get()
    later = timezone.localtime()  # Django's tokens count in local time
    if why == "used":
        form = client.get(link).headers["Location"]
        client.post(form, {"password1": NEW, "password2": NEW})
    elif why == "old":
        later += timedelta(seconds=3602)
    elif why == "newer password":
        user.set_password(NEW)
        user.save()
    elif why == "forged":
        link = link[:-3] + ("aa/" if link[-3:] != "aa/" else "bb/")
    else:
        other = person("Bart Maes")
        head, _dash, token = urlsplit(link).path.rpartition("/key/")[2].partition("-")
        link = f"/accounts/password/reset/key/{other.pk}-{token}"
        assert head != str(other.pk)
    with time_machine.travel(later):
        answer = Client().get(link)
    assert answer.status_code == 200
    assert "This link no longer works" in answer.content.decode()


@pytest.mark.rule("ACC-2")
def test_nobody_learns_whether_an_address_exists(client, person, hashes):
    user = person()
    ask(Client(), user.email)  # the first request of a process loads things
    answers = []
    for email in (user.email, "nobody@client.example"):
        hashes.reset()
        with CaptureQueriesContext(connection) as queries:
            answer = ask(Client(), email)
        asked = len(queries)
        done = Client().get(answer.headers["Location"])
        page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", done.content.decode())
        answers.append((answer.status_code, answer.headers["Location"], page, hashes.count, asked))
    assert answers[0] == answers[1]
    assert answers[0][-1] > 0


@pytest.mark.rule("ACC-2")
def test_a_stranger_gets_no_mail(client, person):
    person()
    inactive = person("Bart Maes")
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    for email in ("nobody@client.example", inactive.email):
        assert ask(client, email).status_code == 302
    send_waiting()
    assert caught() == []
    with all_companies(reason="a test looks"):
        assert set(OutgoingMail.objects.values_list("status", flat=True)) == {OutgoingMail.Status.DROPPED}


@pytest.mark.rule("ACC-2")
def test_the_mail_row_holds_no_link(client, person):
    user = person()
    ask(client, user.email)
    send_waiting()
    with all_companies(reason="a test looks"):
        row = OutgoingMail.objects.get()
    token = link_in(caught()[0].body).rstrip("/").rpartition("-")[2]
    assert token not in f"{row.context} {row.subject} {row.key}"


@pytest.mark.rule("ACC-2")
def test_the_link_leads_to_the_portal_whatever_host_was_asked(client, person, settings):
    settings.ALLOWED_HOSTS = ["*"]
    person()
    client.post("/accounts/password/reset/", {"email": "an.peeters@client.example"}, headers={"host": "evil.example"})
    send_waiting()
    (mail,) = caught()
    assert "evil.example" not in mail.body + str(mail.alternatives)
    assert "http://localhost:8000/accounts/password/reset/key/" in mail.body


@pytest.mark.rule("ACC-2")
def test_the_mail_speaks_the_language_of_its_reader(client, person):
    person(language="fr")
    ask(client, "AN.PEETERS@client.example")
    with all_companies(reason="a test looks"):
        assert OutgoingMail.objects.get().language == "fr"


@pytest.mark.rule("ACC-5")
def test_who_proves_the_address_by_a_link_may_sign_in_again(client, person, link):
    user = User.objects.get()
    for _time in range(10):
        sign_in(Client(), user.email, WRONG)
    assert sign_in(Client(), user.email).status_code == 429
    form = client.get(link).headers["Location"]
    client.post(form, {"password1": NEW, "password2": NEW})
    assert sign_in(Client(), user.email, NEW).status_code == 302


def test_asking_too_often_is_refused(client, person):
    person()
    answers = [ask(client, "an.peeters@client.example").status_code for _time in range(6)]
    assert answers == [302] * 5 + [429]
