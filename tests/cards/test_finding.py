"""*Find a card*: criteria, columns, downloads, and who sees the whole number (CRD-30 to CRD-33, ACC-30)."""

from __future__ import annotations

import csv
import io
from datetime import date, time

import openpyxl
import pytest
from django.utils import timezone

from cards.models import CardProduct
from tests import factories
from tests.cards.browse import Browser
from tests.cards.tools import change, order, put_in_search

SIMPLE = {"product", "customer_number", "division", "status"}
ADVANCED = {"category", "fuel", "code_type", "renewal_status", "dispatched"}


@pytest.fixture
def fleet(acme, number, second):
    """Four cards that differ in everything one can ask for."""
    other = factories.card_product(code="truck", name="Truck card", issuer_number="700300")
    sales = factories.division(number, "Sales")
    return {
        "van": factories.card(
            number,
            printed_as="1-VAN-001",
            division=sales,
            expires_on=None,
            last_used_on=date(2026, 10, 30),
            driver=factories.driver(number, "Dirk", last_name="De Smet"),
            issue_fields={"expires_on": date(2028, 5, 31)},
        ),
        "name": factories.card(
            number,
            printed_as="ANN DE WIT",
            category="driver",
            plate_country="",
            status="in_creation",
            code_type="chosen",
            products=["petrol95"],
            cost_centre="CC-9",
        ),
        "truck": factories.card(second, printed_as="2-TRK-002", product=other, status="blocked"),
        "cancelled": factories.card(second, printed_as="1-CAN-003", renewal_status="cancelled"),
    }


def found(person, **asked):
    return {row["Plate or name"] for row in person.get("cards/", **asked).rows}


def criteria(seen):
    form = seen.page.first(id="filter-form")
    return {one.attrs["name"] for one in form.all() if one.attrs.get("name")}


@pytest.mark.rule("CRD-30")
def test_the_simple_criteria_stand_open_and_every_other_one_link_away(ada, fleet):
    seen = ada.get("cards/")
    assert criteria(seen) == SIMPLE | {"q"}
    more = ada.get(seen.link("More filters"))
    dates = {"expires_on_after", "expires_on_before", "last_used_on_after", "last_used_on_before"}
    assert criteria(more) == SIMPLE | ADVANCED | dates | {"q"}
    assert criteria(ada.get(more.link("Fewer filters"))) == criteria(seen)


@pytest.mark.rule("CRD-30")
def test_a_simple_criterion_that_leaves_no_choice_is_not_asked(ada, number):
    factories.card(number)
    assert criteria(ada.get("cards/")) == {"q", "status"}
    factories.division(number, "Sales")
    assert criteria(ada.get("cards/")) == {"q", "status", "division"}
    # One that is in the address stays, with what is chosen.
    seen = ada.get("cards/", customer_number=str(number.pk))
    assert seen.inputs("customer_number")
    assert f"Customer number: {number}" in seen.text


@pytest.mark.rule("CRD-30")
def test_a_division_is_named_with_its_customer_number_where_two_have_its_name(ada, fleet, number, second):
    def words(seen):
        return [option.text or option._words() for option in seen.inputs("division")[0].all("option")][1:]

    assert words(ada.get("cards/")) == ["Sales"]
    factories.division(second, "Sales")
    factories.division(second, "Depot")
    assert words(ada.get("cards/")) == ["Depot", f"Sales · {number.number}", f"Sales · {second.number}"]


@pytest.mark.rule("CRD-30", "GEN-1")
def test_the_choices_are_those_of_ones_own_scope(acme, borea, fleet, number, second):
    factories.division(factories.customer_number(borea), "Theirs")
    factories.division(second, "Depot")
    limited = Browser(factories.member(acme, "Max", customer_numbers=[number]).user, acme)
    seen = limited.get("cards/")
    assert criteria(seen) == {"q", "product", "division", "status"}
    values = [one.attrs["value"] for one in seen.inputs("division")[0].all("option")]
    assert values == ["", str(fleet["van"].division_id)]


