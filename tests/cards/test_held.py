"""Work of somebody who lost the right before it ran: administrators are told, and let it run or drop it (GEN-13)."""

from __future__ import annotations

import pytest
from django.core import mail

from accounts.actors import member_actor
from accounts.models import Membership, MembershipDivision, MembershipNumber
from cards.models import Card
from fleetportal.core import batches, work
from fleetportal.core.audit import AuditEntry
from fleetportal.core.batches import BatchRow, start_batch
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import company_scope
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome, run
from tests import factories
from tests.cards.browse import Browser
from tests.cards.tools import again, change, rows
from tests.factories import NOW

pytestmark = pytest.mark.rule("GEN-13")


@pytest.fixture
def recount(monkeypatch):
    """A bulk action that is no block: it needs the right to change cards, and writes a cost centre."""
    monkeypatch.setattr(work.app, "send_task", lambda *_args, **_options: None)

    def act(ids, payload, actor, now):
        Card.objects.filter(pk__anyof=ids).update(cost_centre=payload["cost_centre"])
        return {}

    batches.batch_handler("test.recount", permission="cards.change", model=Card)(act)
    yield
    del work.KINDS["test.recount"]


@pytest.fixture
def fleet(number, second):
    north = factories.division(number, "North")
    return {
        "first": factories.card(number, printed_as="1-FIR-001", division=north),
        "bare": factories.card(number, printed_as="1-BAR-002"),
        "second": factories.card(second, printed_as="1-SEC-003"),
    }


@pytest.fixture
def member(acme, number):
    return factories.member(acme, "Max")


def ask(member, kind="test.recount", chunk=2):
    """Confirm a bulk action on all cards; it is done when `finish` says so."""
    payload = {"reason": "loss"} if kind == "cards.block_many" else {"cost_centre": "NEW"}
    path = f"/{member.company.identifier}/jobs/{{batch}}/"
    with company_scope(member.company_id):
        return start_batch(
            kind, Card.objects.values_list("pk", "printed_as"), member_actor(member.user, member), payload, NOW,
            label="Recount of 3 cards", chunk=chunk, result_path=path,
        )  # fmt: skip


def finish():
    """Do what waits, as workers do; of mails nothing."""
    return [run(item.pk, NOW.replace(year=2100)) for item in rows(WorkItem, status="waiting", batch__isnull=False)]


def told():
    return sorted(one.recipient.first_name for one in rows(OutgoingMail, template="work_held"))


def centres(fleet):
    return {name: again(card).cost_centre for name, card in fleet.items()}


def test_administrators_are_told_once_by_mail_and_at_home(
    acme, ada, fleet, member, number, recount, borea, django_capture_on_commit_callbacks
):
    administrator = Membership.Profile.ADMINISTRATOR
    factories.member(acme, "Rita", profile=administrator, principal=False)
    factories.member(
        acme,
        "Nina",
        profile=administrator,
        principal=False,
        customer_numbers=[number],
    )
    factories.member(acme, "Cora")
    factories.member(acme, "Old", profile=administrator, principal=False, is_active=False)
    factories.member(borea, "Ben")
    assert "held" not in ada.get("").text
    ask(member, chunk=1)
    change(member, is_active=False)
    assert finish() == [Outcome.HELD] * 3
    assert told() == ["Ada", "Rita"]
    with django_capture_on_commit_callbacks(execute=True):
        for item in rows(WorkItem, kind="core.send_mail"):
            assert run(item.pk, NOW.replace(year=2101)) is Outcome.DONE
    [sent] = [message for message in mail.outbox if message.to == [ada.person.email] and "Held" in message.subject]
    assert "Person Max asked for this and may not do it any more: Recount of 3 cards." in sent.body
    assert f"/{acme.identifier}/jobs/held/" in sent.body
    home = ada.get("")
    assert "1 job is held" in home.text
    [row] = ada.get(home.page.first("a", class_="todo-warning").attrs["href"]).rows
    assert (row["What"], row["Asked by"]) == ("Recount of 3 cards", "Person Max")
    assert centres(fleet) == dict.fromkeys(fleet, "")


def test_an_administrator_lets_it_run_under_their_own_name(ada, fleet, member, recount):
    batch = ask(member)
    change(member, is_active=False)
    finish()
    item = rows(WorkItem, status="held")[0]
    page = ada.get(f"jobs/held/{item.pk}/run/")
    assert "under your name" in page.text
    assert "asked by Person Max" in page.text
    assert centres(fleet) == dict.fromkeys(fleet, "")
    progress = ada.send(page)
    assert progress.place == ada.url(f"jobs/{batch.pk}/")
    assert progress.messages == ["It runs now, under your name."]
    assert (again(batch).status, again(batch).failed) == ("running", 0)
    assert finish() == [Outcome.DONE] * 2
    assert centres(fleet) == dict.fromkeys(fleet, "NEW")
    assert (again(batch).done, again(batch).failed, again(batch).status) == (3, 0, "done")
    assert again(batch).requested_by_id == ada.person.pk
    taken = rows(AuditEntry, verb="work.take_over")
    assert {(entry.actor_id, entry.before["status"]) for entry in taken} == {(ada.person.pk, "held")}
    assert len(taken) == 2
    assert [one.recipient_id for one in rows(OutgoingMail, template="batch_done")][-1] == ada.person.pk
    # Sent again, it has run already, and nothing more happens.
    assert ada.send(page).messages == ["This work is not held (any more)."]
    assert ada.get("jobs/held/").rows == []


