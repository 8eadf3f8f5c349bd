"""What nobody needs any more goes by itself, some at a time, and nothing else does (GEN-14)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection

from accounts.actors import operator_actor
from fleetportal.core import housekeeping, work
from fleetportal.core.batches import Batch, BatchRow
from fleetportal.core.drafts import Draft
from fleetportal.core.formkeys import FormKey
from fleetportal.core.mail import CaughtMail, OutgoingMail, queue_mail
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.timetable import run_job
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome, run
from tests import factories
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-14")]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(work.app, "send_task", lambda *_args, **_options: None)


def ago(days):
    return NOW - timedelta(days=days)


def left(model, column):
    with all_companies(reason="test"):
        return set(model.objects.values_list(column, flat=True))


def item(owner, days, status="done", **fields):
    """Work that came to that status so many days ago."""
    ended = None if status in {"waiting", "running"} else ago(days)
    return factories.work_item(
        owner, status=status, subject=f"{status} {days}", due_at=ago(days), created_at=ago(days), finished_at=ended,
        **fields,
    )  # fmt: skip


def test_old_form_keys_and_drafts_are_removed_and_young_ones_stay():
    acme = factories.company()
    ada = factories.member(acme, "Ada")
    for days in (1, 13, 15, 400):
        at = ago(days)
        FormKey.objects.create(user=ada.user, key=f"key{days}", body="", at=at)
        with company_scope(acme.pk):
            Draft.objects.create(user=ada.user, kind="test", data={"days": days}, created_at=at, updated_at=at)
        Session.objects.create(session_key=f"session{days}", session_data="", expire_date=at + timedelta(days=14))
    run_job("core.forget_forms", NOW)
    assert set(FormKey.objects.values_list("key", flat=True)) == {"key1", "key13"}
    assert set(Session.objects.values_list("session_key", flat=True)) == {"session1", "session13"}
    with all_companies(reason="test"):
        assert {draft.data["days"] for draft in Draft.objects.all()} == {1, 13}


def test_work_that_is_done_is_kept_for_ninety_days_and_what_stopped_for_a_year():
    acme = factories.company()
    for days in (1, 89, 91, 364, 366):
        for status in ("done", "cancelled", "failed", "held", "waiting", "running"):
            item(acme if days % 2 else None, days, status)
    run_job("core.forget_work", NOW)
    assert left(WorkItem, "subject") == {
        *(f"{status} {days}" for status in ("done", "cancelled") for days in (1, 89)),
        *(f"{status} {days}" for status in ("failed", "held") for days in (1, 89, 91, 364)),
        *(f"{status} {days}" for status in ("waiting", "running") for days in (1, 89, 91, 364, 366)),
    }


def test_the_term_is_a_setting(settings):
    settings.WORK_DAYS = 10
    item(None, 9)
    item(None, 11)
    run_job("core.forget_work", NOW)
    assert left(WorkItem, "subject") == {"done 9"}


def test_so_many_go_in_one_run_the_oldest_first_and_the_others_in_the_next(monkeypatch):
    monkeypatch.setattr(housekeeping.remove_some, "__defaults__", (2,))
    for days in (100, 104, 101, 103, 102):
        item(None, days)
    kept = []
    for _run in range(4):
        run_job("core.forget_work", NOW)
        kept.append(sorted(left(WorkItem, "subject")))
    assert kept == [["done 100", "done 101", "done 102"], ["done 100"], [], []]


@pytest.mark.rule("GEN-5")
def test_stopped_work_that_is_let_run_again_is_not_removed():
    acme = factories.company()
    old = item(acme, 400, "failed", kind="core.send_mail")
    with all_companies(reason="test"):
        assert work.retry(old, operator_actor(factories.operator()), now=NOW)
    run_job("core.forget_work", NOW)
    assert left(WorkItem, "status") == {"waiting"}


def test_a_bulk_action_goes_with_its_rows_once_its_work_is_gone(monkeypatch):
    monkeypatch.setattr(housekeeping.remove_some, "__defaults__", (3,))
    acme = factories.company()
    old = factories.bulk_batch(acme, label="old", finished_at=ago(91))
    stopped = factories.bulk_batch(acme, label="stopped", finished_at=ago(91))
    factories.bulk_batch(acme, label="young", finished_at=ago(89))
    factories.bulk_batch(acme, label="running", status="running", created_at=ago(400))
    with all_companies(reason="test"):
        for batch in (old, stopped):
            BatchRow.objects.bulk_create(
                BatchRow(company=acme, batch=batch, chunk=0, object_id=number) for number in range(4)
            )
    item(acme, 91, batch=old)
    item(acme, 91, "failed", batch=stopped)
    run_job("core.forget_work", NOW)
    assert left(Batch, "label") == {"old", "stopped", "young", "running"}
    run_job("core.forget_work", NOW)
    run_job("core.forget_work", NOW)
    assert left(Batch, "label") == {"stopped", "young", "running"}
    assert left(BatchRow, "batch") == {stopped.pk}
    for _run in range(3):
        run_job("core.forget_work", ago(-280))
    assert left(Batch, "label") == {"running"}


def test_a_mail_is_emptied_after_a_month_and_removed_after_a_year():
    acme = factories.company()
    for days in (1, 29, 31, 364, 366):
        for status in ("sent", "dropped", "failed", "waiting"):
            factories.outgoing_mail(
                acme, status=status, created_at=ago(days), subject=f"{status} {days}", context={"card": "1-ABC-123"}
            )
    run_job("core.forget_mail", NOW)
    ended, full = ("sent", "dropped"), {f"{status} {days}" for status in ("failed", "waiting") for days in (1, 364)}
    with all_companies(reason="test"):
        assert not OutgoingMail.objects.filter(subject__in=full, context={}).exists()
        emptied = OutgoingMail.objects.filter(context={}).values_list("subject", flat=True)
        assert set(emptied) == {f"{status} {days}" for status in ended for days in (31, 364)}
    assert left(OutgoingMail, "subject") == {
        *(f"{status} {days}" for status in (*ended, "failed") for days in (1, 29, 31, 364)),
        *(f"waiting {days}" for days in (1, 29, 31, 364, 366)),
    }
    before = left(OutgoingMail, "emptied_at")
    run_job("core.forget_mail", NOW + timedelta(minutes=1))
    assert left(OutgoingMail, "emptied_at") == before


def test_the_demonstrations_mails_go_after_a_month():
    with all_companies(reason="test"):
        for days in (29, 31):
            CaughtMail.objects.create(to="a@people.example", subject=f"{days}", text="", at=ago(days))
    run_job("core.forget_mail", NOW)
    assert left(CaughtMail, "subject") == {"29"}


@pytest.mark.rule("GEN-5")
def test_a_mail_that_is_decided_on_again_after_its_work_was_removed_is_not_sent_again(mailoutbox):
    """The work of a mail goes after ninety days, its row stays for a year, and says that it was sent."""
    ada = factories.member(factories.company(), "Ada")

    def decide(now):
        queue_mail("password_changed", user=ada.user, key="once", now=now, context={"path": "/"})
        with all_companies(reason="test"):
            return run(WorkItem.objects.get(key="mail:once").pk, now)

    assert decide(ago(100)) is Outcome.DONE
    run_job("core.forget_mail", NOW)
    run_job("core.forget_work", NOW)
    assert left(WorkItem, "key") == set()
    assert decide(NOW) is Outcome.DONE
    assert len(mailoutbox) == 1


@pytest.mark.parametrize(
    ("index", "query"),
    [
        ("core_workitem_ended", "core_workitem WHERE status IN ('done', 'cancelled') AND finished_at < now()"
         " ORDER BY finished_at"),
        ("core_workitem_stopped", "core_workitem WHERE status IN ('failed', 'held') AND finished_at < now()"),
        ("core_outgoingmail_full", "core_outgoingmail WHERE emptied_at IS NULL AND status IN ('sent', 'dropped')"
         " AND created_at < now() ORDER BY created_at"),
        ("core_outgoingmail_newest", "core_outgoingmail WHERE created_at < now() ORDER BY created_at, id"),
        ("core_batch_finished", "core_batch WHERE finished_at < now() ORDER BY finished_at"),
        ("downloads_download_ends", "downloads_download WHERE ends_at <= now() ORDER BY ends_at"),
        ("core_formkey_age", "core_formkey WHERE at < now() ORDER BY at"),
    ],
)  # fmt: skip
def test_each_job_finds_the_oldest_by_an_index(index, query):
    with all_companies(reason="test"), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT id FROM {query} LIMIT 5000")
        assert index in "\n".join(line for (line,) in cursor.fetchall())
