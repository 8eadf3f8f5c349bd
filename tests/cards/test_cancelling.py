"""Cancelling the renewal of a card, of many, and taking it back: the card stays usable until its date (CRD-53)."""

from __future__ import annotations

import io
from datetime import date

import openpyxl
import pytest
from django.utils import timezone

from accounts.actors import member_actor
from accounts.models import Membership
from cards.models import Card
from cards.services import cancel_cards, take_back_cards
from fleetportal.core.batches import Batch, BatchRow
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.cards.browse import Browser
from tests.cards.tools import again, audit_of, change, counted, issue_of, one, put_in_search, rows

pytestmark = pytest.mark.rule("CRD-53")

DAY = "30/11/2030"
BEING_RENEWED = "This card is being renewed; until that is done it can only be blocked."


@pytest.fixture
def card(number):
    return factories.card(number, printed_as="1-ABC-123")


def many(number, count, **fields):
    return [factories.card(number, printed_as=f"1-MNY-{place:03d}", **fields) for place in range(count)]


def selected(cards):
    return "&".join(f"select={card.pk}" for card in cards)


def renewal(card):
    return again(card).renewal_status


# --- one --------------------------------------------------------------------------------------------------------------


def test_the_page_says_before_the_click_until_when_and_that_a_stolen_card_must_be_blocked(ada, card):
    before = counted()
    seen = ada.get(f"cards/{card.pk}/cancel/")
    assert seen.title == "Cancel the renewal of the card 1-ABC-123"
    assert f"The card stays usable until {DAY}, its expiry date; it is just not renewed." in seen.text
    assert "A lost or stolen card must be blocked instead: Block this card" in seen.text
    assert seen.link("Block this card") == ada.url(f"cards/{card.pk}/block/")
    assert ada.get(seen.link("Block this card")).title == "Block the card 1-ABC-123"
    assert f"1-ABC-123 · ···· {card.number[-4:]} · usable until {DAY}" in seen.text
    assert card.number not in seen.html
    assert counted() == before


@pytest.mark.rule("GEN-2")
def test_a_cancelled_card_stays_usable_and_says_until_when(ada, card):
    seen = ada.do(f"cards/{card.pk}/cancel/")
    assert seen.messages == [
        "The renewal of the card 1-ABC-123 is cancelled. "
        f"The card stays usable until {DAY}, its expiry date; it is just not renewed."
    ]
    assert seen.title == "1-ABC-123 Active"
    assert f"This card will not be renewed. It stays usable until {DAY}." in seen.text
    assert seen.facts["Renewal"] == "Cancelled"
    assert seen.offers == ["Change", "Create a copy", "Take back the cancelling", "Block"]
    assert seen.history[0] == "Renewal cancelled"
    after = again(card)
    assert (after.status, after.live, issue_of(card).status) == ("active", True, "active")
    [entry] = audit_of(card)
    assert (entry.verb, entry.actor_id) == ("cards.cancel", ada.person.pk)
    assert (entry.before["renewal_status"], entry.after["renewal_status"]) == ("none", "cancelled")
    assert audit_of(issue_of(card)) == []
    # Nobody is told by e-mail: it is no notice of ACC-40.
    assert rows(OutgoingMail) == rows(WorkItem) == []


@pytest.mark.rule("GEN-2")
def test_taking_it_back_makes_the_card_like_any_other_again(ada, card):
    ada.do(f"cards/{card.pk}/cancel/")
    page = ada.get(f"cards/{card.pk}/take_back/")
    assert page.title == "Take back the cancelling of the card 1-ABC-123"
    seen = ada.send(page)
    assert seen.messages == ["The card 1-ABC-123 is not cancelled any more."]
    assert "will not be renewed" not in seen.text
    assert seen.facts["Renewal"] == "None"
    assert "Cancel the renewal" in seen.offers
    assert seen.history[:2] == ["Cancelling taken back", "Renewal cancelled"]
    assert renewal(card) == "none"
    assert [entry.verb for entry in audit_of(card)] == ["cards.cancel", "cards.take_back"]


