"""Changing a card: tabs, what takes effect at once, and what can be typed wrong in them (CRD-40 to CRD-42)."""

from __future__ import annotations

from datetime import time
from decimal import Decimal

import pytest

from cards.forms.change import TABS
from cards.models import CardLimit, Issue
from tests import factories
from tests.cards.browse import Browser
from tests.cards.tools import again as fresh
from tests.cards.tools import alter, audit_of, change, counted, rows, settle

SAVED = "The changes are saved and take effect at once."
INVALID_CHOICE = "Select a valid choice. That choice is not one of the available choices."


@pytest.fixture
def card(number):
    return factories.card(number, printed_as="1-ABC-123")


@pytest.mark.rule("CRD-40")
def test_change_stands_among_a_cards_actions_and_opens_tabs(ada, card):
    menu = ada.get("cards/").main.first("details", class_="row-menu")
    link = next(one.attrs["href"] for one in menu.all("a") if one.text == "Change")
    assert link == ada.url(f"cards/{card.pk}/change/")
    seen = ada.get(link)
    assert seen.title == "Change the card 1-ABC-123"
    tabs = seen.main.first("nav", class_="tabs").all("a")
    assert [(one.text, one.attrs.get("aria-current")) for one in tabs] == [
        ("General", "page"), ("Products and services", None), ("Limits", None), ("Controls", None),
        ("Secret code", None),
    ]  # fmt: skip
    for tab in tabs:
        opened = ada.get(f"{link}{tab.attrs['href'].removeprefix(link)}")
        current = [one.text for one in opened.main.first("nav", class_="tabs").all("a") if "aria-current" in one.attrs]
        assert current == [tab.text]
    assert "the next page says what takes effect at once and what makes a new card" in seen.text


@pytest.mark.rule("CRD-40", "CRD-42", "GEN-2")
def test_the_general_tab_changes_division_cost_centre_vehicle_driver_and_address(ada, number, card):
    division = factories.division(number, "Sales")
    vehicle = factories.vehicle(number, "1-VEH-001")
    driver = factories.driver(number, "Dirk", last_name="De Smet")
    seen = alter(
        ada,
        card,
        division=str(division.pk),
        cost_centre="CC-17",
        vehicle="1veh001",
        driver="Dirk De Smet",
        recipient="Garage",
        street="Steenweg 1",
        postal_code="9000",
        town="Gent",
    )
    assert (seen.messages, seen.place) == ([SAVED], ada.url(f"cards/{card.pk}/"))
    expected = {
        "Fleet division": "Sales",
        "Cost centre": "CC-17",
        "Vehicle": "1-VEH-001",
        "Driver": "De Smet Dirk",
        "Delivery address": "Garage, Steenweg 1, 9000 Gent, Belgium",
    }
    assert {name: seen.facts[name] for name in expected} == expected
    changed = fresh(card)
    assert (changed.vehicle_id, changed.driver_id, changed.status) == (vehicle.pk, driver.pk, "active")
    assert (changed.number, changed.rank) == (card.number, card.rank)
    [entry] = audit_of(card, "cards.changed")
    assert entry.before["town"] == "Brussel"
    assert entry.after["town"] == "Gent"
    assert set(entry.after) == {
        "division", "cost_centre", "vehicle", "driver", "recipient", "street", "postal_code", "town",
    }  # fmt: skip
    assert seen.history[0] == "Settings changed"
    assert "Town: Brussel → Gent" in seen.text
    assert [row["Plate or name"] for row in ada.get("cards/", q="CC-17").rows] == ["1-ABC-123"]


@pytest.mark.rule("CRD-40", "CRD-42")
def test_the_limits_tab_changes_ceilings_of_what_the_card_pays_for(ada, card):
    factories.limit(card, "diesel", amount="250")
    form = ada.get(f"cards/{card.pk}/change/?tab=limits")
    assert form.values["limit_diesel_amount"] == ["250.00"]
    assert {name.split("_")[1] for name in form.values if name.startswith("limit_")} == {"diesel", "adblue"}
    filled = {"limit_diesel_amount": "300.5", "limit_diesel_unit": "l"}
    seen = settle(ada, ada.send(form, **filled, limit_adblue_amount="20", limit_adblue_period="day"))
    assert seen.messages == [SAVED]
    assert "Limit for Diesel: 250 euro per month, block this product → 300.50 litres per month" in seen.text
    assert "Limit for AdBlue: no limit → 20 euro per day, block this product" in seen.text
    limits = {row["Product or service"]: row["Limit"] for row in seen.rows if "Limit" in row}
    assert limits == {"Diesel": "300.50 litres per month", "AdBlue": "20 euro per day"}
    alter(ada, card, "limits", limit_diesel_amount="")
    assert [(one.product, one.amount) for one in rows(CardLimit)] == [("adblue", Decimal(20))]
    assert len(audit_of(card, "cards.changed")) == 2


