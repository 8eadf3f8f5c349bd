"""Postal codes as each country writes them, wherever an address is asked for."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from accounts.postal import _FORMS, clean_postal_code
from cards.catalogue import NETWORK


@pytest.mark.parametrize(
    ("country", "typed", "kept"),
    [
        ("BE", "1000", "1000"), ("BE", " 9000 ", "9000"), ("BE", "B-1000", "1000"), ("BE", "be - 2800", "2800"),
        ("NL", "1012AB", "1012 AB"), ("NL", "1012 ab", "1012 AB"), ("NL", "NL-1012 AB", "1012 AB"),
        ("FR", "75001", "75001"), ("FR", "01000", "01000"), ("DE", "10115", "10115"), ("LU", "L-1111", "1111"),
        ("LU", "0111", "0111"), ("PT", "1000001", "1000-001"), ("PL", "00-001", "00-001"), ("CZ", "11000", "110 00"),
        ("XX", "SW1A 1AA", "SW1A 1AA"), ("GB", "anything", "anything"), ("", "abc", "abc"),
    ],
)  # fmt: skip
def test_a_code_is_kept_as_its_country_writes_it(country, typed, kept):
    assert clean_postal_code(typed, country) == kept


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("BE", "abc"), ("BE", "0999"), ("BE", "10000"), ("BE", "100"), ("BE", "1000 Brussel"), ("BE", "١٠٠٠"),
        ("BE", "1000\nx"), ("NL", "1012"), ("NL", "0012 AB"), ("NL", "1012 A1"), ("FR", "7500"), ("FR", "2A004"),
        ("DE", "1011"), ("LU", "11111"), ("ES", "53001"), ("IT", "118"), ("PT", "1000"), ("SK", "111 11"),
    ],
)  # fmt: skip
def test_what_can_be_none_is_refused_with_one_that_can(country, typed):
    with pytest.raises(ValidationError, match=f"In {country} a postal code is written as "):
        clean_postal_code(typed, country)


def test_each_country_of_the_card_network_has_its_form_and_the_example_shown_is_one():
    assert set(NETWORK) <= set(_FORMS)
    for country, form in _FORMS.items():
        assert clean_postal_code(form.example, country) == form.example
