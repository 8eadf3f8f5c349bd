"""Who has which rights, on one page and as a file (ACC-28); and that a limit holds everywhere (GEN-1)."""

from __future__ import annotations

import csv
import io
from datetime import date

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.colleagues.grants import Holding, Rights, settle
from accounts.models import Membership, User
from accounts.rights import APPLICATIONS
from cards.models import Card
from cards.services import find_again
from fleetportal.core.scope import all_companies, company_scope
from tests import factories
from tests.accounts.colleagues.conftest import one, opened, visitor

pytestmark = pytest.mark.django_db

# Stands for the granter's own customer number and one more.
ANOTHER = "one more"

MANY = 2000
NAMES = [str(application.label) for application in APPLICATIONS]


def content(answer):
    return b"".join(answer.streaming_content)


def as_rows(answer):
    return list(csv.reader(io.StringIO(content(answer).decode("utf-8-sig")), delimiter=";"))


@pytest.mark.rule("ACC-28")
def test_each_users_right_in_each_application_stands_there(house):
    factories.member(house.acme, "Fay", name="FAY", principal=False, applications=["cards", "invoices", "users"])
    factories.member(
        house.acme, "Max", name="MAX", principal=False, applications=["cards", "requests", "vehicles"],
        change_applications=["cards"],
    )  # fmt: skip
    rows = as_rows(house.as_(house.ada).get(house.url("rights/"), {"format": "csv"}))
    assert rows[0] == ["Name", "E-mail address", "Profile", "State", *NAMES]
    said = {row[0]: dict(zip(rows[0][4:], row[4:], strict=True)) for row in rows[1:]}
    assert set(said["Person Ada"].values()) == {"change"}
    assert {name: right for name, right in said["MAX"].items() if right} == {
        "Cards and OBU": "change", "Requests": "see", "Vehicles": "change",
    }  # fmt: skip
    assert {name: right for name, right in said["FAY"].items() if right} == {
        "Cards and OBU": "see", "Invoices": "change", "Users": "see",
    }  # fmt: skip
    page = house.as_(house.ada).get(house.url("rights/")).content.decode()
    assert page.count('<span class="visually-hidden">change</span>') == 18 + 2 + 1


@pytest.mark.rule("ACC-14")
def test_what_is_switched_off_for_the_company_is_no_column(house):
    with all_companies(reason="the operator switches it off"):
        type(house.acme).objects.filter(pk=house.acme.pk).update(options_off=["sims"])
    assert "SIM cards" not in as_rows(house.as_(house.ada).get(house.url("rights/"), {"format": "csv"}))[0]


@pytest.mark.rule("ACC-28")
def test_two_thousand_users_are_paged_by_fifty_and_downloaded_whole(house):
    people = User.objects.bulk_create(
        User(email=f"p{at}@client.example", last_name=f"P{at:04}", first_name="X", password="!") for at in range(MANY)
    )
    with all_companies(reason="test data"):
        Membership.objects.bulk_create(
            Membership(
                company=house.acme, user=person, name=f"{person.last_name} X", profile="management",
                applications=[one.name for one in APPLICATIONS][at % 18 :], change_applications=["cards"],
            )
            for at, person in enumerate(people)
        )  # fmt: skip
    browser = house.as_(house.ada)
    browser.get(house.url("rights/"))
    with CaptureQueriesContext(connection) as asked:
        page = browser.get(house.url("rights/")).content.decode()
    assert page.count('class="row-link"') == 50
    assert len([one for one in asked if "SAVEPOINT" not in one["sql"]]) <= 10
    assert len(as_rows(browser.get(house.url("rights/"), {"format": "csv"}))) == MANY + 2
    sheet = openpyxl.load_workbook(
        io.BytesIO(content(browser.get(house.url("rights/"), {"format": "xlsx"}))), read_only=True
    ).active
    assert sum(1 for _row in sheet.iter_rows()) == MANY + 2


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def cards(house):
    """One card in each place: north, south, without a division, and under the other number."""
    made = {
        "NORTH-1": factories.card(house.numbers[0], printed_as="NORTH-1", division=house.north),
        "SOUTH-1": factories.card(house.numbers[0], printed_as="SOUTH-1", division=house.south),
        "NOWHERE-1": factories.card(house.numbers[0], printed_as="NOWHERE-1"),
        "OTHER-1": factories.card(house.numbers[1], printed_as="OTHER-1"),
    }
    with all_companies(reason="test data"):
        find_again(Card.objects.select_related("driver", "vehicle").filter(pk__in=[card.pk for card in made.values()]))
    return made