def test_an_administrator_drops_it_and_nothing_of_it_is_done(ada, fleet, member, recount):
    batch = ask(member)
    change(member, is_active=False)
    finish()
    seen = ada.do(f"jobs/held/{rows(WorkItem, status='held')[0].pk}/drop/")
    assert (seen.place, seen.messages) == (ada.url("jobs/held/"), ["It is dropped and is never done."])
    assert {item.status for item in rows(WorkItem, batch_id=batch.pk)} == {"cancelled"}
    assert {row.reason for row in rows(BatchRow)} == {"An administrator decided that this is not done."}
    entries = rows(AuditEntry, verb="work.drop")
    assert [(e.actor_id, e.before["status"], e.after["status"]) for e in entries] == [
        (ada.person.pk, "held", "cancelled")
    ] * 2
    assert finish() == []
    assert centres(fleet) == dict.fromkeys(fleet, "")
    assert "held" not in ada.get("").text


def test_who_could_not_ask_for_it_does_not_let_it_run(acme, fleet, member, recount):
    rita = factories.member(
        acme, "Rita", profile=Membership.Profile.ADMINISTRATOR, principal=False, applications=["requests"]
    )
    ask(member, chunk=5)
    change(member, is_active=False)
    finish()
    [item] = rows(WorkItem, status="held")
    person = Browser(rita.user, acme)
    listed = person.get("jobs/held/")
    assert [
        link.text
        for link in listed.main.all("a", class_="dropdown-item")
        if "/drop/" in link.attrs["href"] or "/run/" in link.attrs["href"]
    ] == ["Drop"]
    for seen in (person.get(f"jobs/held/{item.pk}/run/"), person.post(f"jobs/held/{item.pk}/run/")):
        assert seen.messages == ["You may not do this yourself, so it can't run under your name."]
    assert again(item).status == "held"


@pytest.mark.parametrize("limit", ["numbers", "divisions"])
def test_what_is_no_longer_ones_own_is_not_done_and_says_so(ada, fleet, member, recount, number, limit):
    """Between the confirmation and the run, the member's numbers or divisions became fewer."""
    batch = ask(member, chunk=5)
    shrink(member, number, fleet["first"].division_id, limit)
    assert finish() == [Outcome.DONE]
    mine = {"first", "bare"} if limit == "numbers" else {"first"}
    assert centres(fleet) == {name: "NEW" if name in mine else "" for name in fleet}
    sentence = "This is no longer yours: it is outside your customer numbers and divisions."
    assert {row.label: row.reason for row in rows(BatchRow, status="refused")} == {
        card.printed_as: sentence for name, card in fleet.items() if name not in mine
    }
    assert (again(batch).done, again(batch).failed) == (len(mine), 3 - len(mine))
    seen = Browser(member.user, member.company).get(f"jobs/{batch.pk}/")
    assert seen.text.count(sentence) == 3 - len(mine)


@pytest.mark.rule("CRD-54")
@pytest.mark.parametrize("limit", ["numbers", "divisions"])
def test_a_block_runs_over_all_that_was_confirmed(fleet, member, number, limit, monkeypatch):
    monkeypatch.setattr(work.app, "send_task", lambda *_args, **_options: None)
    batch = ask(member, "cards.block_many", chunk=5)
    shrink(member, number, fleet["first"].division_id, limit)
    assert finish() == [Outcome.DONE]
    assert {again(card).status for card in fleet.values()} == {"blocked"}
    assert (again(batch).done, again(batch).failed) == (3, 0)


def shrink(member, number, division, limit):
    """Cut a member down to one number, or to one division."""
    change(member, **{"all_customer_numbers" if limit == "numbers" else "all_divisions": False})
    with company_scope(member.company_id):
        if limit == "numbers":
            MembershipNumber.objects.create(company=member.company, membership=member, customer_number=number)
        else:
            MembershipDivision.objects.create(company=member.company, membership=member, division_id=division)


def test_a_bulk_action_says_what_its_rows_are_or_that_it_is_protective():
    with pytest.raises(ValueError, match="neither"):
        batches.batch_handler("test.vague", permission="cards.change")
    assert "test.vague" not in work.KINDS


def test_work_of_the_operators_own_is_told_to_operator_staff(acme, otto, fleet):
    gone = factories.operator("Olga")
    factories.member(acme, "Ada")
    item = factories.work_item(None, kind="test.own", requested_by=gone, subject="Own work")
    work.handler("test.own", permission="operator.work")(lambda item, now: None)
    try:
        type(gone).objects.filter(pk=gone.pk).update(is_active=False)
        assert run(item.pk, NOW.replace(year=2100)) is Outcome.HELD
    finally:
        del work.KINDS["test.own"]
    assert told() == ["Otto"]
    assert again(item).status == "held"
