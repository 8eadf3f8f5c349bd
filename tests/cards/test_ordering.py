"""Ordering a card over HTTP: the form, the check, the receipt, and the next one like it (CRD-1 to CRD-8, PIN-1)."""

from __future__ import annotations

import re
from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from cards.models import Card, CardLimit, Request
from cards.services import ADDRESS
from fleetportal.core.drafts import Draft
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.cards.browse import numbers_in
from tests.cards.tools import again, audit_of, check, issue_of, one, order, request_of, rows


@pytest.mark.rule("CRD-1")
def test_the_form_asks_first_for_the_type_of_product(ada):
    factories.card_product(name="Old card", is_offered=False)
    seen = ada.get("cards/new/")
    assert seen.form.all("fieldset")[0].first("legend").text == "Card"
    first = next(one for one in seen.form.all() if one.attrs.get("name") and one.attrs.get("type") != "hidden")
    assert first.attrs["name"] == "product"
    assert [one.attrs["value"] for one in seen.inputs("product")] == [str(factories.card_product().pk)]
    assert "Old card" not in seen.text


@pytest.mark.rule("CRD-1", "CRD-2")
def test_the_list_and_the_menu_lead_to_the_order_form(ada):
    for page in ("cards/", ""):
        seen = ada.get(page)
        assert seen.page.all("a", href=ada.url("cards/new/")), page


@pytest.mark.rule("CRD-2")
def test_what_is_required_is_marked_and_asked_for(ada, second):
    seen = ada.get("cards/new/")
    required = {
        label.attrs.get("for", "").removeprefix("id_")
        for label in seen.form.all("label")
        if label.all("span", class_="required")
    }
    assert {"customer_number", "printed_as", "recipient", "street", "postal_code", "town"} <= required
    assert not {"division", "cost_centre", "vehicle", "driver", "extra_mention"} & required
    sent = ada.send(seen, recipient="", street="", postal_code="", town="", printed_as="", customer_number="")
    assert sent.title == "Create a card"
    assert set(sent.errors) == {
        "customer_number", "printed_as", "recipient", "street", "postal_code", "town", "group-4",
    }  # fmt: skip
    assert rows(Draft) == []


@pytest.mark.rule("CRD-2")
def test_everything_of_the_form_is_on_the_card(ada, number):
    division = factories.division(number, "Sales")
    factories.vehicle(number, "1-ABC-123")
    driver = factories.driver(number, "Dirk", last_name="De Smet")
    seen = order(
        ada,
        customer_number=str(number.pk),
        division=str(division.pk),
        extra_mention="night shift",
        cost_centre="CC-17",
        vehicle="1abc123",
        driver="dirk de smet",
    )
    card = one(Card)
    assert card.division_id == division.pk
    assert card.driver_id == driver.pk
    assert (card.extra_mention, card.cost_centre, card.printed_as) == ("NIGHT SHIFT", "CC-17", "1-ABC-123")
    assert card.vehicle_id is not None
    page = ada.get(f"cards/{card.pk}/")
    expected = {
        "Fleet division": "Sales",
        "Cost centre": "CC-17",
        "Extra mention": "NIGHT SHIFT",
        "Vehicle": "1-ABC-123",
        "Driver": "De Smet Dirk",
        "Country of the plate": "Belgium",
        "Category": "By vehicle",
        "Secret code": "4 digits, calculated by the operator",
        "Delivery address": "Acme, reception, Havenlaan 12, 1080 Brussel, Belgium",
    }
    assert {label: page.facts[label] for label in expected} == expected
    assert "Acme Brussels" in page.facts["Customer number"]
    assert seen.status == 200


