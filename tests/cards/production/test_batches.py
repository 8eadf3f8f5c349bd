"""Taking orders into production: the oldest first, each once, whoever else is at it (FUL-1)."""

from __future__ import annotations

import base64
import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts.actors import member_actor
from cards.lifecycle import ISSUE, REQUEST
from cards.models import Batch, Card, Issue, Request
from cards.numbers import RangeUsedUp
from cards.production.batches import production_rows, progress, queue, take_batch
from fleetportal.core.access import system
from fleetportal.core.lifecycle import perform
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.search import find
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.cards.production.tools import audit_of, issue_of, reload, request_of, rows, take
from tests.factories import NOW

HOUR = timedelta(hours=1)


def order(number, ada, /, *, hours=1, **fields):
    return factories.card(number, status="new", requested_by=ada, ordered_at=NOW - hours * HOUR, **fields)


@pytest.mark.rule("FUL-1")
def test_taking_a_batch_moves_plastic_card_and_request_and_promises_the_file(ordered, otto):
    batch = take(otto)
    card, issue, request = reload(ordered), issue_of(ordered), request_of(ordered)
    assert (issue.status, issue.batch_id, card.status, card.live) == ("in_creation", batch.pk, "in_creation", True)
    assert (request.status, request.started_at) == ("in_production", NOW)
    assert (batch.size, batch.created_by_id, batch.sent_at) == (1, otto.pk, None)
    assert len(card.number) == 16
    [item] = rows(WorkItem, kind="cards.send_batch")
    assert (item.due_at, item.payload, item.company_id) == (NOW, {"batch": batch.pk}, None)
    for row, before in ((issue, "new"), (request, "received")):
        [entry] = audit_of(row)
        assert (entry.verb, entry.actor_id, entry.before["status"]) == ("operator.produce", otto.pk, before)
        assert card.number not in str(entry.after)


@pytest.mark.rule("FUL-1")
def test_the_oldest_due_come_first(number, ada, otto):
    young, old, middle = (order(number, ada, hours=hours) for hours in (1, 9, 5))
    assert [one.card_id for one in rows_of_queue()] == [old.pk, middle.pk, young.pk]
    take(otto, limit=2)
    assert [reload(card).status for card in (old, middle, young)] == ["in_creation", "in_creation", "new"]


def rows_of_queue():
    with all_companies(reason="test"):
        return list(queue())


def test_only_the_chosen_orders_are_taken(number, ada, otto):
    first, second = order(number, ada, hours=9), order(number, ada)
    take(otto, request_ids=[request_of(second).pk])
    assert [reload(card).status for card in (first, second)] == ["new", "in_creation"]


def test_what_was_withdrawn_meanwhile_stays_out(number, ada, otto):
    kept, gone = order(number, ada), order(number, ada, hours=9)
    chosen = [request_of(kept).pk, request_of(gone).pk]
    with all_companies(reason="test"):
        perform(ISSUE, issue_of(gone), "delete", system("test"), now=NOW)
        perform(REQUEST, request_of(gone), "drop", system("test"), now=NOW)
    batch = take(otto, request_ids=chosen)
    assert batch.size == 1
    assert (reload(gone).status, reload(gone).number) == ("withdrawn", "")
    assert issue_of(gone).batch_id is None
    assert take(otto, request_ids=chosen) is None
    assert take(otto, request_ids=[]) is None


def test_a_batch_spans_companies(number, ada, otto):
    borea = factories.company("Borea")
    theirs = order(factories.customer_number(borea), factories.member(borea, "Ben").user)
    mine = order(number, ada)
    assert take(otto).size == 2
    assert {reload(card).status for card in (mine, theirs)} == {"in_creation"}


def test_nobody_but_operator_staff_takes_a_batch(ordered, acme):
    membership = factories.member(acme, "Max")
    with all_companies(reason="test"), pytest.raises(PermissionDenied):
        take_batch(actor=member_actor(membership.user, membership), now=NOW)
    assert reload(ordered).status == "new"


def test_a_number_is_given_once_and_found(ordered, otto, acme):
    take(otto)
    number = reload(ordered).number
    with company_scope(acme.pk):
        assert find("cards.card", number).ids() == [ordered.pk]
    duplicate = factories.issue(reload(ordered), rank=2, status="new", ordered_at=NOW)
    take(otto)
    assert (reload(duplicate).status, reload(ordered).number, reload(ordered).rank) == ("in_creation", number, 2)


def test_a_range_that_is_used_up_takes_nothing(number, ada, otto):
    product = factories.card_product(issuer_number="70020099", number_length=10, next_serial=9)
    cards = [order(number, ada, product=product) for _card in range(2)]
    with pytest.raises(RangeUsedUp, match="fewer than 2 numbers left"):
        take(otto)
    assert {reload(card).status for card in cards} == {"new"}
    assert (rows(Batch), rows(WorkItem, kind="cards.send_batch")) == ([], [])
    assert take(otto, limit=1).size == 1


