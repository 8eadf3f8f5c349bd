"""My account → Activity: who did what when, within what the reader may see (GEN-2, GEN-1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.colleagues.finding import find_again as find_members
from accounts.settings import acts
from cards.models import Card
from cards.services import find_again
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.settings.conftest import browser

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-2")]


def note(firm, card, by, verb="cards.changed", **fields):
    with all_companies(reason="test data"):
        return AuditEntry.objects.create(
            **{
                "company": firm.acme, "at": timezone.now(), "actor": by.user, "actor_label": by.user.full_name,
                "verb": verb, "kind": "cards.card", "object_id": card.pk, "address": "192.0.2.7", **fields,
            }
        )  # fmt: skip


@pytest.fixture
def max_(firm):
    return factories.member(firm.acme, "Max")


@pytest.fixture
def cards(firm):
    """A card in each division, named after it."""
    return {
        name: factories.card(number, division=division, printed_as=f"1-{name}-001")
        for name, number, division in (
            ("NOR", firm.one, firm.north), ("SOU", firm.one, firm.south), ("WES", firm.two, firm.west),
            ("NON", firm.one, None),
        )
    }  # fmt: skip


def shown(firm, by=None, query=""):
    """Return which cards' names stand in the list."""
    text = firm.get(f"activity/{query}", by=by).content.decode()
    return {name for name in ("NOR", "SOU", "WES", "NON") if f"1-{name}-001" in text}


@pytest.fixture
def everything(firm, cards, max_):
    for card in cards.values():
        note(firm, card, max_)
    note(firm, cards["NOR"], firm.ada, "cards.block")


@pytest.fixture(params=[acts.FREQUENT, 0], ids=["few", "frequent"])
def found_either_way(request, monkeypatch):
    """What words find is read in one way where it is little, in another where it is much."""
    monkeypatch.setattr(acts, "FREQUENT", request.param)


def test_a_list_without_a_search_does_not_say_that_it_searched(firm, everything):
    page = firm.get("activity/?q=nobody")
    assert shown(firm) == {"NOR", "SOU", "WES", "NON"}
    assert '<ul class="chips"' not in page.content.decode()


def test_administrators_see_who_did_what_to_which_card_with_the_way_there(firm, everything, cards):
    text = firm.get("activity/").content.decode()
    assert shown(firm) == {"NOR", "SOU", "WES", "NON"}
    assert "Person Max" in text
    assert "Max Person" not in text
    assert "Card changed" in text
    assert "Card blocked" in text
    place = firm.url(f"cards/{cards['NOR'].pk}/")
    assert f'href="{place}"' in text
    assert "192.0.2.7" in text


def test_who_is_no_administrator_sees_their_own_acts(firm, everything, max_, cards):
    cora = factories.member(firm.acme, "Cora")
    assert shown(firm, by=cora) == set()
    assert "Card blocked" not in firm.get("activity/", by=max_).content.decode().split('id="list-region"')[1]
    assert shown(firm, by=max_) == {"NOR", "SOU", "WES", "NON"}
    assert 'name="person"' not in firm.get("activity/", by=max_).content.decode()
    # Nor by typing another person into the address.
    assert shown(firm, by=cora, query=f"?person={max_.user_id}") == set()


@pytest.mark.rule("GEN-1")
@pytest.mark.rule("ACC-13")
@pytest.mark.usefixtures("found_either_way")
@pytest.mark.parametrize(
    ("limit", "expected"), [("numbers", {"NOR", "SOU", "NON"}), ("divisions", {"NOR"})], ids=["number", "division"]
)
def test_what_happened_to_another_divisions_card_does_not_show(firm, everything, cards, limit, expected):
    limits = {"customer_numbers": [firm.one]} if limit == "numbers" else {"divisions": [firm.north]}
    rita = factories.member(firm.acme, "Rita", profile="administrator", principal=False, **limits)
    assert shown(firm, by=rita) == expected
    # Nor does an entry without its name: one for each card in reach, and the block of the northern one.
    assert firm.get("activity/", by=rita).content.decode().count("192.0.2.7") == len(expected) + 1
    file = firm.as_(rita).get(firm.url("activity/?format=csv")).getvalue().decode()
    assert {name for name in ("NOR", "SOU", "WES", "NON") if f"1-{name}-001" in file} == expected
    for name in {"SOU", "WES"} - expected:
        assert shown(firm, by=rita, query=f"?object=1-{name}") == set()
    # A person's own acts of the time before are cut down as well.
    nils = factories.member(firm.acme, "Nils", profile="management", principal=False, **limits)
    for name in ("NOR", "WES"):
        note(firm, cards[name], nils)
    assert shown(firm, by=nils) == {"NOR"}