def test_a_candidate_can_be_cancelled_and_is_a_candidate_again_when_it_is_taken_back(ada, number):
    card = factories.card(number, renewal_status="candidate")
    ada.do(f"cards/{card.pk}/cancel/")
    assert renewal(card) == "cancelled"
    seen = ada.do(f"cards/{card.pk}/take_back/")
    assert seen.facts["Renewal"] == "Candidate for renewal"
    assert [entry.verb for entry in audit_of(card)] == ["cards.cancel", "cards.renew"]
    assert seen.history[0] == "Cancelling taken back"
    # Cancelled once more and taken back, it has not forgotten either.
    ada.do(f"cards/{card.pk}/cancel/")
    assert ada.do(f"cards/{card.pk}/take_back/").facts["Renewal"] == "Candidate for renewal"


@pytest.mark.rule("GEN-3")
@pytest.mark.parametrize(
    ("act", "status", "renewed", "sentence"),
    [
        ("cancel", "new", "none", "Only an active card's renewal can be cancelled. Delete the order instead."),
        ("cancel", "in_creation", "none", "The card is being made; its renewal can be cancelled once it is active."),
        ("cancel", "blocked", "none", "A blocked card is not renewed; there is nothing to cancel."),
        ("cancel", "expired", "none", "This card has expired; there is nothing to cancel."),
        ("cancel", "withdrawn", "none", "This card was withdrawn; it was never made."),
        ("cancel", "active", "cancelled", "The renewal of this card is cancelled already."),
        ("cancel", "active", "in_renewal", BEING_RENEWED),
        ("take_back", "active", "none", "The renewal of this card is not cancelled."),
        ("take_back", "active", "candidate", "The renewal of this card is not cancelled."),
        ("take_back", "active", "in_renewal", BEING_RENEWED),
        ("take_back", "blocked", "cancelled", "A blocked card is not renewed; order a new card instead."),
        ("take_back", "expired", "cancelled", "This card has expired; order a new card instead."),
        ("change", "active", "in_renewal", BEING_RENEWED),
    ],
)
def test_what_is_refused_is_not_offered_and_a_hand_made_form_gets_the_sentence(
    ada, number, act, status, renewed, sentence
):
    card = factories.card(number, status=status, renewal_status=renewed)
    label = {"cancel": "Cancel the renewal", "take_back": "Take back the cancelling", "change": "Change"}[act]
    assert label not in ada.get(f"cards/{card.pk}/").offers
    menu = ada.get("cards/").main.first("details", class_="row-menu")
    assert label not in [link.text for link in menu.all("a")]
    before = counted()
    for answer in (ada.get(f"cards/{card.pk}/{act}/"), ada.post(f"cards/{card.pk}/{act}/")):
        assert (answer.messages, answer.place) == ([sentence], ada.url(f"cards/{card.pk}/"))
    assert counted() == before


@pytest.mark.rule("GEN-3")
def test_a_form_that_was_opened_before_the_block_is_refused_and_one_sent_twice_acts_once(ada, number, card):
    page = ada.get(f"cards/{card.pk}/cancel/")
    for _time in range(2):
        assert ada.send(page).place == ada.url(f"cards/{card.pk}/")
    assert len(audit_of(card, "cards.cancel")) == 1
    other = factories.card(number)
    page = ada.get(f"cards/{other.pk}/cancel/")
    ada.fill(f"cards/{other.pk}/block/", reason="theft", duplicate="no")
    assert ada.send(page).messages == ["A blocked card is not renewed; there is nothing to cancel."]
    assert (renewal(other), audit_of(other)) == ("none", [])


def test_a_cancelled_card_can_still_be_blocked_and_says_nothing_of_its_renewal_then(ada, number):
    card = factories.card(number, renewal_status="cancelled")
    assert ada.fill(f"cards/{card.pk}/block/", reason="loss", duplicate="no").messages[0].endswith("is blocked.")
    seen = ada.get(f"cards/{card.pk}/")
    assert "will not be renewed" not in seen.text
    assert seen.offers == ["Create a copy"]