@pytest.mark.rule("CRD-3")
@pytest.mark.parametrize(
    ("category", "typed", "printed"),
    [
        ("vehicle", "1abc123", "1-ABC-123"),
        ("driver", "Jean-Pierre D'Hondt", "JEAN-PIERRE D'HONDT"),
        ("driver", "  Ann   De  Wit ", "ANN DE WIT"),
        ("pool", "Pool 7", "POOL 7"),
        ("driver", "A" * 26, "A" * 26),
    ],
)
def test_the_category_says_whether_plate_or_name_is_printed(ada, category, typed, printed):
    seen = check(ada, category=category, printed_as=typed)
    assert (seen.facts["Plate or name on the card"], seen.warnings) == (printed, [])
    ada.send(seen)
    card = one(Card)
    assert (card.printed_as, card.plate_country) == (printed, "BE" if category == "vehicle" else "")


@pytest.mark.rule("CRD-4")
def test_a_limit_has_an_amount_a_unit_a_period_and_what_happens_then(ada):
    seen = check(
        ada,
        pays_diesel="on",
        limit_diesel_amount="250.50",
        limit_diesel_unit="l",
        limit_diesel_period="week",
        limit_diesel_on_reach="notify",
        pays_wash="on",
        limit_wash_amount="40",
        limit_wash_unit="eur",
        limit_wash_period="transaction",
        limit_wash_on_reach="block",
        pays_electricity="on",
        limit_electricity_amount="500",
        limit_electricity_unit="kwh",
        limit_electricity_period="day",
        pays_toll="on",
    )
    assert {row["When it is reached"] for row in seen.rows} == {"only send a notice", "block this product", "–"}
    said = {row["Product or service"]: row["Limit"] for row in seen.rows}
    assert said == {
        "Diesel": "250.50 litres per week",
        "Electricity": "500 kWh per day",
        "Car wash": "40 euro per transaction",
        "Toll and tunnels": "no limit",
    }
    ada.send(seen)
    card = one(Card)
    limits = {limit.product: limit for limit in rows(CardLimit)}
    assert (limits["diesel"].amount, limits["diesel"].unit, limits["diesel"].on_reach) == (
        Decimal("250.50"), "l", "notify",
    )  # fmt: skip
    assert (limits["wash"].period, limits["wash"].on_reach) == ("transaction", "block")
    page = ada.get(f"cards/{card.pk}/")
    reached = {row["Product or service"]: row["When it is reached"] for row in page.rows if "Limit" in row}
    assert reached["Diesel"] == "only send a notice"
    assert reached["Car wash"] == "block this product"


@pytest.mark.rule("CRD-5")
def test_controls_of_each_kind_are_kept_and_shown(ada):
    seen = check(
        ada,
        vehicle_type="van",
        tank_capacity="80",
        odometer_entry="on",
        forbidden_days=["6", "7"],
        hours_from="06:00",
        hours_until="20:30",
        area="chosen",
        countries=["BE", "FR"],
        max_transactions="3",
        max_transactions_period="day",
        max_amount="150",
        min_minutes_between="60",
    )
    expected = {
        "Vehicle type": "Van",
        "Tank capacity": "80 litres",
        "Odometer at the terminal": "Asked for",
        "Forbidden days": "Saturday, Sunday",
        "Hours allowed": "06:00 – 20:30",
        "Area": "Belgium, France",
        "Most transactions": "3 per day",
        "Highest amount of one transaction": "150.00 €",
        "Least time between two transactions": "60 minutes",
    }
    assert {label: seen.facts[label] for label in expected} == expected
    ada.send(seen)
    page = ada.get(f"cards/{one(Card).pk}/")
    assert {label: page.facts[label] for label in expected} == expected


@pytest.mark.rule("CRD-5")
def test_home_country_only_is_an_area_without_chosen_countries(ada):
    seen = check(ada, area="home", countries=["FR"])
    assert seen.facts["Area"] == "Home country only"
    ada.send(seen)
    assert one(Card).countries == []


