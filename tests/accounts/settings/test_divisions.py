"""Fleet divisions: list, create, rename, close, open again, move the content, remove (ACC-32)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import FleetDivision
from cards.models import Card, Request
from fleetportal.core import contents, search
from fleetportal.core.scope import all_companies, company_scope
from tests import factories
from tests.accounts.settings.conftest import again, entries, read, said
from vehicles.models import Driver, Vehicle

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-32")]


def fill(firm, division, cards=2):
    """Put cards, a vehicle and a driver into a division; return the cards."""
    number = division.customer_number
    made = [factories.card(number, division=division, printed_as=f"1-MOV-{at:03d}") for at in range(cards)]
    factories.vehicle(number, division=division)
    factories.driver(number, division=division)
    with all_companies(reason="test data"):
        from cards.services import find_again

        find_again(Card.objects.filter(pk__in=[one.pk for one in made]))
    return made


def test_the_list_says_what_lies_in_each_division(firm):
    fill(firm, firm.north, cards=3)
    page = firm.get("divisions/")
    text = page.content.decode()
    assert all(name in text for name in ("North", "South", "West"))
    rows = firm.as_(firm.ada).get(firm.url("divisions/?format=csv")).getvalue().decode("utf-8-sig").splitlines()
    [north] = [row for row in rows if "North" in row]
    assert north.replace(",", ";").split(";")[2:5] == ["1", "1", "3"]


def test_a_division_is_created_under_a_number_and_offered_in_the_order_form(firm):
    answer = firm.send("divisions/new/", customer_number=firm.two.pk, name="  Depot   Liège ")
    [made] = read(FleetDivision, name="Depot Liège")
    assert made.customer_number_id == firm.two.pk
    assert "The division Depot Liège is created." in said(answer)
    [entry] = entries("divisions.created")
    assert (entry.object_id, entry.actor_id, entry.after["customer_number"]) == (
        made.pk, firm.ada.user_id, firm.two.number,
    )  # fmt: skip
    assert "Depot Liège" in firm.get("cards/new/").content.decode()


@pytest.mark.parametrize("name", ["north", "NORTH", "  North", "Nörth", "Ｎorth"])
def test_a_name_that_reads_like_another_one_is_refused_at_its_field(firm, name):
    answer = firm.send("divisions/new/", customer_number=firm.one.pk, name=name)
    assert "This customer number has a division of that name already." in answer.content.decode()
    assert not entries("divisions.created")
    # Under another number it is another division.
    firm.send("divisions/new/", customer_number=firm.two.pk, name=name)
    assert len(entries("divisions.created")) == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\u200bb", "a\x00b"])
def test_what_is_no_name_is_refused_and_what_was_typed_is_kept(firm, name):
    answer = firm.send("divisions/new/", customer_number=firm.one.pk, name=name)
    assert answer.context["form"].errors["name"]
    assert answer.context["form"]["customer_number"].value() == str(firm.one.pk)
    assert not entries("divisions.created")


def test_a_division_is_renamed_and_its_history_says_so(firm):
    answer = firm.send(f"divisions/{firm.north.pk}/rename/", name="North-East")
    assert again(firm.north).name == "North-East"
    assert "Renamed" in answer.content.decode()
    assert len(entries("divisions.renamed")) == 1
    firm.send(f"divisions/{firm.north.pk}/rename/", name="North-East")
    assert len(entries("divisions.renamed")) == 1
    answer = firm.send(f"divisions/{firm.north.pk}/rename/", name="SOUTH")
    assert "already" in answer.content.decode()
    # Its own name in other capitals is no other division's.
    firm.send(f"divisions/{firm.north.pk}/rename/", name="NORTH-east")
    assert again(firm.north).name == "NORTH-east"


def test_a_closed_division_is_offered_in_no_form_and_keeps_what_lies_in_it(firm):
    [card, *_rest] = fill(firm, firm.north)
    assert f'value="{firm.north.pk}"' in firm.get("cards/new/").content.decode()
    firm.send(f"divisions/{firm.north.pk}/close/")
    assert f'value="{firm.north.pk}"' not in firm.get("cards/new/").content.decode()
    assert again(card).division_id == firm.north.pk
    assert "This division is closed." in said(firm.send(f"divisions/{firm.north.pk}/close/"))
    assert len(entries("divisions.closed")) == 1
    firm.send(f"divisions/{firm.north.pk}/open/")
    assert f'value="{firm.north.pk}"' in firm.get("cards/new/").content.decode()
    assert "This division is open." in said(firm.send(f"divisions/{firm.north.pk}/open/"))


@pytest.mark.parametrize("kind", ["card", "vehicle", "driver", "member"])
def test_a_division_in_use_can_not_be_removed(firm, kind):
    if kind == "member":
        factories.member(firm.acme, "Dan", principal=False, divisions=[firm.north])
    else:
        getattr(factories, kind)(firm.one, division=firm.north)
    answer = firm.send(f"divisions/{firm.north.pk}/remove/")
    assert ("Colleagues are limited" if kind == "member" else "in use") in said(answer)
    assert again(firm.north)
    assert not entries("divisions.removed")


def test_an_empty_division_is_removed_and_the_audit_remembers_its_name(firm):
    answer = firm.send(f"divisions/{firm.south.pk}/remove/")
    assert "The division South is removed." in said(answer)
    assert not read(FleetDivision, pk=firm.south.pk)
    [entry] = entries("divisions.removed")
    assert (entry.object_label, entry.before["name"]) == ("South", "South")


@pytest.mark.rule("GEN-2")
def test_all_that_lies_in_a_division_moves_and_each_object_has_its_entry(firm):
    cards = fill(firm, firm.north)
    stays = factories.card(firm.one, division=None, printed_as="1-STA-001")
    page = firm.get(f"divisions/{firm.north.pk}/move/")
    assert "Cards: 2" in page.content.decode()
    assert f'value="{firm.west.pk}"' not in page.content.decode()
    answer = firm.send(f"divisions/{firm.north.pk}/move/", target=firm.south.pk)
    assert "Moved to South. Vehicles: 1, Drivers: 1, Cards: 2." in said(answer)
    for model in (Card, Request, Vehicle, Driver):
        assert not read(model, division_id=firm.north.pk)
    assert {one.pk for one in read(Card, division_id=firm.south.pk)} == {one.pk for one in cards}
    assert len(read(Request, division_id=firm.south.pk)) == 2
    assert again(stays).division_id is None
    noted = entries("cards.changed")
    assert [entry.object_id for entry in noted] == sorted(one.pk for one in cards)
    assert noted[0].object_label == "1-MOV-000"
    assert (noted[0].before, noted[0].after) == ({"division": "North"}, {"division": "South"})
    assert {(entry.actor_id, entry.company_id) for entry in noted} == {(firm.ada.user_id, firm.acme.pk)}
    assert len(entries("vehicles.changed")) == len(entries("drivers.changed")) == 1
    assert entries("divisions.emptied")[0].after["card"] == 2
    # A form that was opened before the move notices it.
    assert all(again(one).version == one.version + 1 for one in cards)


def test_the_search_follows_what_was_moved(firm):
    fill(firm, firm.north)
    dan = {"customer_numbers": None, "divisions": (firm.south.pk,)}
    with company_scope(firm.acme.pk, **dan):
        assert search.find("cards.card", "mov").ids() == search.find("cards.request", "mov").ids() == []
    firm.send(f"divisions/{firm.north.pk}/move/", target=firm.south.pk)
    with company_scope(firm.acme.pk, **dan):
        assert len(search.find("cards.card", "mov").ids()) == len(search.find("cards.request", "mov").ids()) == 2


def test_content_moves_within_its_customer_number_and_into_open_divisions_only(firm):
    fill(firm, firm.north)
    closed = factories.division(firm.one, "Closed")
    firm.send(f"divisions/{closed.pk}/close/")
    for target in (firm.west, closed, firm.north):
        answer = firm.send(f"divisions/{firm.north.pk}/move/", target=target.pk)
        assert answer.context["form"].errors["target"]
    assert len(read(Card, division_id=firm.north.pk)) == 2
    assert "Nothing lies in this division." in said(firm.send(f"divisions/{firm.south.pk}/move/", target=firm.north.pk))


def test_a_move_asks_no_more_of_the_database_however_much_lies_there(firm):
    asked = []
    for source, target, more in ((firm.north, firm.south, 2), (firm.south, firm.north, 20)):
        fill(firm, source, cards=more)
        with CaptureQueriesContext(connection) as queries:
            firm.as_(firm.ada).post(firm.url(f"divisions/{source.pk}/move/"), {"target": target.pk})
        asked.append(len(queries))
    assert len(read(Card, division_id=firm.north.pk)) == 22
    assert asked[1] <= asked[0]


@pytest.mark.rule("ACC-13")
def test_who_sees_some_divisions_only_changes_none(firm):
    dan = factories.member(firm.acme, "Dan", profile="administrator", principal=False, divisions=[firm.north])
    cora = factories.member(firm.acme, "Cora")
    listed = firm.get("divisions/", by=dan).content.decode()
    assert "North" in listed
    assert "South" not in listed
    for person in (dan, cora):
        for path in ("new/", *(f"{firm.north.pk}/{act}/" for act in ("rename", "close", "open", "move", "remove"))):
            assert firm.as_(person).get(firm.url(f"divisions/{path}")).status_code == 403
            assert firm.as_(person).post(firm.url(f"divisions/{path}"), {"name": "x"}).status_code == 403
        assert "Create a division" not in firm.get("divisions/", by=person).content.decode()


@pytest.mark.rule("GEN-1")
def test_who_sees_one_number_creates_there_and_nowhere_else(firm):
    nina = factories.member(firm.acme, "Nina", profile="administrator", principal=False, customer_numbers=[firm.one])
    answer = firm.send("divisions/new/", by=nina, customer_number=firm.two.pk, name="Sneaky")
    assert answer.context["form"].errors["customer_number"]
    assert firm.as_(nina).get(firm.url(f"divisions/{firm.west.pk}/")).status_code == 404
    firm.send("divisions/new/", by=nina, customer_number=firm.one.pk, name="Garage")
    assert len(entries("divisions.created")) == 1


def test_each_kind_with_a_division_is_declared_and_nothing_else():
    """A model with a division column that nobody declares would stay behind when its division is emptied."""
    from django.apps import apps

    from fleetportal.core.search import SearchEntry
    from fleetportal.core.tenancy import TenantModel

    having = {
        model._meta.label_lower
        for model in apps.get_models()
        if issubclass(model, TenantModel) and model.tenancy.division not in {"", "id"} and model is not SearchEntry
    }
    assert having == contents.CONTENTS.keys()
