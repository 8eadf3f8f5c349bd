"""Parts of the portal that operator staff switch on and off for a company (ACC-14)."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import Company
from fleetportal.core.access import PERMISSIONS
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.settings.conftest import again, entries, said
from tests.house.addresses import addresses

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-14")]
CONTACT = "sales@operator.example"


@pytest.fixture(autouse=True)
def _contact(settings):
    settings.SALES_CONTACT = CONTACT


def switch(otto, company, off, **changes):
    """Send the form as the page shows it, with these parts off."""
    url = reverse("operator:options", args=[company.pk])
    form = otto.get(url).context["form"]
    on = [value for value, _label in form.fields["on"].choices if value not in off]
    return otto.post(url, {"on": on, "version": form["version"].value(), **changes}, follow=True)


def test_operator_staff_switch_parts_off_and_on_and_the_history_says_so(firm, otto):
    answer = switch(otto, firm.acme, ["cards", "sims"])
    assert sorted(again(firm.acme).options_off) == ["cards", "sims"]
    assert "The parts of Acme are changed." in said(answer)
    assert "Cards and OBU, SIM cards" in answer.content.decode()
    [entry] = entries("accounts.options_changed")
    assert (entry.company_id, entry.before, entry.after) == (
        firm.acme.pk, {"options_off": []}, {"options_off": ["cards", "sims"]},
    )  # fmt: skip
    switch(otto, firm.acme, [])
    assert again(firm.acme).options_off == []
    switch(otto, firm.acme, [])
    assert len(entries("accounts.options_changed")) == 2


def test_other_companies_keep_theirs(firm, otto):
    borea = factories.company("Borea")
    switch(otto, firm.acme, ["cards"])
    assert again(borea).options_off == []


def test_of_two_who_switch_the_second_is_told(firm, otto):
    answer = switch(otto, firm.acme, ["sims"], version="cards")
    assert "Somebody else has changed these parts meanwhile." in said(answer)
    assert again(firm.acme).options_off == []


def test_what_is_off_stands_in_no_menu(firm, otto):
    assert "Find a card" in firm.get("").content.decode()
    switch(otto, firm.acme, ["cards"])
    home = firm.get("").content.decode()
    assert "Find a card" not in home
    assert "My requests" in home
    assert "/cards/" not in home


OF_THE_CARDS = sorted(
    one.name for one in addresses() if one.page is not None and PERMISSIONS[one.page.permission].application == "cards"
)
TAKING_IDS = {one.name for one in addresses() if "pk" in one.parameters}


@pytest.mark.parametrize("name", OF_THE_CARDS)
def test_each_page_of_a_part_that_is_off_names_the_sales_contact(firm, name):
    """For the principal user and for everybody else, whatever the method and the object."""
    cora = factories.member(firm.acme, "Cora")
    with all_companies(reason="test data"):
        Company.objects.filter(pk=firm.acme.pk).update(options_off=["cards"])
    url = reverse(name, args=[firm.acme.identifier, *([1] if name in TAKING_IDS else [])])
    for person in (firm.ada, cora):
        for method in ("get", "post"):
            answer = getattr(firm.as_(person), method)(url)
            assert answer.status_code == 403
            text = answer.content.decode()
            assert "Your company does not have this part" in text
            assert "Cards and OBU" in text
            assert CONTACT in text


def test_who_lacks_the_right_alone_is_not_sent_to_the_sales_contact(firm):
    cora = factories.member(firm.acme, "Cora")
    answer = firm.as_(cora).get(firm.url("cards/new/"))
    assert answer.status_code == 403
    assert CONTACT not in answer.content.decode()
    assert "You may not do this" in answer.content.decode()


def test_the_company_sees_its_parts_and_whom_to_ask(firm, otto):
    assert CONTACT not in firm.get("options/").content.decode()
    switch(otto, firm.acme, ["sims"])
    text = firm.get("options/").content.decode()
    assert CONTACT in text
    assert "SIM cards" in text
    cora = factories.member(firm.acme, "Cora")
    assert firm.as_(cora).get(firm.url("options/")).status_code == 403


def test_the_users_can_not_be_switched_off(firm, otto):
    url = reverse("operator:options", args=[firm.acme.pk])
    assert "users" not in dict(otto.get(url).context["form"].fields["on"].choices)
    answer = otto.post(url, {"on": ["users", "nonsense"], "version": "none"})
    assert answer.context["form"].errors["on"]
    assert not entries("accounts.options_changed")


def test_clients_do_not_get_there(firm):
    for path in ("", f"{firm.acme.pk}/", f"{firm.acme.pk}/options/"):
        assert firm.as_(firm.ada).get(f"/operator/companies/{path}").status_code == 404
