"""Nobody learns whether an address is somebody's by signing in or asking for a link: neither words nor time tell."""

from __future__ import annotations

import itertools

import pytest
from django.contrib.auth.hashers import make_password

from accounts.models import User
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from tests.house.serving import Visitor, seen, serving, told_apart

from .conftest import PASSWORD, WRONG

# Times are measured in the long run alone: on a busy machine they tell nothing.
pytestmark = [
    pytest.mark.long,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("served"),
    pytest.mark.usefixtures("dear_hashes"),  # a quick one would hide what is missing
]

SOME, MANY = 24, 500
# How many measurements there may be (tests.house.serving.told_apart), and one look at the words.
ROUNDS = 5


def strangers_and_users(count):
    """Make users, and return their addresses and as many that are nobody's; each serves once, so nothing is blocked."""
    hashed = make_password(PASSWORD)
    known = [f"known{number:05}@client.example" for number in range(count * ROUNDS)]
    User.objects.bulk_create(
        User(email=email, first_name="An", last_name="PEETERS", password=hashed) for email in known
    )
    return iter(known), iter(f"other{number:05}@client.example" for number in range(count * ROUNDS))


def asking(server, path, **fields):
    """Return what sends that form for the next address of a row; each time from another network."""
    networks = itertools.count(1)
    visitor = Visitor(server)

    def send(addresses):
        name, rest = next(iter(fields)), dict(list(fields.items())[1:])
        return visitor.ask("POST", path, {name: next(addresses), **rest}, network=next(networks))

    return send


def compare(send, known, unknown, pairs, **bounds):
    assert seen(send(known)) == seen(send(unknown))
    return told_apart(lambda: send(known), lambda: send(unknown), pairs=pairs, **bounds)


def signing_in(folder, pairs, **server):
    known, unknown = strangers_and_users(pairs)
    with serving(folder, **server) as portal:
        send = asking(portal, "/accounts/login/", login="", password=WRONG)
        # A hash takes a tenth of a second and all of a core: the medians are as far apart as the machine is busy.
        return compare(send, known, unknown, pairs, part=0.15)


@pytest.mark.rule("ACC-1")
def test_a_sign_in_takes_as_long_for_a_stranger_as_for_a_user(tmp_path):
    assert signing_in(tmp_path, SOME) == ""


@pytest.mark.timeout(1800)
def test_five_hundred_sign_ins_tell_no_stranger_from_a_user(tmp_path):
    assert signing_in(tmp_path, MANY) == ""


def test_a_hash_that_is_saved_on_strangers_would_be_told(tmp_path):
    """The control: without the dummy's hash the time tells who is a user."""
    assert signing_in(tmp_path, 6, app="tests.house.faulty", FAULT="no hash for strangers") != ""


def asking_for_a_link(folder, pairs):
    known, unknown = strangers_and_users(pairs)
    with serving(folder) as portal:
        return compare(asking(portal, "/accounts/password/reset/", email=""), known, unknown, pairs, within=0.005)


@pytest.mark.rule("ACC-2")
def test_a_link_is_promised_to_strangers_and_users_alike_and_as_quickly(tmp_path):
    assert asking_for_a_link(tmp_path, 2 * SOME) == ""
    with all_companies(reason="a test looks"):
        waiting = set(OutgoingMail.objects.filter(template="password_reset").values_list("to", flat=True))
    assert {address[:5] for address in waiting} == {"known", "other"}


@pytest.mark.timeout(900)
def test_five_hundred_links_tell_no_stranger_from_a_user(tmp_path):
    assert asking_for_a_link(tmp_path, MANY) == ""
