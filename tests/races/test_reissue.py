"""Two people and the secret code of one card, over HTTP: one letter is ordered, and no blocked card's (PIN-4)."""

from __future__ import annotations

import pytest

from cards.models import CodeLetter, Request
from tests import factories
from tests.cards.tools import again, audit_of, one, rows
from tests.races.test_cards import in_any_order

pytestmark = [
    pytest.mark.rule("GEN-3", "PIN-4"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]

ROUNDS = 8


def test_of_several_who_ask_for_the_code_of_one_card_at_once_one_orders_the_letter(people, number, at_once):
    crowd = people(3)
    for _turn in range(ROUNDS):
        card = factories.card(number)
        forms = [person.get(f"cards/{card.pk}/reissue/") for person in crowd]
        answers = at_once(
            *(lambda person=person, form=form: person.send(form) for person, form in zip(crowd, forms, strict=True))
        )
        request = one(Request, card_id=card.pk, kind="code_letter")
        said = sorted(answer.messages[0] for answer in answers)
        told = f"The secret code of this card is being reissued already: request {request.number}."
        assert said.count(told) == 2, said
        assert len(rows(CodeLetter, card_id=card.pk)) == len(audit_of(card, "cards.reissue")) == 1


def test_of_a_block_and_a_reissue_at_once_no_letter_waits_for_a_blocked_card(people, number, at_once):
    ada, max_ = people(2)
    for turn in range(ROUNDS):
        card = factories.card(number)
        block, reissue = ada.get(f"cards/{card.pk}/block/"), max_.get(f"cards/{card.pk}/reissue/")
        acts = [
            lambda form=block: ada.send(form, reason="theft", duplicate="no"),
            lambda form=reissue: max_.send(form),
        ]
        at_once(*(acts[place] for place in in_any_order(turn, acts)))
        assert again(card).status == "blocked"
        asked = rows(Request, card_id=card.pk, kind="code_letter")
        assert {request.status for request in asked} <= {"withdrawn"}