@pytest.mark.rule("CRD-6")
def test_the_check_shows_address_and_code_before_anything_is_ordered(ada, number):
    seen = check(ada, code_type="chosen", secret_code="7391", secret_code_again="7391")
    assert seen.title == "Check your order"
    assert seen.facts["The card is sent to"] == "Acme, reception, Havenlaan 12, 1080 Brussel, Belgium"
    assert seen.facts["Type"] == "4 digits, chosen by you"
    assert seen.facts["Code"] == "set, not shown Enter again"
    assert "7391" not in seen.html
    assert rows(Card) == rows(Request) == []


@pytest.mark.rule("CRD-6")
def test_the_address_of_code_letters_is_shown_and_can_not_be_changed_here(ada, number):
    seen = check(ada)
    assert seen.facts["Secret codes are sent to"] == (
        "Acme, fleet office, Rue du Dépôt 1, 1000 Bruxelles, Belgium"
        "This address can't be changed here. Write to your usual contact to have it changed."
    )
    before = number.lines
    ada.send(seen, recipient="Somebody else")
    assert again(number).lines == before


@pytest.mark.rule("CRD-2")
@pytest.mark.parametrize("typed", ["An Sofie De Smet", "de smet an sofie", "De Smet  An Sofie "])
def test_a_driver_is_found_in_either_order_of_the_names(ada, number, typed):
    factories.driver(number, first_name="An Sofie", last_name="De Smet")
    factories.driver(number, first_name="Sofie", last_name="De Smet")
    seen = check(ada, driver=typed)
    assert (seen.errors, seen.facts.get("Driver")) == ({}, "De Smet An Sofie")


@pytest.mark.rule("CRD-6")
def test_an_address_of_another_customer_number_is_pointed_out_before_confirming(ada, number, second):
    lines = {name: getattr(number, name) for name in ADDRESS}
    there = check(ada, customer_number=str(second.pk), **lines)
    assert there.warnings == [f"The card is sent to the address of {number}, but it is billed to {second}."]
    assert check(ada, customer_number=str(number.pk), **lines).warnings == []
    assert check(ada, customer_number=str(second.pk), **{**lines, "street": "Quai 1"}).warnings == []


@pytest.mark.rule("CRD-6", "PIN-1")
def test_a_chosen_code_can_be_entered_again_from_the_check(ada):
    seen = check(ada, code_type="chosen", secret_code="7391", secret_code_again="7391")
    sealed = bytes(one(Draft).sealed)
    form = ada.get(seen.link("Enter again"))
    assert "Set, not shown. Type a new one only to change it." in form.text
    assert [one.attrs.get("value", "") for one in form.inputs("secret_code")] == [""]
    kept = ada.send(form)
    assert kept.facts["Code"] == "set, not shown Enter again"
    assert bytes(one(Draft).sealed) == sealed
    changed = ada.send(ada.get(kept.link("Change something")), secret_code="8264", secret_code_again="8264")
    assert bytes(one(Draft).sealed) != sealed
    ada.send(changed)
    assert bytes(issue_of(one(Card)).sealed_code) != sealed
    assert rows(Draft) == []


@pytest.mark.rule("PIN-1")
@pytest.mark.parametrize(
    ("kind", "label"),
    [
        ("calculated", "4 digits, calculated by the operator"),
        ("chosen", "4 digits, chosen by you"),
        ("personal", "Personal code of 8 digits"),
    ],
)
def test_each_type_of_code_can_be_chosen_and_only_a_chosen_one_is_sealed(ada, kind, label):
    codes = {"secret_code": "7391", "secret_code_again": "7391"}
    order(ada, code_type=kind, **codes)
    card = one(Card)
    assert card.code_type == kind
    assert (issue_of(card).sealed_code is not None) is (kind == "chosen")
    assert ada.get(f"cards/{card.pk}/").facts["Secret code"] == label


