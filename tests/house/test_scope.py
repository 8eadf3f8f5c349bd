"""A member limited to customer numbers or divisions: lists, counts, figures, files and searches are cut down alike.

What each person sees is written down here by the names of the scopes in `world`; Nina has number one, Dan has the
division north, Ada has all.
"""

from __future__ import annotations

import csv
import io
import re

import openpyxl
import pytest
from django.db import connection
from django.urls import reverse

from cards.models import Card, CardLimit, Issue, Request
from fleetportal.core import search
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import Scope, ScopeMissing, entered
from tests import factories
from tests.house.world import MARK, World, ask, undone
from vehicles.models import Driver, Vehicle

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-13"), pytest.mark.rule("GEN-1")]

SEEN = {
    "ada": {"own", "other_division", "no_division", "other_number"},
    "nina": {"own", "other_division", "no_division"},
    "dan": {"own"},
}
CARDS = ("active", "cancelled", "new", "arriving", "blocked")
REQUESTS = tuple(f"{kind}_request" for kind in CARDS)


def expected(world, persona, kinds):
    return {world.ids[kind, scope] for kind in kinds for scope in SEEN[persona]}


def listed(world, persona, name, query=""):
    """Return the ids in a list's rows."""
    page = reverse(name, args=[world.acme.identifier])
    answer = ask(world.clients[persona], "GET", page + query)
    return {int(pk) for pk in re.findall(rf'class="row-link" href="{page}(\d+)/"'.encode(), answer.content)}, answer


@pytest.mark.parametrize("persona", SEEN)
@pytest.mark.parametrize(("name", "kinds"), [("cards:list", CARDS), ("cards:requests", REQUESTS)])
def test_a_list_holds_what_is_in_reach_and_counts_no_more(world: World, persona, name, kinds):
    rows, answer = listed(world, persona, name)
    assert rows == expected(world, persona, kinds)
    assert re.search(rf"\b{len(rows)}\b".encode(), answer.content)
    # The choices of its filters are cut down as well.
    offered = set(re.findall(rb"<option[^>]*>\s*(north|south|west)\s*<", answer.content))
    assert b"west" not in offered if persona != "ada" else True


@pytest.mark.parametrize("persona", SEEN)
@pytest.mark.parametrize(("name", "kinds"), [("cards:list", CARDS), ("cards:requests", REQUESTS)])
def test_a_file_holds_the_same_rows(world: World, persona, name, kinds):
    page = reverse(name, args=[world.acme.identifier])
    count = len(expected(world, persona, kinds))
    text = ask(world.clients[persona], "GET", f"{page}?format=csv").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=csv.Sniffer().sniff(text.splitlines()[0], ",;").delimiter))
    assert len(rows) == count + 1
    sheet = openpyxl.load_workbook(io.BytesIO(ask(world.clients[persona], "GET", f"{page}?format=xlsx").content)).active
    assert sheet.max_row == count + 1
    hidden = {world.numbers["two"].number} if persona != "ada" else set()
    hidden |= {"south", "west"} if persona == "dan" else set()
    assert not hidden & {cell for row in rows for cell in row}


@pytest.mark.parametrize("persona", SEEN)
@pytest.mark.parametrize(
    ("name", "kinds", "words"), [("cards:list", CARDS, "dirk"), ("cards:requests", REQUESTS, "1-tst")]
)
def test_a_search_finds_what_is_in_reach(world: World, persona, name, kinds, words):
    rows, _answer = listed(world, persona, name, f"?q={words}")
    assert rows == expected(world, persona, kinds)


@pytest.mark.parametrize("persona", SEEN)
def test_the_figures_at_home_count_what_is_in_reach(world: World, persona):
    answer = ask(world.clients[persona], "GET", reverse("cards:home", args=[world.acme.identifier]))
    figures = re.findall(rb'status=active"><span class="figure-value">(\d+)<', answer.content)
    # In each scope lie two that are active, one of them cancelled: it stays usable.
    assert figures == [str(2 * len(SEEN[persona])).encode()]
    latest = {int(pk) for pk in re.findall(rb'href="[^"]*/requests/(\d+)/"', answer.content)}
    assert latest <= expected(world, persona, REQUESTS)
    assert latest


@pytest.mark.parametrize("persona", ["nina", "dan"])
def test_an_order_for_a_number_or_division_out_of_reach_is_an_error_at_its_field(world: World, persona):
    page = reverse("cards:new", args=[world.acme.identifier])
    foreign = {"nina": ("two", "west"), "dan": ("one", "south")}[persona]
    body = world.order(customer_number=world.numbers[foreign[0]].pk, division=world.divisions[foreign[1]].pk)
    answer = ask(world.clients[persona], "POST", page, body)
    assert (answer.status, answer.writes) == (200, [])
    assert b'id="id_division_error"' in answer.content
    assert (b'id="id_customer_number_error"' in answer.content) == (persona == "nina")


