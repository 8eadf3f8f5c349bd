"""Production by the operator's pages: the queue, taking a batch, following it to its dispatch (FUL-1 to FUL-4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from cards.models import Batch, Card
from cards.production.answers import ALREADY_TAKEN
from fleetportal.core import search
from fleetportal.core.scope import all_companies
from tests import factories
from tests.cards.tools import again, audit_of, counted, issue_of, one, order, request_of, rows

HOUR = timedelta(hours=1)


@pytest.fixture
def queue(number, borea):
    """Orders of two companies, by age in hours."""
    theirs = factories.customer_number(borea)
    now = timezone.now()
    return {
        "old": factories.card(number, status="new", ordered_at=now - 20 * HOUR, printed_as="1-OLD-020"),
        "late": factories.card(theirs, status="new", ordered_at=now - 30 * HOUR, printed_as="2-LAT-030"),
        "young": factories.card(number, status="new", ordered_at=now - HOUR, printed_as="1-YNG-001"),
    }


@pytest.mark.rule("FUL-1")
def test_the_queue_shows_all_companies_requests_the_oldest_due_first(otto, queue):
    seen = otto.get("requests/?status=received")
    assert [row["For"] for row in seen.rows] == ["2-LAT-030", "1-OLD-020", "1-YNG-001"]
    assert [row["Company"] for row in seen.rows] == ["Borea", "Acme", "Acme"]
    assert "3 requests wait for production" in otto.get("").text


@pytest.mark.rule("FUL-1", "GEN-2")
def test_a_selection_is_taken_into_production(otto, queue, worker):
    card = queue["old"]
    query = f"select={request_of(card).pk}&select={request_of(queue['late']).pk}"
    page = otto.get(f"produce/?do=produce&{query}")
    assert page.title == "Take 2 requests into production"
    assert "1-OLD-020" in page.text
    assert "2-LAT-030" in page.text
    seen = otto.send(page)
    batch = one(Batch)
    assert seen.messages == [f"2 cards are in production: batch {batch}."]
    assert seen.place == f"/operator/batches/{batch.pk}/"
    assert seen.facts["Taken by"] == otto.person.full_name
    taken = again(card)
    assert (taken.status, len(taken.number), again(queue["young"]).status) == ("in_creation", 16, "new")
    assert [entry.verb for entry in audit_of(issue_of(card))] == ["operator.produce"]
    assert [entry.actor_id for entry in audit_of(request_of(card))] == [otto.person.pk]


@pytest.mark.rule("FUL-1")
def test_the_oldest_are_taken_with_one_button(otto, queue):
    seen = otto.get("requests/")
    assert seen.offers == ["Take the oldest into production"]
    done = otto.send(otto.get(seen.link("Take the oldest into production")))
    assert done.messages[0].startswith("3 cards are in production")
    assert {again(card).status for card in queue.values()} == {"in_creation"}


@pytest.mark.rule("FUL-1", "GEN-4")
def test_all_that_match_are_those_of_the_filter_and_of_the_search(otto, queue):
    assert otto.get("produce/?all=1&late=on").title == "Take 1 request into production"
    requests = [request_of(card) for card in queue.values()]
    _searchable(requests)
    page = otto.get("produce/?all=1&q=yng-001")
    assert page.title == "Take 1 request into production"
    otto.send(page)
    assert [again(queue[name]).status for name in ("old", "late", "young")] == ["new", "new", "in_creation"]


@pytest.mark.rule("FUL-1", "GEN-3")
@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("", "Select at least one request."),
        ("select=abc", "Select at least one request."),
        ("select=²", "Select at least one request."),
        ("select=987654321", "None of these requests waits for production."),
        ("select=99999999999999999999", "Select at least one request."),
        ("all=1&status=nonsense", "One of the filters can't be read. Set it again, then select."),
        ("all=1&status=dispatched", "None of these requests waits for production."),
    ],
)
def test_a_selection_that_says_nothing_clear_produces_nothing(otto, queue, query, sentence):
    before = counted()
    for answer in (otto.get(f"produce/?{query}"), otto.post(f"produce/?{query}")):
        assert (answer.messages, answer.place) == ([sentence], "/operator/requests/")
    assert counted() == before


@pytest.mark.rule("FUL-1", "GEN-3", "GEN-11")
def test_what_was_withdrawn_or_taken_meanwhile_stays_out(ada, otto, queue):
    wanted = [request_of(queue[name]) for name in ("old", "young")]
    page = otto.get("produce/?" + "&".join(f"select={request.pk}" for request in wanted))
    ada.do(f"requests/{wanted[0].pk}/withdraw/")
    first, second = otto.send(page), otto.send(page)
    assert first.messages == [f"1 card is in production: batch {one(Batch)}."]
    assert second.place in {first.place, "/operator/requests/"}
    assert len(rows(Batch)) == 1
    assert again(queue["old"]).status == "withdrawn"


@pytest.mark.rule("FUL-1", "GEN-1")
def test_the_operators_area_is_not_there_for_customers(ada, queue):
    before = counted()
    for path in ("", "requests/", "produce/?oldest=1", "batches/", "files/", "work/", "mail/"):
        assert ada.get(f"/operator/{path}").status == 404
    assert ada.post("/operator/produce/?oldest=1").status == 404
    assert counted() == before


@pytest.mark.rule("FUL-1", "FUL-2", "FUL-3", "FUL-4", "CRD-7")
def test_an_order_is_followed_from_the_form_to_the_active_card(ada, otto, worker):
    """Ada orders, Otto produces, the demonstration's card maker makes and sends, Ada confirms and uses the card."""
    order(ada, printed_as="1-WAY-001", code_type="chosen", secret_code="7391", secret_code_again="7391")
    card = one(Card)
    request = request_of(card)
    otto.fill(f"produce/?select={request.pk}")
    at = ada.get(f"requests/{request.pk}/")
    assert (at.title, at.facts["Production began"] != "–") == (f"Request {request.number} In production", True)
    assert ada.get(f"cards/{card.pk}/").title == "1-WAY-001 In creation"
    number = again(card).number
    assert ada.get(f"cards/{card.pk}/").facts["Expiry"] == "–"
    now = timezone.now()
    for seconds in (0, 20, 40):
        worker.work(now + timedelta(seconds=seconds))
    sent = ada.get(f"cards/{card.pk}/")
    assert "Confirm its receipt to make it usable." in sent.text
    assert sent.facts["Expiry"].endswith(f"/{timezone.localdate(now).year + 4}")
    done = ada.get(f"requests/{request.pk}/")
    assert done.title == f"Request {request.number} Dispatched"
    assert done.facts["Tracking"].startswith("SIM")
    assert issue_of(card).sealed_code is None
    active = ada.do(f"cards/{card.pk}/receive/")
    assert active.title == "1-WAY-001 Active"
    assert again(card).number == number
    assert active.history == [
        "Rank 1: Active",
        "Request: Dispatched",
        "Rank 1: dispatched",
        "Rank 1: made by the card maker",
        "Request: In production",
        "Rank 1: In creation",
        "Request accepted",
        "Card ordered",
    ]