@pytest.mark.rule("CRD-40", "CRD-42")
def test_the_controls_tab_changes_every_control_at_once(ada, card):
    form = ada.get(f"cards/{card.pk}/change/?tab=controls")
    stated = ada.send(
        form,
        vehicle_type="lorry",
        tank_capacity="400",
        forbidden_days=["7"],
        hours_from="05:30",
        hours_until="22:00",
        area="chosen",
        countries=["DE"],
        max_transactions="2",
        max_transactions_period="week",
        max_amount="900.50",
        min_minutes_between="15",
    )
    assert "Makes a new card" not in stated.text
    seen = ada.send(stated)
    assert seen.messages == [SAVED]
    for said in (
        "Vehicle type: – → Lorry",
        "Tank capacity: – → 400 litres",
        "Forbidden days: – → Sunday",
        "Allowed from: – → 05:30",
        "Area: All countries of the network → Chosen countries",
        "Chosen countries: – → Germany",
        "Period of the most transactions: – → per week",
        "Highest amount of one transaction: – → 900.50 €",
        "Least time between two transactions: – → 15 minutes",
    ):
        assert said in seen.text
    changed = fresh(card)
    assert (changed.vehicle_type, changed.tank_capacity, changed.forbidden_days) == ("lorry", 400, [7])
    assert (changed.hours_from, changed.hours_until, changed.countries) == (time(5, 30), time(22, 0), ["DE"])
    assert (changed.max_transactions, changed.max_transactions_period) == (2, "week")
    assert (changed.max_amount, changed.min_minutes_between) == (Decimal("900.50"), 15)
    assert seen.facts["Area"] == "Germany"
    # What the tab does not show stays; sending it once more as it stands changes nothing.
    again = ada.do(f"cards/{card.pk}/change/?tab=controls")
    assert again.messages == ["Nothing was different."]
    assert len(audit_of(card, "cards.changed")) == 1


@pytest.mark.rule("CRD-40")
def test_what_can_never_be_changed_is_not_changed_by_a_hand_made_form(ada, card):
    for tab in TABS:
        form = ada.get(f"cards/{card.pk}/change/?tab={tab}")
        settle(ada, ada.send(form, number="1", status="new", product="9", customer_number="9", rank="7", company="9"))
    changed = fresh(card)
    for name in ("number", "status", "product_id", "customer_number_id", "company_id", "rank", "version"):
        assert getattr(changed, name) == getattr(card, name), name
    assert (rows(CardLimit), len(rows(Issue)), audit_of(card)) == ([], 1, [])


@pytest.mark.rule("CRD-41", "GEN-3")
@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("blocked", "A blocked card can't be changed. Make a copy of it instead."),
        ("in_creation", "The card is being made; it can be changed once it is active."),
        ("expired", "“Change” is not possible while the status is “Expired”."),
        ("withdrawn", "“Change” is not possible while the status is “Withdrawn”."),
    ],
)
def test_a_status_that_allows_no_change_says_so_and_nothing_is_written(ada, number, card, status, sentence):
    filled = ada.get(f"cards/{card.pk}/change/").values
    other = factories.card(number, status=status)
    assert "Change" not in ada.get(f"cards/{other.pk}/").offers
    before = counted()
    for tab in TABS:
        for answer in (
            ada.get(f"cards/{other.pk}/change/?tab={tab}"),
            ada.post(f"cards/{other.pk}/change/?tab={tab}", filled, cost_centre="HACKED"),
        ):
            assert (answer.messages, answer.place) == ([sentence], ada.url(f"cards/{other.pk}/"))
    assert counted() == before
    assert fresh(other).cost_centre == ""


@pytest.mark.rule("CRD-42")
def test_a_new_card_can_be_changed(ada, number):
    card = factories.card(number, status="new")
    assert alter(ada, card, cost_centre="CC-1").messages == ["The order is changed."]


@pytest.mark.rule("GEN-3")
def test_a_form_made_before_somebody_elses_change_is_refused(ada, max_, card):
    mine = ada.get(f"cards/{card.pk}/change/")
    alter(max_, card, "controls", tank_capacity="77")
    seen = ada.send(mine, cost_centre="LATE")
    assert seen.messages == ["Somebody else changed this card meanwhile. Look at it again before you change it."]
    changed = fresh(card)
    assert (changed.cost_centre, changed.tank_capacity) == ("", 77)
    assert len(audit_of(card, "cards.changed")) == 1


@pytest.mark.rule("GEN-3", "CRD-41")
def test_a_form_made_before_the_block_is_refused(ada, max_, card):
    mine = ada.get(f"cards/{card.pk}/change/")
    max_.fill(f"cards/{card.pk}/block/", reason="theft", duplicate="no")
    before = counted()
    assert ada.send(mine, cost_centre="LATE").messages == [
        "A blocked card can't be changed. Make a copy of it instead."
    ]
    assert counted() == before