@pytest.mark.rule("GEN-1")
@pytest.mark.rule("ACC-13")
@pytest.mark.parametrize(
    ("limits", "seen"),
    [
        ({}, {"NORTH-1", "SOUTH-1", "NOWHERE-1", "OTHER-1"}),
        ({"number_reach": "some", "customer_numbers": [0]}, {"NORTH-1", "SOUTH-1", "NOWHERE-1"}),
        ({"division_reach": "some", "divisions": ["north"]}, {"NORTH-1"}),
        (
            {"number_reach": "some", "customer_numbers": [1], "division_reach": "all"},
            {"OTHER-1"},
        ),
    ],
)
def test_a_colleague_created_with_limits_sees_what_lies_within_them_and_nothing_else(house, cards, limits, seen):
    limits = dict(limits)
    if "customer_numbers" in limits:
        limits["customer_numbers"] = [house.numbers[at].pk for at in limits["customer_numbers"]]
    if "divisions" in limits:
        limits["divisions"] = [house.north.pk]
    made = house.created(profile="management", applications=["cards", "requests"], **limits)
    browser = opened(made)
    good = "Vlinder 27 boven Gent!"
    browser.post(
        "/invitations/",
        {"last_name": "PEETERS", "first_name": "AN", "phone": "0470123456", "password1": good, "password2": good},
    )
    home = f"/{house.acme.identifier}/"
    listed = browser.get(f"{home}cards/").content.decode()
    assert {name for name in cards if f">{name}<" in listed} == seen
    assert f'"count">{len(seen)}<' in listed or f"{len(seen)}" in listed
    rows = as_rows(browser.get(f"{home}cards/", {"format": "csv"}))
    assert {row[0] for row in rows[1:]} == seen
    for name, card in cards.items():
        found = browser.get(f"{home}cards/", {"q": name}).content.decode()
        assert (f"/cards/{card.pk}/" in found) == (name in seen)
        assert browser.get(f"{home}cards/{card.pk}/").status_code == (200 if name in seen else 404)
    order = browser.get(f"{home}cards/new/").content.decode()
    offered = {name for name, row in (("north", house.north), ("south", house.south)) if f">{row.name}<" in order}
    if limits.get("division_reach") == "some":
        assert "south" not in offered
    if limits.get("customer_numbers") == [house.numbers[1].pk]:
        assert house.numbers[0].number not in order


@pytest.mark.rule("ACC-13")
@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"number_reach": "all"}, "number_reach"),
        ({"number_reach": "some", "customer_numbers": "other"}, "customer_numbers"),
        ({"number_reach": "some", "customer_numbers": []}, "customer_numbers"),
        ({"division_reach": "some", "divisions": []}, "divisions"),
        ({"division_reach": "some", "divisions": "foreign"}, "divisions"),
    ],
)
def test_who_is_limited_gives_no_more_than_their_own_part(house, typed, field):
    nina = factories.member(
        house.acme, "Nina", profile="administrator", principal=False, customer_numbers=[house.numbers[0]]
    )
    foreign = factories.division(factories.customer_number(factories.company("Borea")))
    named = {"other": [house.numbers[1].pk], "foreign": [foreign.pk]}
    base = {"number_reach": "some", "customer_numbers": [house.numbers[0].pk], "division_reach": "all"}
    typed = {name: named.get(value, value) if isinstance(value, str) else value for name, value in typed.items()}
    answer = house.create(by=nina, **{**base, **typed})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert house.create(by=nina, **base).status_code == 302


@pytest.mark.rule("ACC-13")
def test_a_division_of_a_number_that_is_not_given_is_refused_at_its_field(house):
    answer = house.create(
        number_reach="some", customer_numbers=[house.numbers[1].pk], division_reach="some", divisions=[house.north.pk]
    )
    assert answer.context["form"].errors == {
        "divisions": ["A division belongs to a customer number that is not chosen."]
    }


@pytest.mark.rule("ACC-13")
def test_who_is_limited_does_not_touch_who_sees_more(house):
    nina = factories.member(
        house.acme, "Nina", profile="administrator", principal=False, customer_numbers=[house.numbers[0]]
    )
    max_ = factories.member(house.acme, "Max")
    page = house.as_(nina).post(house.url(f"{max_.pk}/deactivate/"), follow=True).content.decode()
    assert "beyond yours" in page
    assert one(pk=max_.pk).is_active
    assert f"{max_.pk}/deactivate/" not in visitor(nina.user).get(house.url()).content.decode()


@pytest.mark.rule("ACC-25")
def test_who_is_limited_finds_all_users_since_they_belong_to_the_company(house):
    made = house.created()
    nina = factories.member(
        house.acme, "Nina", profile="administrator", principal=False, customer_numbers=[house.numbers[1]]
    )
    found = house.as_(nina).get(house.url(), {"q": "peeters"}).content.decode()
    assert f"/users/{made.pk}/" in found
    page = house.as_(nina).get(house.url(f"{made.pk}/")).content.decode()
    assert "All (Multipass)" in page


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("profile", {"profile": "administrator"}),
        ("applications", {"applications": ("cards", "invoices")}),
        ("change_applications", {"change_applications": ("cards",)}),
        ("customer_numbers", {"customer_numbers": None}),
        ("customer_numbers", {"customer_numbers": ANOTHER}),
        ("divisions", {"divisions": None}),
        ("valid_until", {"valid_from": date(2027, 2, 2), "valid_until": date(2027, 2, 1)}),
    ],
)
def test_what_goes_beyond_the_granters_own_is_refused_below_the_pages_too(field, wanted):
    """The first connection and loaded files come this way, without the form of the page."""
    number = factories.customer_number(factories.company())
    division = factories.division(number)
    held = Holding(
        rank=2, applications=frozenset({"cards"}), change_applications=frozenset(),
        customer_numbers=frozenset({number.pk}), divisions=frozenset({division.pk}),
    )  # fmt: skip
    fitting = {
        "profile": "consultation", "applications": ("cards",), "change_applications": (),
        "customer_numbers": (number.pk,), "divisions": (division.pk,),
    }  # fmt: skip
    if wanted.get("customer_numbers") == ANOTHER:
        wanted = {"customer_numbers": (number.pk, number.pk + 1)}
    with company_scope(number.company_id):
        settle(held, Rights(**fitting))
        with pytest.raises(ValidationError) as refused:
            settle(held, Rights(**{**fitting, **wanted}))
    assert list(refused.value.message_dict) == [field]
