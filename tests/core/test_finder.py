"""The search box: all that one may see and nothing else, by any part of what it is known by."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.colleagues.finding import find_again as find_users_again
from accounts.models import Membership
from cards.models import Card, Request
from cards.services import find_again
from fleetportal.core import finder
from fleetportal.core.scope import all_companies
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-6")]

BOX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "finder-results"}


def make_card(number, printed, **fields):
    """Make a card that can be found, with its request."""
    made = factories.card(number, printed_as=printed, **fields)
    with all_companies(reason="test"):
        card = Card.objects.select_related("driver", "vehicle", "company").get(pk=made.pk)
        find_again([card])
    return card


def make_member(company, first="Max", **fields):
    """Make a colleague who can be found, and sign them in."""
    member = factories.member(company, first, **fields)
    with all_companies(reason="test"):
        find_users_again([member.pk])
    client = Client()
    client.force_login(member.user)
    client.member = member
    return client


@pytest.fixture
def acme():
    return factories.company("Acme")


@pytest.fixture
def ada(acme):
    return make_member(acme, "Ada", name="Lovelace Ada")


def ask(client, wanted, acme, **headers):
    """Return what is found: address and text of each hit, without what stands around the results."""
    answer = client.get(reverse("finder:search", args=[acme.identifier]), {"q": wanted}, **headers)
    assert answer.status_code == 200
    text = answer.content.decode()
    if not headers:
        text = text.split("<main", 1)[1]
    found = re.findall(r'<a class="finder-hit" href="([^"]+)">(.*?)</a>', text, re.DOTALL)
    return {url: " ".join(unescape(re.sub(r"<[^>]+>", " ", inner)).split()) for url, inner in found}


def url_of(card):
    return reverse("cards:card", args=[card.company.identifier, card.pk])


@pytest.mark.parametrize("headers", [{}, BOX], ids=["page", "box"])
@pytest.mark.parametrize("wanted", ["1-ABC-123", "abc", "1ABC1", "bc-1"])
def test_any_part_of_a_plate_finds_the_card_and_its_request(acme, ada, wanted, headers):
    card = make_card(factories.customer_number(acme), "1-ABC-123")
    make_card(factories.customer_number(acme), "2-XYZ-999")
    found = ask(ada, wanted, acme, **headers)
    with all_companies(reason="test"):
        asked = Request.objects.get(card=card)
    assert found.keys() == {url_of(card), reverse("cards:request", args=[acme.identifier, asked.pk])}
    assert found[url_of(card)].startswith("1-ABC-123")
    assert "Active" in found[url_of(card)]


def test_the_last_digits_of_a_number_find_the_card_and_no_more_than_four_are_shown(acme, ada):
    card = make_card(factories.customer_number(acme), "POOL 1")
    found = ask(ada, card.number[-6:], acme)
    assert url_of(card) in found
    assert f"···· {card.number[-4:]}" in found[url_of(card)]
    assert card.number[-5:] not in found[url_of(card)]


@pytest.mark.parametrize("wanted", ["lovelace", "LOVÉ", "ada love", "@people"])
def test_a_user_is_found_by_any_part_of_name_and_address(acme, ada, wanted):
    email = ada.member.user.email
    wanted = email[2:-3] if wanted == "@people" else wanted
    found = ask(ada, wanted, acme)
    assert list(found) == [reverse("account:user", args=[acme.identifier, ada.member.pk])]
    assert email in next(iter(found.values()))


@pytest.mark.parametrize(("wanted", "found"), [("p", True), ("po", True), ("o", False), ("1", False)])
def test_one_letter_finds_what_begins_with_it(acme, ada, wanted, found):
    card = make_card(factories.customer_number(acme), "POOL 1")
    assert (url_of(card) in ask(ada, wanted, acme)) is found


def test_what_begins_with_what_was_typed_comes_first(acme, ada):
    number = factories.customer_number(acme)
    for printed in ("ZZ ABC", "ABC 2", "1-ABC-111"):
        make_card(number, printed)
    cards = [text for url, text in ask(ada, "abc", acme).items() if "/cards/" in url]
    assert [text.split(" ····")[0] for text in cards] == ["ABC 2", "1-ABC-111", "ZZ ABC"]


@pytest.mark.parametrize("wanted", ["", "   "])
def test_nothing_typed_is_answered_with_a_hint_and_no_search(acme, ada, wanted):
    url = reverse("finder:search", args=[acme.identifier])
    with CaptureQueriesContext(connection) as asked:
        page = ada.get(url, {"q": wanted})
    assert b"What are you looking for?" in page.content
    assert not any("portal_search" in one["sql"] for one in asked)


@pytest.mark.parametrize("wanted", ["%", "_", "\x00", "'", '"><b>', "\\", "é" * 300, "²", "{}", "a\x00b", "-- "])
def test_whatever_is_typed_is_looked_for_and_breaks_nothing(acme, ada, wanted):
    make_card(factories.customer_number(acme), "1-ABC-123")
    for headers in ({}, BOX):
        answer = ada.get(reverse("finder:search", args=[acme.identifier]), {"q": wanted}, **headers)
        assert answer.status_code == 200
        assert b"<b>" not in answer.content


@pytest.mark.rule("GEN-1")
@pytest.mark.parametrize("headers", [{}, BOX], ids=["page", "box"])
def test_nothing_of_another_company_is_found(acme, ada, headers):
    borea = factories.company("Borea")
    make_card(factories.customer_number(borea), "ZYX-1")
    make_member(borea, "Ben", name="ZYX Ben")
    assert ask(ada, "zyx", acme, **headers) == {}
    mine = make_card(factories.customer_number(acme), "ZYX-2")
    assert url_of(mine) in ask(ada, "zyx", acme, **headers)


@pytest.mark.rule("GEN-1")
def test_nothing_outside_of_ones_numbers_and_divisions_is_found(acme):
    one, two = factories.customer_number(acme), factories.customer_number(acme)
    north, south = factories.division(one, "north"), factories.division(one, "south")
    cards = {
        "north": make_card(one, "ABC-1", division=north),
        "south": make_card(one, "ABC-2", division=south),
        "none": make_card(one, "ABC-3"),
        "other": make_card(two, "ABC-4"),
    }
    nina = make_member(acme, "Nina", principal=False, customer_numbers=[one])
    dan = make_member(acme, "Dan", principal=False, divisions=[north])

    def seen(client):
        found = ask(client, "abc", acme)
        assert sum("/requests/" in url for url in found) == sum("/cards/" in url for url in found)
        return {name for name, card in cards.items() if url_of(card) in found}

    assert seen(nina) == {"north", "south", "none"}
    assert seen(dan) == {"north"}


@pytest.mark.rule("ACC-13")
@pytest.mark.parametrize(
    ("applications", "kinds"),
    [
        (["cards"], {"cards"}), (["requests"], {"requests"}), (["users"], {"users"}),
        (["cards", "users"], {"cards", "users"}),
    ],
)  # fmt: skip
def test_a_kind_that_one_may_not_see_is_not_searched(acme, ada, applications, kinds):
    make_card(factories.customer_number(acme), "LOVELACE 1")
    max_ = make_member(acme, "Max", principal=False, applications=applications)
    with CaptureQueriesContext(connection) as asked:
        found = ask(max_, "lovelace", acme)
    assert {url.split("/")[2] for url in found} == kinds
    assert sum("portal_search" in one["sql"] for one in asked) == len(kinds)


def test_who_may_see_nothing_that_is_found_has_no_box(acme):
    max_ = make_member(acme, "Max", principal=False, applications=["sims"])
    assert b"finder-input" not in max_.get(f"/{acme.identifier}/").content
    assert ask(max_, "max", acme) == {}


def test_the_box_stands_on_every_page_of_a_company(acme, ada):
    for path in ("", "cards/", "requests/", "users/", "search/"):
        assert b'id="finder-input"' in ada.get(f"/{acme.identifier}/{path}").content


def test_the_box_shows_six_of_a_kind_and_the_page_leads_to_all_with_their_number(acme, ada):
    number = factories.customer_number(acme)
    for place in range(25):
        make_card(number, f"ABC-{place}")
    url = reverse("finder:search", args=[acme.identifier])
    box = ada.get(url, {"q": "abc"}, **BOX).content.decode()
    assert sum("/cards/" in link for link in re.findall(r'finder-hit" href="([^"]+)"', box)) == finder.AT_ONCE
    assert f'href="/{acme.identifier}/cards/?q=abc">All that match: Cards' in box
    assert "<html" not in box
    page = ada.get(url, {"q": "abc"}).content.decode()
    assert f'href="/{acme.identifier}/cards/?q=abc">All 25: Cards' in page
    assert ada.get(f"/{acme.identifier}/cards/?q=abc").content.count(b"row-link") == 25


@pytest.mark.parametrize("headers", [{}, BOX], ids=["page", "box"])
def test_two_questions_for_each_kind_however_much_is_found(acme, ada, headers):
    number = factories.customer_number(acme)
    make_card(number, "LOVELACE 0")

    def asked():
        with CaptureQueriesContext(connection) as captured:
            ask(ada, "lovelace", acme, **headers)
        return [one["sql"] for one in captured if "SAVEPOINT" not in one["sql"]]

    asked()
    few = asked()
    for place in range(1, 12):
        make_card(number, f"LOVELACE {place}")
    many = asked()
    assert len(few) == len(many)
    # Cards, requests, vehicles, drivers and users.
    assert sum("portal_search" in sql for sql in many) == 5
    assert len(many) <= 17, many


def test_an_invited_colleague_is_found_by_what_the_company_entered(acme, ada):
    member = factories.member(acme, "Ivy", principal=False, name="Invited Ivy", invited_at=factories.NOW)
    with all_companies(reason="test"):
        find_users_again([member.pk])
        assert Membership.objects.get(pk=member.pk).name == "Invited Ivy"
    assert "Invited" in ask(ada, "invited ivy", acme)[reverse("account:user", args=[acme.identifier, member.pk])]


def test_a_kind_is_declared_once():
    with pytest.raises(ValueError, match=r"cards\.card is declared twice"):
        finder.declare(finder._KINDS["cards.card"])
