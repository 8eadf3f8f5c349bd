"""The own view beside the manager's: offered to whom it concerns, with their own things and nobody else's (ACC-9)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Company, Membership
from cards.lifecycle import ACTIVE, BLOCKED, EXPIRED, IN_CREATION, NEW, WITHDRAWN
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.settings.conftest import browser, firm

__all__ = ["firm"]
pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-9")]

MINE = "mine/"
SWITCH = "Switch the view"


@pytest.fixture
def max_(firm):
    """Max manages the fleet, and is linked to no driver yet."""
    return factories.member(firm.acme, "Max")


def drives(member, number, first_name="Max", **fields):
    """Make a driver who is that colleague."""
    return factories.driver(number, first_name, member=member, **fields)


def page(firm, path, by):
    answer = firm.get(path, by=by)
    assert answer.status_code == 200, path
    return answer.content.decode()


def main(content):
    """Return the page without its frame."""
    return content.partition("<main")[2].partition("</main>")[0]


def menu(content):
    """Return what the menu on the left leads to."""
    return re.findall(r'<a class="menu-item" href="([^"]*)"', content)


def switch(content):
    """Return what the user's menu offers to switch between: address, and whether it is the view that is open."""
    part = content.partition(f'aria-label="{SWITCH}"')[2].partition("</nav>")[0]
    return {url: "aria-current" in rest for url, rest in re.findall(r'<a [^>]*href="([^"]*)"([^>]*)>', part)}


# --- The switch -------------------------------------------------------------------------------------------------------


def test_the_switch_is_offered_to_who_is_a_driver_on_every_page_and_marks_the_open_view(firm, max_):
    drives(max_, firm.one)
    home, mine = firm.url(), firm.url(MINE)
    for path in ("", "cards/", "vehicles/"):
        assert switch(page(firm, path, max_)) == {home: True, mine: False}
    assert switch(page(firm, MINE, max_)) == {home: False, mine: True}


def test_the_switch_is_not_offered_to_others(firm, max_):
    factories.driver(firm.one, "Dirk")
    drives(max_, firm.one, ended_at=timezone.now())
    for member in (firm.ada, max_):
        for path in ("", MINE):
            content = page(firm, path, member)
            assert SWITCH not in content
            assert firm.url("cards/") in menu(content)


def test_the_own_view_has_its_own_menu_and_nothing_to_manage_with(firm, max_):
    drives(max_, firm.one)
    own, home = page(firm, MINE, max_), page(firm, "", max_)
    assert menu(own) == [firm.url(MINE)]
    assert firm.url(MINE) not in menu(home)
    for what in (firm.url("cards/new/"), firm.url("drivers/new/"), 'action="/PRO-ACMEAA/search/"'):
        assert what in home
        assert what not in own
    assert firm.url("notices/") in own


def test_which_view_is_open_stands_in_the_address_alone(firm, max_):
    drives(max_, firm.one)
    page(firm, MINE, max_)
    assert firm.url("cards/") in menu(page(firm, "", max_))
    assert menu(page(firm, MINE, max_)) == [firm.url(MINE)]


def test_signing_out_of_the_own_view_ends_the_session_on_the_server(firm, max_):
    drives(max_, firm.one)
    client = firm.as_(max_)
    assert 'action="/accounts/logout/"' in page(firm, MINE, max_)
    kept = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post("/accounts/logout/")
    client.cookies[settings.SESSION_COOKIE_NAME] = kept
    answer = client.get(firm.url(MINE))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


# --- What is shown ----------------------------------------------------------------------------------------------------


def test_ones_own_card_and_vehicle_stand_there_in_words(firm, max_):
    driver = drives(max_, firm.one, division=firm.north)
    car = factories.vehicle(firm.one, "1-OWN-123", make="Skoda", model="Octavia", fuel="diesel")
    card = factories.card(firm.one, driver=driver, vehicle=car, printed_as="1-OWN-123", products=["diesel", "wash"])
    factories.limit(card)
    shown = main(page(firm, MINE, max_))
    assert "Fuel card 1-OWN-123" in shown
    assert f"···· {card.number[-4:]}" in shown
    assert card.number not in shown.replace(" ", "")
    assert all(
        word in shown for word in ("Active", "2030", "250 euro per month", "no limit", "Skoda Octavia", "Diesel")
    )
    assert firm.url(f"cards/{card.pk}/") in shown
    assert firm.url(f"vehicles/{car.pk}/") in shown


@pytest.mark.parametrize(
    ("status", "issue", "sentence"),
    [
        (NEW, {}, "Ordered, not made yet."),
        (IN_CREATION, {}, "Being made."),
        (IN_CREATION, {"dispatched_at": factories.NOW, "tracking": "TRACK7"}, "to Acme, reception, Havenlaan 12"),
    ],
)
def test_the_delivery_of_a_card_under_way_is_told(firm, max_, status, issue, sentence):
    factories.card(firm.one, driver=drives(max_, firm.one), status=status, issue_fields=issue)
    shown = main(page(firm, MINE, max_))
    assert sentence in shown
    assert issue.get("tracking", "") in shown


def test_a_blocked_card_is_shown_and_what_was_never_made_or_is_over_is_not(firm, max_):
    driver = drives(max_, firm.one)
    for status in (ACTIVE, BLOCKED, WITHDRAWN, EXPIRED):
        factories.card(firm.one, driver=driver, status=status, printed_as=status.upper())
    shown = main(page(firm, MINE, max_))
    assert re.findall(r"Fuel card ([A-Z]+)<", shown) == ["BLOCKED", "ACTIVE"]


