"""Chosen codes: which are too easy, and that nobody but the card maker can open one."""

from __future__ import annotations

import base64
import json
from datetime import date

import pytest
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from cards.codes import CardMakerKeyMissing, can_seal, seal, trivial

EXPIRY = date(2030, 11, 30)
EQUAL = ["0000", "7777"]
IN_A_ROW = ["1234", "0123", "6789", "7890", "9012", "4321", "9876", "3210", "2109"]
OF_THE_EXPIRY = ["1130", "3011", "2030"]
OF_BIRTH = ["1984", "2007"]


@pytest.fixture
def key(settings):
    private = PrivateKey.generate()
    settings.CARD_MAKER_PUBLIC_KEY = base64.b64encode(bytes(private.public_key)).decode()
    return private


def test_the_card_maker_alone_can_open_a_sealed_code(key):
    sealed = seal("7391")
    assert json.loads(SealedBox(key).decrypt(sealed))["code"] == "7391"
    with pytest.raises(CryptoError):
        SealedBox(PrivateKey.generate()).decrypt(sealed)


def test_sealed_codes_tell_nothing_by_their_length_or_by_being_equal(key):
    sealed = [seal("7391"), seal("7391"), seal("40217358")]
    assert len({len(one) for one in sealed}) == 1
    assert len(set(sealed)) == 3
    assert all(b"7391" not in one for one in sealed)


@pytest.mark.parametrize("wrong", ["", "no key", base64.b64encode(b"short").decode()])
def test_without_a_key_a_code_is_refused_and_not_repeated(settings, wrong):
    settings.CARD_MAKER_PUBLIC_KEY = wrong
    assert not can_seal()
    with pytest.raises(CardMakerKeyMissing, match="CARD_MAKER_PUBLIC_KEY") as caught:
        seal("7391")
    assert "7391" not in str(caught.value)


@pytest.mark.rule("PIN-2")
@pytest.mark.parametrize("code", [*EQUAL, *IN_A_ROW, *OF_THE_EXPIRY, *OF_BIRTH])
def test_codes_that_are_easy_to_guess(code):
    assert trivial(code, expiry=EXPIRY)


@pytest.mark.rule("PIN-2")
@pytest.mark.parametrize("code", ["7391", "1357", "1243", "0012", "1210", "8421", "9080"])
def test_codes_that_are_not(code):
    assert not trivial(code, expiry=EXPIRY)


@pytest.mark.rule("PIN-2")
def test_the_digits_of_another_expiry_are_not_too_easy():
    assert not trivial("1130", expiry=date(2031, 12, 31))


@pytest.mark.parametrize("code", ["", "123", "12345", "12a4", "١٢٣٤", "12 4", "1234\n"])
def test_what_is_no_code_is_refused_without_being_repeated(code):
    with pytest.raises(ValueError, match="four digits") as caught:
        trivial(code, expiry=EXPIRY)
    assert not code or code not in str(caught.value)
