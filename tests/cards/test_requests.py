"""*My requests*: the list, the clock, the history, and taking back what has not been started (CRD-9)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests import factories
from tests.cards.tools import again as fresh
from tests.cards.tools import audit_of, change, counted, issue_of, order, request_of

ABC = "1-ABC-123"


@pytest.fixture
def ordered(number):
    return factories.card(number, status="new", printed_as=ABC, ordered_at=timezone.now() - timedelta(hours=2))


@pytest.mark.rule("CRD-9")
def test_the_list_has_type_object_dates_and_status_of_every_request(ada, number, ordered):
    card = factories.card(number, printed_as="1-DUP-001")
    factories.issue(card, rank=2, status="in_creation", ordered_at=timezone.now() - timedelta(hours=5))
    seen = ada.get("requests/")
    by_object = {(row["For"], row["Type"]): row for row in seen.rows}
    assert set(by_object) == {(ABC, "New card"), ("1-DUP-001", "New card"), ("1-DUP-001", "Duplicate")}
    row = by_object[ABC, "New card"]
    request = request_of(ordered)
    assert (row["Number"], row["Status"], row["Ended"]) == (request.number, "Received", "–")
    assert row["Accepted"] != row["Promised for"] != "–"
    assert by_object["1-DUP-001", "Duplicate"]["Status"] == "In production"
    assert by_object["1-DUP-001", "New card"]["Status"] == "Dispatched"
    assert seen.page.all("a", href=ada.url(f"requests/{request.pk}/"))


@pytest.mark.rule("CRD-7")
def test_a_list_says_of_each_open_request_whether_it_is_late(ada, otto, number, ordered):
    yesterday = timezone.now() - timedelta(hours=30)
    late = factories.card(number, status="new", printed_as="1-LAT-001", ordered_at=yesterday)
    ended = factories.card(number, printed_as="1-END-001", ordered_at=yesterday)
    for seen in (ada.get("requests/"), otto.get("/operator/requests/?status=all")):
        said = {row["For"]: "late" in row["Promised for"] for row in seen.rows}
        assert said == {ordered.printed_as: False, late.printed_as: True, ended.printed_as: False}


@pytest.mark.rule("CRD-9")
def test_requests_are_found_by_number_plate_status_type_and_customer_number(ada, number, second, ordered):
    done = factories.card(second, printed_as="1-DON-001")
    change(request_of(done), accepted_at=timezone.now() - timedelta(days=40))
    order(ada, printed_as="1-NEW-777", customer_number=str(number.pk))
    everything = {ABC, "1-DON-001", "1-NEW-777"}

    def found(**asked):
        return {row["For"] for row in ada.get("requests/", **asked).rows}

    assert found() == everything
    assert found(status="received") == {ABC, "1-NEW-777"}
    assert found(kind="duplicate") == set()
    assert found(customer_number=str(second.pk)) == {"1-DON-001"}
    assert found(q="new777") == {"1-NEW-777"}
    today = f"{timezone.localdate():%Y-%m-%d}"
    assert found(accepted_at_after=today) <= {ABC, "1-NEW-777"}
    assert "1-DON-001" not in found(accepted_at_after=today)


@pytest.mark.rule("CRD-9", "GEN-2")
def test_a_request_that_has_not_been_started_can_be_withdrawn(ada, ordered):
    request = request_of(ordered)
    page = ada.get(f"requests/{request.pk}/")
    assert "Withdraw" in page.offers
    seen = ada.do(f"requests/{request.pk}/withdraw/")
    assert seen.messages == [f"The request {request.number} is withdrawn."]
    assert seen.title == f"Request {request.number} Withdrawn"
    assert "Withdraw" not in seen.offers
    assert seen.facts["Ended"] != "–"
    assert seen.history[:2] == ["Rank 1: Withdrawn", "Request: Withdrawn"]
    assert (fresh(ordered).status, issue_of(ordered).status) == ("withdrawn", "withdrawn")
    [entry] = audit_of(request)
    assert (entry.verb, entry.actor_id, entry.before, entry.after) == (
        "requests.withdraw", ada.person.pk, {"status": "received"}, {"status": "withdrawn"},
    )  # fmt: skip


@pytest.mark.rule("CRD-9")
def test_a_withdrawn_duplicate_leaves_the_card_as_it_is(ada, number):
    card = factories.card(number)
    factories.issue(card, rank=2, status="new")
    request = request_of(card, 2)
    ada.do(f"requests/{request.pk}/withdraw/")
    card = fresh(card)
    assert (card.status, card.rank, card.live) == ("active", 1, True)


@pytest.mark.rule("CRD-9", "GEN-3")
@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("in_creation", "Production has begun; the request can't be withdrawn any more."),
        ("active", "“Withdraw” is not possible while the status is “Dispatched”."),
        ("withdrawn", "“Withdraw” is not possible while the status is “Withdrawn”."),
    ],
)
def test_a_request_that_was_started_or_has_ended_can_not_be_withdrawn(ada, number, status, sentence):
    card = factories.card(number, status=status)
    request = request_of(card)
    assert "Withdraw" not in ada.get(f"requests/{request.pk}/").offers
    before = counted()
    for answer in (ada.get(f"requests/{request.pk}/withdraw/"), ada.post(f"requests/{request.pk}/withdraw/")):
        assert (answer.messages, answer.place) == ([sentence], ada.url(f"requests/{request.pk}/"))
    assert counted() == before


@pytest.mark.rule("GEN-1")
def test_requests_of_others_are_not_there(ada, borea):
    theirs = request_of(factories.card(factories.customer_number(borea), status="new", printed_as="2-BOR-222"))
    before = counted()
    assert ada.get(f"requests/{theirs.pk}/").status == 404
    assert ada.get(f"requests/{theirs.pk}/withdraw/").status == 404
    assert ada.post(f"requests/{theirs.pk}/withdraw/").status == 404
    for path in ("requests/", "requests/?q=2BOR222", f"requests/?q={theirs.number}"):
        assert "2-BOR-222" not in ada.get(path).html
    assert counted() == before


@pytest.mark.rule("ACC-13")
def test_who_may_only_look_sees_requests_and_can_not_withdraw(cora, ordered):
    request = request_of(ordered)
    assert cora.get(f"requests/{request.pk}/").offers == []
    assert cora.post(f"requests/{request.pk}/withdraw/").status == 403
    assert fresh(request).status == "received"


@pytest.mark.rule("FUL-4", "CRD-9")
def test_who_follows_a_request_confirms_the_receipt_from_there(ada, cora, number):
    card = factories.card(number, status="in_creation", printed_as=ABC)
    page = f"requests/{request_of(card).pk}/"
    assert "Confirm receipt" not in ada.get(page).offers
    sent_at = timezone.now()
    change(issue_of(card), dispatched_at=sent_at)
    change(card, dispatched_at=sent_at)
    change(request_of(card), status="dispatched", ended_at=sent_at)
    seen = ada.get(page)
    assert "Confirm its receipt to make it usable." in seen.text
    assert seen.link("Confirm receipt") == ada.url(f"cards/{card.pk}/receive/")
    assert cora.get(page).offers == []
    ada.do(f"cards/{card.pk}/receive/")
    assert fresh(card).status == "active"
    after = ada.get(page)
    assert "Confirm receipt" not in after.offers
    assert "Confirm its receipt" not in after.text


@pytest.mark.rule("FUL-4")
def test_the_request_of_an_older_plastic_does_not_speak_of_the_newest(ada, number):
    card = factories.card(number, printed_as=ABC)
    first = request_of(card)
    factories.issue(card, rank=2, status="in_creation", ordered_at=timezone.now() - timedelta(hours=5))
    sent_at = timezone.now()
    change(issue_of(card, 2), dispatched_at=sent_at)
    change(fresh(card), dispatched_at=sent_at)
    assert fresh(card).status == "in_creation"
    seen = ada.get(f"requests/{first.pk}/")
    assert "Confirm receipt" not in seen.offers
    assert "Confirm its receipt" not in seen.text