def test_who_is_limited_to_divisions_can_not_put_a_card_where_they_would_not_see_it(world: World):
    page = reverse("cards:new", args=[world.acme.identifier])
    answer = ask(world.clients["dan"], "POST", page, world.order(division=""))
    assert (answer.status, answer.writes) == (200, [])
    assert b'id="id_division_error"' in answer.content


@pytest.mark.parametrize("limits", [{"customer_numbers": ()}, {"divisions": ()}], ids=["no number", "no division"])
def test_a_scope_with_nothing_in_it_shows_nothing(world: World, limits):
    with entered(Scope(company=world.acme.pk, **limits)):
        assert not any(model.objects.exists() for model in (Card, CardLimit, Issue, Request, Vehicle, Driver))
        assert search.find("cards.card", "dirk").ids() == []


@pytest.mark.parametrize("persona", SEEN)
def test_what_hangs_on_a_card_is_cut_down_with_it(world: World, persona):
    """Plastics and ceilings carry no number of their own; they are seen through their card."""
    divisions = (world.divisions["north"].pk,) if persona == "dan" else None
    numbers = (world.numbers["one"].pk,) if persona == "nina" else None
    cards = expected(world, persona, CARDS)
    with entered(Scope(company=world.acme.pk, customer_numbers=numbers, divisions=divisions)):
        assert set(Card.objects.values_list("pk", flat=True)) == cards
        assert set(Issue.objects.values_list("card_id", flat=True)) == cards
        assert set(CardLimit.objects.values_list("card_id", flat=True)) == cards
        assert set(Request.objects.values_list("card_id", flat=True)) == cards
        assert Vehicle.objects.filter(ended_at=None).count() == len(SEEN[persona])
        assert Driver.objects.filter(ended_at=None).count() == len(SEEN[persona])
        # A write reaches no further than a look.
        with undone():
            assert Card.objects.update(cost_centre="x") == len(cards)
            assert CardLimit.objects.all().delete()[0] == len(cards)


# --- the search table -------------------------------------------------------------------------------------------------


def found(words, kind="cards.card", numbers=None, divisions=None, cap=None):
    """Ask the function past the portal's own code."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT object_id FROM portal_search(%s, %s, %s, %s, %s)", [words, kind, numbers, divisions, cap]
        )
        return {pk for (pk,) in cursor.fetchall()}


INJECTED = [
    "%",
    "_",
    "\\",
    "'",
    "%' OR true --",
    "') OR (text LIKE '%",
    "$$; SELECT 1; $$",
    "zyx%' OR company_id > 0 --",
]


def test_without_a_company_the_search_finds_nothing(world: World):
    with entered(Scope(person=1)):
        assert found([MARK.lower()]) == found(["dirk"]) == found([]) == set()
        with pytest.raises(ScopeMissing):
            search.SearchEntry.objects.exists()
    with pytest.raises(ScopeMissing):
        search.find("cards.card", "dirk").ids()


@pytest.mark.parametrize("word", [MARK.lower(), MARK.lower()[:2], *INJECTED])
def test_the_search_reads_no_other_companys_text_whatever_is_typed(world: World, word):
    own = expected(world, "ada", CARDS)
    foreign = {world.ids[kind, "other_company"] for kind in CARDS}
    with entered(Scope(company=world.acme.pk)):
        assert found([word]) <= own
        assert set(search.find("cards.card", word).ids()) <= own
        assert found(["dirk"]) == own
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM core_searchentry WHERE text LIKE %s", [f"%{MARK.lower()}%"])
            assert cursor.fetchone() == (0,)
    with entered(Scope(company=world.borea.pk)):
        assert found([MARK.lower()]) == foreign


@pytest.mark.parametrize("kind", ["cards.card' OR true --", "%", "cards.request", ""])
def test_the_kind_of_object_is_compared_and_not_read_as_sql(world: World, kind):
    with entered(Scope(company=world.acme.pk)):
        assert not found(["dirk"], kind=kind)


def test_percent_and_underscore_are_letters_in_a_search(world: World):
    factories.search_entry(world.acme, "50% off_peak", kind="test.thing", object_id=7)
    factories.search_entry(world.acme, "50 xx offxpeak", kind="test.thing", object_id=8)
    with entered(Scope(company=world.acme.pk)):
        assert search.find("test.thing", "50%").ids() == [7]
        assert search.find("test.thing", "off_peak").ids() == [7]


def test_the_history_of_what_is_out_of_reach_is_not_shown_by_way_of_a_page(world: World):
    """The audit carries no number of its own; its entries are shown on the page of their object, which is hidden."""
    card = world.ids["active", "other_number"]
    about = {"kind": "cards.card", "object_id": card, "actor": world.people["max"], "actor_label": MARK}
    factories.audit_entry(world.acme, verb="cards.ordered", **about)
    page = reverse("cards:card", args=[world.acme.identifier, card])
    assert MARK.encode() in ask(world.clients["ada"], "GET", page).content
    for persona in ("nina", "dan"):
        assert ask(world.clients[persona], "GET", page).status == 404
    with entered(Scope(company=world.borea.pk)):
        assert not AuditEntry.objects.filter(actor_label=MARK).exists()