def test_an_expired_card_says_nothing_of_its_renewal(ada, number):
    card = factories.card(number, status="expired", renewal_status="cancelled")
    assert "will not be renewed" not in ada.get(f"cards/{card.pk}/").text


def test_while_it_is_being_renewed_a_change_that_was_begun_before_is_refused(ada, card):
    page = ada.get(f"cards/{card.pk}/change/")
    change(card, renewal_status="in_renewal")
    before = counted()
    assert ada.send(page, cost_centre="CC-1").messages == [BEING_RENEWED]
    assert counted() == before
    assert ada.get(f"cards/{card.pk}/").offers == ["Create a copy", "Block"]


@pytest.mark.rule("ACC-13")
def test_who_may_only_look_is_offered_nothing_and_may_nothing(cora, number, card):
    cancelled = factories.card(number, renewal_status="cancelled")
    before = counted()
    assert cora.get(f"cards/{cancelled.pk}/").offers == []
    assert "This card will not be renewed." in cora.get(f"cards/{cancelled.pk}/").text
    for path in (
        f"cards/{card.pk}/cancel/",
        f"cards/{cancelled.pk}/take_back/",
        f"cards/cancel/?select={card.pk}",
        f"cards/take_back/?select={cancelled.pk}",
    ):
        assert (cora.get(path).status, cora.post(path).status) == (403, 403)
    assert counted() == before


@pytest.mark.rule("GEN-1")
def test_cards_of_others_are_not_there(ada, number, borea):
    theirs = factories.card(factories.customer_number(borea))
    mine = factories.card(number)
    before = counted()
    for act in ("cancel", "take_back"):
        path = f"cards/{theirs.pk}/{act}/"
        assert ada.get(path).status == ada.post(path).status == 404
        answer = ada.post(f"cards/{act}/?{selected([mine, theirs])}")
        assert answer.messages == ["Some of the cards you selected are not there any more. Select again."]
    assert counted() == before


# --- many -------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("GEN-4")
def test_the_list_offers_both_for_a_selection_without_a_script(ada, card):
    bar = ada.get("cards/").page.first(id="bulk-form")
    offered = {button.text: button.attrs.get("formaction", "") for button in bar.all("button", name="do")}
    assert offered == {
        "Block": "",
        "Cancel the renewal": ada.url("cards/cancel/"),
        "Take back the cancelling": ada.url("cards/take_back/"),
    }
    assert bar.attrs["action"] == ada.url("cards/block/")


@pytest.mark.rule("GEN-4", "GEN-2")
def test_a_few_are_cancelled_while_one_waits_and_each_that_could_not_be_says_why(ada, number):
    cards = many(number, 3)
    change(issue_of(cards[0]), expires_on=date(2027, 1, 31))
    change(cards[0], expires_on=date(2027, 1, 31))
    blocked = factories.card(number, status="blocked", printed_as="1-BLO-009")
    page = ada.get(f"cards/cancel/?do=cancel&{selected([*cards, blocked])}")
    assert page.title == "Cancel the renewal of 3 cards"
    assert "3 cards stay usable, each until its expiry date; they are just not renewed." in page.text
    assert "The first of these dates is 31/01/2027." in page.text
    assert "1 card stays as it is, because of its status or its renewal status; the result says why." in page.text
    assert "Lost or stolen cards must be blocked instead: Block these cards" in page.text
    assert ada.get(page.link("Block these cards")).title == "Block 3 cards"
    assert f"usable until {DAY}" in page.text
    assert "1-BLO-009" not in page.text
    seen = ada.send(page)
    assert set(seen.messages) == {
        "The renewal of 3 cards is cancelled; each stays usable until its expiry date.",
        "1-BLO-009: A blocked card is not renewed; there is nothing to cancel.",
    }
    assert {renewal(card) for card in cards} == {"cancelled"}
    assert {len(audit_of(card, "cards.cancel")) for card in cards} == {1}
    assert rows(Batch) == []
    # And back: what is not cancelled says so.
    other = factories.card(number, printed_as="1-NOT-009")
    seen = ada.do(f"cards/take_back/?{selected([*cards, other])}")
    assert set(seen.messages) == {
        "3 cards are not cancelled any more.",
        "1-NOT-009: The renewal of this card is not cancelled.",
    }
    assert {renewal(card) for card in cards} == {"none"}


