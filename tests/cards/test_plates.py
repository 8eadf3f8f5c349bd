"""Number plates on a card: each country's form, and 'print as typed' where no form is known (CRD-3, facts 4.13)."""

from __future__ import annotations

import pytest

from cards.models import Card
from tests.cards.tools import check, one
from vehicles.plates import read_plate

# What somebody types, and what is printed.
BELGIAN = [
    ("1-abc-123", "1-ABC-123"),
    ("1abc123", "1-ABC-123"),
    ("2 XYZ 999", "2-XYZ-999"),
    ("1.yxz.999", "1-YXZ-999"),
    ("8-AAA-001", "8-AAA-001"),
    ("9-FUN-123", "9-FUN-123"),
    ("ABC-123", "ABC-123"),
    ("abc123", "ABC-123"),
    ("TAB 123", "TAB-123"),
    ("123-ABC", "123-ABC"),
    ("T-XAB-123", "T-XAB-123"),
    ("txab123", "T-XAB-123"),
    ("TX-AB-123", "TX-AB-123"),
    ("M-AAA-001", "M-AAA-001"),
    ("M-AB-123", "M-AB-123"),
    ("WAAA001", "W-AAA-001"),
    ("s aaa 123", "S-AAA-123"),
    ("G-ABC-123", "G-ABC-123"),
    ("O-ABC-123", "O-ABC-123"),
    ("Q-ABC-123", "Q-ABC-123"),
    ("Z-ABC-123", "Z-ABC-123"),
    ("ZZ-ABC-123", "ZZ-ABC-123"),
    ("CD-AB-123", "CD-AB-123"),
    ("cdab123", "CD-AB-123"),
]
FRENCH = [
    ("ab 123 cd", "AB-123-CD"),
    ("AB123CD", "AB-123-CD"),
    ("WW-123-AB", "WW-123-AB"),
    ("w123ab", "W-123-AB"),
    ("123 AB 45", "123 AB 45"),
    ("1234-ZZ-75", "1234 ZZ 75"),
    ("12abc2a", "12 ABC 2A"),
    ("1 A 971", "1 A 971"),
]
OTHERS = [
    ("NL", "ab123c", "AB-123-C"),
    ("NL", "1-kbb-00", "1-KBB-00"),
    ("NL", "12abcd", "12-AB-CD"),
    ("LU", "ab1234", "AB 1234"),
    ("LU", "12345", "12345"),
    ("DE", "M-AB 123", "M-AB 123"),
    ("DE", "MA-B 123", "MA-B 123"),
    ("DE", "b ab 12e", "B-AB 12E"),
]
# No form that is known: printed as typed, with a warning.
UNKNOWN = [
    ("BE", "1-ABCD-12"),
    ("BE", "0-ABC-123"),
    ("BE", "KING"),
    ("FR", "IO-123-UU"),
    ("FR", "SS-123-AB"),
    ("FR", "AB-123-SS"),
    ("FR", "123 AB 99"),
    ("DE", "MAB123"),
    ("NL", "1-2-3"),
    ("XX", "AB 12345"),
]


@pytest.mark.parametrize(
    ("country", "typed", "printed"),
    [*(("BE", *pair) for pair in BELGIAN), *(("FR", *pair) for pair in FRENCH), *OTHERS],
)
def test_a_plate_is_read_in_its_countrys_form(country, typed, printed):
    plate = read_plate(typed, country)
    assert (plate.printed, plate.warning) == (printed, "")
    assert plate.key == printed.replace("-", "").replace(" ", "")
    assert read_plate(printed, country) == plate


@pytest.mark.parametrize(("country", "typed"), [*UNKNOWN, ("DE", "WÜ-AB 123"), ("BE", "1-AÉB-123")])
def test_a_plate_of_no_known_form_stays_as_typed_with_a_warning(country, typed):
    plate = read_plate(typed, country)
    assert plate.printed == typed
    assert plate.warning


@pytest.mark.rule("CRD-3")
@pytest.mark.parametrize(
    ("country", "typed", "printed"),
    [("BE", "1abc123", "1-ABC-123"), ("BE", "abc123", "ABC-123"), ("FR", "ab123cd", "AB-123-CD")],
)
def test_a_plate_is_printed_in_its_countrys_form(ada, country, typed, printed):
    seen = check(ada, plate_country=country, printed_as=typed)
    assert (seen.facts["Plate or name on the card"], seen.warnings) == (printed, [])
    ada.send(seen)
    card = one(Card)
    assert (card.printed_as, card.plate_country) == (printed, country)
    assert ada.get("cards/", q=typed).rows[0]["Plate or name"] == printed


@pytest.mark.rule("CRD-3")
@pytest.mark.parametrize(("country", "typed"), [("BE", "KING"), ("FR", "123 AB 99"), ("XX", "AB 12345")])
def test_an_unknown_form_is_a_warning_on_the_check_and_not_an_error(ada, country, typed):
    seen = check(ada, plate_country=country, printed_as=typed)
    assert seen.title == "Check your order"
    [warning] = seen.warnings
    assert warning.endswith(f"It is printed as typed: {typed}")
    assert warning.count("printed as typed") == 1
    ada.send(seen)
    assert one(Card).printed_as == typed


@pytest.mark.rule("CRD-3", "CRD-6")
@pytest.mark.parametrize(("country", "said"), [("FR", "France"), ("XX", "another country")])
def test_the_country_of_a_plate_is_said_in_words_on_the_check_and_on_the_cards_page(ada, country, said):
    seen = check(ada, plate_country=country, printed_as="AB-123-CD")
    assert seen.facts["Country of the plate"] == said
    ada.send(seen)
    assert ada.get(f"cards/{one(Card).pk}/").facts["Country of the plate"] == said
    assert "Country of the plate" not in check(ada, category="driver", printed_as="ANN").facts


@pytest.mark.rule("CRD-3")
def test_print_as_typed_leaves_a_known_plate_as_it_was_typed(ada):
    seen = check(ada, printed_as="1abc 123", print_as_typed="on")
    assert (seen.facts["Plate or name on the card"], seen.warnings) == ("1ABC 123", [])
    ada.send(seen)
    assert one(Card).printed_as == "1ABC 123"


@pytest.mark.rule("CRD-3")
def test_a_plate_with_a_letter_that_can_not_be_printed_is_refused_and_not_shortened(ada):
    seen = check(ada, plate_country="DE", printed_as="WÜ-AB 123")
    assert seen.errors == {
        "printed_as": "This can't be printed on a card: Ü. Use A to Z, digits, space, hyphen and apostrophe."
    }