@pytest.mark.rule("CRD-7")
def test_confirming_makes_a_request_that_is_promised_within_24_hours(ada):
    before = timezone.now()
    seen = order(ada)
    request = one(Request)
    assert seen.messages == [f"Order {request.number} is placed. We deal with it within 24 hours."]
    assert seen.place == ada.url(f"requests/{request.pk}/")
    assert seen.title == f"Request {request.number} Received"
    assert before <= request.accepted_at <= timezone.now()
    assert request.due_at - request.accepted_at == timedelta(hours=24)
    [notice] = [one.text for one in seen.main.all("p", class_="notice-info")]
    assert notice.startswith("Promised for ")
    assert re.search(r": (23 hours, 59 minutes|1 day) left", notice)
    assert seen.facts["Promised for"] != "–"
    assert seen.facts["Asked by"] == ada.person.full_name
    card = one(Card)
    assert (card.status, card.number) == ("new", "")
    assert ada.get(f"cards/{card.pk}/").title == "1-ABC-123 New"


@pytest.mark.rule("CRD-7")
def test_a_request_over_its_24_hours_is_late_for_the_customer_and_for_the_operator(ada, otto, number):
    late = factories.card(number, status="new", ordered_at=timezone.now() - timedelta(hours=30), printed_as="1-LAT-001")
    factories.card(number, status="new", ordered_at=timezone.now() - timedelta(hours=3), printed_as="1-NEW-001")
    request = request_of(late)
    assert "This request is late" in ada.get(f"requests/{request.pk}/").text
    assert "6 hours ago" in ada.get(f"requests/{request.pk}/").text
    assert [row["For"] for row in ada.get("requests/?late=on").rows] == ["1-LAT-001"]
    assert [row["For"] for row in otto.get("requests/?late=on").rows] == ["1-LAT-001"]
    assert "1 request is late" in otto.get("").text


@pytest.mark.rule("CRD-8")
def test_confirm_and_create_a_copy_orders_and_opens_the_form_filled_in(ada, number):
    division = factories.division(number, "Sales")
    seen = check(
        ada,
        division=str(division.pk),
        cost_centre="CC-17",
        extra_mention="TEAM A",
        limit_diesel_amount="250.50",
        limit_diesel_period="week",
        forbidden_days=["7"],
        hours_from="06:00",
        hours_until="20:00",
        area="chosen",
        countries=["BE", "LU"],
        odometer_entry="on",
        max_amount="99.90",
        code_type="chosen",
        secret_code="7391",
        secret_code_again="7391",
        town="Laken",
    )
    copy = ada.send(seen, copy="1")
    request = one(Request)
    assert copy.messages == [f"Order {request.number} for 1-ABC-123 is placed. Here is the next one like it."]
    assert copy.place == ada.url("cards/new/")
    filled = copy.values
    assert filled["printed_as"] == filled["secret_code"] == filled["secret_code_again"] == [""]
    expected = {
        "customer_number": [str(number.pk)],
        "division": [str(division.pk)],
        "category": ["vehicle"],
        "cost_centre": ["CC-17"],
        "extra_mention": ["TEAM A"],
        "pays_diesel": ["on"],
        "limit_diesel_amount": ["250.50"],
        "limit_diesel_period": ["week"],
        "forbidden_days": ["7"],
        "countries": ["BE", "LU"],
        "area": ["chosen"],
        "odometer_entry": ["on"],
        "max_amount": ["99.90"],
        "town": ["Laken"],
        "code_type": ["chosen"],
    }
    assert {name: filled.get(name) for name in expected} == expected
    assert filled["hours_from"][0].startswith("06:00")
    assert "pays_wash" not in filled
    last = ada.send(copy, printed_as="1-ABC-124", secret_code="8264", secret_code_again="8264")
    ada.send(last)
    first, copied = rows(Card)
    assert copied.printed_as == "1-ABC-124"
    for name in ("division_id", "cost_centre", "forbidden_days", "countries", "max_amount", "town", "hours_from"):
        assert getattr(copied, name) == getattr(first, name), name
    assert [limit.amount for limit in rows(CardLimit)] == [Decimal("250.50")] * 2