@pytest.mark.rule("GEN-4", "GEN-5")
@pytest.mark.parametrize(
    ("act", "before", "after"), [("cancel", "none", "cancelled"), ("take_back", "cancelled", "none")]
)
def test_more_than_five_become_a_job_with_a_result(ada, number, worker, act, before, after):
    cards = many(number, 6, renewal_status=before)
    other = factories.card(number, status="blocked", renewal_status=before, printed_as="1-BLO-009")
    seen = ada.do(f"cards/{act}/?{selected([*cards, other])}")
    batch = one(Batch)
    assert seen.place == ada.url(f"jobs/{batch.pk}/")
    assert {renewal(card) for card in cards} == {before}
    worker.work(timezone.now())
    done = ada.get(seen.path)
    assert "Done for 6 of 7; 1 could not be done." in done.text
    [reason] = done.main.first("ul", class_="reasons").all("li")
    assert reason.text.startswith("1-BLO-009A blocked card is not renewed")
    assert {renewal(card) for card in cards} == {after}
    assert {len(audit_of(card)) for card in cards} == {1}
    assert audit_of(cards[0])[0].actor_id == ada.person.pk


@pytest.mark.rule("GEN-4")
def test_all_that_match_are_chosen_at_that_moment(ada, number, second, worker):
    mine, others = many(number, 7), many(second, 2)
    page = ada.get(f"cards/cancel/?all=1&customer_number={number.pk}")
    assert page.title == "Cancel the renewal of 7 cards"
    ada.send(page)
    later = factories.card(number)
    worker.work(timezone.now())
    assert {renewal(card) for card in mine} == {"cancelled"}
    assert {renewal(card) for card in [*others, later]} == {"none"}
    put_in_search(mine)
    assert ada.get("cards/take_back/?all=1&q=mny001").title == "Take back the cancelling of 1 card"
    assert ada.get("cards/take_back/?all=1&renewal_status=cancelled").title == "Take back the cancelling of 7 cards"


@pytest.mark.rule("GEN-4", "GEN-11")
def test_a_job_sent_twice_is_one_and_its_chunk_run_again_changes_nothing(ada, number, worker):
    cards = many(number, 6)
    page = ada.get(f"cards/cancel/?{selected(cards)}")
    places = {ada.send(page).place for _time in range(2)}
    assert places == {ada.url(f"jobs/{one(Batch).pk}/")}
    worker.work(timezone.now())
    assert ada.send(page).place in places
    assert len(rows(BatchRow)) == 6
    assert {len(audit_of(card)) for card in cards} == {1}


@pytest.mark.rule("GEN-13")
def test_a_job_of_somebody_who_lost_the_right_meanwhile_waits_for_an_administrator(acme, number, worker):
    membership = factories.member(acme, "Max")
    cards = many(number, 6)
    Browser(membership.user, acme).do(f"cards/cancel/?{selected(cards)}")
    change(membership, change_applications=[])
    worker.work(timezone.now())
    assert one(WorkItem, kind="cards.cancel_many").status == "held"
    assert {renewal(card) for card in cards} == {"none"}


