"""Vehicles: created from any page, changed, found, and taken out of the fleet instead of deleted (ONB-6)."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from accounts.models import FleetDivision, Membership
from cards.models import Card
from cards.services import find_again
from fleetportal.core import search
from fleetportal.core.scope import all_companies, company_scope
from tests import factories
from tests.accounts.settings.conftest import again, entries, read, said
from tests.vehicles.conftest import vehicle_form
from vehicles import vin
from vehicles.models import Vehicle

pytestmark = pytest.mark.django_db

GOOD_VIN, EUROPEAN = "1M8GDM9AXKP042788", "SALVA2AE4EH877322"


def errors(answer):
    return {name: " ".join(found) for name, found in answer.context["form"].errors.items()}


def make(firm, by=None, **changes):
    """Create a vehicle through its page, and return it with the answer."""
    answer = firm.send("vehicles/new/", by=by, **vehicle_form(firm, **changes))
    assert answer.redirect_chain, errors(answer)
    return read(Vehicle)[-1], answer


@pytest.mark.rule("ONB-6")
def test_the_plus_of_every_page_creates_a_vehicle_and_a_driver(firm):
    for path in ("", "cards/", "vehicles/", "users/"):
        text = firm.get(path).content.decode()
        menu = text.split('aria-label="Create"')[1].split("</details>")[0]
        assert firm.url("vehicles/new/") in menu
        assert firm.url("drivers/new/") in menu


@pytest.mark.rule("ONB-6")
def test_the_plus_offers_only_what_one_may_create(firm):
    cora = factories.member(firm.acme, "Cora", principal=False, profile=Membership.Profile.CONSULTATION)
    rights = {"applications": ["drivers"], "change_applications": []}
    max_ = factories.member(firm.acme, "Max", principal=False, profile=Membership.Profile.MANAGEMENT, **rights)
    text = firm.get("", by=cora).content.decode()
    assert "vehicles/new/" not in text
    assert "drivers/new/" not in text
    text = firm.get("", by=max_).content.decode()
    assert "vehicles/new/" not in text
    assert "drivers/new/" in text


@pytest.mark.rule("ONB-6")
@pytest.mark.rule("GEN-2")
def test_a_vehicle_is_created_with_its_plate_in_the_form_of_its_country(firm):
    made, answer = make(firm, vin=" 1m8gdm9a-xkp042788 ")
    assert (made.plate, made.plate_key, made.vin) == ("1-ABC-123", "1ABC123", GOOD_VIN)
    assert (made.customer_number_id, made.division_id) == (firm.one.pk, firm.north.pk)
    assert "1-ABC-123 is created." in said(answer)
    page = answer.content.decode()
    assert all(word in page for word in ("Volvo FH 460", GOOD_VIN, "Diesel", "North", "Depot 4", "Created"))
    [entry] = entries("vehicles.created")
    assert (entry.object_id, entry.actor_id, entry.object_label) == (made.pk, firm.ada.user_id, "1-ABC-123")
    assert entry.after["vin"] == GOOD_VIN


def test_a_plate_of_unknown_form_is_a_warning_and_never_refused(firm):
    made, answer = make(firm, plate="oldtimer 7")
    assert made.plate == "OLDTIMER 7"
    assert "This does not look like a plate of the country chosen." in answer.content.decode()
    _made, answer = make(firm, plate="AB 12 CD", plate_country="XX")
    assert "The form of plates of this country is not known here." in answer.content.decode()
    made, answer = make(firm, plate="1 def 456", as_typed="on")
    assert made.plate == "1 DEF 456"
    assert "does not look like" not in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("plate", "", "Fill in “Plate”."),
        ("plate", "---", "A plate has letters or digits."),
        ("plate", "ABCDEFGH IJKLMNOP", "A plate has at most 15 characters."),
        ("plate", "x" * 30, "at most 20 characters"),
        ("plate_country", "ZZ", "Select a valid choice"),
        ("fuel", "steam", "Select a valid choice"),
        ("cost_centre", "x" * 21, "at most 20 characters"),
        ("make", "x" * 31, "at most 30 characters"),
        ("customer_number", "", "Make a choice for “Customer number”."),
        ("customer_number", "999999999", "Select a valid choice"),
        ("division", "999999999", "Select a valid choice"),
        ("vin", "SALVA2AE4EH87732", "A VIN has 17 characters; this one has 16."),
        ("vin", "SALVA2AE4EH8773O2", "Is it SALVA2AE4EH877302?"),
        ("vin", "IALVA2AEQEH877322", "Is it 1ALVA2AE0EH877322?"),
        ("vin", "SALVA2AE4EH87732É", "A VIN has letters and digits only."),
        ("vin", "X" * 26, "A chassis number has at most 25 characters."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost_or_written(firm, field, typed, sentence):
    answer = firm.send("vehicles/new/", **vehicle_form(firm, **{field: typed}))
    assert sentence in errors(answer)[field]
    form = answer.context["form"]
    assert form["model"].value() == "FH 460"
    assert not read(Vehicle)
    assert not entries("vehicles.created")


def test_another_number_than_a_vin_is_taken_with_its_reason(firm):
    made, answer = make(firm, vin="TRAILER-77", vin_reason="Trailer of 1979")
    assert (made.vin, made.vin_reason) == ("TRAILER77", "Trailer of 1979")
    assert "Trailer of 1979" in answer.content.decode()
    # What needs no reason keeps none.
    made, _answer = make(firm, plate="1-DEF-456", vin=EUROPEAN, vin_reason="why not")
    assert (made.vin, made.vin_reason) == (EUROPEAN, "")


def test_a_wrong_check_digit_is_a_warning_for_north_american_numbers_only(firm):
    assert not vin.doubt(GOOD_VIN)
    assert not vin.doubt(EUROPEAN)
    _made, answer = make(firm, vin="1M8GDM9A1KP042788")
    assert "The check digit of the VIN does not fit." in answer.content.decode()


def test_a_plate_and_a_vin_are_of_one_vehicle_at_a_time(firm):
    made, _answer = make(firm, vin=EUROPEAN)
    answer = firm.send("vehicles/new/", **vehicle_form(firm, plate="1 ABC 123"))
    assert errors(answer) == {"plate": "Another vehicle of your company has this plate."}
    answer = firm.send("vehicles/new/", **vehicle_form(firm, plate="1-DEF-456", vin=EUROPEAN))
    assert errors(answer) == {"vin": "Another vehicle of your company has this VIN."}
    assert len(read(Vehicle)) == len(entries("vehicles.created")) == 1
    # In another country it is another plate; and when the vehicle has left, both are free.
    make(firm, plate_country="DE")
    firm.send(f"vehicles/{made.pk}/end/")
    make(firm, vin=EUROPEAN)


def test_another_companys_plates_are_nobodys_business(firm):
    borea = factories.company("Borea")
    factories.vehicle(factories.customer_number(borea), "1-ABC-123")
    made, _answer = make(firm)
    assert made.company_id == firm.acme.pk


def test_a_division_of_another_number_or_a_closed_one_is_refused_at_its_field(firm):
    answer = firm.send("vehicles/new/", **vehicle_form(firm, division=firm.west.pk))
    assert errors(answer) == {"division": "This division belongs to another customer number."}
    firm.send(f"divisions/{firm.north.pk}/close/")
    answer = firm.send("vehicles/new/", **vehicle_form(firm))
    assert "division" in errors(answer)
    assert not read(Vehicle)


@pytest.mark.rule("GEN-1")
def test_who_is_limited_creates_and_changes_within_the_limits_only(firm):
    administrator = Membership.Profile.ADMINISTRATOR
    dan = factories.member(firm.acme, "Dan", principal=False, profile=administrator, divisions=[firm.north])
    for division in ("", firm.south.pk):
        answer = firm.send("vehicles/new/", by=dan, **vehicle_form(firm, division=division))
        assert "division" in errors(answer)
    made, _answer = make(firm, by=dan)
    south = factories.vehicle(firm.one, "1-SOU-001", division=firm.south)
    text = firm.get("vehicles/", by=dan).content.decode()
    assert "1-ABC-123" in text
    assert "1-SOU-001" not in text
    assert firm.get(f"vehicles/{made.pk}/change/", by=dan).status_code == 200
    for path in ("", "change/", "end/"):
        assert firm.get(f"vehicles/{south.pk}/{path}", by=dan).status_code == 404
    nina = factories.member(firm.acme, "Nina", principal=False, profile=administrator, customer_numbers=[firm.two])
    answer = firm.send("vehicles/new/", by=nina, **vehicle_form(firm, plate="1-NIN-001", division=""))
    assert "customer_number" in errors(answer)


def change(firm, vehicle, **changes):
    form = vehicle_form(firm, version=vehicle.version, plate=vehicle.plate, **changes)
    form.pop("customer_number")
    return firm.send(f"vehicles/{vehicle.pk}/change/", **form)


@pytest.mark.rule("GEN-2")
def test_a_vehicle_is_changed_and_its_history_says_what(firm):
    made, _answer = make(firm)
    answer = change(firm, made, division=firm.south.pk, fuel="electric", vin=EUROPEAN)
    page = answer.content.decode()
    assert "The changes are saved." in said(answer)
    assert all(word in page for word in ("Electric", "South", EUROPEAN, "Changed"))
    [entry] = entries("vehicles.changed")
    assert entry.before == {"division": "North", "fuel": "diesel", "vin": ""}
    assert entry.after == {"division": "South", "fuel": "electric", "vin": EUROPEAN}
    assert "Nothing was changed." in said(
        change(firm, again(made), division=firm.south.pk, fuel="electric", vin=EUROPEAN)
    )
    assert len(entries("vehicles.changed")) == 1


@pytest.mark.rule("GEN-3")
def test_of_two_who_change_a_vehicle_at_once_the_second_is_told(firm):
    made, _answer = make(firm)
    change(firm, made, fuel="electric")
    answer = change(firm, made, fuel="petrol")
    assert "Somebody else changed this meanwhile." in said(answer)
    assert again(made).fuel == "electric"
    assert len(entries("vehicles.changed")) == 1


def test_a_vehicle_in_a_closed_division_is_changed_and_stays_there(firm):
    made, _answer = make(firm)
    firm.send(f"divisions/{firm.north.pk}/close/")
    change(firm, made, fuel="electric")
    assert (again(made).fuel, again(made).division_id) == ("electric", firm.north.pk)
    assert read(FleetDivision, pk=firm.north.pk)[0].closed_at


def carded(firm, vehicle, **fields):
    """Make a card of the vehicle, findable as in life."""
    made = factories.card(firm.one, vehicle=vehicle, division=firm.north, **fields)
    with all_companies(reason="test data"):
        find_again(Card.objects.select_related("driver", "vehicle").filter(pk=made.pk))
    return made


@pytest.mark.rule("GEN-2")
def test_a_vehicle_is_taken_out_of_the_fleet_and_what_hangs_on_it_is_told(firm):
    made, _answer = make(firm)
    carded(firm, made, printed_as="1-ABC-123")
    page = firm.get(f"vehicles/{made.pk}/end/").content.decode()
    assert "Still in use with it, and goes on working: Cards: 1-ABC-123." in page
    answer = firm.send(f"vehicles/{made.pk}/end/")
    assert "1-ABC-123 is taken out of the fleet." in said(answer)
    page = answer.content.decode()
    assert "Taken out of the fleet" in page
    assert f"vehicles/{made.pk}/change/" not in page
    assert len(entries("vehicles.ended")) == 1
    assert again(made).ended_at is not None
    # Again, and a change of what has left, are refused with the sentence.
    for path in ("end/", "change/"):
        assert "taken out of the fleet already" in said(firm.send(f"vehicles/{made.pk}/{path}"))
    assert len(entries("vehicles.ended")) == 1
    assert read(Card)[0].status == "active"


def test_the_page_shows_the_cards_to_who_may_see_cards(firm):
    made, _answer = make(firm)
    card = carded(firm, made, printed_as="ABC POOL", number="7002001234567890")
    page = firm.get(f"vehicles/{made.pk}/").content.decode()
    assert firm.url(f"cards/{card.pk}/") in page
    assert "···· 7890" in page
    rights = {"applications": ["vehicles"], "change_applications": []}
    fay = factories.member(firm.acme, "Fay", principal=False, profile=Membership.Profile.MANAGEMENT, **rights)
    page = firm.get(f"vehicles/{made.pk}/", by=fay).content.decode()
    assert "Volvo" in page
    assert "ABC POOL" not in page
    assert "ABC POOL" not in firm.get(f"vehicles/{made.pk}/end/", by=fay).content.decode()


def test_the_search_finds_a_vehicle_by_any_part_of_what_it_is(firm):
    made, _answer = make(firm, vin=EUROPEAN)
    card = carded(firm, made, printed_as="POOL")
    for words in ("abc-1", "1abc1", "volvo", "h877", "depot 4"):
        with company_scope(firm.acme.pk):
            assert search.find("vehicles.vehicle", words).ids() == [made.pk]
        assert "1-ABC-123" in firm.get(f"vehicles/?{urlencode({'q': words})}").content.decode()
    assert "1-ABC-123" in firm.get("search/?q=h877").content.decode()
    firm.send(f"vehicles/{made.pk}/change/", **vehicle_form(firm, version=1, plate="1-NEW-777"))
    with company_scope(firm.acme.pk):
        assert search.find("vehicles.vehicle", "abc-1").ids() == []
        # The card of the vehicle is found by the new plate, too.
        assert search.find("cards.card", "new-777").ids() == [card.pk]


def test_the_list_is_filtered_and_downloaded(firm):
    made, _answer = make(firm)
    factories.vehicle(firm.two, "1-WES-001", division=firm.west, fuel="electric")
    gone = factories.vehicle(firm.one, "1-OLD-001")
    firm.send(f"vehicles/{gone.pk}/end/")

    def plates(query):
        data = firm.as_(firm.ada).get(firm.url(f"vehicles/?format=csv&{query}")).getvalue().decode("utf-8-sig")
        return [row.replace(";", ",").split(",")[0].strip('"') for row in data.splitlines()[1:]]

    assert plates("") == ["1-ABC-123", "1-OLD-001", "1-WES-001"]
    assert plates("state=inactive") == ["1-OLD-001"]
    assert plates("state=active&fuel=electric") == ["1-WES-001"]
    assert plates(f"division={firm.north.pk}") == ["1-ABC-123"]
    assert plates(f"customer_number={firm.two.pk}") == ["1-WES-001"]
    assert firm.get(f"vehicles/{made.pk}/").status_code == 200


@pytest.mark.rule("ONB-6")
def test_a_vehicle_created_here_is_picked_up_by_the_order_of_a_card(firm):
    made, _answer = make(firm)
    page = firm.get("cards/new/").content.decode()
    assert 'value="1-ABC-123"' in page
    order = {
        "product": factories.card_product().pk, "customer_number": firm.one.pk, "category": "driver",
        "printed_as": "POOL", "plate_country": "BE", "vehicle": "1abc123", "pays_diesel": "on", "area": "everywhere",
        "code_type": "calculated", "recipient": "Acme", "street": "Havenlaan 12", "postal_code": "1080",
        "town": "Brussel", "country": "BE",
    }  # fmt: skip
    answer = firm.send("cards/new/", **order)
    assert answer.redirect_chain, answer.context["form"].errors
    firm.send(answer.redirect_chain[-1][0].split(firm.acme.identifier + "/")[1])
    [card] = read(Card)
    assert card.vehicle_id == made.pk
