"""Until the first connection has ended, every page of the company leads to it, and nothing else is done (ONB-5)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.actors import current_actor
from accounts.rights import personal_permissions
from cards.models import Card, Request
from cards.services import place_order
from fleetportal.core.scope import company_scope
from tests import factories
from tests.accounts.onboarding.conftest import begin, up_to_end
from tests.cards.browse import Browser
from tests.cards.tools import rows
from tests.house.addresses import addresses
from tests.house.world import Writes

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ONB-5")]


def company_addresses():
    """Every address below a company's but those of the first connection itself, made with a key where one is needed."""
    for one_address in addresses():
        if not one_address.route.startswith("<company:company>/"):
            continue
        if one_address.name == "account:waiting" or one_address.name.startswith("account:start_"):
            continue
        args = {"company": "PRO-CEDARA"} | dict.fromkeys(one_address.parameters - {"company"}, 1)
        yield one_address.name, args


ADDRESSES = dict(company_addresses())


@pytest.fixture
def walt(cedar):
    """A colleague of Vera's who has an account already, for another company too."""
    return Browser(factories.member(cedar, "Max").user, cedar)


def test_the_walk_sees_the_pages_of_a_company():
    assert {"cards:home", "cards:list", "cards:new", "cards:block", "account:conditions"} <= ADDRESSES.keys()


def test_every_other_page_leads_to_the_first_connection_and_does_nothing(vera, walt):
    wrong = []
    for name, args in ADDRESSES.items():
        for person, place in ((vera, "/PRO-CEDARA/start/introduction/"), (walt, "/PRO-CEDARA/start/waiting/")):
            for method in ("get", "head", "post", "put", "delete"):
                writes = Writes()
                with connection.execute_wrapper(writes):
                    answer = getattr(person.client, method)(reverse(name, kwargs=args))
                got = (answer.status_code, answer.headers.get("Location"), writes.statements)
                if got != (302, place, []):
                    wrong.append((name, method, *got))
    assert wrong == []


def test_what_was_sent_is_said_not_to_be_carried_out(vera):
    assert vera.post("cards/new/", {"printed_as": "1-ABC-123"}).messages == [
        "What you sent was not carried out: this comes first."
    ]


def test_it_leads_to_the_step_at_which_one_is(vera):
    begin(vera)
    assert vera.get("cards/").place == "/PRO-CEDARA/start/information/"
    assert vera.get("no-such-page/").place == "/PRO-CEDARA/start/information/"


def test_colleagues_are_told_for_whom_they_wait(vera, walt, cedar):
    seen = walt.get("cards/")
    assert seen.title == "This portal is not open yet"
    assert "Claes Vera, the principal user of Cedar, has still to start it." in seen.text
    assert seen.page.first("nav", class_="portal-menu") is None
    for step in ("introduction", "information", "users", "end"):
        assert walt.get(f"start/{step}/").status == 403
        assert walt.post(f"start/{step}/", {"later": "1"}).status == 403
    assert vera.get("start/waiting/").place == "/PRO-CEDARA/start/introduction/"
    vera.send(up_to_end(vera))
    assert walt.get("start/waiting/").place == "/PRO-CEDARA/"
    assert walt.get("cards/").title.startswith("Cards")


def test_other_companies_and_operator_staff_notice_nothing(vera, walt, cedar):
    acme = factories.company("Acme")
    factories.member(acme, "Max", person=walt.person)
    assert Browser(walt.person, acme).get("cards/").title.startswith("Cards")
    assert Browser(factories.operator("Otto")).get("").status == 200
    assert Browser(factories.member(acme, "Cora").user, acme).get("../PRO-CEDARA/cards/").status == 404


def test_nobody_holds_a_right_that_would_do_anything(vera, walt, cedar):
    principal, colleague = (current_actor(one.person.pk, cedar.pk, timezone.now()) for one in (vera, walt))
    assert principal.permissions == personal_permissions() | {"company.start", "users.see", "users.change"}
    assert colleague.permissions == personal_permissions()


def test_an_order_can_not_be_placed_before(vera, cedar):
    actor = current_actor(vera.person.pk, cedar.pk, timezone.now())
    with company_scope(cedar.pk), pytest.raises(PermissionDenied):
        place_order(actor=actor, order=None, now=timezone.now())
    assert rows(Card) == rows(Request) == []
