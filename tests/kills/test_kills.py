"""Workers and brokers that are killed delay the work and lose none of it (GEN-5)."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest

from cards.models import Card, Issue, MakerFile, Request
from fleetportal.core import startup
from fleetportal.core.audit import AuditEntry
from fleetportal.core.batches import Batch as BulkBatch
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.cards.tools import TYPED, one, rows
from tests.kills.conftest import done, forget_workers, hurry, left, running, wait_for

pytestmark = [
    pytest.mark.rule("GEN-5"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(400),
    pytest.mark.xdist_group("processes"),
]


def order(ada, plate):
    """Order a card over HTTP; what comes is the receipt."""
    check = ada.fill("cards/new/", **{**TYPED, "printed_as": plate})
    assert check.title == "Check your order", check.errors
    receipt = ada.send(check)
    assert receipt.messages[0].endswith("We deal with it within 24 hours.")
    return receipt


def produce(otto):
    seen = otto.fill("produce/?oldest=1")
    assert "in production: batch" in seen.messages[0]


def dispatched():
    hurry()
    with all_companies(reason="test"):
        return not Request.objects.exclude(status="dispatched").exists()


def all_done():
    hurry()
    with all_companies(reason="test"):
        return not WorkItem.objects.exclude(status="done").exists()


def every_order_ended_once(count):
    """Each request is dispatched, each card has one plastic, and each step stands once in the audit."""
    requests, cards, issues = rows(Request), rows(Card), rows(Issue)
    assert Counter(request.status for request in requests) == {"dispatched": count}
    assert len(cards) == len(issues) == len({card.number for card in cards}) == count
    assert Counter((issue.rank, issue.status) for issue in issues) == {(1, "in_creation"): count}
    assert all(issue.made_on and issue.dispatched_at and issue.tracking for issue in issues)
    steps = Counter((entry.verb, entry.kind, entry.object_id) for entry in rows(AuditEntry))
    assert set(steps.values()) == {1}, [step for step, times in steps.items() if times > 1]
    files = rows(MakerFile)
    assert Counter(file.state for file in files) == {"taken": 2}
    assert {(file.lines, file.applied) for file in files} == {(count, count)}


# A worker is held in the middle of each step by a row that somebody else has locked, and killed there.
STEPS = {
    "cards.send_batch": "cards_batch",
    "cards.simulate_made": "cards_card",
    "cards.simulate_dispatched": "cards_card",
}


@pytest.mark.rule("FUL-3")
def test_a_worker_killed_in_the_middle_of_each_step_loses_no_order_and_makes_no_card_twice(crew, acme, number):
    crew.web()
    ada = crew.person(factories.member(acme, "Ada").user, f"/{acme.identifier}/")
    otto = crew.person(factories.operator("Otto"), "/operator/")
    for place in range(3):
        order(ada, f"1-KIL-{place:03d}")
    crew.beat()
    worker = crew.worker()
    for kind, table in STEPS.items():
        with startup.connect() as own, own.transaction():
            own.execute("SET LOCAL ROLE portal_wide")
            if kind == "cards.send_batch":
                crew.freeze(worker)
                produce(otto)
                own.execute(f"SELECT FROM {table} FOR UPDATE")
                crew.thaw(worker)
            else:
                own.execute(f"SELECT FROM {table} FOR UPDATE")
            wait_for(lambda kind=kind: hurry(kind) or running(kind), said=left)
            crew.kill(worker)
        forget_workers()
        worker = crew.worker()
        wait_for(lambda kind=kind: hurry(kind) or done(kind), said=left)
    wait_for(dispatched, 90, left)
    wait_for(all_done, 60, left)
    every_order_ended_once(3)
    attempts = {item.kind: item.attempts for item in rows(WorkItem) if item.kind in STEPS}
    assert attempts == dict.fromkeys(STEPS, 2), "No kill came in the middle of the work."


def test_orders_are_accepted_while_the_broker_is_gone_and_made_when_it_is_back(crew, acme, number):
    crew.web()
    crew.worker()
    crew.beat()
    ada = crew.person(factories.member(acme, "Ada").user, f"/{acme.identifier}/")
    otto = crew.person(factories.operator("Otto"), "/operator/")
    stolen = factories.card(number, printed_as="1-STO-001")
    crew.kill(crew.broker)
    for place in range(3):
        seen = order(ada, f"1-BRO-{place:03d}")
        assert (seen.status, seen.title.startswith("Request R")) == (200, True)
    produce(otto)
    # A stolen card can't wait for a broker.
    block = ada.fill(f"cards/{stolen.pk}/block/", reason="theft", duplicate="no")
    assert block.messages == ["The card 1-STO-001 is blocked."]
    # A moment without a broker: nothing is done, nothing is lost.
    time.sleep(2)
    assert Counter(request.status for request in rows(Request, label__startswith="1-BRO")) == {"in_production": 3}
    assert one(WorkItem, kind="cards.send_batch").status == "waiting"
    crew.start_broker()
    wait_for(dispatched, 120, left)
    wait_for(all_done, 60, left)
    assert Counter(item.attempts for item in rows(WorkItem)) == {1: len(rows(WorkItem))}
    assert Counter(issue.status for issue in rows(Issue, card__printed_as__startswith="1-BRO")) == {"in_creation": 3}


@pytest.mark.rule("CRD-54", "GEN-4")
def test_a_block_of_two_thousand_whose_worker_is_killed_blocks_each_card_once(crew, acme, number):
    crew.web()
    ada = crew.person(factories.member(acme, "Ada").user, f"/{acme.identifier}/")
    cards = _fleet(number, 2000)
    page = ada.get("cards/block/?all=1")
    assert page.title == "Block 2000 cards"
    seen = ada.send(page, reason="theft")
    assert "0 of 2000 done" in seen.text
    crew.beat()
    worker = crew.worker()
    with startup.connect() as own, own.transaction():
        own.execute("SET LOCAL ROLE portal_wide")
        # One card in the second half: the first chunk can go through, the second stops in the middle.
        own.execute("SELECT FROM cards_card WHERE id = %s FOR UPDATE", [cards[1500]])
        wait_for(lambda: running("cards.block_many") and one(BulkBatch).done == 1000, 60, left)
        progress = ada.get(seen.path)
        assert "1000 of 2000 done" in progress.text
        crew.kill(worker)
    forget_workers()
    crew.worker()
    wait_for(all_done, 60, left)
    assert "Done for all 2000." in ada.get(seen.path).text
    issues = rows(Issue)
    assert Counter((issue.status, issue.block_reason) for issue in issues) == {("blocked", "theft"): 2000}
    blocks = Counter(entry.object_id for entry in rows(AuditEntry, verb="cards.block"))
    assert blocks == dict.fromkeys((issue.pk for issue in issues), 1)
    assert sorted(item.attempts for item in rows(WorkItem, kind="cards.block_many")) == [1, 2]
    batch = one(BulkBatch)
    assert (batch.done, batch.failed, batch.status) == (2000, 0, "done")


@pytest.mark.long
@pytest.mark.rule("FUL-3")
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_workers_killed_at_any_moment_lose_no_order(crew, acme, number, seed):
    """Nothing is hurried here: leases, heartbeats and waits take their time, and so does the card maker."""
    chance = random.Random(seed)
    crew.web()
    ada = crew.person(factories.member(acme, "Ada").user, f"/{acme.identifier}/")
    otto = crew.person(factories.operator("Otto"), "/operator/")
    for place in range(20):
        order(ada, f"1-LNG-{place:03d}")
    crew.beat()
    worker = crew.worker()
    produce(otto)
    for _kill in range(4):
        time.sleep(chance.uniform(0.5, 9))
        crew.kill(worker)
        time.sleep(chance.uniform(0, 2))
        worker = crew.worker()

    def ended():
        with all_companies(reason="test"):
            return not Request.objects.exclude(status="dispatched").exists()

    wait_for(ended, 300, left)
    every_order_ended_once(20)


def _fleet(number, count):
    """Active cards in few statements; returns their ids."""
    product = factories.card_product()
    with all_companies(reason="test data"):
        cards = Card.objects.bulk_create(
            Card(
                company_id=number.company_id, customer_number=number, product=product, category="pool",
                printed_as=f"POOL {place:05d}", products=["diesel"], code_type="calculated", recipient="Acme",
                street="Havenlaan 12", postal_code="1080", town="Brussel", status="active", live=True,
                number=f"7002009{place:09d}",
            )
            for place in range(count)
        )  # fmt: skip
        Issue.objects.bulk_create(
            Issue(company_id=number.company_id, card=card, rank=1, status="active", ordered_at=factories.NOW)
            for card in cards
        )
    return [card.pk for card in cards]
