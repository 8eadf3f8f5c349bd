"""A second factor: set up by oneself, asked for at the sign-in, used once, limited, and never in the clear (ACC-6)."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client

from accounts.safety import factors
from fleetportal.core.access import system
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from tests.accounts import mailbox
from tests.accounts.conftest import PASSWORD, sign_in, signed_in

from .conftest import app_code, hidden, page, set_up_app

NOON = datetime(2026, 11, 10, 11, 0, 0, tzinfo=UTC)
STEP = timedelta(seconds=30)
FACTORS = "/accounts/security/second-factor/"
ASK = "/accounts/second-factor/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def verbs() -> list[str]:
    with all_companies(reason="a test looks"):
        return list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))


def subjects() -> list[str]:
    mailbox.send_waiting()
    return [mail.subject for mail in mailbox.caught()]


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_an_app_is_set_up_and_then_asked_for_at_the_sign_in(own, clock):
    secret, codes = set_up_app(own, NOON)
    assert len(codes) == 10
    assert "A second factor was set up" in subjects()
    own.post("/accounts/logout/")
    clock.shift(STEP)
    answer = sign_in(own, own.user.email)
    assert answer.headers["Location"] == ASK
    assert not signed_in(own)
    assert own.get("/accounts/security/").status_code == 302
    answer = own.post(ASK, {"code": app_code(secret, NOON + STEP)})
    assert answer.status_code == 302
    assert signed_in(own)
    assert "accounts.second_factor_added" in verbs()
    assert "accounts.second_factor_used" in verbs()


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_after_the_second_factor_one_is_led_to_the_page_one_wanted(own, clock):
    secret, _codes = set_up_app(own, NOON)
    own.post("/accounts/logout/")
    clock.shift(STEP)
    own.post("/accounts/login/", {"login": own.user.email, "password": PASSWORD, "next": "/accounts/profile/"})
    answer = own.post(ASK, {"code": app_code(secret, NOON + STEP)})
    assert answer.headers["Location"] == "/accounts/profile/"


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_a_code_counts_once_and_no_earlier_one_after_it(own, clock):
    secret, _codes = set_up_app(own, NOON)
    other = Client()
    sign_in(other, own.user.email)
    assert "wrong, or was used already" in other.post(ASK, {"code": app_code(secret, NOON)}).content.decode()
    clock.shift(STEP)
    assert other.post(ASK, {"code": app_code(secret, NOON + STEP)}).status_code == 302
    third = Client()
    sign_in(third, own.user.email)
    for at in (NOON, NOON + STEP):
        assert third.post(ASK, {"code": app_code(secret, at)}).status_code == 200
    assert not signed_in(third)


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
@pytest.mark.parametrize(("off", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_off_by_one_step(own, clock, off, taken):
    secret, _codes = set_up_app(own, NOON)
    clock.shift(timedelta(minutes=10))
    other = Client()
    sign_in(other, own.user.email)
    answer = other.post(ASK, {"code": app_code(secret, NOON + timedelta(minutes=10) + off * STEP)})
    assert (answer.status_code == 302) is taken


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_a_recovery_code_lets_in_once_and_tells_its_owner(own, clock):
    _secret, codes = set_up_app(own, NOON)
    other = Client()
    sign_in(other, own.user.email)
    assert 'inputmode="text"' in page(other, ASK)  # a phone's keyboard of digits has no letters
    assert other.post(ASK, {"code": codes[3].upper().replace("-", " ")}).status_code == 302
    assert "A recovery code was used" in subjects()
    third = Client()
    sign_in(third, own.user.email)
    assert third.post(ASK, {"code": codes[3]}).status_code == 200
    assert factors.codes_left(own.user) == 9


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_ten_wrong_codes_block_for_half_an_hour_and_are_kept(own, clock):
    secret, codes = set_up_app(own, NOON)
    other = Client()
    sign_in(other, own.user.email)
    for number in range(10):
        assert other.post(ASK, {"code": f"{number:06}"}).status_code == 200
    refused = other.post(ASK, {"code": codes[0]})
    assert refused.status_code == 429
    assert "You can sign in again at 12:30" in refused.content.decode()
    assert verbs().count("accounts.second_factor_failed") == 10
    # Another browser is no way around it.
    third = Client()
    sign_in(third, own.user.email)
    assert third.post(ASK, {"code": codes[0]}).status_code == 429
    clock.shift(timedelta(minutes=30))
    fourth = Client()
    sign_in(fourth, own.user.email)
    assert fourth.post(ASK, {"code": app_code(secret, NOON + timedelta(minutes=30))}).status_code == 302


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_a_reset_password_does_not_replace_the_second_factor(own, clock):
    set_up_app(own, NOON)
    own.post("/accounts/logout/")
    own.post("/accounts/password/reset/", {"email": own.user.email})
    mailbox.send_waiting()
    body = next(mail.body for mail in mailbox.caught() if "/password/reset/key/" in mail.body)
    path = next(word for word in body.split() if "/password/reset/key/" in word).partition(":8000")[2]
    led = own.get(path).headers["Location"]
    new = "Zwaluw 31 over Luik?"
    assert own.post(led, {"password1": new, "password2": new}).status_code == 302
    assert sign_in(own, own.user.email, new).headers["Location"] == ASK
    assert not signed_in(own)


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_nothing_of_it_stands_readable_in_the_database(own, clock):
    secret, codes = set_up_app(own, NOON)
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret.replace(" ", "") not in stored
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)
    with all_companies(reason="a test looks"):
        told = str(list(AuditEntry.objects.values_list("before", "after", "object_label")))
    assert secret.replace(" ", "") not in told


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_a_wrong_first_code_sets_nothing_up_and_keeps_the_picture(own, clock):
    content = page(own, f"{FACTORS}app/")
    answer = own.post(f"{FACTORS}app/", {"ticket": hidden(content, "ticket"), "code": "000000"})
    body = answer.content.decode()
    assert "This is not the code that the app shows now." in body
    assert content.partition('class="qr-key">')[2][:39] == body.partition('class="qr-key">')[2][:39]
    assert not Authenticator.objects.exists()


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_a_ticket_is_one_persons_and_half_an_hour_old_at_most(own, person, clock):
    content = page(own, f"{FACTORS}app/")
    ticket = hidden(content, "ticket")
    secret = content.partition('class="qr-key">')[2][:39]
    stranger = Client()
    sign_in(stranger, person("Bart Maes").email)
    for client, wait in ((stranger, timedelta()), (own, timedelta(minutes=30))):
        clock.shift(wait)
        if wait:
            client.post("/accounts/reauthenticate/", {"password": PASSWORD})
        answer = client.post(f"{FACTORS}app/", {"ticket": ticket, "code": app_code(secret, NOON + wait)})
        assert "This took too long" in answer.content.decode() or answer.status_code == 302
        assert not Authenticator.objects.exists()
    assert client.post(f"{FACTORS}app/", {"ticket": "made up", "code": "123456"}).status_code in {200, 302}


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_removing_the_last_one_takes_the_recovery_codes_along_and_tells_its_owner(own, clock):
    set_up_app(own, NOON)
    row = factors.factors_of(own.user)[0]
    assert own.post(FACTORS, {"remove": row.pk}).status_code == 302
    assert not Authenticator.objects.exists()
    assert "A second factor was removed" in subjects()
    assert "accounts.second_factor_removed" in verbs()
    own.post("/accounts/logout/")
    assert sign_in(own, own.user.email).headers["Location"] == "/"


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_nobody_removes_what_is_another_persons(own, person, clock):
    set_up_app(own, NOON)
    row = factors.factors_of(own.user)[0]
    stranger = Client()
    sign_in(stranger, person("Bart Maes").email)
    stranger.post(FACTORS, {"remove": row.pk})
    assert factors.factors_of(own.user) == [row]


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_new_recovery_codes_take_the_place_of_the_earlier_ones(own, clock):
    _secret, codes = set_up_app(own, NOON)
    own.post(f"{FACTORS}codes/", {"what": "renew"})
    assert "New recovery codes were made" in subjects()
    other = Client()
    sign_in(other, own.user.email)
    assert other.post(ASK, {"code": codes[0]}).status_code == 200


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
@pytest.mark.parametrize("path", [FACTORS, f"{FACTORS}app/", f"{FACTORS}passkey/", f"{FACTORS}codes/"])
def test_what_protects_the_account_is_behind_a_fresh_sign_in(own, clock, path):
    clock.shift(timedelta(minutes=11))
    answer = own.get(path)
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    led = own.post(answer.headers["Location"], {"password": PASSWORD})
    assert led.headers["Location"] == path
    assert own.get(path).status_code == 200


@pytest.fixture
def acme(person, company, member):
    """Acme with its principal user and a colleague, as people of the tests of signing in."""
    owner = company("Acme")
    principal, colleague = person("Ada Adams"), person("Max Mertens")
    member(principal, owner, is_principal=True)
    member(colleague, owner)
    from accounts.models import Company

    Company.objects.filter(pk=owner.pk)
    with all_companies(reason="a test prepares"):
        Company.objects.filter(pk=owner.pk).update(initialised_at=NOON)
        owner.refresh_from_db()
    return owner, principal, colleague


def require(client: Client, owner, required: bool = True):
    return client.post(f"/{owner.identifier}/second-factor/", {"required": "on"} if required else {})


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_a_company_that_requires_one_leads_everybody_to_set_it_up(acme, clock):
    owner, principal, colleague = acme
    ada, max_ = Client(), Client()
    sign_in(ada, principal.email)
    sign_in(max_, colleague.email)
    assert max_.get(f"/{owner.identifier}/").status_code == 200
    assert require(ada, owner).status_code == 302
    for client in (ada, max_):
        for method in (client.get, client.post):
            assert method(f"/{owner.identifier}/cards/").headers["Location"] == FACTORS
    assert "Acme requires a second factor" in page(max_, FACTORS)
    set_up_app(max_, NOON)
    kept = max_.post("/accounts/security/second-factor/codes/", {"what": "kept"})
    assert kept.headers["Location"] == "/"  # on to the portal that waited
    assert max_.get(f"/{owner.identifier}/").status_code == 200
    assert ada.get(f"/{owner.identifier}/").status_code == 302


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_the_last_one_stays_while_the_company_requires_it(acme, clock):
    owner, principal, _colleague = acme
    ada = Client()
    sign_in(ada, principal.email)
    set_up_app(ada, NOON)
    require(ada, owner)
    row = factors.factors_of(principal)[0]
    body = ada.post(FACTORS, {"remove": row.pk}).content.decode()
    assert "Acme requires a second factor: set up another one before you remove this one." in body
    assert factors.factors_of(principal) == [row]
    require(ada, owner, required=False)
    assert ada.post(FACTORS, {"remove": row.pk}).status_code == 302
    assert verbs().count("accounts.second_factor_required") == verbs().count("accounts.second_factor_not_required") == 1


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_only_who_settles_things_for_the_company_requires_it(acme, clock):
    owner, _principal, colleague = acme
    client = Client()
    sign_in(client, colleague.email)
    assert require(client, owner).status_code == 403


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db
def test_staff_must_have_one_where_the_setting_says_so(client, person, settings, clock):
    settings.STAFF_SECOND_FACTOR = True
    staff = person("Otto Olsen", kind="operator")
    sign_in(client, staff.email)
    assert client.get("/operator/").headers["Location"] == FACTORS
    set_up_app(client, NOON)
    assert client.get("/operator/").status_code == 200


@pytest.mark.rule("ACC-6")
@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_with_the_same_code_one_gets_in(person):
    user = person()
    secret = factors.new_secret()
    actor = system("tests")
    factors.add_app(user=user, secret=secret, code=app_code(secret, NOON), actor=actor, now=NOON)
    later = NOON + 10 * STEP
    used, start = [], threading.Barrier(8)

    def use() -> None:
        start.wait(20)
        used.append(factors.use_code(user=user, code=app_code(secret, later), now=later))
        connection.close()

    threads = [threading.Thread(target=use) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(used) == [""] * 7 + ["totp"]