@pytest.mark.rule("ACC-13")
def test_what_one_may_not_open_shows_no_entries(firm, everything):
    rita = factories.member(firm.acme, "Rita", profile="administrator", principal=False, applications=["requests"])
    assert shown(firm, by=rita) == set()


@pytest.mark.rule("GEN-1")
def test_another_companys_entries_do_not_show(firm, everything):
    borea = factories.company("Borea")
    ben = factories.member(borea, "Ben")
    text = browser(ben.user).get("/PRO-BOREAA/activity/").content.decode()
    assert "1-NOR-001" not in text
    assert "Max" not in text


@pytest.mark.usefixtures("found_either_way")
def test_the_list_is_filtered_by_person_act_kind_object_and_days(firm, everything, cards, max_):
    assert shown(firm, query=f"?person={firm.ada.user_id}") == {"NOR"}
    assert shown(firm, query="?act=cards.block") == {"NOR"}
    assert shown(firm, query="?kind=cards.request") == set()
    assert shown(firm, query="?kind=cards.card&object=1-WES") == set()  # nobody wrote what it is found by
    with all_companies(reason="test data"):
        find_again(Card.objects.all())
    assert shown(firm, query="?object=wes") == {"WES"}
    assert shown(firm, query=f"?object=001&person={firm.ada.user_id}") == {"NOR"}
    assert shown(firm, query="?object=001&act=cards.changed") == {"NOR", "SOU", "WES", "NON"}
    # As many as there are, and no more than the other filters let through.
    assert '<span class="count" id="list-count">5</span>' in firm.get("activity/?object=001").content.decode()
    one = firm.get("activity/?object=001&act=cards.block").content.decode()
    assert '<span class="count" id="list-count">1</span>' in one
    today = timezone.localdate()
    note(firm, cards["SOU"], max_, at=timezone.now() - timedelta(days=9))
    old = today - timedelta(days=9)
    assert shown(firm, query=f"?at_after={old}&at_before={old}") == {"SOU"}
    assert shown(firm, query=f"?at_before={today - timedelta(days=30)}") == set()


@pytest.mark.usefixtures("found_either_way")
def test_a_plate_finds_what_was_done_to_its_plastics_and_a_name_what_was_done_to_a_colleague(firm, cards, max_):
    plastic = factories.issue(cards["WES"], rank=2)
    note(firm, plastic, firm.ada, "cards.block", kind="cards.issue", object_label="")
    with all_companies(reason="test data"):
        find_again(Card.objects.all())
        find_members([max_.pk])
    note(firm, max_, firm.ada, "accounts.member_changed", kind="accounts.membership", object_label="MAX")
    # A division, which no search knows, is found by what its entries say, also when it is gone.
    note(firm, firm.north, firm.ada, "divisions.removed", kind="accounts.fleetdivision", object_id=9**9,
         object_label="Harbour")  # fmt: skip

    def acts(words):
        text = firm.get(f"activity/?object={words}").content.decode().split('id="list-region"')[1]
        return [word for word in ("Card blocked", "User changed", "Division removed") if f">{word}<" in text]

    assert acts("1-wes") == ["Card blocked"]
    assert acts("max") == ["User changed"]
    assert acts("HARB") == ["Division removed"]
    assert acts("nothing+of+that") == []


