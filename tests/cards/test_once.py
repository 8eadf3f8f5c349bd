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
from tests.cards.tools import audit_of, change, check, counted, issue_of, one, order, rows


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
    assert ada.send(other).status == 404
    assert len(rows(Card)) == 1


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
    saved = ada.send(form, cost_centre="A")
    assert saved.messages == ["The changes are saved and take effect at once."]
    assert ada.send(form, cost_centre="A").place == saved.place
    seen = ada.send(form, cost_centre="B")
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
        assert ada.send(form, form_key=key, cost_centre=f"K{key!r}"[:9]).messages, key


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
    if windows == 1:
        assert places == [receipt, receipt]
    else:
        assert places == sorted([ada.url("cards/"), receipt])
        [late] = [answer for answer in answers if answer.place != receipt]
        assert late.messages[-1] == "This order was confirmed already, in another window."


@pytest.mark.rule("GEN-11")
def test_two_orders_of_the_same_plate_are_two_orders(ada):
    order(ada)
    order(ada)
    assert len(rows(Card)) == 2