@pytest.mark.rule("GEN-4")
@pytest.mark.parametrize("act", ["cancel", "take_back"])
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "Select at least one card."),
        ("select=abc", "Some of the cards you selected are not there any more. Select again."),
        ("select=99999999999999999999", "Some of the cards you selected are not there any more. Select again."),
        ("all=1&status=nonsense", "One of the filters can't be read. Set it again, then select."),
        ("all=1&status=withdrawn", "No card matches."),
    ],
)
def test_a_selection_that_says_nothing_clear_changes_nothing(ada, number, act, query, sentence):
    many(number, 2)
    before = counted()
    for answer in (ada.get(f"cards/{act}/?{query}"), ada.post(f"cards/{act}/?{query}")):
        assert (answer.messages, answer.place) == ([sentence], ada.url("cards/"))
    assert counted() == before


def test_where_none_of_the_selection_allows_it_the_list_says_so(ada, number):
    blocked = factories.card(number, status="blocked")
    said = ada.get(f"cards/cancel/?select={blocked.pk}").messages
    assert said == ["The renewal of none of these cards can be cancelled, because of their status or renewal status."]
    said = ada.get(f"cards/take_back/?select={blocked.pk}").messages
    assert said == ["None of these cards is active and cancelled, so there is nothing to take back."]


def test_many_take_a_fixed_number_of_statements(acme, number, django_assert_max_num_queries):
    member = factories.member(acme, "Ada")
    with all_companies(reason="test"):
        actor = member_actor(member.user, Membership.objects.select_related("company").get(pk=member.pk))
    cards = [*many(number, 30), *many(number, 10, renewal_status="candidate")]
    ids = [card.pk for card in cards]
    for act in (cancel_cards, take_back_cards):
        with company_scope(acme.pk), django_assert_max_num_queries(12):
            assert act(actor=actor, card_ids=[*ids, *ids, 2**40], now=timezone.now()) == {
                2**40: "This card is not there any more."
            }
    assert {renewal(card) for card in cards[:30]} == {"none"}
    assert {renewal(card) for card in cards[30:]} == {"candidate"}
    assert sum(len(audit_of(card)) for card in cards) == 80


# --- where it is seen -------------------------------------------------------------------------------------------------


def test_the_list_its_filter_and_its_files_tell_which_cards_are_cancelled(ada, number, card):
    factories.card(number, printed_as="1-CAN-003", renewal_status="cancelled")
    settings = {row["Plate or name"]: row["Renewal"] for row in ada.get("cards/", view="settings").rows}
    assert settings == {"1-ABC-123": "None", "1-CAN-003": "Cancelled"}
    assert [row["Plate or name"] for row in ada.get("cards/", renewal_status="cancelled").rows] == ["1-CAN-003"]
    file = ada.client.get(ada.url("cards/"), {"format": "xlsx"})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(file.streaming_content))).active
    head, *lines = sheet.iter_rows(values_only=True)
    told = {line[head.index("Plate or name")]: line[head.index("Renewal")] for line in lines}
    assert told == {"1-ABC-123": "None", "1-CAN-003": "Cancelled"}


def test_the_row_of_a_card_offers_what_its_page_offers(ada, number, card):
    factories.card(number, printed_as="1-CAN-003", renewal_status="cancelled")
    for row in ada.get("cards/").main.all("tr")[1:]:
        labels = [link.text for link in row.all("a")]
        cancelled = "1-CAN-003" in row.text
        assert ("Take back the cancelling" in labels) is cancelled
        assert ("Cancel the renewal" in labels) is not cancelled


def test_it_stands_on_activity_in_words(ada, card):
    ada.do(f"cards/{card.pk}/cancel/")
    ada.do(f"cards/{card.pk}/take_back/")
    text = ada.get("activity/").text
    assert "Renewal of a card cancelled" in text
    assert "Cancelling of a card taken back" in text


@pytest.mark.parametrize(("language", "said"), [("fr", "ne sera pas renouvelée"), ("nl", "wordt niet vernieuwd")])
def test_it_is_said_in_french_and_dutch(ada, number, language, said):
    change(ada.person, language=language)
    card = factories.card(number, renewal_status="cancelled")
    assert said in ada.get(f"cards/{card.pk}/").text
    assert one(Card, pk=card.pk).renewal_status == "cancelled"