def _searchable(requests):
    with all_companies(reason="test data"):
        entries = [search.Entry(company=row.company_id, object_id=row.pk, words=row.label) for row in requests]
        search.put("cards.request", entries)


@pytest.mark.rule("FUL-3")
def test_a_file_of_which_a_line_was_set_aside_is_found_like_one_set_aside_whole(otto):
    factories.maker_file(name="good.csv", state="taken", reason="", lines=4, applied=4)
    factories.maker_file(name="a-line.csv", state="taken", reason="", lines=4, applied=3)
    factories.maker_file(name="whole.csv", state="set_aside", reason=ALREADY_TAKEN)
    home = otto.get("")
    assert "2 files of the card maker have something set aside" in home.text
    assert "/operator/files/?aside=on" in home.html
    found = otto.get("files/?aside=on")
    assert [row["File"] for row in found.rows] == ["whole.csv", "a-line.csv"]
    reasons = [row["Reason"] for row in found.rows]
    assert reasons == [ALREADY_TAKEN, "Some lines were set aside. The page of the file says which, and why."]
    assert [row["Reason"] for row in otto.get("files/").rows] == [*reasons, "–"]


@pytest.mark.rule("GEN-13")
def test_the_overview_leads_to_work_that_failed_and_to_work_that_is_held(otto, acme):
    for status in ("failed", "held", "held"):
        factories.work_item(acme, status=status)
    home = otto.get("")
    for sentence, path in (("1 work item has failed", "?status=failed"), ("2 work items are held", "?status=held")):
        assert sentence in home.text
        assert f"/operator/work/{path}" in home.html