@pytest.mark.rule("CRD-30")
@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"status": "blocked"}, {"truck"}),
        ({"status": "active"}, {"van", "cancelled"}),
        ({"category": "driver"}, {"name"}),
        ({"fuel": "petrol95"}, {"name"}),
        ({"code_type": "chosen"}, {"name"}),
        ({"renewal_status": "cancelled"}, {"cancelled"}),
        ({"expires_on_before": "2028-12-31"}, {"van"}),
        ({"expires_on_after": "2028-05-31", "expires_on_before": "2028-05-31"}, {"van"}),
        ({"last_used_on_after": "2026-10-30"}, {"van"}),
        ({"last_used_on_after": "2026-10-31"}, set()),
        ({"q": "1van001"}, {"van"}),
        ({"q": "van"}, {"van"}),
        ({"q": "ann wit"}, {"name"}),
        ({"status": "active", "q": "can"}, {"cancelled"}),
        ({"q": "nothing like it"}, set()),
    ],
)
def test_cards_are_found_by_each_criterion(ada, fleet, asked, names):
    put_in_search(fleet.values())
    assert found(ada, **asked) == {fleet[name].printed_as for name in names}


@pytest.mark.rule("CRD-30", "ACC-30")
def test_cards_are_found_by_product_division_and_customer_number(ada, fleet, second):
    truck = CardProduct.objects.get(code="truck")
    assert found(ada, product=str(truck.pk)) == {"2-TRK-002"}
    assert found(ada, division=str(fleet["van"].division_id)) == {"1-VAN-001"}
    assert found(ada, customer_number=str(second.pk)) == {"2-TRK-002", "1-CAN-003"}


@pytest.mark.rule("CRD-30")
def test_an_ordered_card_is_found_by_its_driver_cost_centre_and_mention(ada, number):
    factories.driver(number, "Dirk", last_name="De Smet")
    order(ada, driver="Dirk De Smet", cost_centre="CC-17", extra_mention="NIGHT")
    for word in ("smet", "CC-17", "night", "1ABC123", "abc"):
        assert found(ada, q=word) == {"1-ABC-123"}, word


@pytest.mark.rule("CRD-30", "CRD-33")
def test_a_card_is_found_by_its_number_and_the_list_shows_four_digits(ada, fleet):
    put_in_search(fleet.values())
    card = fleet["van"]
    [row] = ada.get("cards/", q=card.number).rows
    assert row["Plate or name"] == "1-VAN-001"
    assert row["Number"].endswith(card.number[-4:])
    assert card.number[:-4] not in row["Number"]


@pytest.mark.rule("ACC-30")
def test_the_order_form_asks_which_number_and_the_list_filters_by_it(ada, number, second):
    seen = ada.get("cards/new/")
    values = [one.attrs["value"] for one in seen.inputs("customer_number")[0].all("option")]
    assert values == ["", str(number.pk), str(second.pk)]
    assert seen.values["customer_number"] == [""]
    order(ada, customer_number=str(second.pk), printed_as="1-SEC-002")
    order(ada, customer_number=str(number.pk), printed_as="1-FIR-001")
    assert found(ada, customer_number=str(second.pk)) == {"1-SEC-002"}
    [row] = ada.get("cards/", customer_number=str(number.pk)).rows
    assert row["Customer number"] == number.number


@pytest.mark.rule("ACC-30")
def test_with_one_customer_number_it_is_chosen_already(ada, number):
    assert ada.get("cards/new/").values["customer_number"] == [str(number.pk)]


@pytest.mark.rule("ACC-30", "GEN-1")
def test_somebody_with_one_of_two_numbers_finds_and_downloads_that_ones_cards_only(acme, number, fleet):
    put_in_search(fleet.values())
    limited = Browser(factories.member(acme, "Max", customer_numbers=[number]).user, acme)
    mine = {"1-VAN-001", "ANN DE WIT"}
    assert found(limited) == mine
    assert found(limited, q="2TRK002") == set()
    assert found(limited, status="blocked") == set()
    assert {row[0] for row in _downloaded(limited, "csv")[1:]} == mine
    assert limited.get(f"cards/{fleet['truck'].pk}/").status == 404


