"""Blocking one card and many, deleting a new one, and confirming receipt (CRD-50 to CRD-54, FUL-4, GEN-4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from cards.models import Card, Request
from fleetportal.core.batches import Batch, BatchRow
from fleetportal.core.mail import OutgoingMail, compose
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.cards.browse import Browser
from tests.cards.tools import again as fresh
from tests.cards.tools import audit_of, change, counted, issue_of, one, order, put_in_search, request_of, rows

REASONS = {"theft": "Theft", "loss": "Loss", "not_received": "Not received", "defective": "Defective"}


@pytest.fixture
def card(number):
    return factories.card(number, printed_as="1-ABC-123")


def block(person, card, reason="theft", duplicate="no"):
    return person.fill(f"cards/{card.pk}/block/", reason=reason, duplicate=duplicate)


@pytest.mark.rule("CRD-50")
def test_the_page_asks_for_a_reason_and_whether_a_duplicate_is_wanted(ada, card):
    seen = ada.get(f"cards/{card.pk}/block/")
    assert seen.title == "Block the card 1-ABC-123"
    assert [one.attrs["value"] for one in seen.inputs("reason")] == list(REASONS)
    assert [one.attrs["value"] for one in seen.inputs("duplicate")] == ["yes", "no"]
    assert not any("checked" in one.attrs for name in ("reason", "duplicate") for one in seen.inputs(name))
    for word in ("at every terminal", "can't be undone", "e-mail", "Driver codes are not blocked"):
        assert word in seen.text
    assert card.number[-4:] in seen.text
    before = counted()
    sent = ada.send(seen)
    assert sent.errors == {
        "reason": "Choose a reason.", "duplicate": "Choose whether you want a duplicate.",
    }  # fmt: skip
    for reason, duplicate in (("boredom", "no"), ("theft", "perhaps"), ("theft\x00", "no"), (["theft", "x"], "no")):
        assert ada.send(seen, reason=reason, duplicate=duplicate).errors, (reason, duplicate)
    assert counted() == before


@pytest.mark.rule("CRD-50", "CRD-51", "GEN-2")
@pytest.mark.parametrize("reason", REASONS)
def test_a_block_takes_effect_at_once_and_is_confirmed_on_screen(ada, card, reason):
    before = timezone.now()
    seen = block(ada, card, reason)
    assert seen.messages == ["The card 1-ABC-123 is blocked."]
    assert seen.title == "1-ABC-123 Blocked"
    assert seen.offers == ["Create a copy"]
    issue = issue_of(card)
    assert (issue.status, issue.block_reason) == ("blocked", reason)
    assert before <= issue.blocked_at <= timezone.now()
    [entry] = audit_of(issue, "cards.block")
    assert (entry.actor_id, entry.before["status"], entry.after["block_reason"]) == (ada.person.pk, "active", reason)
    assert seen.history[0] == f"Rank 1: Blocked ({REASONS[reason]})"
    assert ada.get("cards/", status="blocked").rows[0]["Plate or name"] == "1-ABC-123"


@pytest.mark.rule("CRD-51")
def test_a_block_ends_every_plastic_that_exists_and_a_duplicate_is_the_next_rank(ada, number, card):
    factories.limit(card, "diesel", amount="300")
    factories.issue(card, rank=2, status="in_creation")
    seen = block(ada, card, "loss", "yes")
    duplicate = one(Request, kind="duplicate", status="received")
    assert seen.messages == [f"The card 1-ABC-123 is blocked. The duplicate is ordered: request {duplicate.number}."]
    assert [issue_of(card, rank).status for rank in (1, 2, 3)] == ["blocked", "blocked", "new"]
    after = fresh(card)
    assert (after.status, after.rank, after.number) == ("new", 3, card.number)
    assert "What was made of this card is blocked. Its duplicate, rank 3, is ordered and not made yet." in seen.text
    assert request_of(card, 2).status == "withdrawn"
    assert request_of(card, 3).pk == duplicate.pk
    assert duplicate.due_at - duplicate.accepted_at == timedelta(hours=24)
    for name in ("printed_as", "products", "code_type", "recipient", "street", "category"):
        assert getattr(after, name) == getattr(card, name)
    assert "Duplicate ordered, rank 3" in seen.history
    assert [row["Rank"] for row in seen.rows if "Rank" in row] == ["3", "2", "1"]
    assert ada.get("requests/", kind="duplicate").rows[0]["Number"] == duplicate.number


@pytest.mark.rule("CRD-51")
def test_a_block_ends_an_ordered_duplicate_as_well(ada, card):
    factories.issue(card, rank=2, status="new")
    assert "Block" in ada.get(f"cards/{card.pk}/").offers
    block(ada, card)
    assert [issue_of(card, rank).status for rank in (1, 2)] == ["blocked", "withdrawn"]
    assert request_of(card, 2).status == "withdrawn"
    assert fresh(card).status == "blocked"


@pytest.mark.rule("CRD-51")
@pytest.mark.parametrize("language", ["en", "fr", "nl"])
def test_a_block_is_confirmed_by_an_email_in_the_users_language(ada, card, worker, mailoutbox, language):
    change(ada.person, language=language)
    block(ada, card, "theft", "yes")
    [mail] = rows(OutgoingMail)
    assert (mail.to, mail.language, mail.template) == (ada.person.email, language, "card_blocked")
    worker.work(timezone.now(), "core.")
    [sent] = mailoutbox
    assert sent.to == [ada.person.email]
    said = f"{sent.subject} {sent.body}"
    assert "1-ABC-123" in said
    assert one(Request, kind="duplicate").number in said
    assert {"en": "Reason: Theft.", "fr": "Motif\u00a0: Vol.", "nl": "Reden: Diefstal."}[language] in said
    day = f"{timezone.localtime(mail.created_at):%d-%m-%Y %H:%M}"
    assert day in said.replace("/", "-")
    assert card.number not in said
    assert f"/cards/{card.pk}/" in said
    assert {"en": "is blocked", "fr": "est bloquée", "nl": "is geblokkeerd"}[language] in sent.subject


@pytest.mark.rule("CRD-51")
def test_a_second_plastic_is_blocked_without_touching_other_cards(ada, number, card):
    other = factories.card(number)
    block(ada, card)
    assert fresh(other).status == "active"


@pytest.mark.rule("CRD-52", "GEN-3")
def test_a_new_card_offers_delete_and_not_block(ada, number):
    card = factories.card(number, status="new", printed_as="1-NEW-001")
    assert ada.get(f"cards/{card.pk}/").offers == ["Change", "Create a copy", "Delete"]
    before = counted()
    for answer in (
        ada.get(f"cards/{card.pk}/block/"),
        ada.post(f"cards/{card.pk}/block/", {"reason": "theft", "duplicate": "no"}),
    ):
        assert answer.messages == ["A new card can't be blocked: nothing has been made yet. Delete it instead."]
        assert answer.place == ada.url(f"cards/{card.pk}/")
    assert counted() == before


@pytest.mark.rule("CRD-52", "GEN-2")
def test_deleting_a_new_card_withdraws_its_order(ada):
    order(ada, printed_as="1-NEW-001")
    card = one(Card)
    seen = ada.do(f"cards/{card.pk}/delete/")
    assert seen.messages == ["The card 1-NEW-001 is deleted."]
    assert seen.title == "1-NEW-001 Withdrawn"
    request = request_of(card)
    assert (request.status, request.reason) == ("withdrawn", "The card was deleted.")
    [entry] = audit_of(issue_of(card))
    assert (entry.verb, entry.before["status"], entry.after["status"]) == ("cards.delete", "new", "withdrawn")
    assert ada.get(f"requests/{request.pk}/").facts["Reason"] == "The card was deleted."


@pytest.mark.rule("GEN-3", "CRD-52")
@pytest.mark.parametrize(
    ("act", "status", "sentence"),
    [
        ("block", "blocked", "This card is blocked already."),
        ("block", "expired", "This card has expired; it is refused everywhere."),
        ("block", "withdrawn", "This card was withdrawn; it was never made."),
        ("delete", "in_creation", "Production has begun; the card can be blocked, not deleted."),
        ("delete", "active", "An active card can be blocked, not deleted."),
        ("delete", "blocked", "“Delete” is not possible while the status is “Blocked”."),
        ("delete", "withdrawn", "“Delete” is not possible while the status is “Withdrawn”."),
        ("receive", "in_creation", "This card has not been dispatched yet."),
        ("receive", "new", "“Confirm receipt” is not possible while the status is “New”."),
        ("receive", "active", "“Confirm receipt” is not possible while the status is “Active”."),
        ("receive", "blocked", "“Confirm receipt” is not possible while the status is “Blocked”."),
    ],
)
def test_what_a_status_refuses_is_not_offered_and_a_hand_made_form_gets_the_sentence(
    ada, number, act, status, sentence
):
    card = factories.card(number, status=status)
    label = {"block": "Block", "delete": "Delete", "receive": "Confirm receipt"}[act]
    assert label not in ada.get(f"cards/{card.pk}/").offers
    menu = ada.get("cards/").main.first("details", class_="row-menu")
    assert label not in [link.text for link in menu.all("a")]
    before = counted()
    for answer in (
        ada.get(f"cards/{card.pk}/{act}/"),
        ada.post(f"cards/{card.pk}/{act}/", {"reason": "theft", "duplicate": "yes"}),
    ):
        assert (answer.messages, answer.place) == ([sentence], ada.url(f"cards/{card.pk}/"))
    assert counted() == before


@pytest.mark.rule("GEN-3")
def test_after_a_block_with_a_duplicate_a_second_block_says_that_nothing_is_left_to_block(ada, card):
    block(ada, card, duplicate="yes")
    assert ada.get(f"cards/{card.pk}/block/").messages == [
        "This card is blocked already. Its next plastic is ordered and not made yet."
    ]
    assert "Block" not in ada.get(f"cards/{card.pk}/").offers


@pytest.mark.rule("GEN-1")
def test_cards_of_others_are_not_there(ada, borea):
    theirs = factories.card(factories.customer_number(borea), printed_as="2-BOR-222")
    fresh_one = factories.card(factories.customer_number(borea), status="new")
    before = counted()
    for act, card in (("block", theirs), ("receive", theirs), ("delete", fresh_one), ("", theirs)):
        path = f"cards/{card.pk}/{act}/" if act else f"cards/{card.pk}/"
        nothing = path.replace(str(card.pk), "987654321")
        assert ada.get(path).status == ada.get(nothing).status == 404
        if act:
            assert ada.post(path, {"reason": "theft", "duplicate": "no"}).status == 404
    assert counted() == before


@pytest.mark.rule("ACC-13")
def test_who_may_only_look_is_offered_nothing_and_may_nothing(cora, number, card):
    new = factories.card(number, status="new")
    before = counted()
    assert cora.get(f"cards/{card.pk}/").offers == []
    assert cora.get("cards/").page.first(id="bulk-form") is None
    for path in (f"cards/{card.pk}/block/", f"cards/{new.pk}/delete/", f"cards/{card.pk}/receive/",
                 f"cards/block/?select={card.pk}"):  # fmt: skip
        assert cora.get(path).status == 403
        assert cora.post(path, {"reason": "theft", "duplicate": "no"}).status == 403
    assert counted() == before


# --- receipt ----------------------------------------------------------------------------------------------------------


@pytest.mark.rule("FUL-4", "GEN-2")
def test_a_dispatched_card_becomes_active_when_its_receipt_is_confirmed(ada, number):
    card = factories.card(
        number, status="in_creation", printed_as="1-REC-001",
        issue_fields={"dispatched_at": timezone.now() - timedelta(days=2), "made_on": timezone.localdate()},
    )  # fmt: skip
    page = ada.get(f"cards/{card.pk}/")
    assert "Confirm receipt" in page.offers
    assert "Confirm its receipt to make it usable." in page.text
    seen = ada.do(f"cards/{card.pk}/receive/")
    assert seen.messages == ["The card 1-REC-001 is active."]
    assert seen.title == "1-REC-001 Active"
    issue = issue_of(card)
    assert issue.activated_at is not None
    [entry] = audit_of(issue)
    assert (entry.verb, entry.before["status"], entry.after["status"]) == ("cards.receive", "in_creation", "active")
    assert seen.history[0] == "Rank 1: Active"


@pytest.mark.rule("FUL-4")
def test_the_receipt_of_a_duplicate_leaves_the_older_plastic_as_it_is(ada, card):
    factories.issue(card, rank=2, status="in_creation", dispatched_at=timezone.now(), made_on=timezone.localdate())
    ada.do(f"cards/{card.pk}/receive/")
    assert [issue_of(card, rank).status for rank in (1, 2)] == ["active", "active"]


# --- many -------------------------------------------------------------------------------------------------------------


def many(number, count, **fields):
    return [factories.card(number, printed_as=f"1-MNY-{place:03d}", **fields) for place in range(count)]


@pytest.mark.rule("CRD-54")
def test_a_few_are_blocked_while_one_waits(ada, number):
    cards = [*many(number, 3), factories.card(number, status="new", printed_as="1-NEW-009")]
    query = "&".join(f"select={card.pk}" for card in cards)
    page = ada.get(f"cards/block/?do=block&{query}")
    assert page.title == "Block 3 cards"
    assert "3 cards are blocked: refused at every terminal, at once." in page.text
    assert page.form.first("button", type="submit").text == "Block 3 cards now"
    assert "1 of the 4 selected cards stays as it is, because of its status: New (1)." in page.text
    assert [one.text for one in page.main.first("ul", class_="items").all("li")] == [
        "1-MNY-002",
        "1-MNY-001",
        "1-MNY-000",
    ]
    assert ada.send(page).errors == {"reason": "Choose a reason."}
    seen = ada.send(page, reason="loss")
    assert set(seen.messages) == {
        "3 cards are blocked.",
        "1-NEW-009: A new card can't be blocked: nothing has been made yet. Delete it instead.",
    }
    assert {fresh(card).status for card in cards[:3]} == {"blocked"}
    assert {issue_of(card).block_reason for card in cards[:3]} == {"loss"}
    assert rows(Batch) == rows(WorkItem, kind="cards.block_many") == []


@pytest.mark.rule("CRD-54", "GEN-4", "GEN-5")
def test_more_than_five_become_a_job_that_shows_its_progress_and_its_result(ada, number, worker):
    cards = [*many(number, 6), factories.card(number, status="expired", printed_as="1-OLD-009")]
    query = "&".join(f"select={card.pk}" for card in cards)
    seen = ada.fill(f"cards/block/?{query}", reason="theft")
    batch = one(Batch)
    assert seen.place == ada.url(f"jobs/{batch.pk}/")
    assert (seen.title, batch.total, batch.status) == ("Block of 7 cards", 7, "running")
    assert "0 of 7 done" in seen.text
    # Accepted is a row in the database; a worker carries it out at once, not the next morning.
    [item] = rows(WorkItem)
    assert item.due_at <= timezone.now()
    assert {fresh(card).status for card in cards[:6]} == {"active"}
    worker.work(timezone.now())
    done = ada.get(seen.path)
    assert "Done for 6 of 7; 1 could not be done." in done.text
    [reason] = done.main.first("ul", class_="reasons").all("li")
    assert reason.text == "1-OLD-009This card has expired; it is refused everywhere."
    assert reason.first("a").attrs["href"] == ada.url(f"cards/{cards[6].pk}/")
    assert {fresh(card).status for card in cards[:6]} == {"blocked"}
    assert {len(audit_of(issue_of(card), "cards.block")) for card in cards[:6]} == {1}
    assert audit_of(issue_of(cards[0]))[0].actor_id == ada.person.pk


@pytest.mark.rule("CRD-54", "GEN-4")
def test_the_confirmation_counts_what_will_be_blocked_and_says_why_not_the_rest(ada, number):
    able = many(number, 2)
    rest = [*many(number, 3, status="blocked"), *many(number, 2, status="expired")]
    page = ada.get("cards/block/?" + "&".join(f"select={card.pk}" for card in [*able, *rest]))
    assert page.title == "Block 2 cards"
    assert page.form.first("button", type="submit").text == "Block 2 cards now"
    sentence = "5 of the 7 selected cards stay as they are, because of their status: Blocked (3), Expired (2)."
    assert sentence in page.main.first("ul", class_="effects-not").text
    assert len(page.main.first("ul", class_="items").all("li")) == 2


@pytest.mark.rule("CRD-54", "GEN-4", "GEN-8")
def test_a_job_is_called_in_its_readers_language(ada, number, worker):
    """Asked for in English, read in Dutch: on its page, in the notice and in the mail."""
    cards = many(number, 6)
    seen = ada.fill("cards/block/?" + "&".join(f"select={card.pk}" for card in cards), reason="theft")
    assert seen.title == "Block of 6 cards"
    assert one(Batch).label == ""
    ada.post("/accounts/language/", {"language": "nl", "next": ada.home})
    assert ada.get(seen.path).title == "Blokkering van 6 kaarten"
    worker.work(timezone.now())
    said = [row["Melding"] for row in ada.get("notices/").rows]
    assert "Klaar: Blokkering van 6 kaarten" in said
    ada.post("/accounts/language/", {"language": "fr", "next": ada.home})
    assert "Blocage de 6 cartes" in ada.get("notices/").text
    [queued] = rows(OutgoingMail, template="batch_done")
    names = {"en": "Block of 6 cards", "fr": "Blocage de 6 cartes", "nl": "Blokkering van 6 kaarten"}
    for language, words in names.items():
        queued.language = language
        with all_companies(reason="reading a mail"):
            message = compose(queued, timezone.now())
        assert words in message.subject
        assert words in message.body


@pytest.mark.rule("CRD-54", "GEN-4")
def test_all_that_match_the_filter_are_chosen_at_that_moment(ada, number, second, worker):
    mine, others = many(number, 7), many(second, 2)
    page = ada.get(f"cards/block/?all=1&customer_number={number.pk}")
    assert page.title == "Block 7 cards"
    assert len(page.main.first("ul", class_="items").all("li")) <= 9
    seen = ada.send(page, reason="theft")
    later = factories.card(number)
    worker.work(timezone.now())
    assert {fresh(card).status for card in mine} == {"blocked"}
    assert {fresh(card).status for card in [*others, later]} == {"active"}
    assert "Done for all 7." in ada.get(seen.path).text


@pytest.mark.rule("GEN-4")
def test_all_that_match_a_search_are_chosen(ada, number):
    put_in_search(many(number, 3))
    assert ada.get("cards/block/?all=1&q=mny001").title == "Block 1 card"
    assert ada.get("cards/block/?all=1&q=mny").title == "Block 3 cards"


@pytest.mark.rule("GEN-4")
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "Select at least one card."),
        ("select=", "Some of the cards you selected are not there any more. Select again."),
        ("select=abc", "Some of the cards you selected are not there any more. Select again."),
        ("select=²", "Some of the cards you selected are not there any more. Select again."),
        ("select=99999999999999999999", "Some of the cards you selected are not there any more. Select again."),
        ("all=1&status=nonsense", "One of the filters can't be read. Set it again, then select."),
        ("all=1&division=999999", "One of the filters can't be read. Set it again, then select."),
        ("all=1&expires_on_after=yesterday", "One of the filters can't be read. Set it again, then select."),
        ("all=1&status=withdrawn", "No card matches."),
    ],
)
def test_a_selection_that_says_nothing_clear_blocks_nothing(ada, number, query, sentence):
    many(number, 2)
    before = counted()
    for answer in (ada.get(f"cards/block/?{query}"), ada.post(f"cards/block/?{query}", {"reason": "theft"})):
        assert (answer.messages, answer.place) == ([sentence], ada.url("cards/"))
    assert counted() == before


@pytest.mark.rule("GEN-1")
def test_a_selection_with_a_card_of_others_blocks_none(acme, ada, borea, number, second):
    mine = factories.card(number)
    theirs = factories.card(factories.customer_number(borea))
    limited = Browser(factories.member(acme, "Max", customer_numbers=[number]).user, acme)
    elsewhere = factories.card(second)
    before = counted()
    for person, card in ((ada, theirs), (limited, elsewhere)):
        query = f"select={mine.pk}&select={card.pk}"
        answer = person.post(f"cards/block/?{query}", {"reason": "theft"})
        assert answer.messages == ["Some of the cards you selected are not there any more. Select again."]
    assert counted() == before


@pytest.mark.rule("GEN-4", "GEN-1")
def test_a_jobs_page_is_for_who_asked_for_it(ada, max_, ben, number, worker):
    query = "&".join(f"select={card.pk}" for card in many(number, 6))
    ada.fill(f"cards/block/?{query}", reason="theft")
    for person in (max_, ben):
        assert person.get(f"jobs/{one(Batch).pk}/").status == 404


@pytest.mark.rule("GEN-4", "GEN-11")
def test_a_bulk_block_sent_twice_is_one_job(ada, number, worker):
    cards = many(number, 6)
    page = ada.get("cards/block/?" + "&".join(f"select={card.pk}" for card in cards))
    places = {ada.send(page, reason="theft").place for _time in range(2)}
    assert places == {ada.url(f"jobs/{one(Batch).pk}/")}
    worker.work(timezone.now())
    assert ada.send(page, reason="theft").place in places
    assert len(rows(BatchRow)) == 6


@pytest.mark.rule("CRD-54")
def test_a_bulk_block_runs_for_somebody_who_lost_the_right_meanwhile(acme, number, worker):
    membership = factories.member(acme, "Max")
    person = Browser(membership.user, acme)
    cards = many(number, 6)
    person.fill("cards/block/?" + "&".join(f"select={card.pk}" for card in cards), reason="theft")
    change(membership, change_applications=[], is_active=False)
    worker.work(timezone.now())
    assert {fresh(card).status for card in cards} == {"blocked"}
