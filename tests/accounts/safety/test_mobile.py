"""Signing in with a mobile number that was confirmed by a code (ACC-1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import MobileNumber, TextMessage
from accounts.safety import mobile
from fleetportal.core import work_run
from fleetportal.core.audit import AuditEntry
from fleetportal.core.mail import CaughtMail
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from tests.accounts import mailbox
from tests.accounts.conftest import PASSWORD, WRONG, sign_in

from .conftest import page

NOON = datetime(2026, 11, 10, 11, 0, 0, tzinfo=UTC)
PATH, CODE = "/accounts/security/mobile/", "/accounts/security/mobile/code/"
NUMBER = "0470 12 34 56"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def send_texts() -> list[str]:
    """Do the worker's part; return the codes that the demonstration's gateway caught, oldest first."""
    with all_companies(reason="a test looks"):
        waiting = list(WorkItem.objects.filter(kind="accounts.send_text", status="waiting").order_by("pk"))
    for item in waiting:
        assert work_run.run(item.pk, datetime.now(UTC)) == work_run.Outcome.DONE
    with all_companies(reason="a test looks"):
        texts = list(CaughtMail.objects.filter(to__startswith="+").order_by("pk").values_list("text", flat=True))
    return [re.search(r"\d{6}", text)[0] for text in texts]


def confirm(client: Client, number: str = NUMBER):
    client.post(PATH, {"number": number})
    return client.post(CODE, {"code": send_texts()[-1]})


@pytest.mark.rule("ACC-1")
@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["0470123456", "0470/12.34.56", "+32 470 12 34 56", "0032470123456"])
def test_a_confirmed_number_and_the_password_let_in(own, typed):
    assert sign_in(Client(), typed).status_code == 200
    assert confirm(own).status_code == 302
    assert sign_in(Client(), typed).status_code == 302
    assert sign_in(Client(), typed, WRONG).status_code == 200
    mailbox.send_waiting()
    assert "A mobile number was confirmed" in [mail.subject for mail in mailbox.caught()]


@pytest.mark.rule("ACC-1")
@pytest.mark.django_db
def test_a_number_of_the_profile_that_nobody_confirmed_lets_nobody_in(client, person):
    person(mobile="+32470123456")
    assert sign_in(client, "+32470123456").status_code == 200


@pytest.mark.rule("ACC-1")
@pytest.mark.django_db
def test_five_wrong_codes_end_a_code(own):
    own.post(PATH, {"number": NUMBER})
    (code,) = send_texts()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _time in range(5):
        assert "This is not the code that was sent." in own.post(CODE, {"code": wrong}).content.decode()
    assert own.post(CODE, {"code": code}).headers["Location"] == PATH
    assert not MobileNumber.objects.exists()


@pytest.mark.rule("ACC-1")
@pytest.mark.django_db
def test_a_code_counts_for_ten_minutes_and_once(own, clock):
    own.post(PATH, {"number": NUMBER})
    (code,) = send_texts()
    clock.shift(timedelta(minutes=10))
    assert own.post(CODE, {"code": code}).headers["Location"] == PATH
    confirm(own)
    assert own.post(CODE, {"code": send_texts()[-1]}).headers["Location"] == PATH


@pytest.mark.rule("ACC-1")
@pytest.mark.django_db
def test_a_new_code_takes_the_place_of_the_one_before(own):
    own.post(PATH, {"number": NUMBER})
    own.post(PATH, {"number": NUMBER})
    codes = send_texts()
    assert len(codes) == 1  # the first was not sent any more
    assert own.post(CODE, {"code": codes[0]}).status_code == 302
    assert MobileNumber.objects.get().number == "+32470123456"


@pytest.mark.rule("ACC-1")
@pytest.mark.django_db
def test_three_messages_an_hour_are_enough(own, person):
    for _time in range(3):
        assert own.post(PATH, {"number": NUMBER}).status_code == 302
    assert "Several codes were sent already" in own.post(PATH, {"number": NUMBER}).content.decode()
    stranger = Client()
    sign_in(stranger, person("Bart Maes").email)
    assert "Several codes were sent already" in stranger.post(PATH, {"number": NUMBER}).content.decode()


@pytest.mark.rule("ACC-1")
@pytest.mark.django_db
def test_the_code_stands_nowhere_but_in_the_message(own):
    own.post(PATH, {"number": NUMBER})
    (code,) = send_texts()
    with all_companies(reason="a test looks"):
        stored = str(
            [
                *TextMessage.objects.values(),
                *AuditEntry.objects.values(),
                *WorkItem.objects.values("payload", "subject"),
            ]
        )
    assert code not in re.findall(r"(?<!\d)\d{6}(?!\d)", stored)


@pytest.mark.rule("ACC-1")
@pytest.mark.django_db
def test_two_accounts_never_share_a_number(own, person):
    stranger = Client()
    other = person("Bart Maes")
    sign_in(stranger, other.email)
    confirm(own)
    answer = confirm(stranger)
    assert "belongs to another account" in answer.content.decode()
    assert mobile.owner_of("+32470123456") == own.user


@pytest.mark.rule("ACC-1")
@pytest.mark.django_db
def test_another_number_in_the_profile_or_giving_it_up_ends_it(own):
    confirm(own)
    own.post(PATH, {"give_up": "1", "number": ""})
    assert sign_in(Client(), NUMBER).status_code == 200
    confirm(own)
    own.user.refresh_from_db()
    values = {name: getattr(own.user, name) for name in ("last_name", "first_name", "language", "theme")}
    own.post("/accounts/profile/", {**values, "phone": "", "mobile": "0470 123 456"})  # the same, written otherwise
    assert sign_in(Client(), NUMBER).status_code == 302
    own.post("/accounts/profile/", {**values, "phone": "", "mobile": "0470 99 99 99"})
    assert sign_in(Client(), NUMBER).status_code == 200


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db
def test_guesses_at_a_number_count_for_its_account(own):
    confirm(own)
    for _time in range(5):
        sign_in(Client(), NUMBER, WRONG)
        sign_in(Client(), own.user.email, WRONG)
    assert sign_in(Client(), NUMBER).status_code == 429
    assert sign_in(Client(), own.user.email).status_code == 429


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db
def test_known_and_unknown_numbers_cost_the_same(own, hashes):
    confirm(own)
    costs = []
    for number in (NUMBER, "0470 65 43 21"):
        hashes.reset()
        with CaptureQueriesContext(connection) as queries:
            answer = sign_in(Client(), number, WRONG)
        costs.append((answer.status_code, hashes.count, len(answer.content.decode().replace(number, ""))))
        costs[-1] += (len(queries) // 4,)
    assert costs[0] == costs[1]


@pytest.mark.django_db
@pytest.mark.parametrize("number", ["", "12", "0470", "letters", "+32 470 12 34 56 78 99 11"])
def test_what_is_no_number_is_refused_at_its_field(own, number):
    answer = own.post(PATH, {"number": number})
    assert answer.status_code == 200
    assert 'id="id_number_error"' in answer.content.decode()


@pytest.mark.django_db
def test_without_a_gateway_nothing_is_offered(own, settings):
    settings.SMS_BACKEND = ""
    assert "Mobile number" not in page(own, "/accounts/security/")
    assert own.get(PATH).headers["Location"] == "/accounts/security/"


@pytest.mark.django_db
def test_neither_a_name_nor_nothing_signs_in(client):
    for login in ("somebody", "", "  "):
        answer = client.post("/accounts/login/", {"login": login, "password": PASSWORD})
        assert 'id="id_login_error"' in answer.content.decode()
