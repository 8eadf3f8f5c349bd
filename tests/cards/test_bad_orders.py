"""What can be typed wrong in the order form: each is said at its field, what was typed stays, nothing is written."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from cards.expiry import expiry_after
from cards.models import Card, CardLimit, CardProduct
from fleetportal.core.drafts import Draft
from tests import factories
from tests.cards.browse import Browser
from tests.cards.tools import TYPED, change, check, counted, one, rows

INVALID_CHOICE = "Select a valid choice. That choice is not one of the available choices."
ZERO = "A limit is more than zero. Leave it empty for no limit."
NUMBER = "Enter an amount, such as 150.50."


def refused(person, **typed):
    """Send the form with something wrong in it; returns the page that comes back."""
    before = counted()
    seen = check(person, **typed)
    assert (seen.status, seen.title) == (200, "Create a card"), seen.title
    assert rows(Draft) == []
    assert counted() == before
    return seen


WHOLE = "Enter a whole number."
# Each wrong value of each field, with its sentence; a round of the test sends one of each field at a time.
WRONG = (
    ("printed_as", "", "Fill in “Plate or name on the card”."),
    ("printed_as", "X" * 27, "Ensure this value has at most 26 characters (it has 27)."),
    ("printed_as", "1-AB\x00C-1", "Null characters are not allowed."),
    ("extra_mention", "X" * 27, "Ensure this value has at most 26 characters (it has 27)."),
    ("cost_centre", "X" * 21, "Ensure this value has at most 20 characters (it has 21)."),
    ("cost_centre", "CC\x00", "Null characters are not allowed."),
    ("vehicle", "9-NOT-999", "None of your vehicles has this plate."),
    ("vehicle", "X" * 81, "Ensure this value has at most 80 characters (it has 81)."),
    ("driver", "Nobody Atall", "None of your drivers has this name, or two have."),
    ("recipient", "X" * 81, "Ensure this value has at most 80 characters (it has 81)."),
    ("street", "", "Fill in “Street and number”."),
    ("postal_code", "12345678901", "Ensure this value has at most 10 characters (it has 11)."),
    ("postal_code", "abc", "In BE a postal code is written as 1000."),
    ("postal_code", "0999", "In BE a postal code is written as 1000."),
    ("postal_code", "١٠٠٠", "In BE a postal code is written as 1000."),
    ("town", " ", "Fill in “Town”."),
    ("country", "XX", "Select a valid choice. XX is not one of the available choices."),
    ("customer_number", "", "Make a choice for “Customer number”."),
    ("customer_number", "abc", INVALID_CHOICE),
    ("customer_number", "99999999999999999999999", INVALID_CHOICE),
    ("division", "abc", INVALID_CHOICE),
    ("division", "1\x00", "Null characters are not allowed."),
    ("product", "0", INVALID_CHOICE),
    ("category", "spaceship", "Select a valid choice. spaceship is not one of the available choices."),
    ("plate_country", "", "Choose the country of the plate."),
    ("plate_country", "ZZ", "Select a valid choice. ZZ is not one of the available choices."),
    ("tank_capacity", "0", "Enter 1 or more."),
    ("tank_capacity", "-5", "Enter 1 or more."),
    ("tank_capacity", "2001", "Enter 2000 or less."),
    ("tank_capacity", "many", "Enter a whole number."),
    ("tank_capacity", "9" * 5000, "Enter a whole number."),
    ("vehicle_type", "tank", "Select a valid choice. tank is not one of the available choices."),
    ("hours_from", "25:00", "Enter a valid time."),
    ("hours_from", "06:00", "Give both hours, or none."),
    ("hours_until", "20:00", "Give both hours, or none."),
    ("forbidden_days", ["8"], "Select a valid choice. 8 is not one of the available choices."),
    ("forbidden_days", [*"1234567"], "The card could never be used: leave at least one day."),
    ("area", "", "Make a choice for “Area”."),
    ("area", "moon", "Select a valid choice. moon is not one of the available choices."),
    ("area", "chosen", "Tick at least one country."),
    ("countries", ["ZZ"], "Select a valid choice. ZZ is not one of the available choices."),
    ("max_transactions", "0", "Enter 1 or more."),
    ("max_transactions", "1000", "Enter 999 or less."),
    ("max_transactions_period", "year", "Select a valid choice. year is not one of the available choices."),
    ("max_amount", "0", "The amount is more than zero. Leave it empty for none."),
    ("max_amount", "-1", "The amount is more than zero. Leave it empty for none."),
    ("max_amount", "NaN", NUMBER),
    ("max_amount", "1e309", "Enter 999999.99 or less."),
    ("max_amount", "10.001", "Ensure that there are no more than 2 decimal places."),
    ("min_minutes_between", "10081", "Enter 10080 or less."),
    ("code_type", "none", "Select a valid choice. none is not one of the available choices."),
    ("limit_diesel_amount", "0", ZERO),
    ("limit_diesel_amount", "0.00", ZERO),
    ("limit_diesel_amount", "-250", ZERO),
    ("limit_diesel_amount", "much", NUMBER),
    ("limit_diesel_amount", "NaN", NUMBER),
    ("limit_diesel_amount", "Infinity", NUMBER),
    ("limit_diesel_amount", "1e309", "Enter 999999.99 or less."),
    ("limit_diesel_amount", "1e999999999", "Enter 999999.99 or less."),
    ("limit_diesel_amount", "1000000", "Enter 999999.99 or less."),
    ("limit_diesel_amount", "250.505", "Ensure that there are no more than 2 decimal places."),
    ("limit_diesel_amount", "250,50", NUMBER),
    ("limit_diesel_amount", "1,00", NUMBER),
    ("limit_diesel_unit", "kwh", "Select a valid choice. kwh is not one of the available choices."),
    ("limit_wash_unit", "l", "Select a valid choice. l is not one of the available choices."),
    ("limit_diesel_period", "year", "Select a valid choice. year is not one of the available choices."),
    ("limit_diesel_on_reach", "explode", "Select a valid choice. explode is not one of the available choices."),
    ("limit_wash_amount", "40", "The card does not pay for this product."),
)


# Fields that are looked at only while others are right.
NEEDS = {
    "plate_country": {"category", "printed_as"},
    "hours_until": {"hours_from"},
    "countries": {"area"},
    "postal_code": {"country"},
    "limit_wash_unit": {"limit_wash_amount"},
}


def rounds():
    """The wrong values in as few forms as possible: each field once in each, and not beside one that hides it."""
    left = list(WRONG)
    while left:
        form, later = {}, []
        for name, value, sentence in left:
            hidden = NEEDS.get(name, set()) & form.keys() or any(name in NEEDS.get(one, ()) for one in form)
            if name in form or hidden:
                later.append((name, value, sentence))
            else:
                form[name] = (value, sentence)
        yield form
        left = later


@pytest.mark.rule("GEN-9")
@pytest.mark.parametrize("form", list(rounds()))
def test_wrong_input_is_said_at_its_field_and_kept(ada, form):
    kept = {"cost_centre": "KEEP-ME", "max_amount": "12.34", "pays_petrol95": "on", "forbidden_days": ["3"]}
    seen = refused(ada, **{**kept, **{name: value for name, (value, _sentence) in form.items()}})
    assert seen.errors == {_place(name, value): sentence for name, (value, sentence) in form.items()}
    for name, value in {**kept, **{name: value for name, (value, _sentence) in form.items()}}.items():
        fields = seen.inputs(name)
        if fields[0].attrs.get("type") == "text" and "\x00" not in value:
            assert fields[0].attrs.get("value", "") == value, name
    checked = [one.attrs["name"] for one in seen.main.all("input", type="checkbox") if "checked" in one.attrs]
    assert {"pays_diesel", "pays_petrol95"} <= set(checked)


def _place(name, value):
    """Where the sentence stands: half a pair of hours is said at the other half, an area without countries there."""
    if value in ("06:00", "20:00"):
        return {"hours_from": "hours_until", "hours_until": "hours_from"}[name]
    return "countries" if value == "chosen" else name


@pytest.mark.rule("GEN-9")
def test_the_first_wrong_field_has_the_focus_and_the_summary_leads_to_each(ada):
    seen = refused(ada, street="", printed_as="", limit_diesel_amount="0")
    focused = [one.attrs["name"] for one in seen.main.all() if "autofocus" in one.attrs]
    assert focused == ["printed_as"]
    summary = seen.page.first(id="error-summary")
    assert summary.first("h2").text == "3 things to correct"
    links = [one.attrs["href"] for one in summary.all("a")]
    assert links == ["#id_printed_as", "#id_limit_diesel_amount", "#id_street"]  # as they follow on the page
    for link in links:
        target = seen.page.first(id=link.removeprefix("#"))
        assert target.attrs["aria-invalid"] == "true"
        assert f"{target.attrs['id']}_error" in target.attrs["aria-describedby"]
    assert seen.page.first("title").text.startswith("To correct: ")


@pytest.mark.rule("GEN-9")
def test_a_wrong_limit_alone_has_the_focus(ada):
    seen = refused(ada, limit_diesel_amount="0")
    assert [one.attrs["name"] for one in seen.main.all() if "autofocus" in one.attrs] == ["limit_diesel_amount"]


@pytest.mark.rule("CRD-4")
def test_a_card_that_pays_for_nothing_is_refused(ada):
    seen = refused(ada, pays_diesel="", limit_diesel_amount="")
    # Said once, at the group, which has the focus and is described by it.
    [(place, sentence)] = seen.errors.items()
    assert sentence == "Choose at least one product or service."
    group = seen.page.first(id=place)
    assert group.first("legend").text == "Products, services and limits"
    assert f"{place}_error" in group.attrs["aria-describedby"].split()
    assert [one for one in seen.main.all() if "autofocus" in one.attrs] == [group]
    [line] = seen.page.first(id="error-summary").all("li")
    assert (line.text, line.first("a").attrs["href"]) == (sentence, f"#{place}")
    assert "One thing to correct" in seen.page.first(id="error-summary").text


@pytest.mark.rule("GEN-9")
@pytest.mark.parametrize(
    ("wrong", "focused"), [({"printed_as": ""}, "printed_as"), ({"street": ""}, None), ({"tank_capacity": "x"}, None)]
)
def test_what_is_wrong_first_has_the_focus_a_group_among_them(ada, wrong, focused):
    seen = refused(ada, pays_diesel="", limit_diesel_amount="", **wrong)
    [with_focus] = [one for one in seen.main.all() if "autofocus" in one.attrs]
    assert with_focus.attrs.get("name") == focused
    assert (with_focus.name == "fieldset") is (focused is None)
    links = [line.first("a").attrs["href"] for line in seen.page.first(id="error-summary").all("li")]
    assert links == ([f"#id_{focused}", "#group-4"] if focused else ["#group-4", f"#id_{next(iter(wrong))}"])


@pytest.mark.rule("CRD-4")
def test_digits_of_another_script_are_read_as_the_number_they_are_and_shown_before_confirming(ada):
    seen = check(ada, limit_diesel_amount="٢٥٠", tank_capacity="٨٠")
    assert {row["Product or service"]: row["Limit"] for row in seen.rows} == {"Diesel": "250 euro per month"}
    assert seen.facts["Tank capacity"] == "80 litres"
    ada.send(seen)
    assert one(CardLimit).amount == Decimal(250)


@pytest.mark.rule("CRD-4")
def test_the_highest_limit_can_be_ordered(ada):
    ada.send(check(ada, limit_diesel_amount="999999.99", max_amount="999999.99"))
    assert one(CardLimit).amount == one(Card).max_amount == Decimal("999999.99")


@pytest.mark.rule("CRD-5")
def test_hours_that_are_the_same_are_refused_and_hours_over_midnight_are_not(ada):
    same = refused(ada, hours_from="08:00", hours_until="08:00")
    assert same.errors == {"hours_until": "The two hours are the same."}
    for wrong in ("25:99", "noon"):
        assert refused(ada, hours_from=wrong, hours_until="08:00").errors == {"hours_from": "Enter a valid time."}
        assert refused(ada, hours_from="08:00", hours_until=wrong).errors == {"hours_until": "Enter a valid time."}
    assert check(ada, hours_from="22:00", hours_until="06:00").facts["Hours allowed"] == "22:00 – 06:00"


@pytest.mark.rule("CRD-3")
@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("René", "é"),
        ("Groß", "ß"),
        ("Ann😀", "😀"),
        ("Ann_B", "_"),
        ("Ann\tB\x07", "U+0007"),
        ("Ann\u200bB", "U+200B"),
        ("Ann\u202eB", "U+202E"),
        ("Łukasz & Co", "& Ł"),
        ("＋ＡＢ", "＋ Ａ Ｂ"),
    ],
)
def test_a_name_that_the_embosser_can_not_print_is_refused_with_its_letters(ada, typed, named):
    seen = refused(ada, category="driver", printed_as=typed)
    sentence = f"This can't be printed on a card: {named}. Use A to Z, digits, space, hyphen and apostrophe."
    assert seen.errors == {"printed_as": sentence}
    seen = refused(ada, extra_mention=typed)
    assert seen.errors == {"extra_mention": sentence}


def test_a_plate_of_marks_alone_is_refused(ada):
    assert refused(ada, printed_as="---").errors == {"printed_as": "A plate has letters or digits."}


@pytest.mark.rule("CRD-3")
@pytest.mark.parametrize("category", ["driver", "pool"])
def test_a_name_of_marks_alone_is_refused(ada, category):
    for marks in ("'", "- -"):
        seen = refused(ada, category=category, printed_as=marks)
        assert seen.errors == {"printed_as": "A name has letters or digits."}
    assert check(ada, category=category, printed_as="7").facts["Plate or name on the card"] == "7"


@pytest.mark.rule("GEN-1", "CRD-2")
def test_numbers_divisions_vehicles_and_drivers_of_another_company_are_not_there(ada, borea):
    theirs = factories.customer_number(borea)
    division = factories.division(theirs, "Secret division")
    factories.vehicle(theirs, "2-BOR-222")
    factories.driver(theirs, "Bea", last_name="Borealis")
    form = ada.get("cards/new/")
    for word in ("Secret division", theirs.number, "2-BOR-222", "Borealis"):
        assert word not in form.html
    assert refused(ada, customer_number=str(theirs.pk)).errors == {"customer_number": INVALID_CHOICE}
    assert refused(ada, division=str(division.pk)).errors == {"division": INVALID_CHOICE}
    assert refused(ada, vehicle="2-BOR-222").errors == {"vehicle": "None of your vehicles has this plate."}
    assert set(refused(ada, driver="Bea Borealis").errors) == {"driver"}


@pytest.mark.rule("ACC-30", "CRD-2")
def test_a_customer_number_one_has_no_right_to_is_not_there(acme, number, second):
    limited = Browser(factories.member(acme, "Max", customer_numbers=[number]).user, acme)
    division = factories.division(second, "Gent only")
    form = limited.get("cards/new/")
    assert second.number not in form.text
    assert "Gent only" not in form.text
    assert refused(limited, customer_number=str(second.pk)).errors == {"customer_number": INVALID_CHOICE}
    assert refused(limited, division=str(division.pk)).errors == {"division": INVALID_CHOICE}


@pytest.mark.rule("CRD-2")
def test_a_division_of_another_customer_number_is_refused(ada, number, second):
    division = factories.division(second)
    seen = refused(ada, customer_number=str(number.pk), division=str(division.pk))
    assert seen.errors == {"division": "This division belongs to another customer number."}


@pytest.mark.rule("CRD-2")
def test_a_closed_division_and_a_product_no_longer_offered_can_not_be_chosen(ada, number):
    closed = factories.division(number)
    change(closed, closed_at=timezone.now())
    assert refused(ada, division=str(closed.pk)).errors == {"division": INVALID_CHOICE}
    old = factories.card_product(is_offered=False)
    assert refused(ada, product=str(old.pk)).errors == {"product": INVALID_CHOICE}


@pytest.mark.rule("ACC-30")
def test_somebody_limited_to_a_division_orders_for_it_and_not_for_none(acme, number):
    mine, other = factories.division(number, "Mine"), factories.division(number, "Other")
    limited = Browser(factories.member(acme, "Max", divisions=[mine]).user, acme)
    assert refused(limited, division="").errors == {"division": "Choose one of your divisions."}
    assert refused(limited, division=str(other.pk)).errors == {"division": INVALID_CHOICE}
    seen = limited.send(check(limited, division=str(mine.pk)))
    assert seen.title.startswith("Request R")
    assert limited.get("cards/").rows[0]["Fleet division"] == "Mine"


@pytest.mark.rule("PIN-2")
@pytest.mark.parametrize(
    "code", ["1234", "0000", "4321", "7777", "0123", "7890", "8901", "2109", "1987", "2024", "expiry", "yearly"]
)
def test_an_easy_code_is_refused_with_one_sentence(ada, code):
    months = CardProduct.objects.get(pk=factories.card_product().pk).validity_months
    expiry = expiry_after(timezone.localdate(), months)
    code = {"expiry": f"{expiry:%m%y}", "yearly": f"{expiry:%y%m}"}.get(code, code)
    seen = refused(ada, code_type="chosen", secret_code=code, secret_code_again=code)
    assert seen.errors == {"secret_code": "This code is too easy to guess."}
    assert [one.attrs.get("value", "") for one in seen.inputs("secret_code")] == [""]


@pytest.mark.rule("PIN-1", "GEN-9")
@pytest.mark.parametrize(
    ("code", "again", "errors"),
    [
        ("", "", {"secret_code": "A secret code has four digits."}),
        ("739", "739", {"secret_code": "A secret code has four digits."}),
        ("73911", "73911", {"secret_code": "A secret code has four digits."}),
        ("73a1", "73a1", {"secret_code": "A secret code has four digits."}),
        ("٧٣٩١", "٧٣٩١", {"secret_code": "A secret code has four digits."}),
        ("²³¹²", "²³¹²", {"secret_code": "A secret code has four digits."}),
        ("7391", "", {"secret_code_again": "The two codes differ."}),
        ("7391", "7392", {"secret_code_again": "The two codes differ."}),
    ],
)
def test_a_code_that_is_none_or_typed_differently_is_asked_again(ada, code, again, errors):
    seen = refused(ada, code_type="chosen", secret_code=code, secret_code_again=again)
    assert seen.errors == errors
    assert not any(one.attrs.get("value") for name in ("secret_code", "secret_code_again") for one in seen.inputs(name))


@pytest.mark.rule("PIN-1")
def test_without_the_card_makers_key_a_code_can_not_be_chosen(ada, settings):
    settings.CARD_MAKER_PUBLIC_KEY = ""
    seen = refused(ada, code_type="chosen", secret_code="7391", secret_code_again="7391")
    assert seen.errors == {"": "A code can't be chosen at the moment. Choose another type of code."}
    assert "7391" not in seen.html


@pytest.mark.parametrize("path", ["cards/new/?copy=²", "cards/new/?copy=abc", "cards/new/?copy=999999999999999999999",
                                  "cards/new/?draft=²", "cards/new/?draft=0", "cards/new/?draft=99999999999999999999",
                                  "cards/new/99999999999999999999/", "cards/99999999999999999999/copy/"])  # fmt: skip
def test_an_address_of_nothing_is_not_found(ada, path):
    assert ada.get(path).status == 404


@pytest.mark.rule("GEN-1")
def test_a_card_of_another_company_can_not_be_copied(ada, borea):
    theirs = factories.card(factories.customer_number(borea), printed_as="2-BOR-222")
    for path in (f"cards/new/?copy={theirs.pk}", f"cards/{theirs.pk}/copy/"):
        seen = ada.get(path)
        assert (seen.status, "2-BOR-222" in seen.html) == (404, False)


@pytest.mark.rule("ACC-13")
def test_who_may_only_look_can_not_open_or_send_the_order_form(cora):
    before = counted()
    assert cora.get("cards/new/").status == 403
    assert cora.post("cards/new/", TYPED).status == 403
    assert counted() == before
