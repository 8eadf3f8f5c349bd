"""Mail read in the browser: by its recipient alone, without what opens something (ACC-42)."""

from __future__ import annotations

import re

import pytest
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone

from accounts.actors import person_actor
from accounts.models import User
from accounts.safety.services import ask_email_change
from accounts.work import queue_password_reset
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.mailbox import send_waiting
from tests.accounts.notices.conftest import mails, visitor

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-42")]

LINK = re.compile(r"https?://[^/\s]+(/mail/\d+/)")
NOT_KEPT = "This message can't be read here."
IN_THE_MAIL = "The link itself stands in the e-mail and nowhere else."


def text_of(answer):
    """Return the words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_mail_has_both_forms_and_a_link_to_read_it_in_the_browser(office, max_):
    office.block(office.card(printed_as="1-ABC-123"), by=max_)
    send_waiting()
    (sent,) = outbox.outbox
    (text,), (html,) = LINK.findall(sent.body), set(LINK.findall(sent.alternatives[0].content))
    assert text == html
    page = visitor(max_.user).get(text)
    assert page.status_code == 200
    assert "You blocked fuel card 1-ABC-123" in text_of(page)
    assert "<style" not in page.content.decode().partition("<main")[2]


def test_only_its_recipient_reads_it_and_only_signed_in(office, max_):
    office.block(office.card(), by=max_)
    send_waiting()
    (mail,) = mails()
    path = f"/mail/{mail.pk}/"
    assert Client().get(path).url == f"/accounts/login/?next={path}"
    for somebody in (office.ada.user, factories.operator(), factories.member(factories.company("Borea"), "Ben").user):
        assert visitor(somebody).get(path).status_code == 404
    with all_companies(reason="test data"):
        max_.is_active = False
        max_.save()
    assert visitor(max_.user).get(path).status_code == 404  # a company that one has left is closed


def test_it_is_read_in_the_language_in_which_it_was_sent(office):
    max_ = factories.member(office.acme, "Max", person=factories.user("Max", language="fr"))
    office.block(office.card(), by=max_)
    send_waiting()
    User.objects.filter(pk=max_.user_id).update(language="nl")
    page = visitor(max_.user).get(f"/mail/{mails()[0].pk}/").content.decode()
    assert 'lang="fr"' in page
    assert "Vous avez bloqué" in page


def test_a_mail_with_a_token_is_read_without_it_and_says_where_it_is(office, max_):
    ask_email_change(user=max_.user, actor=person_actor(max_.user), new_email="new@people.example", now=timezone.now())
    send_waiting()
    (sent,) = outbox.outbox
    (opens,) = set(re.findall(r"/accounts/[\w/-]*email[\w/-]*/[^\s/]{10,}/?", sent.body))
    (path,) = LINK.findall(sent.body)
    page = visitor(max_.user).get(path)
    assert "You asked for this to be your e-mail address" in text_of(page)
    assert IN_THE_MAIL in text_of(page)
    assert opens.rstrip("/").rsplit("/", 1)[1] not in page.content.decode()
    with all_companies(reason="test"):
        assert "token" not in str(OutgoingMail.objects.values().get()).lower()


def test_who_asks_for_an_address_reads_the_same_whether_it_is_somebody_elses(office, max_):
    """Else one could ask the portal who has an account; that is told at the address alone, which has no such page."""
    pages = []
    for wanted in ("free@people.example", office.ada.user.email):
        ask_email_change(user=max_.user, actor=person_actor(max_.user), new_email=wanted, now=timezone.now())
        send_waiting()
        row = mails()[-1]
        page = visitor(max_.user).get(f"/mail/{row.pk}/")
        pages.append(text_of(page).partition("Sent to")[2].replace(wanted, "…"))
    free, taken = outbox.outbox
    assert "belongs to an account of the portal already" in taken.body
    assert [len(LINK.findall(one.body)) for one in (free, taken)] == [1, 0]
    assert pages[0] == pages[1]
    assert IN_THE_MAIL in pages[0]


def test_a_new_password_is_asked_for_an_address_and_read_by_whose_it_is(office, max_):
    """Whose it is, is found when it is sent; to an address that nobody has, nothing goes."""
    queue_password_reset(office.ada.user.email, language="en", now=timezone.now())
    queue_password_reset("nobody@people.example", language="en", now=timezone.now())
    send_waiting()
    (sent,) = outbox.outbox
    (path,) = LINK.findall(sent.body)
    page = visitor(office.ada.user).get(path)
    assert "You asked for a new password." in text_of(page)
    assert "/password/reset/key/" not in page.content.decode()
    assert visitor(max_.user).get(path).status_code == 404


def test_what_was_emptied_after_a_month_says_that_it_is_gone(office, max_):
    office.block(office.card(), by=max_)
    send_waiting()
    (mail,) = mails()
    with all_companies(reason="test data"):
        OutgoingMail.objects.filter(pk=mail.pk).update(context={}, emptied_at=timezone.now())
    assert NOT_KEPT in visitor(max_.user).get(f"/mail/{mail.pk}/").content.decode()


@pytest.mark.parametrize("number", ["0", "1", str(2**63), "9" * 40])
def test_a_number_that_is_no_mail_is_not_there(office, number):
    assert visitor(office.ada.user).get(f"/mail/{number}/").status_code == 404
