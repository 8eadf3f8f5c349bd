"""Bulk actions: a selection in chunks, with the reason for each that could not be done (GEN-4)."""

from __future__ import annotations

import pytest

from accounts.actors import member_actor, operator_actor
from accounts.models import FleetDivision, Membership
from fleetportal.core import batches, work
from fleetportal.core.access import system
from fleetportal.core.batches import Batch, BatchRow, start_batch
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome, run
from tests import factories
from tests.core.worktools import note, notes
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def close_many(monkeypatch):
    """A bulk action on fleet divisions that refuses those called Odd, and fails when told to."""
    monkeypatch.setattr(work.app, "send_task", lambda *_args, **_options: None)
    calls = []

    def act(ids, payload, actor, now):
        calls.append((ids, payload, actor))
        if payload.get("fail"):
            raise RuntimeError
        chosen = FleetDivision.objects.filter(pk__in=ids)
        refused = dict.fromkeys(chosen.filter(name__startswith="Odd").values_list("pk", flat=True), "Odd one.")
        chosen.exclude(pk__in=refused).update(closed_at=now)
        note(actor.company, "chunk")
        return refused

    batches.batch_handler("test.close", permission="cards.change", model=FleetDivision)(act)
    batches.batch_handler("test.protect", permission="cards.block", protective=True)(act)
    yield calls
    del work.KINDS["test.close"], work.KINDS["test.protect"]


@pytest.fixture
def acme():
    return factories.company("Acme")


@pytest.fixture
def ada(acme):
    return factories.member(acme, "Ada")


def divisions(company, *names):
    number = factories.customer_number(company, f"71{company.pk:06d}")
    return [factories.division(number, name) for name in names]


def start(member, kind="test.close", payload=None, chunk=2, selection=None):
    actor = member_actor(member.user, member)
    with company_scope(member.company_id):
        chosen = FleetDivision.objects.all() if selection is None else selection
        chosen = chosen.values_list("pk", "name")
        return start_batch(kind, chosen, actor, payload or {}, NOW, label="Close divisions", chunk=chunk)


def items(batch):
    with all_companies(reason="test"):
        return list(WorkItem.objects.filter(batch_id=batch.pk).order_by("key"))


def fresh(batch):
    with all_companies(reason="test"):
        return Batch.objects.get(pk=batch.pk)


def rows(batch):
    with all_companies(reason="test"):
        found = BatchRow.objects.filter(batch_id=batch.pk).order_by("label")
        return [(row.label, row.status, row.reason) for row in found]


def counters(batch):
    batch = fresh(batch)
    return batch.total, batch.done, batch.failed, batch.status


@pytest.mark.rule("GEN-4")
def test_a_batch_runs_in_chunks_and_says_what_could_not_be_done_and_why(acme, ada, close_many):
    divisions(acme, "Even 1", "Even 2", "Even 3", "Odd 1", "Odd 2")
    batch = start(ada)
    assert counters(batch) == (5, 0, 0, "running")
    first, second, third = items(batch)
    assert run(first.pk, NOW) is Outcome.DONE
    assert counters(batch) == (5, 2, 0, "running")
    assert fresh(batch).finished_at is None
    assert {run(second.pk, NOW), run(third.pk, NOW)} == {Outcome.DONE}
    assert counters(batch) == (5, 3, 2, "done")
    assert fresh(batch).finished_at == NOW or fresh(batch).finished_at > NOW
    assert rows(batch) == [
        ("Even 1", "done", ""),
        ("Even 2", "done", ""),
        ("Even 3", "done", ""),
        ("Odd 1", "refused", "Odd one."),
        ("Odd 2", "refused", "Odd one."),
    ]
    assert [len(ids) for ids, _payload, _actor in close_many] == [2, 2, 1]
    assert close_many[0][2].user == ada.user_id


def test_a_chunk_delivered_twice_counts_once(acme, ada, close_many):
    divisions(acme, "Even 1")
    batch = start(ada)
    (item,) = items(batch)
    assert [run(item.pk, NOW), run(item.pk, NOW)] == [Outcome.DONE, Outcome.NOT_MINE]
    with all_companies(reason="test"):
        WorkItem.objects.filter(pk=item.pk).update(status="waiting")  # as if 'done' had been lost
    assert run(item.pk, NOW) is Outcome.DONE
    assert counters(batch) == (1, 1, 0, "done")
    assert notes("chunk") == 1


