"""Two people and the next plastic of one card, over HTTP: one is ordered, and no block is overtaken (CRD-43)."""

from __future__ import annotations

import pytest

from cards.models import Issue, Request
from tests import factories
from tests.cards.tools import again, audit_of, issue_of, request_of, rows
from tests.races.test_cards import in_any_order

pytestmark = [
    pytest.mark.rule("GEN-3", "CRD-43"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]

ROUNDS, SOME = 20, 4
TOLD = "A new plastic of this card was ordered meanwhile. Look at it before you order another change."
LATE = "A blocked card can't be changed. Make a copy of it instead."


def test_of_two_who_confirm_a_new_card_at_once_one_orders_it_and_the_other_is_told(people, number, at_once):
    ada, max_ = people(2)
    for turn in range(SOME):
        card = factories.card(number)
        stated = [
            person.fill(f"cards/{card.pk}/change/", printed_as=f"{place}-NEW-{turn:03d}", cost_centre=f"CC-{place}")
            for place, person in ((2, ada), (3, max_))
        ]
        answers = at_once(
            *(lambda person=one, page=page: person.send(page) for one, page in zip((ada, max_), stated, strict=True))
        )
        said = sorted(answer.messages[0] for answer in answers)
        assert said[0] == TOLD
        assert said[1].startswith("The new card is ordered: request ")
        [asked] = rows(Request, card_id=card.pk, kind="changed")
        won = 2 if answers[0].messages != [TOLD] else 3
        assert (asked.label, again(card).cost_centre) == (f"{won}-NEW-{turn:03d}", f"CC-{won}")
        assert len(rows(Issue, card_id=card.pk)) == 2


def test_one_statement_that_is_confirmed_in_two_windows_at_once_orders_one_card(people, number, at_once):
    [ada] = people(1)
    for _turn in range(SOME):
        card = factories.card(number)
        stated = ada.fill(f"cards/{card.pk}/change/", printed_as="2-NEW-222")
        other = ada.get(stated.path)
        answers = at_once(lambda page=stated: ada.send(page), lambda page=other: ada.send(page))
        assert len({answer.place for answer in answers}) == 1
        assert answers[0].place.endswith(f"/requests/{request_of(card, 2).pk}/")
        assert len(rows(Request, card_id=card.pk, kind="changed")) == 1


@pytest.mark.rule("CRD-41", "CRD-51")
def test_of_a_block_and_a_new_card_at_once_the_card_ends_blocked_and_nothing_is_made(people, number, at_once):
    ada, max_ = people(2)
    for turn in range(ROUNDS):
        card = factories.card(number)
        change = max_.fill(f"cards/{card.pk}/change/", printed_as="2-NEW-222")
        block = ada.get(f"cards/{card.pk}/block/")
        acts = [
            lambda form=block: ada.send(form, reason="theft", duplicate="no"),
            lambda form=change: max_.send(form),
        ]
        order = in_any_order(turn, acts)
        answers = at_once(*(acts[place] for place in order))
        blocked, changed = (answers[order.index(place)].messages[0] for place in range(2))
        assert blocked == f"The card {card.printed_as} is blocked."
        after = again(card)
        assert (after.status, after.live, issue_of(card).status) == ("blocked", False, "blocked")
        asked = rows(Request, card_id=card.pk, kind="changed")
        if changed == LATE:
            assert (asked, audit_of(card)) == ([], [])
        else:
            assert changed.startswith("The new card is ordered: request ")
            assert [one.status for one in asked] == ["withdrawn"]
            assert (issue_of(card, 2).status, issue_of(card, 2).changes) == ("withdrawn", None)


@pytest.mark.rule("FUL-1")
def test_of_changing_an_order_and_producing_it_at_once_the_maker_makes_what_was_confirmed(
    people, operators, number, at_once
):
    [ada], [otto] = people(1), operators(1)
    for turn in range(SOME):
        card = factories.card(number, status="new")
        change = ada.fill(f"cards/{card.pk}/change/", printed_as="2-NEW-222")
        produce = otto.get(f"produce/?select={request_of(card).pk}")
        acts = [lambda form=change: ada.send(form), lambda form=produce: otto.send(form)]
        order = in_any_order(turn, acts)
        answers = at_once(*(acts[place] for place in order))
        changed, produced = (answers[order.index(place)].messages[0] for place in range(2))
        after = again(card)
        if changed == "The order is changed.":
            assert after.printed_as == request_of(card).label == "2-NEW-222"
            # Whoever takes a batch passes over what somebody holds at that moment.
            assert "1 card is in production" in produced or produced == "None of these requests waits for production."
        else:
            assert changed == "The card is being made; it can be changed once it is active."
            assert (after.printed_as, after.status) == (card.printed_as, "in_creation")
