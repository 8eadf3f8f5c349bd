"""What the lines of an answer change, and which are set aside alone (FUL-2, FUL-4)."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from django.db import connection

from cards.lifecycle import ISSUE, REQUEST
from cards.models import Card, Issue, MakerFile, Request
from cards.numbers import allocate
from cards.production import answers
from cards.production.answers import take_answer
from cards.production.effects import Effects
from cards.production.format import checksum
from fleetportal.core.access import system
from fleetportal.core.lifecycle import perform
from fleetportal.core.mail import compose
from fleetportal.core.scope import all_companies
from fleetportal.core.work_run import Outcome
from tests import factories
from tests.cards.production import tools
from tests.cards.production.tools import (
    answer,
    audit_of,
    dispatched,
    issue_of,
    last_file,
    made,
    mails,
    rejected,
    reload,
    request_of,
    set_aside,
    used,
)
from tests.factories import NOW

TODAY = "2026-11-04"


def block(card, at=NOW):
    with all_companies(reason="test"):
        perform(
            ISSUE, issue_of(card), "block", system("test"), now=at, sets={"blocked_at": at, "block_reason": "theft"}
        )
        perform(REQUEST, request_of(card), "stop", system("test"), now=at, sets={"ended_at": at})


@pytest.mark.rule("FUL-2")
def test_each_step_leaves_one_audit_entry_by_the_card_maker(in_production, directory):
    directory.take(made(in_production), dispatched(in_production, "3SABC1"))
    assert [(entry.verb, entry.actor_label, entry.after) for entry in audit_of(issue_of(in_production))] == [
        ("cards.made", "cards.maker", {"rank": 1, "made_on": TODAY, "expires_on": "2030-11-30"}),
        ("cards.dispatched", "cards.maker", {"rank": 1, "tracking": "3SABC1"}),
    ]
    [entry] = audit_of(request_of(in_production))
    assert (entry.verb, entry.before, entry.after["status"]) == (
        "operator.dispatch",
        {"status": "in_production"},
        "dispatched",
    )


@pytest.mark.rule("FUL-2")
def test_a_rejected_card_is_withdrawn_and_its_request_refused_with_the_reason(number, ada, directory):
    card = factories.card(
        number, status="in_creation", requested_by=ada, printed_as="1-ABC-123", issue_fields={"sealed_code": b"sealed"}
    )
    directory.take(rejected(card, "The plate is too long"))
    issue, request = issue_of(card), request_of(card)
    assert (issue.status, issue.sealed_code, reload(card).status) == ("withdrawn", None, "withdrawn")
    assert (request.status, request.reason, request.ended_at) == ("refused", "The plate is too long", NOW)
    [mail] = mails("card_refused")
    assert (mail.recipient_id, mail.company_id) == (ada.pk, card.company_id)
    with all_companies(reason="test"):
        message = compose(mail, NOW)
    assert message.subject == "Your card 1-ABC-123 was not made"
    assert "The plate is too long" in message.body
    assert f"/PRO-ACMEAA/cards/{card.pk}/" in message.body


@pytest.mark.rule("FUL-2")
def test_a_spoiled_duplicate_leaves_the_card_to_its_older_plastic(number, directory):
    card = factories.card(number, status="active")
    factories.issue(card, rank=2, status="in_creation", ordered_at=NOW)
    directory.take(rejected(card, "Spoiled", rank=2))
    assert (reload(card).status, reload(card).rank) == ("active", 1)


@pytest.mark.rule("FUL-2")
@pytest.mark.rule("CRD-51")
def test_made_after_a_block_never_revives_a_card(in_production, directory):
    with all_companies(reason="test"):
        Issue.objects.filter(card=in_production).update(sealed_code=b"sealed")
    block(in_production)
    directory.take(made(in_production), dispatched(in_production, "3SABC1"))
    issue = issue_of(in_production)
    assert (issue.status, issue.made_on, issue.tracking) == ("blocked", date(2026, 11, 4), "3SABC1")
    assert issue.sealed_code is None
    card = reload(in_production)
    assert (card.status, card.live) == ("blocked", False)
    assert request_of(in_production).status == "withdrawn"
    assert (set_aside(), mails("card_dispatched")) == ([], [])
    directory.take(used(in_production, TODAY), name="used.csv")
    assert (issue_of(in_production).status, set_aside()) == ("blocked", [(2, answers.NOT_USABLE)])


def test_a_block_after_made_and_before_dispatch_stays_a_block(in_production, directory):
    directory.take(made(in_production), name="made.csv")
    block(in_production)
    directory.take(dispatched(in_production), name="sent.csv")
    assert (reload(in_production).status, issue_of(in_production).dispatched_at) == ("blocked", NOW)


def test_a_blocked_card_that_is_rejected_stays_blocked(in_production, directory):
    block(in_production)
    directory.take(rejected(in_production))
    assert (reload(in_production).status, set_aside(), mails("card_refused")) == ("blocked", [], [])
    assert audit_of(issue_of(in_production))[-1].verb == "cards.refused_after_block"


@pytest.mark.rule("FUL-2")
def test_a_duplicate_answers_by_its_rank_alone(number, ada, directory):
    card = factories.card(number, status="blocked")
    factories.issue(card, rank=2, status="in_creation", ordered_at=NOW - timedelta(hours=2), requested_by=ada)
    directory.take(made(card, rank=2), dispatched(card, rank=2))
    assert (issue_of(card, 1).status, issue_of(card, 2).made_on) == ("blocked", date(2026, 11, 4))
    assert request_of(card, 2).status == "dispatched"


@pytest.mark.rule("FUL-4")
def test_the_first_transaction_makes_a_card_active(in_production, directory):
    directory.take(made(in_production), dispatched(in_production), name="sent.csv")
    at = NOW + timedelta(days=2, hours=1)
    directory.take(used(in_production, "2026-11-06"), used(in_production, "2026-11-05"), name="used.csv", now=at)
    issue, card = issue_of(in_production), reload(in_production)
    assert (issue.status, issue.activated_at) == ("active", at)
    assert (card.status, card.last_used_on) == ("active", date(2026, 11, 6))
    assert set_aside() == []
    directory.take(used(in_production, "2026-11-04"), name="late.csv", now=at)
    assert reload(in_production).last_used_on == date(2026, 11, 6)


@pytest.mark.rule("FUL-4")
def test_a_card_used_before_its_dispatch_was_reported_is_active_and_its_request_still_ends(in_production, directory):
    directory.take(made(in_production), used(in_production, TODAY), name="used.csv")
    assert (reload(in_production).status, request_of(in_production).status) == ("active", "in_production")
    directory.take(dispatched(in_production), name="sent.csv")
    assert (reload(in_production).status, request_of(in_production).status) == ("active", "dispatched")


def test_the_order_of_lines_does_not_matter(in_production, directory):
    directory.take(used(in_production, TODAY), dispatched(in_production), made(in_production))
    assert (reload(in_production).status, set_aside()) == ("active", [])


BAD_LINES = {
    "card of nobody": (("made", "7002009999999990", "1", TODAY, "2030-11"), answers.NOBODYS),
    "empty number": (("made", "", "1", TODAY, "2030-11"), answers.NOBODYS),
    "unknown rank": (("made", "{number}", "2", TODAY, "2030-11"), answers.NO_SUCH_RANK),
    "rank zero": (("made", "{number}", "0", TODAY, "2030-11"), answers.WRONG_RANK),
    "rank no number": (("made", "{number}", "one", TODAY, "2030-11"), answers.WRONG_RANK),
    "rank in other digits": (("made", "{number}", "١", TODAY, "2030-11"), answers.WRONG_RANK),
    "unknown kind": (("lost", "{number}", "1", "x"), answers.UNKNOWN_KIND),
    "nothing": ((), answers.WRONG_CELLS),
    "too few fields": (("made", "{number}", "1", TODAY), answers.WRONG_CELLS),
    "too many fields": (("dispatched", "{number}", "1", "3SABC1", "x"), answers.WRONG_CELLS),
    "no day": (("made", "{number}", "1", "04/11/2026", "2030-11"), answers.WRONG_DATE),
    "day that there is not": (("made", "{number}", "1", "2026-02-30", "2030-11"), answers.WRONG_DATE),
    "no month": (("made", "{number}", "1", TODAY, "11/30"), answers.WRONG_DATE),
    "expiry a month early": (("made", "{number}", "1", TODAY, "2030-10"), answers.WRONG_EXPIRY),
    "expiry a year late": (("made", "{number}", "1", TODAY, "2031-11"), answers.WRONG_EXPIRY),
    "made tomorrow": (("made", "{number}", "1", "2026-11-05", "2030-11"), answers.WRONG_DAY),
    "made before it was ordered": (("made", "{number}", "1", "2026-11-02", "2030-11"), answers.WRONG_DAY),
    "dispatched before made": (("dispatched", "{number}", "1", "3SABC1"), answers.NOT_MADE),
    "no tracking number": (("dispatched", "{number}", "1", ""), answers.EMPTY_CELL),
    "endless tracking number": (("dispatched", "{number}", "1", "3" * 41), answers.EMPTY_CELL),
    "no reason": (("rejected", "{number}", "1", ""), answers.EMPTY_CELL),
    "used before made": (("used", "{number}", "1", TODAY), answers.NOT_MADE),
    "used, no day": (("used", "{number}", "1", "yesterday"), answers.WRONG_DATE),
}


@pytest.mark.rule("FUL-2")
@pytest.mark.parametrize("fault", BAD_LINES)
def test_a_bad_line_is_set_aside_alone(fault, in_production, number, directory):
    cells, reason = BAD_LINES[fault]
    good = factories.card(number, status="in_creation")
    bad = [cell.format(number=in_production.number) for cell in cells]
    directory.take(made(good), bad, dispatched(good))
    assert set_aside() == [(3, reason)]
    assert issue_of(good).dispatched_at == NOW
    assert (issue_of(in_production).status, issue_of(in_production).made_on) == ("in_creation", None)
    file = last_file()
    assert (file.state, file.lines, file.applied) == ("taken", 3, 2)


@pytest.mark.parametrize(
    ("status", "row", "reason"),
    [
        ("new", made, answers.NOBODYS),  # it has no number yet
        ("active", made, answers.NOT_IN_PRODUCTION),
        ("expired", made, answers.NOT_IN_PRODUCTION),
        ("withdrawn", made, answers.NOBODYS),
        ("active", rejected, answers.NOT_IN_PRODUCTION),
        ("active", dispatched, answers.SENT_ALREADY),
        ("expired", dispatched, answers.NOT_IN_PRODUCTION),
        ("blocked", dispatched, answers.SENT_ALREADY),
        ("blocked", rejected, answers.SENT_ALREADY),
        ("blocked", made, answers.MADE_ALREADY),
        ("expired", lambda card: used(card, TODAY), answers.NOT_USABLE),
        ("blocked", lambda card: used(card, TODAY), answers.NOT_USABLE),
    ],
)
def test_a_line_that_does_not_fit_the_status_changes_nothing(status, row, reason, number, directory):
    card = factories.card(number, status=status)
    before = (vars(issue_of(card)), vars(request_of(card)))
    directory.take(row(card))
    assert [why for _line, why in set_aside()] == [reason]
    after = (vars(issue_of(card)), vars(request_of(card)))
    for old, new in zip(before, after, strict=True):
        assert {**old, "_state": None} == {**new, "_state": None}


def test_the_same_thing_said_twice_is_applied_once(in_production, directory):
    directory.take(made(in_production), made(in_production), dispatched(in_production), dispatched(in_production, "X"))
    assert set_aside() == [(3, answers.MADE_ALREADY), (5, answers.SENT_ALREADY)]
    assert issue_of(in_production).tracking == "3SABC1"
    directory.take(made(in_production), name="again.csv")
    assert set_aside()[-1] == (2, answers.MADE_ALREADY)


def test_a_line_with_open_quotes_is_set_aside(in_production, directory):
    content = answer(("x",), made(in_production))
    body = content[: content.rindex(b"T;")].replace(b"\nx\n", b'\nmade;"70020\n')
    directory.deliver(body + f"T;2;{checksum(body)}\n".encode())
    directory.collect()
    assert set_aside() == [(2, answers.WRONG_CELLS)]
    assert issue_of(in_production).made_on is not None


def test_windows_line_ends_and_a_byte_order_mark_are_read(in_production, directory):
    content = answer(made(in_production))
    body = b"\xef\xbb\xbf" + content[: content.rindex(b"T;")].replace(b"\n", b"\r\n")
    directory.deliver(body + f"T;1;{checksum(body).upper()}\r\n".encode())
    directory.collect()
    assert (last_file().state, last_file().reason, set_aside()) == ("taken", "", [])


@pytest.mark.rule("FUL-2")
def test_who_ordered_gets_one_mail_for_all_their_cards(number, acme, ada, directory):
    max_ = factories.member(acme, "Max").user
    cards = [factories.card(number, status="in_creation", requested_by=ada) for _card in range(22)]
    one = factories.card(number, status="in_creation", requested_by=max_, printed_as="JEAN DUPONT")
    lines = [row(card) for card in [*cards, one] for row in (made, dispatched)]
    directory.take(*lines)
    to_ada, to_max = sorted(mails("card_dispatched"), key=lambda mail: mail.recipient_id)
    with all_companies(reason="test"):
        many, single = compose(to_ada, NOW), compose(to_max, NOW)
    assert many.subject == "22 of your cards are on their way"
    assert "and 2 more" in many.body
    assert cards[0].printed_as in many.body
    assert "/PRO-ACMEAA/requests/" in many.body
    assert single.subject == "Your card JEAN DUPONT is on its way"
    assert f"/PRO-ACMEAA/cards/{one.pk}/" in single.body
    for message, card in ((many, cards[0]), (single, one)):
        everything = message.subject + message.body + message.alternatives[0][0]
        assert card.number[-4:] in everything
        assert card.number not in everything
        assert "<script" not in everything


@pytest.mark.parametrize("language", ["fr", "nl"])
def test_mails_are_rendered_in_the_language_of_their_reader(language, number, ada, directory):
    card = factories.card(number, status="in_creation", requested_by=ada)
    ada.language = language
    ada.save()
    directory.take(made(card), dispatched(card))
    [mail] = mails("card_dispatched")
    assert mail.language == language


def test_who_has_left_the_company_is_told_nothing(number, acme, directory):
    gone = factories.member(acme, "Max", is_active=False).user
    ended = factories.member(acme, "Cora", valid_until=date(2026, 11, 3)).user
    cards = [factories.card(number, status="in_creation", requested_by=one) for one in (gone, ended, None)]
    directory.take(*(row(card) for card in cards for row in (made, dispatched)))
    assert {request_of(card).status for card in cards} == {"dispatched"}
    assert mails("card_dispatched") == []


@pytest.mark.rule("FUL-2")
def test_a_file_of_two_thousand_lines_takes_few_statements(number, ada, django_assert_max_num_queries):
    cards = many_in_production(number, ada, 1000)
    content = answer(*(row(card) for card in cards for row in (made, dispatched)))
    with all_companies(reason="test"), django_assert_max_num_queries(40):
        file = take_answer("large.csv", content, NOW)
    assert (file.lines, file.applied) == (2000, 2000)
    assert {request.status for request in tools.rows(Request)} == {"dispatched"}
    assert {(issue.made_on, issue.tracking) for issue in tools.rows(Issue)} == {(date(2026, 11, 4), "3SABC1")}
    assert {card.expires_on for card in tools.rows(Card)} == {date(2030, 11, 30)}


@pytest.mark.rule("FUL-3")
@pytest.mark.django_db(transaction=True)
def test_of_two_workers_with_the_same_file_one_applies_it(number, ada):
    card = factories.card(number, status="in_creation", requested_by=ada)
    content = answer(made(card), dispatched(card))
    start = threading.Barrier(2)
    states = []

    def worker(name):
        start.wait(20)
        with all_companies(reason="test"):
            states.append(take_answer(name, content, NOW).state)
        connection.close()

    threads = [threading.Thread(target=worker, args=(name,)) for name in ("one.csv", "two.csv")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(states) == ["set_aside", "taken"]
    assert [entry.verb for entry in audit_of(issue_of(card))] == ["cards.made", "cards.dispatched"]
    assert len(mails("card_dispatched")) == 1


@pytest.mark.rule("CRD-51")
@pytest.mark.django_db(transaction=True)
def test_an_answer_that_meets_a_block_waits_for_it_and_then_sees_it(number, ada):
    """The card's row is locked before its plastics, here as there: in another order the two would deadlock."""
    card = factories.card(number, status="in_creation", requested_by=ada)
    locked = threading.Event()
    files_taken = []

    def answers_come():
        assert locked.wait(20)
        with all_companies(reason="test"):
            files_taken.append(take_answer("a.csv", answer(made(card), used(card, TODAY)), NOW))
        connection.close()

    thread = threading.Thread(target=answers_come)
    thread.start()
    with all_companies(reason="test"):
        Card.objects.select_for_update().get(pk=card.pk)
        locked.set()
        thread.join(0.7)  # long enough for the answer to come to the card's lock, and it must not come further
        assert thread.is_alive()
        perform(ISSUE, issue_of(card), "block", system("test"), now=NOW)
    thread.join(30)
    assert [file.applied for file in files_taken] == [1]
    assert (reload(card).status, issue_of(card).made_on) == ("blocked", date(2026, 11, 4))
    assert set_aside() == [(3, answers.NOT_USABLE)]