def test_a_production_row_says_what_to_print_and_what_to_do_about_the_code(number, ada, otto):
    calculated = order(number, ada, hours=4, printed_as="1-ABC-123", extra_mention="POOL 7")
    chosen = order(number, ada, hours=3, code_type="chosen", issue_fields={"sealed_code": b"sealed for the maker"})
    personal = order(number, ada, hours=2, code_type="personal")
    duplicate = factories.issue(factories.card(number, status="blocked"), rank=2, status="new", ordered_at=NOW - HOUR)
    batch = take(otto)
    with all_companies(reason="test"):
        found = {row.number: row for row in production_rows(batch)}
        assert progress(batch) == {"total": 4, "made": 0, "dispatched": 0}
    row = found[reload(calculated).number]
    assert (row.embossing_1, row.embossing_2, row.rank, row.code) == ("1-ABC-123", "POOL 7", 1, "calculated")
    assert (row.delivery.street, row.letter.street) == ("Havenlaan 12", "Rue du Dépôt 1")
    assert row.cells[-1] == "2030-11"
    row = found[reload(chosen).number]
    assert (row.code, base64.b64decode(row.sealed_code), row.letter.street) == ("sealed", b"sealed for the maker", "")
    row = found[reload(personal).number]
    assert (row.code, row.sealed_code, row.letter.street) == ("keep", "", "")
    row = found[reload(duplicate.card).number]
    assert (row.rank, row.code, row.letter.street) == (2, "keep", "")


def in_thread(function):
    """Run in a thread of its own, with its own connection; `finish()` returns what it returned."""
    box = {}

    def body():
        try:
            box["result"] = function()
        except BaseException as error:
            box["error"] = error
        finally:
            connection.close()

    thread = threading.Thread(target=body)
    thread.start()

    def finish():
        thread.join(30)
        assert not thread.is_alive()
        if "error" in box:
            raise box["error"]
        return box["result"]

    return finish


@pytest.mark.rule("FUL-1")
@pytest.mark.django_db(transaction=True)
def test_two_operators_at_once_take_different_orders_and_wait_for_nobody(number, ada, otto):
    # They have their numbers: giving numbers is the one moment at which batches follow one another.
    cards = [order(number, ada, hours=20 - n, number=f"70020000000{n:05d}") for n in range(6)]
    first_has_taken, second_is_done = threading.Event(), threading.Event()

    def first():
        with all_companies(reason="test"):
            batch = take_batch(actor=system("one"), limit=3, now=NOW)
            first_has_taken.set()
            assert second_is_done.wait(20), "the second operator waited for the first"
        return batch.pk

    def second():
        assert first_has_taken.wait(20)
        with all_companies(reason="test"):
            batch = take_batch(actor=system("two"), limit=3, now=NOW)
            nothing_left = take_batch(actor=system("two"), limit=3, now=NOW)
        second_is_done.set()
        return batch.pk, nothing_left

    one, two = in_thread(first), in_thread(second)
    first_batch, (second_batch, nothing_left) = one(), two()
    assert nothing_left is None
    assert [issue_of(card).batch_id for card in cards] == [first_batch] * 3 + [second_batch] * 3


@pytest.mark.rule("FUL-1")
@pytest.mark.django_db(transaction=True)
def test_eight_batches_at_once_take_every_order_once_and_give_each_a_number_of_its_own(number, ada, otto):
    cards = [order(number, ada) for _card in range(24)]
    start = threading.Barrier(8)

    def one():
        start.wait(20)
        taken = 0
        with all_companies(reason="test"):
            while batch := take_batch(actor=system("somebody"), limit=2, now=NOW):
                taken += batch.size
        return taken

    assert sum(finish() for finish in [in_thread(one) for _thread in range(8)]) <= 24
    take(otto)
    numbers = {reload(card).number for card in cards}
    assert len(numbers) == 24
    assert "" not in numbers
    assert sum(batch.size for batch in rows(Batch)) == 24
    assert len(audit_of(issue_of(cards[0]))) == 1
    assert rows(Issue, status="new") == rows(Request, status="received") == rows(Card, status="new") == []


@pytest.mark.django_db(transaction=True)
def test_a_card_that_is_being_blocked_or_withdrawn_is_passed_over(number, ada, otto):
    busy, free = order(number, ada, hours=9), order(number, ada)
    locked, done = threading.Event(), threading.Event()

    def customer():
        with company_scope(busy.company_id):
            Card.objects.select_for_update().get(pk=busy.pk)
            locked.set()
            assert done.wait(20), "the operator waited for the customer"

    finish = in_thread(customer)
    assert locked.wait(20)
    batch = take(otto)
    done.set()
    finish()
    assert batch.size == 1
    assert [reload(card).status for card in (busy, free)] == ["new", "in_creation"]
