"""Cards by the thousand: as a portal could have made them, found by search, and made in two sessions at a time."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.db import IntegrityError, connection
from django.utils import timezone

from accounts.models import Membership, User
from cards.demo import bulk, layout
from cards.demo.bulk_sql import STATUS_SHARES
from cards.models import Card, CardLimit, Issue, Request
from cards.services import card_words
from fleetportal.core import search
from fleetportal.core.scope import all_companies, company_scope
from tests import factories
from tests.cards.seeded import (
    WIDE,
    cards_mirror_their_issues,
    keys_stay_within_companies,
    numbers_are_valid,
    run,
    the_audit_replays,
)

pytestmark = pytest.mark.django_db
TIDY = layout.tidy


@pytest.fixture(autouse=True)
def _untidied(monkeypatch):
    """Leave the tables' statistics alone: they would count none of the rows that a test has not committed."""
    monkeypatch.setattr(layout, "tidy", lambda: "Tidied.")


@pytest.fixture
def cirrus(db):
    """A company with 2,000 cards, as the command makes them."""
    run("--cards", "2000")
    with all_companies(reason=WIDE):
        return factories.company("Cirrus Mobility")


def test_they_keep_what_holds_of_all_cards(cirrus):
    assert the_audit_replays()
    assert cards_mirror_their_issues()
    assert keys_stay_within_companies()
    assert numbers_are_valid()


def test_two_thousand_cards_are_made_and_found(cirrus):
    with company_scope(cirrus.pk):
        assert Card.objects.count() == 2000
        assert Issue.objects.filter(rank=1).count() == 2000
        assert CardLimit.objects.count() == 3000
        assert Request.objects.count() == 200
        assert Counter(Card.objects.values_list("status", flat=True)) == {
            status: 2 * share for status, share in STATUS_SHARES.items()
        }
        plates = Card.objects.filter(category="vehicle")
        assert plates.values("printed_as").distinct().count() == plates.count()
        for card in Card.objects.order_by("pk")[:40]:
            assert card.pk in search.find("cards.card", card.printed_as).ids()
            assert card.pk in search.find("cards.card", card.printed_as.replace("-", "")).ids()
            if card.number:
                assert search.find("cards.card", card.number).ids() == [card.pk]
        for request in Request.objects.order_by("pk")[:20]:
            assert search.find("cards.request", request.number).ids() == [request.pk]


def test_their_search_text_is_what_the_services_would_write(cirrus):
    with company_scope(cirrus.pk):
        texts = dict(search.SearchEntry.objects.filter(kind="cards.card").values_list("object_id", "text"))
        for card in Card.objects.select_related("driver")[:300]:
            assert texts[card.pk] == search.plain(card_words(card))


def test_their_dates_are_those_of_life(cirrus):
    now = timezone.now()
    with company_scope(cirrus.pk):
        for issue in Issue.objects.select_related("card"):
            moments = [issue.ordered_at, issue.dispatched_at, issue.activated_at, issue.blocked_at]
            moments = [moment for moment in moments if moment]
            assert moments == sorted(moments)
            assert moments[-1] <= now
            assert (issue.status == "expired") == bool(issue.expires_on and issue.expires_on < timezone.localdate(now))
            if issue.status == "in_creation":
                assert issue.dispatched_at > now - timedelta(days=10)
            if issue.card.last_used_on:
                assert issue.made_on <= issue.card.last_used_on <= timezone.localdate(now)
        assert Request.objects.filter(status="received").count() == Card.objects.filter(status="new").count()


def test_more_cards_go_on_where_the_last_ended():
    other = factories.company("Nimbus", identifier="PRO-NIMBUS")
    run("--cards", "40", "--company", "PRO-NIMBUS")
    run("--cards", "25", "--company", "PRO-NIMBUS")
    with company_scope(other.pk):
        assert Card.objects.count() == 65
        plates = Card.objects.filter(category="vehicle").values_list("printed_as", flat=True)
        assert len(set(plates)) == len(plates)


def test_an_unknown_company_is_refused():
    with pytest.raises(CommandError, match="no company PRO-NOBODY"):
        run("--cards", "5", "--company", "PRO-NOBODY")


def test_chunks_follow_one_another():
    chunks_of_250_cards()


@pytest.mark.django_db(transaction=True)
def test_chunks_are_made_in_sessions_of_their_own():
    chunks_of_250_cards()
    until = time.monotonic() + 10
    while sessions() > 1:  # the server takes a moment to let go of those that left
        assert time.monotonic() < until
        time.sleep(0.02)
    assert keys_stay_within_companies()


@pytest.mark.django_db(transaction=True)
def test_a_chunk_that_fails_is_told_and_the_others_stay(monkeypatch):
    made = factories.company("Nimbus")
    work = list(bulk.chunks(bulk.prepare(made, 90, now=timezone.now()), 90, size=30))
    work[1] = replace(work[1], ground=replace(work[1].ground, company=0))  # nobody's
    with pytest.raises(IntegrityError):
        list(bulk.fill(work, now=timezone.now()))
    with company_scope(made.pk):
        assert Card.objects.count() == 60


def sessions() -> int:
    """Count the sessions of this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return cursor.fetchone()[0]


def chunks_of_250_cards():
    """Make cards in three chunks of one company."""
    made = factories.company("Nimbus")
    ground = bulk.prepare(made, 250, now=timezone.now())
    work = list(bulk.chunks(ground, 250, size=100))
    assert [(chunk.first, chunk.count) for chunk in work] == [(1, 100), (101, 100), (201, 50)]
    assert list(bulk.fill(work, now=timezone.now())) == [100, 200, 250]
    with company_scope(made.pk):
        assert Card.objects.count() == 250


def test_identifiers_of_the_measuring_layout():
    assert [layout.identifier(place) for place in (0, 1, 26, 900)] == [
        "PRO-AAAAAA",
        "PRO-AAAAAB",
        "PRO-AAAABA",
        "PRO-AAABIQ",
    ]
    assert "PRO-AAABAA".replace("AAABAA", "AABAAA") == layout.GROWTH_IDENTIFIER


def test_the_measuring_layout_is_filled_up_once(monkeypatch):
    for name, value in {"LARGE": 60, "SMALL": 10, "SMALL_COMPANIES": 3, "GROWTH": 80}.items():
        monkeypatch.setattr(layout, name, value)
    assert "90 cards" in run("--bench")
    assert "80 cards" in run("--bench", "--growth")
    assert "0 cards" in run("--bench", "--growth")
    with all_companies(reason=WIDE):
        counts = Counter(
            Card.objects.filter(company__legal_name__startswith="Bench").values_list("company__identifier", flat=True)
        )
        assert sorted(counts.values()) == [10, 10, 10, 60, 80]
        user = User.objects.get(email=layout.BENCH_USER)
        companies = set(Membership.objects.filter(user=user).values_list("company__identifier", flat=True))
        assert companies == {layout.LARGE_IDENTIFIER, layout.GROWTH_IDENTIFIER}


def test_tables_are_vacuumed_and_analysed_by_their_owner(monkeypatch):
    monkeypatch.setattr(layout, "_TABLES", ("accounts_company",))
    assert "analysed" in TIDY()
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_analyze FROM pg_stat_user_tables WHERE relname = 'accounts_company'")
        assert cursor.fetchone()[0] is not None


def test_without_the_owners_address_the_tables_are_left_to_autovacuum(monkeypatch):
    monkeypatch.delenv("DATABASE_OWNER_URL")
    assert "autovacuum" in TIDY()