def test_the_selection_is_that_of_the_moment_and_of_the_company(acme, ada, close_many):
    divisions(acme, "Even 1", "Even 2")
    divisions(factories.company("Borea"), "Stranger")
    batch = start(ada)
    divisions(acme, "Even 3")
    assert [label for label, _status, _reason in rows(batch)] == ["Even 1", "Even 2"]


def test_an_empty_selection_is_a_batch_that_is_done(acme, ada, close_many):
    batch = start(ada)
    assert counters(batch) == (0, 0, 0, "done")
    assert items(batch) == []


def test_an_object_chosen_twice_stands_once(acme, ada, close_many):
    made = divisions(acme, "Even 1", "Even 2")
    with company_scope(acme.pk):
        twice = FleetDivision.objects.filter(customer_number__divisions__in=made)
        assert twice.count() == 4
        batch = start(ada, selection=twice)
    assert batch.total == 2


def test_a_fault_ends_the_batch_and_a_retry_mends_it(acme, ada, close_many):
    divisions(acme, "Even 1", "Odd 1")
    batch = start(ada, payload={"fail": True})
    (item,) = items(batch)
    now = NOW
    for _try in range(len(work.WAITS)):
        assert run(item.pk, now) is Outcome.AGAIN
        assert counters(batch) == (2, 0, 0, "running")
        now = items(batch)[0].due_at
    assert run(item.pk, now) is Outcome.FAILED
    assert counters(batch) == (2, 0, 2, "done")
    assert {status for _label, status, _reason in rows(batch)} == {"failed"}
    assert "operator" in rows(batch)[0][2]

    with all_companies(reason="test"):
        Batch.objects.filter(pk=batch.pk).update(payload={})
        otto = operator_actor(factories.operator())
        assert work.retry(items(batch)[0], otto, now=now)
    assert run(item.pk, now) is Outcome.DONE
    assert counters(batch) == (2, 1, 1, "done")
    assert rows(batch) == [("Even 1", "done", ""), ("Odd 1", "refused", "Odd one.")]


@pytest.mark.rule("GEN-13")
def test_a_batch_of_somebody_who_lost_the_right_is_held(acme, ada, close_many):
    max_ = factories.member(acme, "Max")
    divisions(acme, "Even 1")
    batch = start(max_)
    with all_companies(reason="test"):
        Membership.objects.filter(pk=max_.pk).update(is_active=False)
    (item,) = items(batch)
    assert run(item.pk, NOW) is Outcome.HELD
    assert counters(batch) == (1, 0, 1, "done")
    assert "administrator" in rows(batch)[0][2]
    assert work.take_over(item, member_actor(ada.user, ada), now=NOW)
    assert run(item.pk, NOW) is Outcome.DONE
    assert counters(batch) == (1, 1, 0, "done")


@pytest.mark.rule("GEN-13")
def test_a_protective_batch_runs_without_the_right(acme, close_many):
    max_ = factories.member(acme, "Max")
    divisions(acme, "Even 1")
    batch = start(max_, kind="test.protect")
    with all_companies(reason="test"):
        Membership.objects.filter(pk=max_.pk).update(is_active=False)
    assert run(items(batch)[0].pk, NOW) is Outcome.DONE
    assert counters(batch) == (1, 1, 0, "done")


def test_an_operators_batch_spans_companies(acme, close_many):
    divisions(acme, "Even 1")
    divisions(factories.company("Borea"), "Even 2")
    with all_companies(reason="test"):
        chosen = FleetDivision.objects.values_list("pk", "name")
        batch = start_batch("test.close", chosen, system("test"), {}, NOW, label="All", chunk=10)
    assert (batch.company_id, batch.total) == (None, 2)


def test_a_batch_is_the_companys_own(acme, ada, close_many):
    batch = start(ada)
    with company_scope(factories.company("Borea").pk):
        assert not Batch.objects.filter(pk=batch.pk).exists()


def test_starting_a_batch_takes_as_many_statements_for_many_as_for_few(
    acme, ada, close_many, django_assert_num_queries
):
    divisions(acme, "Even 1", "Even 2", "Even 3", "Even 4", "Even 5")
    with company_scope(acme.pk):
        with django_assert_num_queries(10):
            start(ada, chunk=1)
        with django_assert_num_queries(10):
            start(ada, chunk=5)