def test_two_cards_with_the_same_print_are_told_apart(firm, max_):
    driver = drives(max_, firm.one)
    made = factories.card(firm.one, driver=driver, printed_as="TWICE")
    factories.card(firm.one, driver=driver, printed_as="TWICE", status="new")
    shown = main(page(firm, MINE, max_))
    assert re.findall(r"Fuel card ([^<]+)<", shown) == ["TWICE (1)", f"TWICE ···· {made.number[-4:]}"]


@pytest.mark.rule("GEN-1")
def test_nobody_elses_card_or_vehicle_stands_there(firm, max_):
    """What leaks would stand here: a colleague's, one of nobody, one of Borea's whose driver has the same name."""
    mine = drives(max_, firm.one)
    factories.card(firm.one, driver=mine, printed_as="MINE")
    abby = factories.member(firm.acme, "Abby", principal=False)
    borea = factories.company("Borea")
    there = factories.customer_number(borea)
    own_there = factories.member(borea, "Max", principal=False, person=max_.user)
    for number, driver in (
        (firm.one, drives(abby, firm.one)),
        (firm.one, factories.driver(firm.one, "Max")),
        (firm.one, None),
        (firm.one, drives(max_, firm.two, ended_at=timezone.now())),
        (there, drives(own_there, there)),
    ):
        car = factories.vehicle(number)
        factories.card(number, driver=driver, vehicle=car, printed_as=f"ELSE {car.plate}")
    shown = main(page(firm, MINE, max_))
    assert re.findall(r"Fuel card ([^<]+)<", shown) == ["MINE"]
    assert "1-TST" not in shown
    # In Borea the same person finds what is theirs there, and nothing of Acme's.
    other = main(firm.as_(max_).get(f"/{borea.identifier}/{MINE}").content.decode())
    assert other.count("Fuel card ELSE") == 1
    assert "MINE" not in other


@pytest.mark.rule("GEN-1")
def test_a_membership_that_has_ended_opens_nothing(firm, max_):
    drives(max_, firm.one)
    yesterday = timezone.localdate() - timedelta(days=1)
    for ended in ({"valid_until": yesterday}, {"valid_until": None, "is_active": False}):
        with all_companies(reason="a test prepares"):
            Membership.objects.filter(pk=max_.pk).update(**ended)
        assert browser(max_.user).get(firm.url(MINE)).status_code == 404


@pytest.mark.rule("GEN-1")
def test_ones_own_is_shown_beyond_ones_numbers_and_divisions_and_nothing_else_is(firm):
    """Nina manages number one; her own card lies under two, and its page stays closed to her."""
    nina = factories.member(firm.acme, "Nina", principal=False, customer_numbers=[firm.one])
    driver = drives(nina, firm.two, division=firm.west)
    car = factories.vehicle(firm.two, "2-NIN-222")
    card = factories.card(firm.two, driver=driver, vehicle=car, printed_as="NINA", division=firm.west)
    factories.card(firm.two, driver=factories.driver(firm.two), printed_as="WEST")
    assert firm.url(MINE) in switch(page(firm, "", nina))
    shown = main(page(firm, MINE, nina))
    assert re.findall(r"Fuel card ([^<]+)<", shown) == ["NINA"]
    assert "2-NIN-222" in shown
    assert f"cards/{card.pk}/" not in shown
    assert f"vehicles/{car.pk}/" not in shown
    assert firm.get(f"cards/{card.pk}/", by=nina).status_code == 404
    assert "NINA" not in page(firm, "cards/", nina)


@pytest.mark.rule("ACC-13")
def test_who_may_open_no_cards_sees_their_own_without_a_way_further(firm):
    paula = factories.member(firm.acme, "Paula", principal=False, profile="consultation", applications=[])
    card = factories.card(firm.one, driver=drives(paula, firm.one), printed_as="PAULA")
    shown = main(page(firm, MINE, paula))
    assert "Fuel card PAULA" in shown
    assert f"cards/{card.pk}/" not in shown


@pytest.mark.rule("ACC-14")
def test_what_the_operator_switched_off_is_not_in_the_own_view(firm, max_):
    card = factories.card(firm.one, driver=drives(max_, firm.one), vehicle=factories.vehicle(firm.one, "1-OFF-123"))
    with all_companies(reason="a test prepares"):
        Company.objects.filter(pk=firm.acme.pk).update(options_off=["cards"])
    shown = main(page(firm, MINE, max_))
    assert "1-OFF-123" in shown
    assert f"Fuel card {card}" not in shown


def test_who_has_nothing_reads_what_will_be_here(firm, max_):
    assert "Nothing is in your name yet." in main(page(firm, MINE, max_))
    drives(max_, firm.one)
    assert "Nothing is in your name yet." in main(page(firm, MINE, max_))


def test_the_number_of_questions_does_not_grow_with_the_cards(firm, max_):
    driver = drives(max_, firm.one)

    def questions(count):
        for _card in range(count):
            card = factories.card(firm.one, driver=driver, vehicle=factories.vehicle(firm.one))
            factories.limit(card)
        with CaptureQueriesContext(connection) as asked:
            page(firm, MINE, max_)
        return len(asked)

    questions(1)
    assert questions(1) == questions(6)
