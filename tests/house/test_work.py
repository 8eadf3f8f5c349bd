"""Every kind of promised work: it has a handler, twice is once, and the right of who asked is looked at again."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db import connection
from django.test import Client

from accounts.actors import current_actor, member_actor, operator_actor, person_actor
from accounts.onboarding.services import finish_first_connection
from accounts.safety.mobile import ask_code
from cards.letters.orders import take_letters
from cards.models import Card
from cards.production.batches import take_batch
from cards.production.files import TAKE_ANSWER
from cards.production.format import answer_file
from fleetportal.celery import app
from fleetportal.core import work
from fleetportal.core.batches import Batch, BatchRow, start_batch
from fleetportal.core.mail import queue_mail
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.search import SearchEntry
from fleetportal.core.timetable import run_job
from fleetportal.core.work import KINDS, PERIODIC
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome, run
from fleetportal.imports.models import ImportLine
from tests import factories
from tests.core.worktools import kind as registered
from tests.core.worktools import note
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-5")]

ROOT = Path(settings.BASE_DIR)

# kind -> (the right that who asked must still have, whether it runs also without it); "" where nobody's right matters.
EXPECTED = {
    "accounts.import_divisions": ("divisions.change", False),
    "accounts.import_users": ("users.change", False),
    "accounts.invite_taken_over": ("users.change", False),
    "accounts.send_summary": ("", False),  # what a person is told is found with their rights of today
    "accounts.send_text": ("", False),  # a person asked for a code for their own number
    "cards.block_many": ("cards.block", True),  # a stolen card stays blocked (GEN-13)
    "cards.cancel_many": ("cards.cancel", False),  # whether a card is renewed can wait for who decides
    "cards.take_back_many": ("cards.cancel", False),
    "cards.reissue_many": ("cards.reissue", False),
    "cards.send_batch": ("", False),  # the orders are in production from the moment they are taken
    "cards.simulate_dispatched": ("", False),
    "cards.simulate_letters": ("", False),
    "cards.simulate_made": ("", False),
    "cards.take_answer": ("", False),  # the card maker asked
    "downloads.make": ("downloads.make", False),  # and in it the right to the list itself
    "core.fill_search": ("", False),  # the portal's own repair
    "core.send_mail": ("", False),  # decided on in the act that it tells of
}
JOBS = {
    "accounts.end_sessions",
    "accounts.forget_failures",
    "accounts.forget_notices",
    "accounts.forget_sessions",
    "accounts.promise_summaries",
    "cards.activate_dispatched",
    "cards.collect_answers",
    "cards.expire_issues",
    "core.forget_forms",
    "imports.forget",
    "core.forget_mail",
    "core.forget_runs",
    "core.forget_work",
    "core.look_for_gaps",
    "core.release",
    "downloads.remove_old",
    "core.remove_orphans",
    "core.seal_audit",
    "core.sweep",
}
# Jobs that do their work in more than one run: the audit is marked in one and sealed in the next.
# Seals wait for every transaction of the whole cluster, so their test stands among those that really commit.
ELSEWHERE = {"core.seal_audit": "tests/core/test_seals.py::test_a_run_that_finds_all_sealed_changes_nothing"}
# What the machinery itself writes when it runs something.
MACHINERY = {"core_workitem", "core_jobrun", "core_heartbeat", "django_session"}


@pytest.fixture
def acme(settings, tmp_path, monkeypatch):
    settings.PRODUCTION_DIR = tmp_path / "production"
    settings.CARD_MAKER = "simulator"
    monkeypatch.setattr(work.app, "send_task", lambda *_args, **_options: None)
    return factories.company("Acme")


def rows():
    """Return a hash of every table but those of the machinery."""
    found = {}
    with all_companies(reason="test"), connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if table not in MACHINERY:
                cursor.execute(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t")
                found[table] = cursor.fetchone()
    return found


def items(kind):
    with all_companies(reason="test"):
        return list(WorkItem.objects.filter(kind=kind).order_by("pk").values_list("pk", flat=True))


def taken(acme):
    """Order a card and take it into production; return the number that it got."""
    card = factories.card(
        factories.customer_number(acme), status="new", requested_by=factories.member(acme, "Ada").user
    )
    with all_companies(reason="test"):
        take_batch(actor=operator_actor(factories.operator()), now=NOW)
        return Card.objects.get(pk=card.pk).number


def _many(kind, payload, **fields):
    def make(acme):
        max_ = factories.member(acme, "Max")
        for _card in range(3):
            factories.card(factories.customer_number(acme), **fields)
        with company_scope(acme.pk):
            chosen = Card.objects.values_list("pk", "printed_as")
            start_batch(kind, chosen, member_actor(max_.user, max_), payload, NOW, label="Many")

    return make


_block_many = _many("cards.block_many", {"reason": "loss"})


def _made(acme):
    taken(acme)
    (item,) = items("cards.send_batch")
    run(item, NOW)


def _dispatched(acme):
    _made(acme)
    (item,) = items("cards.simulate_made")
    run(item, _due(item))


def _letters(acme):
    factories.code_letter(factories.card(factories.customer_number(acme)))
    with all_companies(reason="test"):
        take_letters(actor=operator_actor(factories.operator()), now=NOW)
    (item,) = items("cards.send_batch")
    run(item, NOW)


def _answer(acme):
    number = taken(acme)
    folder = Path(settings.PRODUCTION_DIR) / "in"
    folder.mkdir(parents=True)
    lines = [("made", number, "1", "2026-11-04", "2030-11"), ("used", "700200", "1", "2026-11-04")]
    (folder / "answer.csv").write_text(answer_file("A1", NOW, lines))
    settings.CARD_MAKER = "files"
    run_job("cards.collect_answers", NOW)


def _download(acme):
    browser = Client()
    browser.force_login(factories.member(acme, "Ada").user)
    factories.card(factories.customer_number(acme))
    browser.post(f"/{acme.identifier}/downloads/new/?kind=xlsx&list=/{acme.identifier}/cards/")


def _mail(acme):
    queue_mail("password_changed", user=factories.member(acme, "Ada").user, key="one", now=NOW, context={"path": "/"})


# kind -> what leads to one item of it
def _text(acme):
    person = factories.user("Tess", mobile="0470123456")
    ask_code(user=person, number=person.mobile, actor=person_actor(person), now=NOW)


def _summary(acme):
    factories.notice(factories.member(acme, "Max"), channel="daily")
    run_job("accounts.promise_summaries", NOW)


def _gap(acme):
    with all_companies(reason="test"):
        SearchEntry.objects.filter(kind="accounts.company").delete()
    run_job("core.look_for_gaps", NOW)


def _taken_over(acme):
    principal, colleague = factories.member(acme, "Ada"), factories.member(acme, "Max", invited_at=NOW)
    factories.invitation(colleague, queued_at=None)
    with all_companies(reason="test"):
        type(acme).objects.filter(pk=acme.pk).update(initialised_at=None)
    actor = current_actor(principal.user_id, acme.pk, NOW)
    with company_scope(acme.pk):
        finish_first_connection(information=None, actor=actor, now=NOW)


def _file(name, cells):
    def ask(acme):
        factories.customer_number(acme, "70000001")
        ada = factories.member(acme, "Ada")
        made = factories.import_file(acme, ada.user, f"accounts.{name}", {name: [cells]})
        with company_scope(acme.pk):
            lines = ImportLine.objects.filter(upload=made).values_list("pk", "line")
            actor = member_actor(ada.user, ada)
            start_batch(f"accounts.import_{name}", lines, actor, {"import": made.pk}, NOW, label="file.xlsx")

    return ask


_USER = {
    "last_name": "NIEUW", "first_name": "AN", "email": "nieuw@people.example", "phone": "0470123456",
    "profile": "consultation", "applications": "requests",
}  # fmt: skip
EXAMPLES = {
    "accounts.import_divisions": _file("divisions", {"customer_number": "70000001", "name": "Garage"}),
    "accounts.import_users": _file("users", _USER),
    "accounts.invite_taken_over": _taken_over,
    "accounts.send_summary": _summary,
    "accounts.send_text": _text,
    "cards.block_many": _block_many,
    "cards.cancel_many": _many("cards.cancel_many", {}),
    "cards.reissue_many": _many("cards.reissue_many", {}),
    "cards.simulate_letters": _letters,
    "cards.take_back_many": _many("cards.take_back_many", {}, renewal_status="cancelled"),
    "cards.send_batch": taken,
    "cards.simulate_dispatched": _dispatched,
    "cards.simulate_made": _made,
    TAKE_ANSWER: _answer,
    "downloads.make": _download,
    "core.fill_search": _gap,
    "core.send_mail": _mail,
}


def _due(item):
    with all_companies(reason="test"):
        return WorkItem.objects.get(pk=item).due_at


def test_every_kind_and_job_stands_here():
    assert {name: (kind.permission, kind.protective) for name, kind in KINDS.items()} == EXPECTED
    assert PERIODIC.keys() == JOBS
    assert EXAMPLES.keys() == KINDS.keys()


def test_two_messages_travel_through_the_broker_and_no_others():
    """Whatever matters is a row; a message says no more than where to look."""
    app.loader.import_default_modules()
    assert {name for name in app.tasks if not name.startswith("celery.")} == {"core.run_item", "core.run_job"}


@pytest.mark.parametrize("kind", sorted(EXPECTED))
def test_work_that_is_done_twice_has_the_effect_of_once(acme, kind, django_capture_on_commit_callbacks):
    """As after a worker that was killed when it had acted and had not said so; nothing is lost or doubled."""
    EXAMPLES[kind](acme)
    (item,) = items(kind)
    before = rows()
    with django_capture_on_commit_callbacks(execute=True):
        assert run(item, _due(item)) is Outcome.DONE
    once, sent = rows(), len(mail.outbox)
    assert once != before
    with django_capture_on_commit_callbacks(execute=True):
        assert run(item, _due(item)) is Outcome.NOT_MINE
    with all_companies(reason="test"):
        WorkItem.objects.filter(pk=item).update(status=WorkItem.Status.WAITING)
    with django_capture_on_commit_callbacks(execute=True):
        assert run(item, _due(item)) is Outcome.DONE
    assert (rows(), len(mail.outbox)) == (once, sent)
    assert len(items(kind)) == 1


def test_a_job_that_is_tried_elsewhere_is_tried_there():
    for place in ELSEWHERE.values():
        file, name = place.split("::")
        assert f"def {name}(" in (ROOT / file).read_text()


@pytest.mark.parametrize("job", sorted(JOBS - ELSEWHERE.keys()))
def test_a_job_that_runs_twice_has_the_effect_of_once(acme, job):
    number = factories.customer_number(acme)
    long_ago = NOW - 40 * (NOW - NOW.replace(day=3))
    factories.card(number, status="in_creation", issue_fields={"dispatched_at": long_ago, "made_on": long_ago.date()})
    factories.card(number, issue_fields={"expires_on": long_ago.date()})
    factories.work_item(acme)
    run_job(job, NOW)
    once = rows()
    run_job(job, NOW)
    assert rows() == once


# --- the right of who asked is looked at again ------------------------------------------------------------------------


@pytest.mark.rule("GEN-13")
@pytest.mark.parametrize("lost", ["membership ended", "application closed", "level lowered", "person disabled"])
def test_a_block_that_was_asked_for_runs_although_the_right_is_gone(acme, lost):
    _block_many(acme)
    _take_the_right_away(acme, lost)
    (item,) = items("cards.block_many")
    assert run(item, NOW) is Outcome.DONE
    with all_companies(reason="test"):
        assert set(Card.objects.values_list("status", flat=True)) == {"blocked"}
        assert set(BatchRow.objects.values_list("status", flat=True)) == {"done"}
        assert Batch.objects.get().status == "done"


@pytest.mark.rule("GEN-13")
@pytest.mark.parametrize("lost", ["", "membership ended", "application closed", "level lowered", "person disabled"])
def test_other_work_is_held_when_the_right_of_who_asked_is_gone(acme, lost):
    max_ = factories.member(acme, "Max")
    with registered("test.change", lambda item, _now: note(item.company_id, "changed"), permission="cards.change"):
        with company_scope(acme.pk):
            item = work.promise("test.change", key="one", due_at=NOW, requested_by=max_.user_id, now=NOW)
        if lost:
            _take_the_right_away(acme, lost)
        assert run(item.pk, NOW) is (Outcome.HELD if lost else Outcome.DONE)
    with all_companies(reason="test"):
        assert Batch.objects.count() == (0 if lost else 1)


def _take_the_right_away(acme, lost):
    with all_companies(reason="test"):
        max_ = (
            apps.get_model("accounts.Membership").objects.select_related("user").get(company=acme, is_principal=False)
        )
        if lost == "person disabled":
            max_.user.is_active = False
            max_.user.save()
        elif lost == "membership ended":
            max_.is_active = False
        elif lost == "application closed":
            max_.applications = ["requests"]
        else:
            max_.change_applications = []
        max_.save()


def test_every_kind_that_somebody_may_ask_for_is_held_or_protective():
    """Protective work is a block and nothing else; a new kind is held unless that list says otherwise."""
    assert {name for name, kind in KINDS.items() if kind.protective} == {"cards.block_many"}
    assert all(kind.permission for kind in KINDS.values() if kind.protective)


# --- every promise has somebody who keeps it --------------------------------------------------------------------------


def promised_in(path):
    """Return the kinds that a module names when it promises work: words, constants, or those of its pages."""
    tree = ast.parse(path.read_text())
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and "batch_kind" in {getattr(one, "id", "") for one in node.targets}:
            yield ast.literal_eval(node.value)  # what a page that loads files promises
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called.lstrip("_") in {"promise", "promise_many", "start_batch"}:
            first = node.args[0]
            value = first.value if isinstance(first, ast.Constant) else constants.get(getattr(first, "id", ""))
            if isinstance(value, str):
                yield value


def test_whatever_is_promised_anywhere_has_a_handler():
    found = {
        kind
        for package in ("fleetportal", "accounts", "vehicles", "cards")
        for path in (ROOT / package).rglob("*.py")
        for kind in promised_in(path)
    }
    assert found == KINDS.keys()
