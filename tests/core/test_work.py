"""Promised work: done once, tried again, given back, held (GEN-5, GEN-13)."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts.actors import member_actor, operator_actor
from accounts.models import Membership
from fleetportal.core import heartbeat, work, work_run, work_sweep
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import ScopeMissing, all_companies, company_scope, current_scope
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome, run
from tests import factories
from tests.core.worktools import change, fresh, kind, note, notes
from tests.factories import NOW

S = WorkItem.Status
SECOND = timedelta(seconds=1)


def write_note(item, now):
    note(item.company_id, item.payload.get("text", item.key))


@pytest.fixture
def acme(db):
    return factories.company("Acme")


@pytest.fixture
def borea(db):
    return factories.company("Borea")


@pytest.fixture
def sent(monkeypatch):
    """Catch what would be sent to the broker."""
    messages = []
    monkeypatch.setattr(work.app, "send_task", lambda name, args, **_options: messages.append((name, *args)))
    monkeypatch.setattr(work, "_broker_silent_until", 0.0)
    return messages


def promised(company, key="one", name="test.note", due_at=NOW, **fields):
    with company_scope(company.pk):
        return work.promise(name, key=key, due_at=due_at, now=NOW, **fields)


def test_a_promise_is_carried_out_with_its_company_in_scope(acme, sent):
    seen = []
    with kind("test.note", lambda item, now: seen.append((current_scope().company, now, item.actor.label))):
        item = promised(acme)
        assert run(item.pk, NOW + SECOND) is Outcome.DONE
    assert seen == [(acme.pk, NOW + SECOND, "test.note")]
    item = fresh(item)
    assert (item.status, item.attempts, item.error) == (S.DONE, 1, "")
    assert item.finished_at >= NOW + SECOND


def test_work_of_no_company_runs_behind_the_wide_door(db, sent):
    seen = []
    with kind("test.note", lambda item, now: seen.append(current_scope())):
        item = work.promise("test.note", key="one", due_at=NOW, now=NOW)
        assert run(item.pk, NOW) is Outcome.DONE
    assert item.company_id is None
    assert seen[0].wide
    assert seen[0].reason == "test.note"


def test_two_reminders_have_the_effect_of_one(acme, sent):
    with kind("test.note", write_note):
        item = promised(acme, payload={"text": "once"})
        assert [run(item.pk, NOW), run(item.pk, NOW)] == [Outcome.DONE, Outcome.NOT_MINE]
    assert notes("once") == 1


def test_the_same_key_again_is_the_same_promise(acme, sent):
    with kind("test.note", write_note):
        first = promised(acme, payload={"text": "first"})
        second = promised(acme, payload={"text": "second"})
        assert second.pk == first.pk
        assert second.payload == {"text": "first"}
        run(first.pk, NOW)
        assert promised(acme).status == S.DONE


def test_a_key_of_another_company_is_refused(acme, borea, sent):
    with kind("test.note", write_note):
        promised(acme)
        with pytest.raises(ValueError, match="other work"):
            promised(borea)


def test_a_kind_nobody_registered_can_not_be_promised(acme, sent):
    with pytest.raises(LookupError, match=r"test\.unknown"):
        promised(acme, name="test.unknown")


def test_a_name_is_registered_once(db):
    with kind("test.note", write_note):
        with pytest.raises(ValueError, match="twice"):
            work.handler("test.note")(write_note)
        with pytest.raises(ValueError, match=r"app\.verb"):
            work.handler("Test note")(write_note)


def test_what_is_not_due_is_not_done(acme, sent):
    with kind("test.note", write_note):
        item = promised(acme, due_at=NOW + timedelta(hours=1))
        assert run(item.pk, NOW) is Outcome.NOT_MINE
        assert run(item.pk, NOW + timedelta(hours=1)) is Outcome.DONE


def test_a_promise_of_a_rolled_back_act_is_gone(acme, sent):
    with kind("test.note", write_note):

        def act():
            with company_scope(acme.pk):
                work.promise("test.note", key="one", due_at=NOW, now=NOW)
                raise RuntimeError

        with pytest.raises(RuntimeError):
            act()
        with all_companies(reason="test"):
            assert not WorkItem.objects.exists()


def test_another_company_does_not_see_the_work(acme, borea, sent):
    with kind("test.note", write_note):
        item = promised(acme)
    with company_scope(borea.pk):
        assert not WorkItem.objects.filter(pk=item.pk).exists()
    with pytest.raises(ScopeMissing):
        WorkItem.objects.filter(pk=item.pk).exists()


def test_a_handler_that_raises_is_tried_again_after_each_wait_and_fails_in_the_end(acme, sent):
    def fail(item, now):
        note(item.company_id, "kept?")
        raise RuntimeError("no luck\nDETAIL: secret 1234")

    told = []
    with kind("test.fail", fail, on_error=lambda item, sentence, final, now: told.append(final)):
        item = promised(acme, name="test.fail")
        now = NOW
        for number, wait in enumerate(work.WAITS, 1):
            assert run(item.pk, now) is Outcome.AGAIN
            item = fresh(item)
            assert (item.status, item.attempts, item.failures) == (S.WAITING, number, number)
            assert item.error == "RuntimeError: no luck"
            assert timedelta() <= item.due_at - now - wait < timedelta(seconds=5)
            assert item.sent_at is None
            now = item.due_at
        assert run(item.pk, now) is Outcome.FAILED
    item = fresh(item)
    assert (item.status, item.attempts) == (S.FAILED, len(work.WAITS) + 1)
    assert item.finished_at is not None
    assert notes("kept?") == 0
    assert told == [False] * len(work.WAITS) + [True]


def test_a_task_that_takes_too_long_is_tried_again(acme, sent):
    from celery.exceptions import SoftTimeLimitExceeded

    def dawdle(item, now):
        raise SoftTimeLimitExceeded

    with kind("test.dawdle", dawdle):
        item = promised(acme, name="test.dawdle")
        assert run(item.pk, NOW) is Outcome.AGAIN
    assert fresh(item).error == "SoftTimeLimitExceeded: It took longer than a task may."


def test_an_error_of_the_database_does_not_quote_the_row(acme, sent):
    def fail(item, now):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'secret 1234'::integer")

    with kind("test.fail", fail):
        item = promised(acme, name="test.fail")
        run(item.pk, NOW)
    assert fresh(item).error.startswith("DataError: invalid input syntax")
    assert "\n" not in fresh(item).error


def test_a_claim_that_was_given_away_keeps_nothing(acme, sent):
    def lose(item, now):
        note(item.company_id, "kept?")
        WorkItem.objects.filter(pk=item.pk).update(attempts=item.attempts + 1)

    with kind("test.lose", lose):
        item = promised(acme, name="test.lose")
        assert run(item.pk, NOW) is Outcome.LOST
    assert notes("kept?") == 0
    assert fresh(item).status == S.RUNNING


def test_a_failure_under_a_lost_claim_does_not_touch_the_successor(acme, sent):
    with kind("test.note", write_note):
        item = promised(acme)
        mine = work_run.claim(item.pk, NOW)
        change(item, attempts=5)
        assert work_run.give_back(mine, "too late", NOW) is Outcome.LOST
    assert (fresh(item).status, fresh(item).error) == (S.RUNNING, "")


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_that_claim_the_same_item_one_gets_it(sent):
    acme = factories.company("Acme")
    barrier = threading.Barrier(4)
    outcomes = []

    def work_at_it(item_id):
        barrier.wait()
        outcomes.append(run(item_id, NOW))
        connection.close()

    with kind("test.note", write_note):
        for attempt in range(5):
            item = promised(acme, key=f"race {attempt}", payload={"text": f"race {attempt}"})
            threads = [threading.Thread(target=work_at_it, args=[item.pk]) for _number in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(outcomes) == ["done", "not mine", "not mine", "not mine"]
            assert notes(f"race {attempt}") == 1
            outcomes.clear()


@pytest.mark.django_db(transaction=True)
def test_what_is_due_is_sent_when_the_act_has_committed(sent):
    acme = factories.company("Acme")
    with kind("test.note", write_note):
        with company_scope(acme.pk):
            item = work.promise("test.note", key="now", due_at=NOW, now=NOW)
            later = work.promise("test.note", key="later", due_at=NOW + SECOND, now=NOW)
            assert sent == []
        assert sent == [("core.run_item", item.pk)]
        assert (fresh(item).sent_at, fresh(later).sent_at) == (NOW, None)


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_keeps_no_act_back_and_the_sweeper_sends_later(monkeypatch, caplog):
    acme = factories.company("Acme")
    monkeypatch.setattr(work, "_broker_silent_until", 0.0)
    broker_url = work.app.conf.broker_url
    with kind("test.note", write_note):
        dead = work.app.__class__("dead", broker="redis://127.0.0.1:1/0", set_as_current=False)
        dead.conf.broker_transport_options = {"socket_connect_timeout": 0.2}
        dead.conf.task_publish_retry_policy = {"max_retries": 0}
        monkeypatch.setattr(work, "app", dead)
        item = promised(acme)
        promised(acme, key="another")  # nobody waits for the broker a second time
        assert [record.message for record in caplog.records if "broker" in record.message] == [
            "The broker does not answer (OperationalError); what is due waits for it."
        ]
        assert fresh(item).status == S.WAITING
        monkeypatch.setattr(work_sweep, "app", dead)
        with all_companies(reason="test"):
            work_sweep.sweep(NOW + timedelta(minutes=1))
        assert fresh(item).sent_at == NOW  # nothing is noted as sent while nothing can be

        monkeypatch.undo()
        assert work.app.conf.broker_url == broker_url
        monkeypatch.setattr(work, "_broker_silent_until", 0.0)
        messages = []
        monkeypatch.setattr(work.app, "send_task", lambda name, args, **_options: messages.append((name, *args)))
        with all_companies(reason="test"):
            work_sweep.sweep(NOW + timedelta(minutes=1))
        assert ("core.run_item", item.pk) in messages
        assert len(messages) == 2


def test_the_sweeper_takes_companies_in_turn(acme, borea, sent):
    with kind("test.note", write_note):
        with company_scope(acme.pk):
            work.promise_many("test.note", [work.Promise(f"acme {n}") for n in range(50)], due_at=NOW, now=NOW)
        first_of_borea = promised(borea, key="borea 0", due_at=NOW + SECOND)
        nobodys = work.promise("test.note", key="nobody", due_at=NOW + SECOND, now=NOW)
        given = work_sweep.hand_out(NOW + SECOND, 4)
    assert len(given) == 4
    assert {first_of_borea.pk, nobodys.pk} <= set(given[:3])


def test_the_sweeper_does_not_repeat_itself_at_once(acme, sent):
    with kind("test.note", write_note):
        item = promised(acme, due_at=NOW + SECOND)
        now = NOW + SECOND
        assert work_sweep.hand_out(NOW, 10) == []
        assert work_sweep.hand_out(now, 10) == [item.pk]
        assert work_sweep.hand_out(now + 5 * SECOND, 10) == []
        assert work_sweep.hand_out(now + 11 * SECOND, 10) == [item.pk]
        assert work_sweep.hand_out(now + 60 * SECOND, 0) == []


def test_many_promises_are_one_statement(acme, sent, django_assert_max_num_queries):
    with kind("test.note", write_note), company_scope(acme.pk):
        promised(acme, key="n 3", payload={"text": "first"})
        with django_assert_max_num_queries(3):
            work.promise_many("test.note", [work.Promise(f"n {n}") for n in range(200)], due_at=NOW, now=NOW)
        assert WorkItem.objects.count() == 200
        assert WorkItem.objects.get(key="n 3").payload == {"text": "first"}


def test_the_sweeper_finds_what_is_due_by_its_index_among_many(acme, sent):
    with kind("test.note", write_note):
        with company_scope(acme.pk):
            work.promise_many("test.note", [work.Promise(f"n {n}") for n in range(3000)], due_at=NOW, now=NOW)
        with all_companies(reason="test"), connection.cursor() as cursor:
            cursor.execute("UPDATE core_workitem SET status = 'done'")
            cursor.execute("UPDATE core_workitem SET status = 'waiting' WHERE key = 'n 7'")
            cursor.execute("ANALYZE core_workitem")
            values = {"now": NOW, "again": NOW, "room": 10}
            cursor.execute("EXPLAIN " + work_sweep._DUE, values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "core_workitem_waiting" in plan
    assert "Seq Scan on core_workitem" not in plan


def test_a_claim_whose_lease_is_over_goes_back_and_in_the_end_fails(acme, sent):
    with kind("test.note", write_note, waits=(SECOND,)):
        item = promised(acme)
        work_run.claim(item.pk, NOW)
        with all_companies(reason="test"):
            assert work_sweep.release(NOW + timedelta(minutes=9)) == 0
            assert work_sweep.release(NOW + timedelta(minutes=11)) == 1
        assert (fresh(item).status, fresh(item).error) == (S.WAITING, "The worker that ran it ended.")
        later = NOW + timedelta(hours=1)
        work_run.claim(item.pk, later)
        with all_companies(reason="test"):
            work_sweep.release(later + timedelta(minutes=11))
    assert fresh(item).status == S.FAILED


def test_a_claim_of_a_worker_that_is_not_heard_of_goes_back(acme, sent, monkeypatch):
    with kind("test.note", write_note):
        monkeypatch.setattr(heartbeat, "_worker_name", "worker-1")
        heartbeat.beat("worker-1", heartbeat.Heartbeat.Kind.WORKER)
        item = promised(acme)
        work_run.claim(item.pk, NOW)
        with all_companies(reason="test"):
            assert work_sweep.release(NOW) == 0
            heartbeat.Heartbeat.objects.update(at=NOW - timedelta(days=30))
            assert work_sweep.release(NOW) == 1
            assert not heartbeat.Heartbeat.objects.exists()


def test_a_killed_process_of_a_living_worker_loses_its_claim(acme, sent, monkeypatch):
    with kind("test.note", write_note):
        monkeypatch.setattr(heartbeat, "_worker_name", "worker-1")
        item = promised(acme)
        work_run.claim(item.pk, NOW)
        assert work_sweep.release_dead_children("worker-1") == 0
        change(item, claimed_pid=2**22 + 7)  # more than Linux gives out
        assert work_sweep.release_dead_children("worker-2") == 0
        assert work_sweep.release_dead_children("worker-1") == 1
    assert fresh(item).status == S.WAITING


@pytest.fixture
def max_of_acme(acme):
    return factories.member(acme, "Max")


def lose_right(membership):
    with all_companies(reason="test"):
        Membership.objects.filter(pk=membership.pk).update(is_active=False)


@pytest.mark.rule("GEN-13")
def test_work_of_somebody_who_lost_the_right_is_held_and_administrators_are_told(acme, max_of_acme, sent, monkeypatch):
    told = []
    monkeypatch.setattr(work, "HELD_HOOKS", work.HELD_HOOKS)
    monkeypatch.setattr(work_run, "HELD_HOOKS", [lambda item, now: told.append(item.pk)])
    with kind("test.order", write_note, permission="cards.order"):
        item = promised(acme, name="test.order", requested_by=max_of_acme.user_id, payload={"text": "held"})
        lose_right(max_of_acme)
        assert run(item.pk, NOW) is Outcome.HELD
        assert run(item.pk, NOW) is Outcome.NOT_MINE
    assert fresh(item).status == S.HELD
    assert told == [item.pk]
    assert notes("held") == 0


@pytest.mark.rule("GEN-13")
def test_protective_work_of_somebody_who_lost_the_right_still_runs(acme, max_of_acme, sent):
    actors = []
    with kind("test.block", lambda item, now: actors.append(item.actor), permission="cards.block", protective=True):
        item = promised(acme, name="test.block", requested_by=max_of_acme.user_id)
        lose_right(max_of_acme)
        assert run(item.pk, NOW) is Outcome.DONE
    assert actors[0].user == max_of_acme.user_id
    assert actors[0].may("cards.block")


def test_work_runs_for_who_asked_in_their_language_with_their_rights(acme, max_of_acme, sent):
    from django.utils.translation import get_language

    seen = []
    max_of_acme.user.language = "nl"
    max_of_acme.user.save()
    with kind("test.order", lambda item, now: seen.append((item.actor, get_language())), permission="cards.order"):
        item = promised(acme, name="test.order", requested_by=max_of_acme.user_id)
        assert run(item.pk, NOW) is Outcome.DONE
    actor, language = seen[0]
    assert (actor.label, language) == ("Person Max", "nl")
    assert not actor.everything


def test_held_work_is_taken_over_by_somebody_with_the_right_and_leaves_a_trace(acme, max_of_acme, sent):
    ada = factories.member(acme, "Ada")
    cora = factories.member(acme, "Cora")
    with kind("test.order", write_note, permission="cards.order"):
        item = promised(acme, name="test.order", requested_by=max_of_acme.user_id, payload={"text": "taken"})
        lose_right(max_of_acme)
        run(item.pk, NOW)
        with pytest.raises(PermissionDenied):
            work.take_over(item, member_actor(cora.user, cora), now=NOW)
        assert work.take_over(item, member_actor(ada.user, ada), now=NOW)
        assert not work.take_over(item, member_actor(ada.user, ada), now=NOW)
        assert run(item.pk, NOW) is Outcome.DONE
    assert notes("taken") == 1
    with company_scope(acme.pk):
        entry = AuditEntry.objects.get(verb="work.take_over")
    assert (entry.actor_id, entry.object_id, entry.before["status"]) == (ada.user_id, item.pk, S.HELD)


def test_operator_staff_let_failed_work_run_again_and_others_do_not(acme, sent):
    fail = [True]

    def maybe(item, now):
        if fail:
            raise RuntimeError

    ada, otto = factories.member(acme, "Ada"), operator_actor(factories.operator())
    with kind("test.maybe", maybe, waits=()):
        item = promised(acme, name="test.maybe")
        assert run(item.pk, NOW) is Outcome.FAILED
        item = fresh(item)
        with pytest.raises(PermissionDenied):
            work.retry(item, member_actor(ada.user, ada), now=NOW)
        fail.clear()
        with all_companies(reason="test"):
            assert work.retry(item, otto, now=NOW)
        assert (item.status, item.failures, item.attempts) == (S.WAITING, 0, 1)
        assert run(item.pk, NOW) is Outcome.DONE
        assert not work.retry(item, otto, now=NOW)
    with company_scope(acme.pk):
        assert AuditEntry.objects.get(verb="work.retry").before["error"] == "RuntimeError"


def test_a_promise_is_taken_back_unless_it_has_begun(acme, borea, sent):
    with kind("test.note", write_note):
        waiting, running = promised(acme, key="waiting"), promised(acme, key="running")
        work_run.claim(running.pk, NOW)
        with company_scope(borea.pk):
            assert work.cancel(["waiting", "running"], now=NOW) == 0
        with company_scope(acme.pk):
            assert work.cancel(["waiting", "running"], now=NOW) == 1
        assert run(waiting.pk, NOW) is Outcome.NOT_MINE
    assert (fresh(waiting).status, fresh(running).status) == (S.CANCELLED, S.RUNNING)


def test_a_failure_is_noted_even_when_the_database_has_to_come_back_first(acme, sent, monkeypatch):
    from django.db import OperationalError

    pauses = []
    monkeypatch.setattr(work_run.time, "sleep", pauses.append)
    monkeypatch.setattr(work_run.connection, "close", lambda: None)
    original, answers = work_run.give_back, [OperationalError("gone"), OperationalError("gone")]

    def give_back(*args):
        if answers:
            raise answers.pop()
        return original(*args)

    def fail(item, now):
        raise RuntimeError

    monkeypatch.setattr(work_run, "give_back", give_back)
    with kind("test.fail", fail):
        item = promised(acme, name="test.fail")
        assert run(item.pk, NOW) is Outcome.AGAIN
    assert pauses == list(work_run.PATIENCE[:2])


def test_the_tables_of_the_registries_name_what_the_kernel_does():
    assert {"core.send_mail"} <= work.KINDS.keys()
    assert {"core.sweep", "core.release", "core.forget_runs", "core.remove_orphans"} <= work.PERIODIC.keys()
