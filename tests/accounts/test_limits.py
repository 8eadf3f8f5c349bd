"""Guessing passwords is limited, says until when, and does not lock the owner out (ACC-5, decision 16)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import signing
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts import signin
from accounts.models import SignInCounter

from .conftest import PASSWORD, WRONG, sign_in, signed_in

NOON = datetime(2026, 3, 10, 11, 0, 30, tzinfo=UTC)  # 12:00:30 in Brussels
BLOCKED = "There were too many failed attempts. You can sign in again at 12:31 (Brussels time)."
KNOWN, UNKNOWN = "an.peeters@client.example", "nobody@client.example"


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def fail(client: Client, email: str, times: int, **extra: str) -> None:
    for _time in range(times):
        assert sign_in(client, email, WRONG, **extra).status_code == 200


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db
@pytest.mark.parametrize("email", [KNOWN, UNKNOWN])
def test_ten_failures_block_an_account_for_half_an_hour(client, person, hashes, clock, email):
    person()
    hashes.reset()
    fail(client, email, 10)
    assert hashes.count == 10
    refused = sign_in(client, email, PASSWORD)
    assert refused.status_code == 429
    assert BLOCKED in refused.content.decode()
    assert refused.headers["Retry-After"] == "1800"
    assert hashes.count == 10  # the right password is not even looked at
    clock.shift(timedelta(minutes=29, seconds=59))
    assert sign_in(client, email, PASSWORD).status_code == 429
    clock.shift(timedelta(seconds=1))
    assert sign_in(client, email, PASSWORD).status_code == (302 if email == KNOWN else 200)


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db
def test_other_accounts_are_not_concerned(client, person, clock):
    person()
    other = person("Bart Maes")
    fail(client, KNOWN, 10)
    assert sign_in(client, other.email).status_code == 302


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db
def test_at_most_twenty_guesses_an_hour_reach_the_hasher(client, person, hashes, clock):
    person()
    hashes.reset()
    at = []
    for _guess in range(200):  # two hours of one guess every 36 seconds
        before = hashes.count
        sign_in(client, KNOWN, WRONG)
        at += [datetime.now(UTC)] * (hashes.count - before)
        clock.shift(timedelta(seconds=36))
    busiest = max(sum(1 for other in at if first <= other < first + timedelta(hours=1)) for first in at)
    assert 10 < busiest <= 20


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.rule("ACC-5")
@pytest.mark.django_db
def test_of_ten_thousand_guesses_few_reach_the_hasher_and_the_owner_still_gets_in(person, hashes, clock):
    person()
    own = Client()
    assert sign_in(own, KNOWN).status_code == 302
    own.post("/accounts/logout/")
    hashes.reset()
    at = []
    for guess in range(10_000):  # from a hundred networks, one guess a second
        before = hashes.count
        sign_in(Client(), KNOWN, f"{WRONG}{guess}", REMOTE_ADDR=f"203.0.{guess % 100}.7")
        at += [datetime.now(UTC)] * (hashes.count - before)
        clock.shift(timedelta(seconds=1))
    assert max(sum(1 for other in at if first <= other < first + timedelta(hours=1)) for first in at) <= 20
    assert sign_in(own, KNOWN).status_code == 302


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db
def test_pauses_between_guesses_do_not_help(client, person, hashes, clock):
    person()
    hashes.reset()
    fail(client, KNOWN, 9)
    clock.shift(timedelta(minutes=29))
    fail(client, KNOWN, 1)
    assert sign_in(client, KNOWN, WRONG).status_code == 429


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db
def test_the_owner_gets_in_on_a_device_she_has_used_before(client, person, clock):
    person()
    own = Client()
    assert sign_in(own, KNOWN).status_code == 302
    own.post("/accounts/logout/")
    fail(client, KNOWN, 10)
    assert sign_in(client, KNOWN).status_code == 429
    assert sign_in(own, KNOWN).status_code == 302
    # Being let in does not help the attacker.
    assert sign_in(client, KNOWN).status_code == 429


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db
def test_a_known_device_has_ten_tries_of_its_own(client, person, hashes, clock):
    person()
    other = person("Bart Maes")
    sign_in(client, KNOWN)
    client.post("/accounts/logout/")
    fail(client, KNOWN, 9)
    assert sign_in(client, KNOWN).status_code == 302  # and with that they are forgotten
    client.post("/accounts/logout/")
    fail(client, KNOWN, 10)
    hashes.reset()
    assert sign_in(client, KNOWN).status_code == 429
    assert hashes.count == 0
    assert sign_in(Client(), KNOWN).status_code == 302
    assert sign_in(client, other.email).status_code == 302  # known for one account is not known for another


@pytest.mark.django_db
def test_the_cookie_of_a_device_is_signed_and_tells_no_address(client, person):
    person()
    sign_in(client, KNOWN)
    cookie = client.cookies["device"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert "peeters" not in str(signing.loads(cookie.value, salt=signin.DEVICE_SALT))
    forged = Client()
    forged.cookies["device"] = cookie.value[:-1] + ("A" if cookie.value[-1] != "A" else "B")
    fail(client := Client(), KNOWN, 10)
    assert sign_in(forged, KNOWN).status_code == 429
    assert sign_in(client, KNOWN).status_code == 429


@pytest.mark.django_db
def test_behind_tls_the_cookie_is_bound_to_the_host(client, person, settings):
    settings.SESSION_COOKIE_SECURE = True
    person()
    sign_in(client, KNOWN)
    cookie = client.cookies["__Host-device"]
    assert cookie["secure"]
    assert cookie["domain"] == ""


@pytest.mark.django_db
def test_a_shared_browser_is_known_for_each_of_its_people(client, person):
    people = [person(f"Jan Nummer{number}") for number in "abcdef"]
    for user in people:
        assert sign_in(client, user.email).status_code == 302
        client.post("/accounts/logout/")
    known = signing.loads(client.cookies["device"].value, salt=signin.DEVICE_SALT)
    assert len(known) == signin.DEVICE_ACCOUNTS


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db
def test_a_hundred_failures_from_one_network_block_it(client, person, hashes, clock):
    person()
    attacker = "203.0.113.7"
    for number in range(99):
        attempt = signin.Attempt(account=f"account:{number:064x}", network=_network_key(attacker), known_device=False)
        signin.count_failure(attempt, NOON)
    assert sign_in(client, "somebody@client.example", WRONG, REMOTE_ADDR=attacker).status_code == 200
    hashes.reset()
    refused = sign_in(client, KNOWN, PASSWORD, REMOTE_ADDR="203.0.113.200")  # a neighbour in the same /24
    assert refused.status_code == 429
    assert BLOCKED in refused.content.decode()
    assert hashes.count == 0
    assert sign_in(client, KNOWN, PASSWORD, REMOTE_ADDR="203.0.114.1").status_code == 302
    # Known from there, this device also gets in from the blocked network.
    client.post("/accounts/logout/")
    assert sign_in(client, KNOWN, PASSWORD, REMOTE_ADDR=attacker).status_code == 302
    clock.shift(timedelta(minutes=30))
    assert sign_in(Client(), KNOWN, PASSWORD, REMOTE_ADDR=attacker).status_code == 302


def _network_key(address: str) -> str:
    return signin.attempt(RequestFactory().get("/", REMOTE_ADDR=address), "x@client.example").network


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("198.51.100.1", "198.51.100.254", True),
        ("198.51.100.1", "198.51.101.1", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:198.51.100.1", "198.51.100.9", True),
    ],
)
def test_what_a_network_is(one, other, same):
    assert (_network_key(one) == _network_key(other)) is same


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db
def test_the_present_password_is_guessed_no_better_in_an_open_session(client, person, hashes, clock):
    user = person()
    client.force_login(user)
    new = {"password1": "Zwaluw 31 over Luik?", "password2": "Zwaluw 31 over Luik?"}
    for _time in range(5):
        client.post("/accounts/password/change/", {"oldpassword": WRONG, **new})
        client.post("/accounts/reauthenticate/", {"password": WRONG})
    hashes.reset()
    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert BLOCKED in answer.content.decode()
    assert hashes.count == 0


@pytest.mark.django_db
def test_the_table_tells_no_addresses(client, person):
    person()
    sign_in(client, KNOWN, WRONG)
    keys = list(SignInCounter.objects.values_list("key", flat=True))
    assert sorted(key.partition(":")[0] for key in keys) == ["account", "network"]
    assert all(len(key.partition(":")[2]) == 64 for key in keys)


@pytest.mark.django_db
def test_a_sign_in_leaves_no_counter_behind(client, person):
    person()
    sign_in(client, KNOWN)
    assert not SignInCounter.objects.exists()


@pytest.mark.django_db
def test_old_counters_are_forgotten(client, person, now):
    sign_in(client, KNOWN, WRONG)
    assert signin.forget_old(now + timedelta(hours=23)) == 0
    assert signin.forget_old(now + timedelta(days=2)) == 2
    assert not SignInCounter.objects.exists()


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db(transaction=True)
def test_the_count_of_a_refused_attempt_is_kept(client, person):
    person()
    sign_in(client, KNOWN, WRONG)
    seen = []

    def look() -> None:  # from another connection, which sees only what was committed
        seen.extend(SignInCounter.objects.values_list("failures", flat=True))
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join(10)
    assert seen == [1, 1]


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_do_not_get_past_the_limit(person, hashes):
    person()
    hashes.reset()
    answers = []

    def guess(start: threading.Barrier) -> None:
        client = Client()
        start.wait(20)
        answers.append(sign_in(client, KNOWN, WRONG).status_code)
        connection.close()

    start = threading.Barrier(16)
    threads = [threading.Thread(target=guess, args=[start]) for _number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == [200] * 10 + [429] * 6
    assert hashes.count == 10


@pytest.mark.rule("ACC-5")
@pytest.mark.django_db
def test_known_and_unknown_addresses_cost_the_same(person, hashes):
    person()
    sign_in(Client(), KNOWN, WRONG)  # the first request of a process loads things
    costs = []
    for email in (KNOWN, UNKNOWN):
        hashes.reset()
        with CaptureQueriesContext(connection) as queries:
            answer = sign_in(Client(), email, WRONG)
        body = answer.content.decode().replace(email, "")
        costs.append((answer.status_code, hashes.count, len(queries), len(body)))
    assert costs[0][:2] == costs[1][:2]
    assert costs[0][3] == costs[1][3]
    assert abs(costs[0][2] - costs[1][2]) <= 2


@pytest.mark.django_db
def test_a_session_is_not_touched_by_the_limits(client, person, clock):
    user = person()
    sign_in(client, user.email)
    fail(Client(), KNOWN, 10)
    assert signed_in(client)