@pytest.mark.rule("FUL-3")
@pytest.mark.parametrize("step", ["_write_made", "_write_dispatched", "write"])
def test_a_fault_half_way_keeps_nothing_and_the_next_try_does_it_all(step, in_production, directory, monkeypatch):
    def fault(effects):
        real(effects)
        raise RuntimeError("the database went away")

    real = getattr(Effects, step)
    directory.deliver(answer(made(in_production), dispatched(in_production)))
    with monkeypatch.context() as patched:
        patched.setattr(Effects, step, fault)
        assert directory.collect() == [Outcome.AGAIN]
    assert (issue_of(in_production).made_on, tools.rows(MakerFile), audit_of(issue_of(in_production))) == (None, [], [])
    assert len(directory.names("in/taking")) == 1
    assert directory.collect(NOW + timedelta(minutes=1)) == [Outcome.DONE]
    assert request_of(in_production).status == "dispatched"
    assert len(audit_of(issue_of(in_production))) == 2
    assert len(directory.names("in/done")) == 1


def many_in_production(number, ada, count):
    product = factories.card_product()
    pattern = factories.card(number, status="in_creation", requested_by=ada)
    issue, request = issue_of(pattern), request_of(pattern)
    with all_companies(reason="test"):
        cards = [Card(**values(pattern, number=one)) for one in allocate(product, count - 1)]
        Card.objects.bulk_create(cards)
        issues = Issue.objects.bulk_create([Issue(**values(issue, card_id=card.pk)) for card in cards])
        Request.objects.bulk_create(
            [
                Request(**values(request, card_id=card.pk, subject_id=one.pk))
                for card, one in zip(cards, issues, strict=True)
            ]
        )
    return [pattern, *cards]


def values(row, **changed):
    """The columns of a row, for another one like it."""
    return {field.attname: getattr(row, field.attname) for field in row._meta.fields if not field.primary_key} | changed