@pytest.mark.rule("GEN-9")
@pytest.mark.parametrize(
    ("tab", "typed", "errors"),
    [
        ("general", {"recipient": "", "town": "X" * 61}, {
            "recipient": "Fill in “Recipient”.",
            "town": "Ensure this value has at most 60 characters (it has 61).",
        }),
        ("general", {"vehicle": "9-NOT-999", "driver": "Nobody Atall", "cost_centre": "X" * 21}, {
            "vehicle": "None of your vehicles has this plate.",
            "driver": "None of your drivers has this name, or two have.",
            "cost_centre": "Ensure this value has at most 20 characters (it has 21).",
        }),
        ("general", {"division": "abc", "country": "ZZ"}, {
            "division": INVALID_CHOICE,
            "country": "Select a valid choice. ZZ is not one of the available choices.",
        }),
        ("limits", {"limit_diesel_amount": "0", "limit_adblue_amount": "-1"}, {
            "limit_diesel_amount": "A limit is more than zero. Leave it empty for no limit.",
            "limit_adblue_amount": "A limit is more than zero. Leave it empty for no limit.",
        }),
        ("limits", {"limit_diesel_amount": "NaN", "limit_diesel_unit": "kwh"}, {
            "limit_diesel_amount": "Enter an amount, such as 150.50.",
            "limit_diesel_unit": "Select a valid choice. kwh is not one of the available choices.",
        }),
        ("controls", {"hours_from": "06:00", "tank_capacity": "0", "max_amount": "1e309", "area": "chosen"}, {
            "hours_until": "Give both hours, or none.",
            "tank_capacity": "Enter 1 or more.",
            "max_amount": "Enter 999999.99 or less.",
            "countries": "Tick at least one country.",
        }),
        ("controls", {"forbidden_days": [*"1234567"]}, {
            "forbidden_days": "The card could never be used: leave at least one day."
        }),
    ],
)  # fmt: skip
def test_wrong_input_is_said_at_its_field_and_kept(ada, card, tab, typed, errors):
    before = counted()
    seen = ada.fill(f"cards/{card.pk}/change/?tab={tab}", **typed)
    assert seen.errors == errors
    assert counted() == before
    for name, value in typed.items():
        if seen.inputs(name)[0].attrs.get("type") == "text":
            assert seen.inputs(name)[0].attrs.get("value", "") == value
    focused = [one.attrs["name"] for one in seen.main.all() if "autofocus" in one.attrs]
    assert len(focused) <= 1
    assert set(focused) <= set(errors)


@pytest.mark.parametrize("version", ["", "abc", "0", "-1", "99999999999999999999", "1.5", "²", None])
def test_a_version_that_is_none_is_no_error_page(ada, card, version):
    before = counted()
    seen = ada.fill(f"cards/{card.pk}/change/", version=version, cost_centre="X")
    assert seen.status == 200
    assert seen.errors or seen.messages
    assert counted() == before


@pytest.mark.rule("GEN-1")
def test_divisions_vehicles_and_cards_of_others_are_not_there(ada, borea, card, number, second):
    theirs = factories.customer_number(borea)
    foreign = factories.division(theirs, "Secret division")
    elsewhere = factories.division(second, "Gent")
    factories.vehicle(theirs, "2-BOR-222")
    other = factories.card(theirs)
    before = counted()
    for division in (foreign, elsewhere):
        seen = ada.fill(f"cards/{card.pk}/change/", division=str(division.pk))
        assert seen.errors == {"division": INVALID_CHOICE}
    seen = ada.fill(f"cards/{card.pk}/change/", vehicle="2-BOR-222")
    assert seen.errors == {"vehicle": "None of your vehicles has this plate."}
    filled = ada.get(f"cards/{card.pk}/change/").values
    assert ada.get(f"cards/{other.pk}/change/").status == 404
    assert ada.post(f"cards/{other.pk}/change/", filled).status == 404
    assert counted() == before


@pytest.mark.rule("ACC-30")
def test_somebody_limited_to_a_division_can_not_move_a_card_out_of_sight(acme, number):
    mine = factories.division(number, "Mine")
    card = factories.card(number, division=mine)
    limited = Browser(factories.member(acme, "Max", divisions=[mine]).user, acme)
    seen = limited.fill(f"cards/{card.pk}/change/", division="")
    assert seen.errors == {"division": "Choose one of your divisions."}
    assert alter(limited, card, cost_centre="CC").messages == [SAVED]


@pytest.mark.rule("ACC-13")
def test_who_may_only_look_can_not_change(cora, ada, card):
    filled = ada.get(f"cards/{card.pk}/change/").values
    before = counted()
    assert "Change" not in cora.get(f"cards/{card.pk}/").offers
    assert cora.get(f"cards/{card.pk}/change/").status == 403
    assert cora.post(f"cards/{card.pk}/change/", filled).status == 403
    assert counted() == before


def test_a_closed_division_of_a_card_can_stay(ada, number):
    division = factories.division(number, "Old")
    card = factories.card(number, division=division)
    change(division, closed_at=factories.NOW)
    seen = alter(ada, card, cost_centre="CC")
    assert seen.messages == [SAVED]
    assert fresh(card).division_id == division.pk
