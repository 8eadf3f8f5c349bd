"""Card numbers: from the product's range, each once, until it is used up."""

from __future__ import annotations

import pytest
from stdnum import luhn

from cards.numbers import RangeUsedUp, allocate, compose
from tests import factories


@pytest.fixture
def product(db):
    return factories.card_product(issuer_number="700200", number_length=16)


def test_a_number_has_the_issuer_the_serial_and_a_check_digit(product):
    number = compose(product, 42)
    assert number[:-1] == "700200000000042"
    assert luhn.is_valid(number)


def test_the_longest_form_is_the_published_vector(db):
    product = factories.card_product(issuer_number="7002", number_length=19)
    assert compose(product, 1) == "7002000000000000017"


def test_a_product_without_check_digit_uses_all_digits(db):
    product = factories.card_product(issuer_number="7099", number_length=10, luhn=False)
    assert allocate(product, 2) == ["7099000001", "7099000002"]


def test_numbers_follow_one_another_and_never_return(product):
    first, second = allocate(product, 3), allocate(product, 2)
    assert [number[6:15] for number in first + second] == [f"{serial:09d}" for serial in range(1, 6)]
    assert allocate(product, 0) == []


def test_a_range_with_too_few_numbers_gives_none(db):
    product = factories.card_product(issuer_number="70020099", number_length=10, name="Old card")
    assert len(allocate(product, 9)) == 9
    product.refresh_from_db()
    with pytest.raises(RangeUsedUp, match="“Old card” has fewer than 1 numbers left"):
        allocate(product, 1)
    product.refresh_from_db()
    assert product.next_serial == 10
