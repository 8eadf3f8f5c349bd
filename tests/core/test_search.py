"""The search table: any part of a word finds, accents and capitals do not matter, and no company finds another's."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from fleetportal.core import search
from fleetportal.core.scope import all_companies, company_scope
from tests import factories

TEXTS = {
    1: "POOL NRD 1 POOLNRD1 7002010000002065",
    2: "1-ABC-123 1ABC123 Noël Dupré",
    3: "100%_OFF a_b",
    4: "123 BCD 59 123BCD59",
}


@pytest.fixture
def acme(db):
    company = factories.company()
    with company_scope(company.pk):
        search.put("test", [search.Entry(company.pk, key, words) for key, words in TEXTS.items()])
    return company


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("abc", {2}),
        ("1ABC123", {2}),
        ("bc-12", {2}),
        ("noel", {2}),
        ("DUPRE noël", {2}),
        ("2065", {1}),
        ("POOL NRD 1", {1}),
        ("123 BCD 59", {4}),
        ("po", {1}),
        ("1", {2, 3, 4}),
        ("po 1", {1}),
        ("%", set()),
        ("0%_o", {3}),
        ("a_b", {3}),
        ("axb", set()),
        ("   ", set()),
        ("nothing like it", set()),
    ],
)
def test_what_is_typed_finds_what_holds_it(acme, wanted, found):
    with company_scope(acme.pk):
        assert set(search.find("test", wanted).ids()) == found
    with all_companies(reason="test"):
        assert set(search.find("test", wanted).ids()) == found


def test_a_text_that_is_written_again_replaces_the_first(acme):
    with company_scope(acme.pk):
        search.put("test", [search.Entry(acme.pk, 2, "2-XYZ-999")])
        assert search.find("test", "abc").ids() == []
        assert search.find("test", "xyz").ids() == [2]


def test_no_more_than_the_cap_come_back(acme):
    with company_scope(acme.pk):
        assert len(search.find("test", "1", cap=2).ids()) == 2
        assert len(search.find("test", "1", cap=None).ids()) == 3


@pytest.mark.parametrize(("cap", "cut_off"), [(1, True), (2, True), (3, False), (4, False), (None, False)])
def test_a_search_is_cut_off_when_there_are_more_than_the_cap_and_not_when_there_are_as_many(acme, cap, cut_off):
    for scope in (company_scope(acme.pk), all_companies(reason="test")):
        with scope:
            found = search.find("test", "1", cap=cap)
        assert (len(found.ids()), found.cut_off) == (min(cap or 3, 3), cut_off)


@pytest.mark.parametrize(
    ("numbers", "kept"),
    [([], set()), ([3, 1, 3], {1, 3}), ([None, 2], {2}), ((n for n in (2, 9)), {2}), ({2**62}, set())],
)
def test_a_column_is_compared_with_any_number_of_ids(acme, numbers, kept):
    with company_scope(acme.pk):
        rows = search.SearchEntry.objects.filter(object_id__anyof=numbers)
        assert set(rows.values_list("object_id", flat=True)) == kept


@pytest.mark.parametrize("typed", ["1,2", "1} OR true --", "x"])
def test_what_is_no_number_is_no_id(acme, typed):
    with company_scope(acme.pk), pytest.raises(ValueError, match="invalid literal"):
        search.SearchEntry.objects.filter(object_id__anyof=[typed]).exists()


@given(st.text(max_size=60))
@example("𝓐")
def test_a_folded_text_is_folded_for_good(text):
    folded = search.plain(text)
    assert search.plain(folded) == folded
    assert "\x00" not in folded


def test_a_few_are_found_among_many_however_frequent_or_rare_the_word_is(acme, db):
    rows = [search.Entry(acme.pk, key, f"FREQUENT {key:05d}") for key in range(10, 5_110)]
    with company_scope(acme.pk):
        search.put("many", rows)
        search.put("many", [search.Entry(acme.pk, 1, "RARE FREQUENT")])
        assert search.find("many", "frequent", cap=3).ids() == [5109, 5108, 5107]
        assert search.find("many", "rare frequent", cap=3).ids() == [1]
        assert search.find("many", "neither", cap=3).ids() == []


def test_looking_for_a_few_leaves_the_planner_as_it_was(acme):
    with company_scope(acme.pk), connection.cursor() as cursor:
        search.find("test", "nothing like it", cap=3).ids()
        for name in ("enable_indexscan", "enable_indexonlyscan", "enable_seqscan"):
            cursor.execute(f"SHOW {name}")
            assert cursor.fetchone() == ("on",)


@pytest.mark.rule("GEN-1")
def test_a_few_are_looked_for_in_no_other_company(acme):
    borea = factories.company("Borea")
    with company_scope(borea.pk):
        search.put("test", [search.Entry(borea.pk, 77, "ZYX 1"), search.Entry(borea.pk, 78, "ABC 1")])
        assert search.find("test", "zyx", cap=3).ids() == [77]
    with company_scope(acme.pk):
        assert search.find("test", "zyx", cap=3).ids() == []
        assert search.find("test", "abc", cap=3).ids() == [2]


@pytest.mark.rule("GEN-1")
@pytest.mark.parametrize("rows", [1, 5_100])
def test_a_few_are_looked_for_within_numbers_and_divisions(acme, rows):
    """Among the newest rows, and where these hold too few."""
    limits = [(1, 7, 1), (2, 7, 2), (3, 8, 3), (4, 7, None)]
    with company_scope(acme.pk):
        search.put("few", [search.Entry(acme.pk, pk, "NEEDLE", number, division) for pk, number, division in limits])
        search.put("few", [search.Entry(acme.pk, 10 + pk, "HAY", 7, 1) for pk in range(rows)])
    for numbers, divisions, found in (
        ((7,), None, {1, 2, 4}),
        (None, (1,), {1}),
        ((8,), (1,), set()),
        ((), None, set()),
    ):
        with company_scope(acme.pk, customer_numbers=numbers, divisions=divisions):
            assert set(search.find("few", "needle", cap=6).ids()) == found