@pytest.mark.rule("CRD-31")
def test_a_menu_switches_to_the_settings_columns_and_back(ada, fleet):
    general = ada.get("cards/")
    assert {"Customer number", "Fleet division", "Driver", "Expiry", "Status"} <= set(general.rows[0])
    settings = ada.get(general.link("Card settings"))
    assert {"Secret code", "Rank", "Created", "Renewal", "Last used"} <= set(settings.rows[0])
    assert "Cost centre" not in settings.rows[0]
    row = next(row for row in settings.rows if row["Plate or name"] == "ANN DE WIT")
    assert row["Secret code"] == "4 digits, chosen by you"
    assert set(ada.get(settings.link("General")).rows[0]) == set(general.rows[0])


@pytest.mark.rule("CRD-31")
def test_filter_search_and_columns_stay_together_in_the_address(ada, fleet):
    seen = ada.get("cards/", status="active", view="settings")
    assert "status=active" in seen.link("General")
    assert "status=active" in seen.link("Excel")
    assert "view=settings" in next(one.attrs["href"] for one in seen.page.all("a", class_="sort"))


def _downloaded(person, kind, **asked):
    response = person.client.get(person.url("cards/"), {"format": kind, **asked})
    body = b"".join(response.streaming_content)
    assert "attachment" in response["Content-Disposition"]
    if kind == "csv":
        text = body.decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text), delimiter=";" if text.splitlines()[0].count(";") > 3 else ","))
    sheet = openpyxl.load_workbook(io.BytesIO(body)).active
    return [["" if cell is None else cell for cell in row] for row in sheet.iter_rows(values_only=True)]


@pytest.mark.rule("CRD-32")
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_the_download_has_general_information_ceilings_and_controls(ada, fleet, kind):
    card = fleet["van"]
    factories.limit(card, "diesel", amount="250.50", unit="l", period="week", on_reach="notify")
    change(card, hours_from=time(6), hours_until=time(20, 30))
    head, *rows = _downloaded(ada, kind)
    assert len(rows) == 4
    row = dict(zip(head, next(row for row in rows if row[0] == "1-VAN-001"), strict=True))
    expected = {
        "Secret code": "4 digits, calculated by the operator",
        "Fleet division": "Sales",
        "Driver": "De Smet Dirk",
        "Status": "Active",
        "Area": "All countries of the network",
        "Odometer at the terminal": "no",
        "Limit for Diesel": "250.50 litres per week, only send a notice",
        "Limit for Petrol 95": "",
        "Country of the plate": "BE",
        "Allowed from": "06:00",
        "Allowed until": "20:30",
    }
    assert {name: row[name] for name in expected} == expected
    assert {"Forbidden days", "Allowed from", "Chosen countries", "Most transactions", "Tank capacity"} <= set(head)


@pytest.mark.rule("CRD-32")
def test_the_download_is_of_what_was_filtered_and_searched(ada, fleet):
    put_in_search(fleet.values())
    assert [row[0] for row in _downloaded(ada, "xlsx", status="blocked")[1:]] == ["2-TRK-002"]
    assert [row[0] for row in _downloaded(ada, "xlsx", q="ann")[1:]] == ["ANN DE WIT"]
    assert len(_downloaded(ada, "xlsx", q="nothing like it")) == 1


@pytest.mark.rule("CRD-33")
def test_the_whole_number_stands_on_the_cards_page_for_those_who_may_change_cards(ada, max_, cora, fleet):
    card = fleet["van"]
    whole = " ".join(card.number[at : at + 4] for at in range(0, 16, 4))
    for person, sees in ((ada, True), (max_, True), (cora, False)):
        seen = person.get(f"cards/{card.pk}/")
        assert (whole in seen.text) is sees
        assert card.number[-4:] in seen.text
        if not sees:
            assert card.number not in seen.html
            assert card.number[:12] not in seen.html.replace(" ", "")


