"""Two people and one card, over HTTP: a block always wins, and nobody meets an error page (GEN-3, CRD-51)."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from cards.lifecycle import DISPATCHED, IN_PRODUCTION, WITHDRAWN
from cards.models import Batch, Request
from fleetportal.core.audit import AuditEntry
from tests import factories
from tests.cards.tools import again, audit_of, issue_of, one, request_of, rows

pytestmark = [pytest.mark.rule("GEN-3"), pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

ROUNDS, SOME = 50, 4
SAVED = "The changes are saved and take effect at once."
LATE = "A blocked card can't be changed. Make a copy of it instead."
BLOCKED_ALREADY = "This card is blocked already."


def in_any_order(seed, acts):
    """The same acts, begun in an order that the seed decides; returns the order to sort the answers by."""
    order = list(range(len(acts)))
    random.Random(seed).shuffle(order)
    return order


@pytest.mark.rule("CRD-41", "CRD-51")
def test_of_a_block_and_a_change_at_once_the_block_wins_fifty_times(people, number, at_once):
    """Either the change came first and was whole, or it was refused with the sentence; the card ends Blocked."""
    ada, max_ = people(2)
    came = {"saved": 0, "late": 0}
    for turn in range(ROUNDS):
        card = factories.card(number)
        change = max_.fill(f"cards/{card.pk}/change/", cost_centre=f"CC-{turn}")
        block = ada.get(f"cards/{card.pk}/block/")
        acts = [
            lambda form=block: ada.send(form, reason="theft", duplicate="no"),
            lambda form=change: max_.send(form),
        ]
        order = in_any_order(turn, acts)
        answers = at_once(*(acts[place] for place in order))
        blocked, changed = (answers[order.index(place)] for place in range(2))
        assert blocked.messages == [f"The card {card.printed_as} is blocked."]
        assert changed.messages in ([SAVED], [LATE])
        after, issue = again(card), issue_of(card)
        assert (after.status, issue.status, after.live) == ("blocked", "blocked", False)
        [entry] = audit_of(issue)
        assert (entry.verb, entry.actor_id) == ("cards.block", ada.user.pk)
        changes = audit_of(card, "cards.changed")
        if changed.messages == [SAVED]:
            came["saved"] += 1
            [change_entry] = changes
            assert change_entry.pk < entry.pk, "The card was changed after its block."
            assert after.cost_centre == f"CC-{turn}"
        else:
            came["late"] += 1
            assert changes == []
            assert after.cost_centre == card.cost_centre
    assert sum(came.values()) == ROUNDS


@pytest.mark.rule("CRD-51")
@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("duplicate", ["no", "yes"])
def test_of_several_who_block_one_card_at_once_one_does(people, number, at_once, count, duplicate):
    crowd = people(count)
    for _turn in range(SOME):
        card = factories.card(number)
        forms = [person.get(f"cards/{card.pk}/block/") for person in crowd]
        answers = at_once(
            *(
                lambda person=person, form=form: person.send(form, reason="theft", duplicate=duplicate)
                for person, form in zip(crowd, forms, strict=True)
            )
        )
        said = sorted(answer.messages[0] for answer in answers)
        done = [text for text in said if text.startswith(f"The card {card.printed_as} is blocked.")]
        assert len(done) == 1, said
        late = BLOCKED_ALREADY
        if duplicate == "yes":
            late = "This card is blocked already. Its next plastic is ordered and not made yet."
        assert [text for text in said if text not in done] == [late] * (count - 1)
        assert len(audit_of(issue_of(card), "cards.block")) == 1
        assert len(rows(Request, card_id=card.pk, kind="duplicate")) == (duplicate == "yes")


def test_of_two_changes_at_once_one_is_kept_whole_and_the_other_is_told(people, number, at_once):
    ada, max_ = people(2)
    for turn in range(SOME):
        card = factories.card(number)
        forms = [
            ada.fill(f"cards/{card.pk}/change/", cost_centre=f"CC-{turn}"),
            max_.fill(f"cards/{card.pk}/change/?tab=controls", tank_capacity=str(turn + 1)),
        ]
        answers = at_once(lambda form=forms[0]: ada.send(form), lambda form=forms[1]: max_.send(form))
        said = [answer.messages for answer in answers]
        late = ["Somebody else changed this card meanwhile. Look at it again before you change it."]
        assert sorted(said) == sorted([[SAVED], late])
        after = again(card)
        assert (after.cost_centre == f"CC-{turn}") is (said[0] == [SAVED])
        assert (after.tank_capacity == turn + 1) is (said[1] == [SAVED])
        assert len(audit_of(card, "cards.changed")) == 1


@pytest.mark.rule("FUL-1")
def test_two_operators_who_take_the_same_requests_at_once_share_them_out(operators, number, at_once):
    otto, olga = operators(2)
    for _turn in range(SOME):
        cards = [factories.card(number, status="new") for _each in range(4)]
        query = "&".join(f"select={request_of(card).pk}" for card in cards)
        forms = [person.get(f"produce/?{query}") for person in (otto, olga)]
        before = len(rows(Batch))
        answers = at_once(lambda forms=forms: otto.send(forms[0]), lambda forms=forms: olga.send(forms[1]))
        batches = rows(Batch)[before:]
        assert sum(batch.size for batch in batches) == 4
        issues = [issue_of(card) for card in cards]
        assert {issue.status for issue in issues} == {"in_creation"}
        assert {issue.batch_id for issue in issues} <= {batch.pk for batch in batches}
        assert {len(audit_of(issue, "operator.produce")) for issue in issues} == {1}
        assert len({again(card).number for card in cards}) == 4
        said = [answer.messages[0] for answer in answers]
        winners = [text for text in said if "in production: batch" in text]
        assert len(winners) == len(batches)
        assert all(text == "None of these requests waits for production." for text in said if text not in winners)


@pytest.mark.rule("CRD-9", "FUL-1")
def test_of_withdrawing_and_producing_at_once_one_happens(people, operators, number, at_once):
    [ada], [otto] = people(1), operators(1)
    for turn in range(SOME):
        card = factories.card(number, status="new")
        request = request_of(card)
        withdraw, produce = ada.get(f"requests/{request.pk}/withdraw/"), otto.get(f"produce/?select={request.pk}")
        acts = [lambda form=withdraw: ada.send(form), lambda form=produce: otto.send(form)]
        order = in_any_order(turn, acts)
        answers = at_once(*(acts[place] for place in order))
        withdrawn, produced = (answers[order.index(place)].messages[0] for place in range(2))
        after, issue = again(request), issue_of(card)
        assert (after.status, issue.status) in {(WITHDRAWN, "withdrawn"), (IN_PRODUCTION, "in_creation")}
        if after.status == WITHDRAWN:
            assert withdrawn == f"The request {request.number} is withdrawn."
            assert produced == "None of these requests waits for production."
            assert issue.batch_id is None
        else:
            assert withdrawn == "Production has begun; the request can't be withdrawn any more."
            assert "1 card is in production" in produced
        assert len(audit_of(request)) == 1


@pytest.mark.rule("CRD-52", "FUL-1")
def test_of_deleting_and_producing_at_once_one_happens(people, operators, number, at_once):
    [ada], [otto] = people(1), operators(1)
    for turn in range(SOME):
        card = factories.card(number, status="new")
        request = request_of(card)
        delete, produce = ada.get(f"cards/{card.pk}/delete/"), otto.get(f"produce/?select={request.pk}")
        acts = [lambda form=delete: ada.send(form), lambda form=produce: otto.send(form)]
        order = in_any_order(turn, acts)
        answers = at_once(*(acts[place] for place in order))
        deleted, produced = (answers[order.index(place)].messages[0] for place in range(2))
        state = (again(card).status, again(request).status)
        assert state in {("withdrawn", WITHDRAWN), ("in_creation", IN_PRODUCTION)}
        if state[0] == "withdrawn":
            assert deleted == f"The card {card.printed_as} is deleted."
            assert produced == "None of these requests waits for production."
        else:
            assert deleted == "Production has begun; the card can be blocked, not deleted."
            assert "1 card is in production" in produced


@pytest.mark.rule("FUL-4", "CRD-51")
def test_of_receipt_and_block_at_once_the_card_ends_blocked(people, number, at_once):
    ada, max_ = people(2)
    for turn in range(SOME):
        card = factories.card(
            number,
            status="in_creation",
            issue_fields={"dispatched_at": timezone.now() - timedelta(days=1), "made_on": timezone.localdate()},
            request_fields={"status": DISPATCHED},
        )
        receive, block = max_.get(f"cards/{card.pk}/receive/"), ada.get(f"cards/{card.pk}/block/")
        acts = [
            lambda form=block: ada.send(form, reason="not_received", duplicate="no"),
            lambda form=receive: max_.send(form),
        ]
        order = in_any_order(turn, acts)
        answers = at_once(*(acts[place] for place in order))
        blocked, received = (answers[order.index(place)].messages[0] for place in range(2))
        assert blocked == f"The card {card.printed_as} is blocked."
        assert received in {
            f"The card {card.printed_as} is active.",
            "“Confirm receipt” is not possible while the status is “Blocked”.",
        }
        issue = issue_of(card)
        assert (again(card).status, issue.status) == ("blocked", "blocked")
        verbs = [entry.verb for entry in audit_of(issue)]
        assert verbs in (["cards.block"], ["cards.receive", "cards.block"])
        assert (verbs == ["cards.block"]) is ("not possible" in received)


@pytest.mark.rule("CRD-54")
def test_two_bulk_blocks_of_the_same_cards_at_once_block_each_once(people, number, at_once):
    ada, max_ = people(2)
    for _turn in range(SOME):
        cards = [factories.card(number) for _each in range(5)]
        ids = [str(card.pk) for card in cards]
        forms = [ada.get("cards/block/?" + "&".join(f"select={pk}" for pk in ids)),
                 max_.get("cards/block/?" + "&".join(f"select={pk}" for pk in reversed(ids)))]  # fmt: skip
        answers = at_once(
            lambda forms=forms: ada.send(forms[0], reason="theft"),
            lambda forms=forms: max_.send(forms[1], reason="loss"),
        )
        assert {again(card).status for card in cards} == {"blocked"}
        assert {len(audit_of(issue_of(card), "cards.block")) for card in cards} == {1}
        said = [message for answer in answers for message in answer.messages]
        assert "5 cards are blocked." in said
        assert sum(message.endswith(BLOCKED_ALREADY) for message in said) == 5


def test_every_status_in_the_audit_follows_from_the_one_before(people, number, at_once):
    """Change, block and receipt of one card by three people: the audit of its plastic is one unbroken line."""
    crowd = people(3)
    for turn in range(SOME):
        card = factories.card(
            number,
            status="in_creation",
            issue_fields={"dispatched_at": timezone.now() - timedelta(days=1), "made_on": timezone.localdate()},
        )
        paths = [f"cards/{card.pk}/receive/", f"cards/{card.pk}/block/", f"cards/{card.pk}/block/"]
        forms = [person.get(path) for person, path in zip(crowd, paths, strict=True)]
        at_once(
            *(
                lambda person=person, form=form: person.send(form, reason="theft", duplicate="no")
                for person, form in zip(crowd, forms, strict=True)
            )
        )
        status = "in_creation"
        for entry in rows(AuditEntry, kind="cards.issue", object_id=issue_of(card).pk):
            assert entry.before["status"] == status, turn
            status = entry.after["status"]
        assert status == "blocked" == one(type(issue_of(card)), card_id=card.pk).status