@pytest.mark.rule("CRD-20")
@pytest.mark.parametrize("status", ["active", "new", "in_creation", "blocked", "expired", "withdrawn"])
def test_from_the_search_a_copy_of_any_card_asks_for_plate_or_name_and_code_alone(ada, number, status):
    """In the row's menu; with those two typed, the order is complete, and equal in everything else."""
    division = factories.division(number, "Sales")
    card = factories.card(
        number, status=status, printed_as="1-OLD-001", division=division, code_type="chosen", cost_centre="CC-17",
        extra_mention="TEAM A", products=["diesel", "wash"], odometer_entry=True, tank_capacity=80,
        vehicle_type="van", forbidden_days=[6, 7], hours_from=time(6), hours_until=time(20, 30), area="chosen",
        countries=["BE", "FR"], max_transactions=3, max_transactions_period="week", max_amount=Decimal("99.90"),
        min_minutes_between=60, recipient="Depot", street="Quai 1", postal_code="1000", town="Bruxelles",
    )  # fmt: skip
    factories.limit(card, "diesel", amount="250.50", unit="l", period="week", on_reach="notify")
    seen = ada.get("cards/")
    menu = next(row for row in seen.main.all("tr") if "1-OLD-001" in row.text)
    form = ada.get(next(link.attrs["href"] for link in menu.all("a") if link.text == "Create a copy"))
    asked = ("printed_as", "secret_code", "secret_code_again")
    assert [form.values[name] for name in asked] == [[""]] * 3
    checked = ada.send(form, printed_as="1-new-002", secret_code="7391", secret_code_again="7391")
    assert checked.title == "Check your order", checked.errors
    ada.send(checked)
    _old, copy = rows(Card)
    assert (copy.printed_as, copy.status) == ("1-NEW-002", "new")
    own = {"id", "printed_as", "number", "status", "rank", "expires_on", "dispatched_at", "live", "created_at"}
    own |= {"renewal_status", "was_candidate", "last_used_on", "version", "vehicle", "driver"}
    same = [field.attname for field in Card._meta.concrete_fields if field.name not in own]
    assert {name: getattr(copy, name) for name in same} == {name: getattr(again(card), name) for name in same}
    limits = [(one.product, one.amount, one.unit, one.period, one.on_reach) for one in rows(CardLimit)]
    assert limits == [("diesel", Decimal("250.50"), "l", "week", "notify")] * 2
    assert issue_of(copy).sealed_code is not None


@pytest.mark.rule("CRD-20", "ACC-13")
def test_who_may_not_order_is_offered_no_copy(cora, number):
    card = factories.card(number, printed_as="1-OLD-001")
    assert "Create a copy" not in cora.get("cards/").text
    assert cora.get(f"cards/{card.pk}/copy/").status == 403


@pytest.mark.rule("GEN-2")
def test_an_order_leaves_one_entry_for_the_card_and_one_for_its_request(ada):
    order(ada)
    card, request = one(Card), one(Request)
    [entry] = audit_of(card)
    assert (entry.verb, entry.actor_id, entry.actor_label) == ("cards.ordered", ada.person.pk, ada.person.full_name)
    assert (entry.address, entry.company_id) == ("127.0.0.1", card.company_id)
    assert entry.after["printed_as"] == "1-ABC-123"
    [entry] = audit_of(request)
    assert (entry.verb, entry.after["status"]) == ("requests.accepted", "received")
    assert ada.get(f"cards/{card.pk}/").history == ["Request accepted", "Card ordered"]


@pytest.mark.rule("GEN-11")
def test_the_receipt_names_one_request_and_nothing_is_promised_to_the_worker_yet(ada):
    seen = order(ada)
    assert len(set(numbers_in(seen.text))) == 1
    assert rows(WorkItem) == []