@pytest.mark.rule("CRD-33")
def test_elsewhere_stand_four_digits_for_everybody(ada, fleet):
    card = fleet["van"]
    pages = ["cards/", "cards/?view=settings", "requests/", "", f"cards/{card.pk}/block/", f"cards/{card.pk}/change/"]
    for path in pages:
        html = ada.get(path).html
        assert card.number not in html, path
        assert card.number not in html.replace(" ", ""), path
    for kind in ("csv", "xlsx"):
        assert card.number not in str(_downloaded(ada, kind))


def test_filters_that_can_not_be_read_say_so_at_their_field_and_break_nothing(ada, fleet):
    """A list goes on, for one can't lose anything by it; a bulk action does not (test_blocking.py)."""
    for asked in (
        {"status": "nonsense"},
        {"product": "abc"},
        {"division": "99999999999999999999"},
        {"customer_number": "²"},
        {"category": "\x00"},
        {"expires_on_after": "2028-13-45"},
        {"last_used_on_before": "tomorrow"},
    ):
        seen = ada.get("cards/", **asked)
        assert (seen.status, len(seen.rows)) == (200, 4), asked
        assert seen.errors or seen.page.all("ul", class_="field-errors"), asked
    for asked in (
        {"q": "\x00"},
        {"q": "%"},
        {"q": "_" * 200},
        {"q": "'; DROP TABLE cards_card; --"},
        {"sort": "password"},
        {"sort": "--printed"},
        {"view": "nothing"},
        {"format": "exe"},
        {"after": "nonsense"},
        {"before": "²"},
        {"after": "\x00", "sort": "printed"},
        {"last": "x"},
        {"unknown": "1"},
    ):
        assert ada.get("cards/", **asked).status == 200, asked


@pytest.mark.rule("GEN-1")
def test_a_filter_by_what_belongs_to_others_is_no_filter_of_ours(ada, fleet, borea):
    theirs = factories.customer_number(borea)
    division = factories.division(theirs, "Secret division")
    for asked in ({"customer_number": str(theirs.pk)}, {"division": str(division.pk)}):
        seen = ada.get("cards/", **asked)
        assert "Secret division" not in seen.html
        assert theirs.number not in seen.html
        assert seen.page.all("ul", class_="field-errors")
        # Said in the same words as of a number that nobody has.
        assert seen.text == ada.get("cards/", **dict.fromkeys(asked, "987654321")).text


@pytest.mark.rule("GEN-9")
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"customer_number": "987654321"}, "a choice that is not there"),
        ({"status": "unheard-of"}, "a choice that is not there"),
        ({"category": "987654321"}, "a choice that is not there"),
    ],
)
def test_a_filter_that_can_not_be_read_says_so_in_its_chip_and_not_what_was_sent(ada, fleet, asked, said):
    seen = ada.get("cards/", **asked)
    assert said in seen.text
    assert "This choice is not there." in seen.text
    assert next(iter(asked.values())) not in seen.text
    assert len(seen.rows) == len(fleet)


@pytest.mark.rule("CRD-30")
def test_the_cards_under_way_of_the_home_page_are_those_of_the_list_it_leads_to(ada, number):
    factories.card(number, status="in_creation", printed_as="1-MAD-001")
    under_way = factories.card(number, status="in_creation", printed_as="1-WAY-002")
    change(under_way, dispatched_at=timezone.now())
    home = ada.get("")
    [link] = [one.attrs["href"] for one in home.main.all("a") if "card under way" in one.text]
    assert [row["Plate or name"] for row in ada.get(link).rows] == ["1-WAY-002"]


@pytest.mark.rule("FUL-4")
def test_who_may_not_confirm_a_receipt_is_not_asked_to(ada, cora, fay, number):
    change(factories.card(number, status="in_creation"), dispatched_at=timezone.now())
    sentence = "Confirm the receipt of those that have arrived."
    assert [sentence in person.get("").text for person in (ada, cora, fay)] == [True, False, False]
