"""Taking up an invitation (ACC-24): exact answers, five tries, seven days, once; and accounts that are there."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from accounts.models import Invitation
from fleetportal.core.audit import AuditEntry
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.accounts.colleagues.conftest import invitation_of, link_of, one, opened, visitor
from tests.accounts.mailbox import caught, send_waiting

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-24")]

GOOD = "Vlinder 27 boven Gent!"
WRONG = "The last name, the first name or the phone is not as it was entered."


def answers(**changes):
    return {
        "last_name": "PEETERS",
        "first_name": "AN",
        "phone": "0470123456",
        "password1": GOOD,
        "password2": GOOD,
        **changes,
    }


def join(client, **changes):
    return client.post("/invitations/", answers(**changes))


def test_who_answers_exactly_chooses_a_password_and_is_in(house):
    made = house.created()
    client = opened(made)
    answer = join(client)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/{house.acme.identifier}/")
    assert client.get(answer.headers["Location"]).status_code == 200
    made = one(pk=made.pk)
    assert made.invited_at is None
    assert made.user.check_password(GOOD)
    later = Client()
    later.post("/accounts/login/", {"login": "an.peeters@client.example", "password": GOOD})
    assert later.get(f"/{house.acme.identifier}/").status_code == 200


def test_before_that_nobody_gets_in_by_the_address_alone(house):
    """A reset of the password would be a way round the answers: none is sent to who never came in."""
    made = house.created()
    send_waiting()
    Client().post("/accounts/password/reset/", {"email": made.user.email})
    send_waiting()
    assert [mail.subject for mail in caught()] == ["Acme invites you to Fleet Portal"]
    assert visitor(made.user).get(f"/{house.acme.identifier}/").status_code == 404


def test_a_mail_scanner_that_opens_the_link_uses_nothing_up(house):
    made = house.created()
    link = link_of(made)
    for _time in range(10):
        page = Client().get(link)
        assert page.status_code == 200
        assert "Continue" in page.content.decode()
        assert Client().head(link).status_code == 200
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in page.headers["Cache-Control"]
    assert invitation_of(made).ended_at is None
    assert join(opened(made)).status_code == 302


def test_the_token_leaves_the_address_and_stands_in_no_table(house):
    made = house.created()
    link = link_of(made)
    token = link.split("/")[2]
    client = Client()
    assert client.post(link).headers["Location"] == "/invitations/"
    assert token not in client.get("/invitations/").content.decode()
    with all_companies(reason="a test looks"):
        row = Invitation.objects.get(membership=made)
        texts = [str(value) for mail in OutgoingMail.objects.all() for value in vars(mail).values()]
        texts += [str(value) for entry in AuditEntry.objects.all() for value in vars(entry).values()]
    assert len(token) == 64
    assert token not in {row.nonce, row.token_hash}
    assert not [text for text in texts if token in text or row.nonce in text]


@pytest.mark.parametrize(
    "wrong",
    [
        {"last_name": "Peeters"},
        {"last_name": "PEETERS AN"},
        {"first_name": "ÁN"},
        {"first_name": "an"},
        {"phone": "0470123457"},
        {"phone": "+32470123456"},
        {"phone": "0470 123456"},
    ],
)
def test_capitals_accents_and_digits_count_and_one_sentence_serves_for_all(house, wrong):
    client = opened(house.created())
    answer = join(client, **wrong)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert WRONG in page
    assert list(answer.context["form"].errors) == ["__all__"]
    for value in wrong.values():
        assert value in page
    assert GOOD not in page


@pytest.mark.parametrize(
    "same",
    [
        {"first_name": "  ÉLISE "},
        {"first_name": unicodedata.normalize("NFD", "ÉLISE")},
        {"phone": " 0470123456"},
    ],
)
def test_spaces_around_and_the_way_an_accent_is_written_do_not_count(house, same):
    made = house.created(first_name="Élise")
    assert join(opened(made), **{"first_name": "ÉLISE", **same}).status_code == 302


def test_a_weak_password_is_told_before_the_answers_are_looked_at(house):
    made = house.created()
    answer = join(opened(made), last_name="GUESS", password1="kort", password2="kort")
    assert WRONG not in answer.content.decode()
    assert "password1" in answer.context["form"].errors
    assert invitation_of(made).wrong_tries == 0


def test_two_different_passwords_are_refused(house):
    answer = join(opened(house.created()), password2=GOOD + "x")
    assert answer.context["form"].errors == {"password2": ["This is not the same password."]}


def test_five_wrong_answers_end_the_invitation_and_tell_its_sender(house):
    made = house.created()
    client = opened(made)
    for _time in range(4):
        assert join(client, phone="0470999999").status_code == 200
    assert join(client, phone="0470999999").status_code == 410
    assert join(client).status_code == 404  # the session has forgotten it, too
    assert Client().get(link_of(made)).status_code == 410
    send_waiting()
    mail = caught()[-1]
    assert mail.to == [house.ada.user.email]
    assert "PEETERS AN" in mail.subject
    invitation = invitation_of(made)
    assert (invitation.wrong_tries, invitation.ending) == (5, "tries")
    assert one(pk=made.pk).user.has_usable_password() is False
    with all_companies(reason="a test looks"):
        assert AuditEntry.objects.filter(verb="accounts.invitation_wrong").count() == 5


def test_the_tries_are_counted_over_all_browsers(house):
    made = house.created()
    link_of(made)
    for _time in range(5):
        join(opened(made), phone="0470999999")
    assert Client().get(link_of(made)).status_code == 410


def test_an_invitation_works_once(house):
    made = house.created()
    link = link_of(made)
    second = opened(made)
    join(opened(made))
    for answer in (join(second), Client().get(link), Client().post(link)):
        assert answer.status_code == 410
        assert "This invitation was used already." in answer.content.decode()


def test_an_invitation_ends_after_seven_days(house):
    link = link_of(house.created())
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1)):
        answer = Client().post(link)
        assert answer.status_code == 410
        assert "older than seven days" in answer.content.decode()


def test_the_seven_days_begin_when_the_mail_is_sent(house):
    """A mail server that was away for a day takes nothing from them."""
    made = house.created()
    assert invitation_of(made).expires_at is None
    sent = timezone.now() + timedelta(days=1)
    with time_machine.travel(sent):
        link = link_of(made)
    with time_machine.travel(sent + timedelta(days=6, hours=23)):
        assert Client().get(link).status_code == 200


def test_a_mail_sent_twice_holds_the_same_link(house):
    made = house.created()
    first = link_of(made)
    with all_companies(reason="a test rewinds"):
        OutgoingMail.objects.filter(template="colleague_invited").update(status="waiting")
        WorkItem.objects.filter(kind="core.send_mail").update(status="waiting")
    assert link_of(made) == first


def test_a_renewed_invitation_ends_the_one_before(house):
    made = house.created()
    old = link_of(made)
    assert house.as_(house.ada).post(house.url(f"{made.pk}/invite/")).status_code == 302
    new = link_of(made)
    assert new != old
    assert "Use the link of that one" in Client().get(old).content.decode()
    assert join(opened(made)).status_code == 302


def test_an_invitation_that_ended_can_be_renewed(house):
    made = house.created()
    client = opened(made)
    for _time in range(5):
        join(client, phone="0470999999")
    house.as_(house.ada).post(house.url(f"{made.pk}/invite/"))
    assert join(opened(made)).status_code == 302


def test_a_withdrawn_invitation_lets_nobody_in(house):
    made = house.created()
    link = link_of(made)
    house.as_(house.ada).post(house.url(f"{made.pk}/withdraw/"))
    assert "withdrawn" in Client().get(link).content.decode()
    again = house.as_(house.ada).post(house.url(f"{made.pk}/withdraw/"), follow=True)
    assert "No invitation is open." in again.content.decode()


def test_a_mail_that_was_overtaken_by_a_withdrawal_is_not_sent(house):
    made = house.created()
    house.as_(house.ada).post(house.url(f"{made.pk}/withdraw/"))
    send_waiting()
    assert caught() == []


def test_a_colleague_who_was_made_inactive_meanwhile_does_not_get_in(house):
    made = house.created()
    client = opened(made)
    house.as_(house.ada).post(house.url(f"{made.pk}/deactivate/"))
    assert join(client).status_code == 410


def test_a_colleague_whose_validity_has_ended_does_not_get_in(house):
    today = timezone.localdate()
    made = house.created(valid_until=(today + timedelta(days=2)).isoformat())
    link = link_of(made)
    with time_machine.travel(timezone.now() + timedelta(days=3)):
        assert Client().post(link).status_code == 410


@pytest.mark.parametrize("link", ["/invitations/", f"/invitations/{'0' * 64}/", "/invitations/x/", "/invitations/%00/"])
def test_a_link_that_nobody_sent_leads_nowhere(db, link):
    for answer in (Client().get(link), Client().post(link, answers())):
        assert answer.status_code == 404


def test_corrected_names_are_what_is_asked_for(house):
    made = house.created(last_name="Peters")
    client = opened(made)
    answer = house.as_(house.ada).post(
        house.url(f"{made.pk}/change/"), house.change_form(made, last_name="Peeters", email="an.peeters@client.example")
    )
    assert answer.status_code == 302
    assert join(client).status_code == 302
    assert one(pk=made.pk).user.last_name == "PEETERS"


def test_a_corrected_address_gets_an_invitation_of_its_own(house):
    made = house.created(email="wrong@client.example")
    old = link_of(made)
    house.as_(house.ada).post(
        house.url(f"{made.pk}/change/"), house.change_form(made, email="an.peeters@client.example")
    )
    made = one(pk=made.pk)
    assert made.user.email == "an.peeters@client.example"
    assert Client().get(old).status_code == 410
    assert join(opened(made)).status_code == 302


# --- who has an account already ---------------------------------------------------------------------------------------


@pytest.fixture
def ben(house):
    borea = factories.company("Borea")
    person = factories.user("Ben", password=factories.PASSWORD)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return factories.member(borea, "Ben", person=person)


def test_who_has_an_account_signs_in_to_join_and_keeps_the_password(house, ben):
    made = house.created(email=ben.user.email, profile="management")
    client = opened(made)
    page = client.get("/invitations/").content.decode()
    assert "password1" not in page
    assert "/accounts/login/?next=/invitations/" in page
    refused = join(client)
    assert "Sign in and join" in refused.content.decode()
    typed = {"login": ben.user.email, "password": factories.PASSWORD}
    signed_in = client.post("/accounts/login/?next=/invitations/", typed)
    assert signed_in.headers["Location"] == "/invitations/"
    assert client.get(f"/{house.acme.identifier}/").status_code == 404
    assert client.post("/invitations/").headers["Location"] == f"/{house.acme.identifier}/"
    assert client.get(f"/{house.acme.identifier}/").status_code == 200
    here, there = one(pk=made.pk), one(pk=ben.pk)
    assert (here.profile, there.profile) == ("management", "administrator")
    assert (here.name, there.is_principal) == ("Person Ben", True)
    assert here.user.check_password(factories.PASSWORD)


@pytest.mark.rule("ACC-24")
def test_only_a_new_person_is_told_to_have_the_names_and_the_phone_ready(house, ben):
    known, new = house.created(email=ben.user.email), house.created()
    send_waiting()
    mails = {mail.to[0]: mail for mail in caught()}
    for made, asked in ((known, False), (new, True)):
        said = mails[made.user.email]
        page = Client().get(link_of(made)).content.decode()
        for text in (said.body, said.alternatives[0][0], page):
            assert ("Sign in with the account that you have" in text) is not asked
        assert ("exactly as your colleague entered them" in said.body) is asked
        assert ("at hand as your company entered them" in page) is asked


def test_somebody_else_who_is_signed_in_can_not_take_it_up(house, ben):
    made = house.created()
    client = opened(made, visitor(ben.user))
    assert join(client).status_code == 302  # a new person: the answers decide, not who was signed in before
    made = house.created(email=ben.user.email)
    client = opened(made, visitor(house.ada.user))
    page = client.post("/invitations/")
    assert "Sign out, then open the link" in page.content.decode()
    assert one(pk=made.pk).invited_at is not None
