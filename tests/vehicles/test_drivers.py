"""Drivers: created from any page, changed, found, and noted as left instead of deleted (ONB-6)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from accounts.models import Membership
from cards.models import Card
from cards.services import find_again
from fleetportal.core import search
from fleetportal.core.access import Actor
from fleetportal.core.scope import all_companies, company_scope
from tests import factories
from tests.accounts.settings.conftest import again, entries, read, said
from tests.vehicles.conftest import driver_form
from tests.vehicles.test_vehicles import errors
from vehicles import services
from vehicles.models import Driver

pytestmark = pytest.mark.django_db


def make(firm, by=None, **changes):
    """Create a driver through their page, and return them with the answer."""
    answer = firm.send("drivers/new/", by=by, **driver_form(firm, **changes))
    assert answer.redirect_chain, errors(answer)
    return read(Driver)[-1], answer


@pytest.mark.rule("ONB-6")
@pytest.mark.rule("GEN-2")
def test_a_driver_is_created_and_shown_with_what_was_entered(firm):
    made, answer = make(firm)
    assert "De Smet Dirk is created." in said(answer)
    page = answer.content.decode()
    assert all(word in page for word in ("dirk.desmet@acme.example", "+32 470 12 34 56", "B, CE", "North", "Created"))
    [entry] = entries("drivers.created")
    assert (entry.object_id, entry.actor_id) == (made.pk, firm.ada.user_id)
    assert entry.after["licences"] == ["B", "CE"]


def test_a_name_alone_is_enough(firm):
    made, _answer = make(firm, email="", phone="", licences=[], division="")
    assert (made.email, made.phone, made.licences, made.division_id) == ("", "", [], None)


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("last_name", "", "Fill in “Last name”."),
        ("first_name", "   ", "Fill in “First name”."),
        ("first_name", "007", "A name has letters."),
        ("last_name", "x" * 61, "at most 60 characters"),
        ("email", "dirk at acme", "Enter a valid email address."),
        ("phone", "call me", "Enter a phone number"),
        ("phone", "12", "Enter a phone number"),
        ("licences", ["Z"], "Select a valid choice"),
        ("division", "999999999", "Select a valid choice"),
        ("customer_number", "", "Make a choice for “Customer number”."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost_or_written(firm, field, typed, sentence):
    answer = firm.send("drivers/new/", **driver_form(firm, **{field: typed}))
    assert sentence.lower() in errors(answer)[field].lower().replace("e-mail", "email")
    kept = "email" if field != "email" else "phone"
    assert answer.context["form"][kept].value() == driver_form(firm)[kept]
    assert not read(Driver)
    assert not entries("drivers.created")


def test_signs_that_can_not_be_seen_are_left_out(firm):
    made, _answer = make(firm, last_name="De\u200b  Smet", first_name="Zoe\u0308")
    assert (made.last_name, made.first_name) == ("De Smet", "Zoë")


def change(firm, driver, **changes):
    form = driver_form(firm, version=driver.version, **changes)
    form.pop("customer_number")
    return firm.send(f"drivers/{driver.pk}/change/", **form)


@pytest.mark.rule("GEN-2")
@pytest.mark.rule("GEN-3")
def test_a_driver_is_changed_once_and_the_second_is_told(firm):
    made, _answer = make(firm)
    answer = change(firm, made, last_name="De Groot", licences=["B"])
    assert "The changes are saved." in said(answer)
    assert "De Groot" in answer.content.decode()
    [entry] = entries("drivers.changed")
    assert entry.before == {"last_name": "De Smet", "licences": ["B", "CE"]}
    assert entry.after == {"last_name": "De Groot", "licences": ["B"]}
    assert "Somebody else changed this meanwhile." in said(change(firm, made, last_name="Peeters"))
    assert again(made).last_name == "De Groot"
    assert "Nothing was changed." in said(change(firm, again(made), last_name="De Groot", licences=["B"]))
    assert len(entries("drivers.changed")) == 1


@pytest.mark.rule("GEN-2")
def test_a_driver_who_leaves_is_noted_and_their_cards_are_told(firm):
    made, _answer = make(firm)
    factories.card(firm.one, driver=made, printed_as="DIRK DE SMET")
    assert "Cards: DIRK DE SMET." in firm.get(f"drivers/{made.pk}/end/").content.decode()
    assert 'value="De Smet Dirk"' in firm.get("cards/new/").content.decode()
    answer = firm.send(f"drivers/{made.pk}/end/")
    assert "It is noted that De Smet Dirk has left." in said(answer)
    assert len(entries("drivers.ended")) == 1
    assert 'value="De Smet Dirk"' not in firm.get("cards/new/").content.decode()
    for path in ("end/", "change/"):
        assert "This driver has left already." in said(firm.send(f"drivers/{made.pk}/{path}"))
    assert len(entries("drivers.ended")) == 1


def test_the_search_follows_a_new_name_to_the_cards_of_the_driver(firm):
    made, _answer = make(firm)
    card = factories.card(firm.one, driver=made, printed_as="POOL")
    with all_companies(reason="test data"):
        find_again(Card.objects.select_related("driver", "vehicle").filter(pk=card.pk))
    for words in ("smet", "DIRK", "desmet@", "470"):
        with company_scope(firm.acme.pk):
            assert search.find("vehicles.driver", words).ids() == [made.pk]
    assert "De Smet" in firm.get("search/?q=smet").content.decode()
    change(firm, made, last_name="De Groot", email="")
    with company_scope(firm.acme.pk):
        assert search.find("vehicles.driver", "smet").ids() == search.find("cards.card", "smet").ids() == []
        assert search.find("vehicles.driver", "groot").ids() == [made.pk]
        assert search.find("cards.card", "groot").ids() == [card.pk]


@pytest.mark.rule("ACC-10")
@pytest.mark.parametrize(("profile", "may"), [("management", True), ("consultation", False), ("accounting", False)])
def test_the_profile_decides_who_changes_vehicles_and_drivers(firm, profile, may):
    someone = factories.member(firm.acme, "Max", principal=False, profile=Membership.Profile(profile))
    made, _answer = make(firm)
    page = firm.get(f"drivers/{made.pk}/", by=someone).content.decode()
    assert (f"drivers/{made.pk}/change/" in page) is may
    for path in (f"drivers/{made.pk}/change/", f"drivers/{made.pk}/end/", "drivers/new/", "vehicles/new/"):
        assert (firm.get(path, by=someone).status_code == 200) is may
    for path in ("drivers/", "vehicles/"):
        assert firm.get(path, by=someone).status_code == 200


@pytest.mark.rule("ACC-13")
@pytest.mark.parametrize("kind", ["vehicle", "driver"])
@pytest.mark.parametrize("verb", ["create", "change", "end"])
def test_who_may_only_look_is_refused_below_the_pages_too(kind, verb):
    looks = Actor(label="Looks", permissions=frozenset({"vehicles.see", "drivers.see"}))
    given = {"create": {"number": None, "data": None}, "change": {"version": 1, "data": None}, "end": {}}[verb]
    about = {} if verb == "create" else {kind: None}
    with pytest.raises(PermissionDenied):
        getattr(services, f"{verb}_{kind}")(actor=looks, now=factories.NOW, **about, **given)


@pytest.mark.rule("GEN-2")
def test_a_driver_is_called_by_the_last_name_first_wherever_one_reads_it(firm):
    """As users are, and as the lists are sorted."""
    made, _answer = make(firm)
    card = factories.card(firm.one, driver=made)
    for page in (f"drivers/{made.pk}/", f"drivers/{made.pk}/end/", "activity/", f"cards/{card.pk}/", "cards/new/"):
        content = firm.get(page).content.decode()
        assert "De Smet Dirk" in content, page
        assert "Dirk De Smet" not in content, page
    file = b"".join(firm.get("cards/?format=csv").streaming_content).decode()
    assert "De Smet Dirk" in file
