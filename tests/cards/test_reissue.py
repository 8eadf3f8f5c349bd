"""Reissuing the secret code of a card: who may, what is said first, what is ordered, and what is refused (PIN-4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.actors import member_actor
from accounts.models import Membership, Notice
from cards.letters.services import reissue_codes
from cards.models import CodeLetter, Request
from fleetportal.core.batches import Batch
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.cards.browse import Browser
from tests.cards.tools import audit_of, change, counted, issue_of, one, rows

pytestmark = [pytest.mark.rule("PIN-4"), pytest.mark.django_db]

BEING_RENEWED = "This card is being renewed; until that is done it can only be blocked."


@pytest.fixture
def card(number):
    return factories.card(number, printed_as="1-ABC-123")


def letters(card):
    return rows(CodeLetter, card_id=card.pk)


def many(number, count, **fields):
    return [factories.card(number, printed_as=f"1-MNY-{at:03d}", **fields) for at in range(1, count + 1)]


def selected(cards):
    return "&".join(f"select={card.pk}" for card in cards)


def test_the_page_says_what_is_sent_where_and_when_before_anything_happens(ada, number, card):
    page = ada.get(ada.get(f"cards/{card.pk}/").link("Reissue the secret code"))
    assert page.title == "Reissue the secret code of the card 1-ABC-123"
    assert "The secret code of the card is sent by post, in a code letter." in page.text
    assert f"It goes to the address for secret codes of customer number {number.number}: " in page.text
    assert number.street in page.text
    assert "within 24 hours" in page.text
    assert "Nobody can read the code here" in page.text
    assert "a written request to your usual contact" in page.text
    assert letters(card) == []


@pytest.mark.rule("GEN-2", "CRD-9")
def test_it_is_ordered_confirmed_and_followed_under_my_requests(ada, card):
    seen = ada.do(f"cards/{card.pk}/reissue/")
    [letter] = letters(card)
    request = one(Request, kind="code_letter")
    assert seen.messages == [f"The secret code of the card 1-ABC-123 is reissued: request {request.number}."]
    assert (letter.rank, letter.street, letter.batch_id) == (1, "", None)
    assert (request.subject_id, request.status) == (letter.pk, "received")
    assert request.due_at - request.accepted_at == timedelta(hours=24)
    [entry] = audit_of(card, "cards.reissue")
    assert (entry.actor_id, entry.after) == (ada.person.pk, {"rank": 1, "request": request.number})
    assert [found.verb for found in audit_of(request)] == ["requests.accepted"]
    assert ada.get(f"requests/{request.pk}/").facts["Type"] == "Reissue of the secret code"
    assert "Reissue of the secret code" in ada.get("requests/").text
    assert ada.get("requests/", q=request.number).rows
    assert seen.history[0] == "Request accepted"
    assert seen.history[1] == f"Reissue of the secret code ordered, rank 1: request {request.number}"
    # The plastic, its status and its own request stay as they are.
    assert issue_of(card).status == "active"


@pytest.mark.rule("ACC-41")
def test_a_notice_and_a_mail_confirm_it_to_who_asked_and_to_nobody_else(ada, acme, card):
    factories.member(acme, "Max")
    ada.do(f"cards/{card.pk}/reissue/")
    [notice], [mail] = rows(Notice), rows(OutgoingMail, template="code_reissue")
    assert notice.user_id == mail.recipient_id == ada.person.pk
    assert mail.context["what"] == "ordered"
    assert mail.context["cards"][0]["printed_as"] == "1-ABC-123"
    assert card.number not in str(mail.context)
    assert "The secret code of your card 1-ABC-123 is being reissued" in ada.get("notices/").text


def test_a_letter_under_way_is_told_and_not_ordered_once_more(ada, max_, card):
    page = max_.get(f"cards/{card.pk}/reissue/")
    ada.do(f"cards/{card.pk}/reissue/")
    request = one(Request, kind="code_letter")
    seen = ada.get(f"cards/{card.pk}/")
    assert "Reissue the secret code" not in seen.offers
    assert f"The secret code is being reissued: request {request.number}." in seen.text
    sentence = f"The secret code of this card is being reissued already: request {request.number}."
    before = counted()
    assert max_.send(page).messages == [sentence]
    assert ada.get(f"cards/{card.pk}/reissue/").messages == [sentence]
    assert ada.post(f"cards/{card.pk}/reissue/").messages == [sentence]
    assert (counted(), len(letters(card))) == (before, 1)
    # Once it is withdrawn, it can be asked for again.
    ada.do(f"requests/{request.pk}/withdraw/")
    ada.do(f"cards/{card.pk}/reissue/")
    assert len(letters(card)) == 2


def test_a_form_sent_twice_orders_one_letter(ada, card):
    page = ada.get(f"cards/{card.pk}/reissue/")
    assert {ada.send(page).place for _time in range(2)} == {ada.url(f"cards/{card.pk}/")}
    assert len(letters(card)) == 1


@pytest.mark.rule("GEN-3")
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"status": "new"}, "This card is not made yet; its secret code can be reissued once it is active."),
        (
            {"status": "in_creation"},
            "The card is being made; its secret code can be reissued once it is active.",
        ),
        ({"status": "blocked"}, "A blocked card is refused everywhere; its secret code is of no use any more."),
        ({"status": "expired"}, "This card has expired; its secret code is of no use any more."),
        ({"status": "withdrawn"}, "This card was withdrawn; it was never made."),
        ({"renewal_status": "in_renewal"}, BEING_RENEWED),
        (
            {"code_type": "personal"},
            "This card is used with its drivers' personal codes; it has no code of its own to reissue.",
        ),
    ],
)
def test_what_is_refused_is_not_offered_and_a_hand_made_form_gets_the_sentence(ada, number, fields, sentence):
    card = factories.card(number, **fields)
    assert "Reissue the secret code" not in ada.get(f"cards/{card.pk}/").offers
    menu = ada.get("cards/").main.first("details", class_="row-menu")
    assert "Reissue the secret code" not in [link.text for link in menu.all("a")]
    before = counted()
    for answer in (ada.get(f"cards/{card.pk}/reissue/"), ada.post(f"cards/{card.pk}/reissue/")):
        assert (answer.messages, answer.place) == ([sentence], ada.url(f"cards/{card.pk}/"))
    assert (counted(), letters(card)) == (before, [])


@pytest.mark.parametrize("code_type", ["calculated", "chosen"])
def test_a_calculated_and_a_chosen_code_are_reissued_alike(ada, number, code_type):
    """The card maker has both; the portal has neither (decision 0036)."""
    card = factories.card(number, code_type=code_type)
    ada.do(f"cards/{card.pk}/reissue/")
    assert len(letters(card)) == 1


def test_a_block_stops_the_letter(ada, card):
    ada.do(f"cards/{card.pk}/reissue/")
    ada.fill(f"cards/{card.pk}/block/", reason="theft", duplicate="no")
    request = one(Request, kind="code_letter")
    assert (request.status, request.reason) == ("withdrawn", "The card was blocked.")
    page = ada.get(f"cards/{card.pk}/reissue/")
    assert page.messages == ["A blocked card is refused everywhere; its secret code is of no use any more."]


@pytest.mark.rule("ACC-13")
def test_who_may_only_look_is_offered_nothing_and_may_nothing(cora, fay, card):
    before = counted()
    for person in (cora, fay):
        assert person.get(f"cards/{card.pk}/").offers == []
        for path in (f"cards/{card.pk}/reissue/", f"cards/reissue/?select={card.pk}"):
            assert (person.get(path).status, person.post(path).status) == (403, 403)
    assert counted() == before


@pytest.mark.rule("GEN-1")
def test_cards_of_others_are_not_there(ada, number, borea):
    theirs, mine = factories.card(factories.customer_number(borea)), factories.card(number)
    before = counted()
    assert ada.get(f"cards/{theirs.pk}/reissue/").status == ada.post(f"cards/{theirs.pk}/reissue/").status == 404
    answer = ada.post(f"cards/reissue/?{selected([mine, theirs])}")
    assert answer.messages == ["Some of the cards you selected are not there any more. Select again."]
    assert (counted(), rows(CodeLetter)) == (before, [])


@pytest.mark.parametrize("path", ["cards/{pk}/reissue/", "cards/reissue/?select={pk}"])
def test_the_password_is_asked_for_once_more(acme, number, card, path):
    with time_machine.travel(timezone.now() - timedelta(minutes=20), tick=False):
        ada = Browser(factories.member(acme, "Ada").user, acme)
        ada.get("cards/")
    for answer in (ada.client.get(ada.url(path.format(pk=card.pk))),):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    with time_machine.travel(timezone.now() + timedelta(minutes=20), tick=False):
        answer = ada.client.post(ada.url(path.format(pk=card.pk)))
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert letters(card) == []


# --- many -------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("GEN-4")
def test_a_few_are_ordered_at_once_and_each_that_could_not_be_says_why(ada, number, second):
    cards = [*many(number, 2), factories.card(second, printed_as="1-SEC-001")]
    blocked = factories.card(number, status="blocked", printed_as="1-BLO-009")
    waiting = factories.card(number, printed_as="1-WAI-009")
    request = ada.do(f"cards/{waiting.pk}/reissue/") and one(Request, kind="code_letter")
    page = ada.get(f"cards/reissue/?{selected([*cards, blocked, waiting])}")
    assert page.title == "Reissue the secret codes of 3 cards"
    assert "The secret codes of 3 cards are sent by post, each in a code letter of its own." in page.text
    for one_number in (number, second):
        address = f"go to its address for secret codes: {one_number.recipient}"
        assert f"Those of customer number {one_number.number} {address}" in page.text
    assert "2 cards stay as they are" in page.text
    seen = ada.send(page)
    assert set(seen.messages) == {
        "The secret codes of 3 cards are reissued; follow them under My requests.",
        "1-BLO-009: A blocked card is refused everywhere; its secret code is of no use any more.",
        f"1-WAI-009: The secret code of this card is being reissued already: request {request.number}.",
    }
    assert [len(letters(card)) for card in [*cards, blocked, waiting]] == [1, 1, 1, 0, 1]
    assert {len(audit_of(card, "cards.reissue")) for card in cards} == {1}
    assert rows(Batch) == []


@pytest.mark.rule("GEN-4", "GEN-5")
def test_all_that_match_become_a_job_with_a_result(ada, number, second, worker):
    cards, others = many(number, 6), many(second, 2)
    factories.card(number, status="blocked", printed_as="1-BLO-009")
    page = ada.get(f"cards/reissue/?all=1&customer_number={number.pk}")
    assert page.title == "Reissue the secret codes of 6 cards"
    seen = ada.send(page)
    assert seen.place == ada.url(f"jobs/{one(Batch).pk}/")
    worker.work(timezone.now())
    done = ada.get(seen.path)
    assert "Done for 6 of 7; 1 could not be done." in done.text
    assert [len(letters(card)) for card in [*cards, *others]] == [1] * 6 + [0] * 2
    [mail] = rows(OutgoingMail, template="code_reissue")
    assert (mail.context["count"], mail.context["path"]) == (6, ada.url("requests/"))


@pytest.mark.rule("GEN-13")
def test_a_job_of_somebody_who_lost_the_right_meanwhile_waits_for_an_administrator(acme, number, worker):
    membership = factories.member(acme, "Max")
    cards = many(number, 6)
    Browser(membership.user, acme).do(f"cards/reissue/?{selected(cards)}")
    change(membership, change_applications=[])
    worker.work(timezone.now())
    assert one(WorkItem, kind="cards.reissue_many").status == "held"
    assert rows(CodeLetter) == []


@pytest.mark.rule("GEN-4")
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "Select at least one card."),
        ("select=abc", "Some of the cards you selected are not there any more. Select again."),
        ("all=1&status=nonsense", "One of the filters can't be read. Set it again, then select."),
        ("all=1&status=withdrawn", "No card matches."),
    ],
)
def test_a_selection_that_says_nothing_clear_orders_nothing(ada, number, query, sentence):
    many(number, 2)
    before = counted()
    for answer in (ada.get(f"cards/reissue/?{query}"), ada.post(f"cards/reissue/?{query}")):
        assert (answer.messages, answer.place) == ([sentence], ada.url("cards/"))
    assert counted() == before


def test_where_none_of_the_selection_allows_it_the_list_says_so(ada, number, card):
    personal = factories.card(number, code_type="personal")
    ada.do(f"cards/{card.pk}/reissue/")
    [said] = ada.get(f"cards/reissue/?{selected([personal, card])}").messages
    assert said.startswith("The secret code of none of these cards can be reissued")


def test_many_take_a_fixed_number_of_statements(acme, number, django_assert_max_num_queries):
    member = factories.member(acme, "Ada")
    with all_companies(reason="test"):
        actor = member_actor(member.user, Membership.objects.select_related("company").get(pk=member.pk))
    ids = [card.pk for card in many(number, 40)]
    with company_scope(acme.pk), django_assert_max_num_queries(20):
        assert reissue_codes(actor=actor, card_ids=[*ids, *ids, 2**40], now=timezone.now()) == {
            2**40: "This card is not there any more."
        }
    assert len(rows(CodeLetter)) == len(rows(Request, kind="code_letter")) == 40


@pytest.mark.parametrize(("language", "said"), [("fr", "code secret"), ("nl", "geheime code")])
def test_it_is_said_in_french_and_dutch(ada, card, language, said):
    change(ada.person, language=language)
    assert said in ada.get(f"cards/{card.pk}/reissue/").text
    assert "secret code" not in ada.do(f"cards/{card.pk}/reissue/").text
