"""Two people and the renewal of one card, over HTTP: a block always wins, and a cancelling is done once (CRD-53)."""

from __future__ import annotations

import pytest

from fleetportal.core.audit import AuditEntry
from tests import factories
from tests.cards.tools import again, audit_of, issue_of, rows
from tests.races.test_cards import in_any_order

pytestmark = [
    pytest.mark.rule("GEN-3", "CRD-53"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]

ROUNDS, SOME = 30, 4
NOTHING_TO_CANCEL = "A blocked card is not renewed; there is nothing to cancel."


def test_of_a_block_and_a_cancelling_at_once_the_card_ends_blocked_and_no_blocked_card_is_cancelled(
    people, number, at_once
):
    ada, max_ = people(2)
    for turn in range(ROUNDS):
        card = factories.card(number)
        cancel, block = max_.get(f"cards/{card.pk}/cancel/"), ada.get(f"cards/{card.pk}/block/")
        acts = [
            lambda form=block: ada.send(form, reason="theft", duplicate="no"),
            lambda form=cancel: max_.send(form),
        ]
        order = in_any_order(turn, acts)
        answers = at_once(*(acts[place] for place in order))
        blocked, cancelled = (answers[order.index(place)].messages[0] for place in range(2))
        assert blocked == f"The card {card.printed_as} is blocked."
        after, issue = again(card), issue_of(card)
        assert (after.status, issue.status) == ("blocked", "blocked")
        entries = audit_of(card, "cards.cancel")
        if cancelled.startswith(f"The renewal of the card {card.printed_as} is cancelled."):
            [entry] = entries
            [block_entry] = audit_of(issue, "cards.block")
            assert entry.pk < block_entry.pk, "The card was cancelled after its block."
            assert after.renewal_status == "cancelled"
        else:
            assert (cancelled, entries, after.renewal_status) == (NOTHING_TO_CANCEL, [], "none")


def test_of_several_who_cancel_at_once_one_does(people, number, at_once):
    crowd = people(3)
    for _turn in range(SOME):
        card = factories.card(number)
        forms = [person.get(f"cards/{card.pk}/cancel/") for person in crowd]
        answers = at_once(
            *(lambda person=person, form=form: person.send(form) for person, form in zip(crowd, forms, strict=True))
        )
        said = sorted(answer.messages[0] for answer in answers)
        assert said.count("The renewal of this card is cancelled already.") == 2, said
        assert len(audit_of(card, "cards.cancel")) == 1


def test_of_two_bulk_actions_in_opposite_order_each_card_is_cancelled_once(people, number, at_once):
    ada, max_ = people(2)
    for _turn in range(SOME):
        cards = [factories.card(number) for _each in range(5)]
        ids = [str(card.pk) for card in cards]
        forms = [
            person.get("cards/cancel/?" + "&".join(f"select={pk}" for pk in chosen))
            for person, chosen in ((ada, ids), (max_, ids[::-1]))
        ]
        at_once(lambda forms=forms: ada.send(forms[0]), lambda forms=forms: max_.send(forms[1]))
        assert {again(card).renewal_status for card in cards} == {"cancelled"}
        assert len(rows(AuditEntry, verb="cards.cancel", object_id__in=[card.pk for card in cards])) == 5
