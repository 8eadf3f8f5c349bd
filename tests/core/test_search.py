"""The search table: any part of a word finds, accents and capitals do not matter, and no company finds another's."""

from __future__ import annotations

import pytest
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
        assert set(search.hits("test", wanted)) == found
    with all_companies(reason="test"):
        assert set(search.hits("test", wanted)) == found


def test_a_text_that_is_written_again_replaces_the_first(acme):
    with company_scope(acme.pk):
        search.put("test", [search.Entry(acme.pk, 2, "2-XYZ-999")])
        assert search.hits("test", "abc") == []
        assert search.hits("test", "xyz") == [2]


def test_no_more_than_the_cap_come_back(acme):
    with company_scope(acme.pk):
        assert len(search.hits("test", "1", cap=2)) == 2
        assert len(search.hits("test", "1", cap=None)) == 3


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