def test_an_entry_without_a_name_is_called_as_its_object_is_today_and_one_whose_object_is_gone_leads_nowhere(
    firm, cards, max_
):
    note(firm, cards["SOU"], max_, object_label="")
    note(firm, cards["NOR"], max_, object_label="1-OLD-001", object_id=9**9)
    text = firm.get("activity/").content.decode().split('id="list-region"')[1]
    place = firm.url(f"cards/{cards['SOU'].pk}/")
    assert f'<a href="{place}">1-SOU-001</a>' in text
    assert ">1-OLD-001</td>" in text
    file = firm.as_(firm.ada).get(firm.url("activity/?format=csv")).getvalue().decode()
    assert "1-SOU-001" in file
    assert "1-OLD-001" in file
    # Left out of the columns, it is not asked for.
    with CaptureQueriesContext(connection) as asked:
        assert "1-SOU-001" not in firm.get("activity/?columns=at,who").content.decode()
    assert not any('FROM "cards_card"' in one["sql"] for one in asked)


def test_a_page_of_entries_asks_once_for_all_that_they_are_about(firm, cards, max_):
    for card in cards.values():
        note(firm, card, max_)
        note(firm, factories.issue(card, rank=2), max_, kind="cards.issue", object_label="")
    note(firm, max_, firm.ada, "accounts.member_changed", kind="accounts.membership", object_label="MAX")
    with CaptureQueriesContext(connection) as asked:
        text = firm.get("activity/").content.decode()
    place = firm.url(f"users/{max_.pk}/")
    assert f'href="{place}">MAX<' in text
    assert len([one for one in asked if 'FROM "cards_issue"' in one["sql"]]) == 1


def test_the_names_of_all_people_are_read_when_they_are_asked_for(firm, everything):
    name = f">{firm.ada.name}</option>"
    with CaptureQueriesContext(connection) as asked:
        assert name not in firm.get("activity/").content.decode()
    assert not any('SELECT "accounts_membership"."user_id"' in one["sql"] for one in asked)
    assert name in firm.get("activity/?advanced=1").content.decode()
    chosen = firm.get(f"activity/?person={firm.ada.user_id}").content.decode()
    assert f'value="{firm.ada.user_id}" selected{name}' in chosen


@pytest.mark.parametrize(
    "query", ["?act=nonsense", "?person=x", "?person=99999999999999999999", "?at_after=31.02.", "?object=%00", "?kind="]
)
def test_a_filter_that_makes_no_sense_is_no_error_of_ours(firm, everything, query):
    assert firm.get(f"activity/{query}").status_code == 200


def test_the_file_says_the_same_words(firm, everything):
    file = firm.as_(firm.ada).get(firm.url("activity/?format=csv")).getvalue().decode("utf-8-sig")
    assert "Card blocked" in file
    assert "1-WES-001" in file
    assert "cards.block" not in file


def test_what_the_portal_did_is_said_to_be_the_portals(firm, cards):
    note(firm, cards["NOR"], firm.ada, "operator.expire", actor=None, actor_label="cards.expire")
    text = firm.get("activity/").content.decode()
    assert "The portal" in text
    assert "cards.expire" not in text


def test_what_is_not_there_any_more_keeps_its_name_and_leads_nowhere(firm):
    firm.send(f"divisions/{firm.south.pk}/remove/")
    text = firm.get("activity/").content.decode()
    assert "Division removed" in text
    assert "South" in text
    assert f'href="{firm.url(f"divisions/{firm.south.pk}/")}"' not in text


@pytest.mark.parametrize("limited", [False, True])
def test_a_long_list_asks_no_more_than_a_short_one(firm, cards, max_, limited):
    reader = firm.ada
    if limited:
        reader = factories.member(
            firm.acme, "Rita", profile="administrator", principal=False, customer_numbers=[firm.one]
        )
    asked = []
    for more in (2, 40):
        for _each in range(more):
            note(firm, cards["NOR"], max_)
        firm.get("activity/", by=reader)
        with CaptureQueriesContext(connection) as queries:
            firm.get("activity/", by=reader)
        asked.append(len(queries))
    assert asked[0] == asked[1]
