"""A form sent twice: by a double click, a reload, two windows, or after going back (GEN-11)."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from accounts.models import Membership, MembershipNumber
from cards.models import Card, CardLimit, Request
from fleetportal.core.drafts import Draft
from fleetportal.core.pages import forms as pages
from tests import factories
from tests.cards.browse import Browser
from tests.cards.tools import audit_of, change, check, counted, issue_of, one, order, rows, settle


def placed():
    """What is said of the one order that there is."""
    return f"This order was placed already: request {one(Request).number}. Nothing is ordered twice."


def code(digits):
    return {"secret_code": digits, "secret_code_again": digits}


@pytest.mark.rule("GEN-11")
def test_an_order_confirmed_twice_is_placed_once_and_the_second_gets_the_first_ones_receipt(ada):
    seen = check(ada)
    first, second = ada.send(seen), ada.send(seen)
    request = one(Request)
    assert second.status == 200
    assert first.place == second.place == ada.url(f"requests/{request.pk}/")
    assert len(rows(Card)) == 1


@pytest.mark.rule("GEN-11")
def test_the_other_button_of_a_confirmed_order_does_not_order_again(ada):
    seen = check(ada)
    ada.send(seen)
    again = ada.send(seen, copy="1")
    assert again.place == ada.url(f"requests/{one(Request).pk}/")


@pytest.mark.rule("GEN-11")
def test_an_order_confirmed_in_two_windows_is_placed_once(ada):
    seen = check(ada)
    other = ada.get(seen.path)
    ada.send(seen)
    late = ada.send(other)
    assert (late.status, late.messages) == (200, [placed()])
    assert late.place == ada.url(f"requests/{one(Request).pk}/")
    assert len(rows(Card)) == 1


@pytest.mark.rule("GEN-3", "GEN-11")
@pytest.mark.parametrize("button", [{}, {"copy": "1"}])
def test_who_comes_back_to_a_confirmed_order_is_told_that_it_is_placed_and_led_to_it(ada, button):
    """By the check page, a confirmation that was left open, or 'Change something'; each with its old address."""
    seen = check(ada)
    left_open = ada.get(seen.path)
    change_url = seen.link("Change something")
    form_left_open = ada.get(change_url)
    ada.send(seen, **button)
    before = counted()
    request = ada.url(f"requests/{one(Request).pk}/")
    for back in (
        ada.get(seen.path),
        ada.send(left_open, **button),
        ada.get(change_url),
        ada.send(form_left_open),
    ):
        assert (back.status, back.place, back.messages) == (200, request, [placed()])
    # The same window sent again: its own receipt, and the sentence.
    twice = ada.send(seen, **button)
    assert twice.place == (ada.url("cards/new/") if button else request)
    assert twice.messages == [placed()]
    assert counted() == before


@pytest.mark.rule("CRD-7", "GEN-3")
def test_who_may_order_and_not_open_requests_is_led_to_the_card(acme, number):
    person = Browser(factories.member(acme, "Max", applications=["cards"]).user, acme)
    seen = check(person)
    left_open = person.get(seen.path)
    card = person.send(seen)
    assert (card.status, card.place) == (200, person.url(f"cards/{one(Card).pk}/"))
    assert one(Request).number in card.messages[0]
    assert person.send(left_open).messages == [placed()]


@pytest.mark.rule("GEN-1")
def test_of_an_order_that_a_colleague_placed_nothing_is_said(ada, max_):
    seen = check(ada)
    ada.send(seen)
    assert max_.get(seen.path).status == 404
    assert max_.post(seen.path, seen.values).status == 404


@pytest.mark.rule("GEN-11")
def test_the_order_form_sent_twice_leads_to_one_check(ada):
    form = ada.get("cards/new/")
    typed = {"printed_as": "1-ABC-123", "pays_diesel": "on"}
    first, second = ada.send(form, **typed), ada.send(form, **typed)
    assert first.title == second.title == "Check your order"
    assert first.place == second.place
    assert len(rows(Draft)) == 1


@pytest.mark.rule("GEN-11", "CRD-6")
def test_who_goes_back_and_sends_the_same_window_again_means_what_stands_there_then(ada):
    form = ada.get("cards/new/")
    typed = {"pays_diesel": "on", "code_type": "chosen"}
    ada.send(form, **typed, printed_as="1-ABC-123", limit_diesel_amount="100", **code("7391"))
    before = bytes(one(Draft).sealed)
    # The browser shows the form it kept, with the key it had.
    seen = ada.send(form, **typed, printed_as="1-ABC-124", limit_diesel_amount="200", **code("8264"))
    assert seen.facts["Plate or name on the card"] == "1-ABC-124"
    assert [row["Limit"] for row in seen.rows] == ["200 euro per month"]
    assert bytes(one(Draft).sealed) != before
    # Only the code is another one: that counts, too.
    sealed = bytes(one(Draft).sealed)
    ada.send(form, **typed, printed_as="1-ABC-124", limit_diesel_amount="200", **code("5928"))
    assert bytes(one(Draft).sealed) != sealed


@pytest.mark.rule("GEN-11")
def test_an_order_form_sent_again_after_its_order_was_placed_says_so_and_can_be_sent_anew(ada):
    form = ada.get("cards/new/")
    typed = {"printed_as": "1-ABC-123", "pays_diesel": "on"}
    ada.send(ada.send(form, **typed))
    seen = ada.send(form, **typed)
    assert seen.errors == {"": "This form was sent already. Check what you typed and send it again to do it once more."}
    assert rows(Draft) == []
    assert ada.send(seen).title == "Check your order"


@pytest.mark.rule("GEN-11")
def test_the_same_form_with_something_else_in_it_is_not_done_silently(ada, number):
    card = factories.card(number)
    form = ada.get(f"cards/{card.pk}/change/")
    stated = ada.send(form, cost_centre="A")
    # Who goes back before confirming and types something else means that.
    assert ada.send(form, cost_centre="A2").place == ada.send(form, cost_centre="A").place == stated.place
    saved = ada.send(stated)
    assert saved.messages == ["The changes are saved and take effect at once."]
    again = ada.send(stated)
    assert (again.place, again.messages) == (
        saved.place,
        ["This change was confirmed already. Nothing is changed twice."],
    )
    assert ada.send(form, cost_centre="A").place == saved.place
    seen = ada.send(ada.get(f"cards/{card.pk}/change/"), cost_centre="A", form_key=form.values["form_key"][0])
    assert seen.errors == {"": "This form was sent already. Check what you typed and send it again to do it once more."}
    assert len(audit_of(card, "cards.changed")) == 1


@pytest.mark.rule("GEN-11", "CRD-50")
def test_a_block_sent_twice_blocks_once_and_orders_one_duplicate(ada, number):
    card = factories.card(number)
    form = ada.get(f"cards/{card.pk}/block/")
    answers = [ada.send(form, reason="theft", duplicate="yes") for _time in range(2)]
    assert [one.place for one in answers] == [ada.url(f"cards/{card.pk}/")] * 2
    assert "is blocked" in answers[0].messages[0]
    assert len(audit_of(issue_of(card), "cards.block")) == 1
    assert len(rows(Request, kind="duplicate")) == 1


@pytest.mark.rule("GEN-11")
def test_a_form_without_a_key_or_with_a_strange_one_is_no_error(ada, number):
    card = factories.card(number)
    for key in (None, "", "\x00", "x" * 500, "ключ"):
        form = ada.get(f"cards/{card.pk}/change/")
        assert settle(ada, ada.send(form, form_key=key, cost_centre=f"K{key!r}"[:9])).messages, key


@pytest.mark.rule("GEN-1")
def test_somebody_elses_draft_is_not_there(ada, max_, ben):
    seen = check(ada)
    draft = one(Draft)
    before = counted()
    for person in (max_, ben):
        for path in (f"cards/new/{draft.pk}/", f"cards/new/?draft={draft.pk}"):
            assert person.get(path).status == 404
            assert person.post(path, seen.values).status == 404
    assert counted() == before
    assert ada.get(seen.path).title == "Check your order"


@pytest.mark.rule("GEN-3")
def test_an_order_is_not_confirmed_after_its_customer_number_was_taken_away(acme, number, second):
    membership = factories.member(acme, "Max", customer_numbers=[number, second])
    limited = Browser(membership.user, acme)
    seen = check(limited, customer_number=str(second.pk))
    [row] = rows(MembershipNumber, customer_number_id=second.pk)
    change(row, customer_number_id=factories.customer_number(acme, "70100003").pk)
    before = counted()
    again = limited.send(seen)
    assert again.messages == ["Something in this order is not right any more. Look at it again."]
    assert again.title == "Create a card"
    assert counted() == before
    assert limited.get(seen.path).title == "Create a card"


@pytest.mark.rule("ACC-13")
def test_an_order_is_not_confirmed_after_the_right_was_taken_away(acme, number):
    membership = factories.member(acme, "Max")
    person = Browser(membership.user, acme)
    seen = check(person)
    change(membership, change_applications=[])
    before = counted()
    assert person.send(seen).status == 403
    assert counted() == before
    assert rows(Membership, pk=membership.pk)


@pytest.mark.rule("GEN-3")
def test_an_order_is_not_confirmed_for_a_division_that_was_closed_meanwhile(ada, number):
    division = factories.division(number)
    seen = check(ada, division=str(division.pk))
    change(division, closed_at=factories.NOW)
    again = ada.send(seen)
    assert again.messages == ["Something in this order is not right any more. Look at it again."]
    assert rows(Card) == rows(CardLimit) == []


@pytest.mark.rule("GEN-11")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("windows", [1, 2])
def test_an_order_confirmed_by_two_requests_at_once_is_placed_once(ada, monkeypatch, windows):
    """By a double click (one key) or from two windows (two keys): both have looked before either acts."""
    seen = check(ada)
    pages_sent = [seen, ada.get(seen.path)] if windows == 2 else [seen, seen]
    barrier = threading.Barrier(2, timeout=20)
    monkeypatch.setattr(pages, "between_check_and_act", barrier.wait)
    answers = []

    def confirm(page):
        try:
            answers.append(ada.send(page))
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm, args=[page]) for page in pages_sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [one.status for one in answers] == [200, 200]
    assert len(rows(Card)) == len(rows(Request)) == 1
    places = sorted(one.place for one in answers)
    receipt = ada.url(f"requests/{one(Request).pk}/")
    assert places == [receipt, receipt]
    if windows == 2:
        assert sum(placed() in answer.messages for answer in answers) == 1


@pytest.mark.rule("GEN-11")
def test_two_orders_of_the_same_plate_are_two_orders(ada):
    order(ada)
    order(ada)
    assert len(rows(Card)) == 2
