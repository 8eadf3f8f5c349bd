"""Columns as the reader wants them, and views of a list under a name (GEN-6)."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from fleetportal.core.scope import all_companies
from fleetportal.core.views_saved import AT_MOST, LONGEST_QUERY, SavedView
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-6")]

HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "list-region"}


@pytest.fixture
def acme():
    return factories.company("Acme")


@pytest.fixture
def ada(acme):
    return factories.member(acme, "Ada").user


@pytest.fixture
def client(ada):
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def cards(acme):
    factories.card(factories.customer_number(acme), printed_as="1-ABC-123", cost_centre="Rotterdam")
    return reverse("cards:list", args=[acme.identifier])


def heads(response):
    """Return the labels of the columns shown."""
    table = re.findall(r'<td(?: class="[^"]*")? data-label="([^"]*)"', response.content.decode())
    return list(dict.fromkeys(unescape(label) for label in table))


def ticked(response):
    """Return the ticks of the choice of columns, in order: name, whether it is shown."""
    form = response.content.decode().split('class="columns-form"')[1].split("</form>")[0]
    return [
        (name, "checked" in rest or "disabled" in rest)
        for name, rest in re.findall(r'name="columns" value="(\w+)"([^<]*(?:<input[^>]*>)?)', form)
    ]


def views_of(person):
    with all_companies(reason="test"):
        return {view.name: view for view in SavedView.objects.filter(user=person)}


def keep(client, acme, path, name="Rotterdam", **data):
    """Save what is at that address as a view."""
    return client.post(f"{reverse('views:new', args=[acme.identifier])}?list={path}", {"name": name, **data})


# --- columns ----------------------------------------------------------------------------------------------------------


def test_the_address_says_which_columns_are_shown_and_in_which_order(client, cards):
    assert heads(client.get(f"{cards}?columns=printed,cost_centre,status")) == [
        "Plate or name",
        "Cost centre",
        "Status",
    ]
    assert heads(client.get(f"{cards}?columns=status,printed")) == ["Status", "Plate or name"]


def test_columns_of_all_sets_can_be_shown_together(client, cards):
    assert heads(client.get(f"{cards}?columns=printed,rank,division")) == ["Plate or name", "Rank", "Fleet division"]


def test_what_leads_to_a_row_is_always_shown(client, cards):
    page = client.get(f"{cards}?columns=status")
    assert heads(page) == ["Plate or name", "Status"]
    assert b'class="row-link"' in page.content


@pytest.mark.parametrize("columns", ["gone", "", ",", "gone,old", "%00", "printed%00"])
def test_columns_that_do_not_exist_leave_the_list_as_it_is(client, cards, columns):
    assert heads(client.get(f"{cards}?columns={columns}")) == heads(client.get(f"{cards}?saved=0"))


def test_a_column_that_is_gone_leaves_the_others(client, cards):
    assert heads(client.get(f"{cards}?columns=printed,gone,rank,rank")) == ["Plate or name", "Rank"]


def test_the_choice_shows_what_is_shown_first_and_then_the_rest(client, cards):
    found = ticked(client.get(f"{cards}?columns=printed,rank"))
    assert found[:2] == [("printed", True), ("rank", True)]
    assert len(found) == 14
    assert not any(shown for _name, shown in found[2:])


def test_a_form_without_javascript_is_answered_with_one_word_for_all_columns(client, cards):
    answer = client.get(f"{cards}?q=abc&view=settings&columns=printed&columns=rank&columns=status")
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer.url).query) == {"q": ["abc"], "columns": ["printed,rank,status"]}


@pytest.mark.parametrize(
    ("move", "order"),
    [
        ("-rank", "rank,printed,status"),
        ("%2Brank", "printed,status,rank"),
        ("-printed", "printed,rank,status"),
        ("%2Bstatus", "printed,rank,status"),
    ],
)
def test_a_column_is_moved_without_javascript_and_the_choice_stays_open(client, cards, move, order):
    answer = client.get(f"{cards}?q=abc&columns=printed&columns=rank&columns=status&move={move}")
    assert answer.status_code == 302
    words = parse_qs(urlsplit(answer.url).query)
    assert (words["columns"], words["q"]) == ([order], ["abc"])
    page = client.get(answer.url)
    assert b"columns-menu" in page.content
    assert b"data-menu open" in page.content
    assert ",".join(name for name, shown in ticked(page) if shown) == order


def test_the_columns_stay_while_one_searches_sorts_and_goes_on(client, cards):
    content = client.get(f"{cards}?columns=printed,rank").content.decode()
    assert '<input type="hidden" name="columns" value="printed,rank" form="filter-form">' in content
    assert "columns=printed%2Crank&amp;sort=" in content


def test_the_columns_of_the_overview_of_rights_can_be_chosen_and_those_switched_off_can_not(acme, client):
    with all_companies(reason="test"):
        type(acme).objects.filter(pk=acme.pk).update(options_off=["sims"])
    url = reverse("account:rights", args=[acme.identifier])
    assert heads(client.get(f"{url}?columns=name,invoices,sims")) == ["Name", "Invoices"]


# --- views ------------------------------------------------------------------------------------------------------------


def test_what_a_list_shows_is_kept_under_a_name_and_opened_again(acme, client, ada, cards):
    shown = "q%3Dabc%26sort%3Dexpires%26columns%3Dprinted%2Crank%26status%3Dactive%26after%3Dxyz"
    answer = keep(client, acme, f"{cards}?{shown}")
    view = views_of(ada)["Rotterdam"]
    assert parse_qs(view.query) == {
        "q": ["abc"], "sort": ["expires"], "columns": ["printed,rank"], "status": ["active"],
    }  # fmt: skip
    assert (view.place, view.is_default, view.company_id) == ("cards:list", False, acme.pk)
    assert answer.url == f"{cards}?{view.query}&saved={view.pk}"
    page = client.get(answer.url)
    assert [name for name, shown in ticked(page) if shown] == ["printed", "rank"]
    assert re.search(r'saved=\d+" aria-current="page">Rotterdam<', page.content.decode())


def test_a_view_stands_on_its_own_list_and_no_other(acme, client, ada, cards):
    keep(client, acme, cards)
    assert b"Rotterdam</a>" in client.get(f"{cards}?saved=0").content
    assert b"Rotterdam</a>" not in client.get(reverse("cards:requests", args=[acme.identifier])).content


def test_a_list_opens_with_its_default_view_and_everything_is_one_click_away(acme, client, ada, cards):
    keep(client, acme, f"{cards}?q%3Dabc", is_default="on")
    view = views_of(ada)["Rotterdam"]
    assert client.get(cards).url == f"{cards}?q=abc&saved={view.pk}"
    everything = client.get(f"{cards}?saved=0")
    assert everything.status_code == 200
    assert f'{cards}?saved=0" aria-current="page">Everything' in everything.content.decode()
    assert f'{cards}?saved={view.pk}">Clear all' in client.get(f"{cards}?q=abc&saved={view.pk}").content.decode()
    # Other ways into the list say what they want.
    assert client.get(f"{cards}?status=active").status_code == 200
    assert client.get(cards, **HTMX).status_code == 200


def test_one_view_of_a_list_is_its_default(acme, client, ada, cards):
    keep(client, acme, cards, "One", is_default="on")
    keep(client, acme, cards, "Two", is_default="on")
    assert {name: view.is_default for name, view in views_of(ada).items()} == {"One": False, "Two": True}


@pytest.mark.parametrize("name", ["Rotterdam", "ROTTERDAM", "rötterdam", "  Rotterdam "])
def test_a_name_is_given_once_on_a_list(acme, client, ada, cards, name):
    keep(client, acme, cards)
    again = keep(client, acme, cards, name)
    assert b"You have a view of this name on this list already." in again.content
    assert len(views_of(ada)) == 1
    keep(client, acme, reverse("cards:requests", args=[acme.identifier]))
    with all_companies(reason="test"):
        assert SavedView.objects.filter(user=ada).count() == 2


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("", b"Give the view a name."), ("   ", b"Give the view a name."), ("\u0301", b"Give the view a name."),
     ("x" * 61, b"at most 60 characters"), ("a\x00b", b"Null characters are not allowed.")],
)  # fmt: skip
def test_a_name_that_is_none_is_refused_at_its_field(acme, client, ada, cards, name, sentence):
    answer = keep(client, acme, cards, name)
    assert answer.status_code == 200
    assert sentence in answer.content
    assert b'aria-invalid="true"' in answer.content
    assert views_of(ada) == {}


def test_a_search_that_is_too_long_and_one_view_too_many_are_refused(acme, client, ada, cards):
    answer = keep(client, acme, f"{cards}?cost_centre%3D{'x' * LONGEST_QUERY}")
    assert b"too long to be kept" in answer.content
    for _view in range(AT_MOST):
        factories.saved_view(acme, ada)
    assert f"You keep {AT_MOST} views of this list already.".encode() in keep(client, acme, cards).content
    assert len(views_of(ada)) == AT_MOST


def test_without_a_list_there_is_nothing_to_keep(acme, client, ada):
    answer = keep(client, acme, "")
    assert answer.url == f"/{acme.identifier}/"
    assert views_of(ada) == {}


@pytest.mark.parametrize("path", ["/", "x", "/PRO-ACMEAA/", "/PRO-BOREAA/cards/", "/PRO-ACMEAA/cards/block/",
                                  "/operator/requests/", "//elsewhere.example/", "/PRO-ACMEAA/cards/7/"])  # fmt: skip
def test_what_is_no_list_of_this_company_has_no_views(acme, client, ada, path):
    factories.company("Borea")
    assert keep(client, acme, path).status_code == 404
    assert views_of(ada) == {}


def test_a_list_that_one_may_not_open_has_no_views_either(acme):
    rita = factories.member(acme, "Rita", applications=["requests"], principal=False).user
    client = Client()
    client.force_login(rita)
    assert keep(client, acme, reverse("cards:list", args=[acme.identifier])).status_code == 404
    assert keep(client, acme, reverse("cards:requests", args=[acme.identifier])).status_code == 302


def test_a_view_is_renamed_made_the_default_and_takes_over_what_is_shown(acme, client, ada, cards):
    view = factories.saved_view(acme, ada, "Old", query="q=old")
    url = reverse("views:change", args=[acme.identifier, view.pk])
    assert b"take_over" not in client.get(url).content
    assert b"take_over" in client.get(f"{url}?list={cards}?q%3Dnew").content
    client.post(url, {"name": "New", "is_default": "on"})
    changed = views_of(ada)["New"]
    assert (changed.query, changed.is_default) == ("q=old", True)
    answer = client.post(f"{url}?list={cards}?q%3Dnew%26sort%3Dexpires", {"name": "New", "take_over": "on"})
    assert answer.url == f"{cards}?q=new&sort=expires&saved={view.pk}"
    assert (views_of(ada)["New"].query, views_of(ada)["New"].is_default) == ("q=new&sort=expires", False)


def test_a_view_does_not_take_the_name_of_another_one(acme, client, ada):
    factories.saved_view(acme, ada, "One")
    two = factories.saved_view(acme, ada, "Two")
    answer = client.post(reverse("views:change", args=[acme.identifier, two.pk]), {"name": "óne"})
    assert b"You have a view of this name on this list already." in answer.content
    assert set(views_of(ada)) == {"One", "Two"}


def test_a_view_is_deleted_after_a_question_and_the_list_is_there_as_before(acme, client, ada, cards):
    view = factories.saved_view(acme, ada, "Old")
    url = reverse("views:delete", args=[acme.identifier, view.pk])
    assert b"Delete the view Old" in client.get(url).content
    assert len(views_of(ada)) == 1
    assert client.post(url).url == f"{cards}?saved=0"
    assert views_of(ada) == {}


def test_nobody_sees_changes_or_deletes_a_colleagues_view(acme, client, ada, cards):
    view = factories.saved_view(acme, factories.member(acme, "Max").user, "Of Max", is_default=True)
    assert b"Of Max" not in client.get(cards).content
    for name in ("views:change", "views:delete"):
        url = reverse(name, args=[acme.identifier, view.pk])
        assert client.get(url).status_code == client.post(url, {"name": "Mine"}).status_code == 404
    with all_companies(reason="test"):
        assert SavedView.objects.get(pk=view.pk).name == "Of Max"


def test_who_belongs_to_two_companies_has_views_of_each(acme, client, ada, cards):
    borea = factories.company("Borea")
    factories.member(borea, "Ada", person=ada)
    factories.saved_view(borea, ada, "Of Borea", is_default=True)
    page = client.get(cards)
    assert page.status_code == 200
    assert b"Of Borea" not in page.content
    assert b"Of Borea" in client.get(f"/{borea.identifier}/cards/?saved=0").content


@pytest.mark.parametrize(
    "query",
    [
        "gone=1&columns=gone,printed&sort=gone&view=gone",
        "status=gone",
        "columns=",
        "customer_number=99999999",
        "%ED%A0",
    ],
)
def test_a_view_that_names_what_is_gone_still_opens(acme, client, ada, cards, query):
    view = factories.saved_view(acme, ada, "Old", query=query, is_default=True)
    answer = client.get(cards)
    assert answer.url == f"{cards}?{query}&saved={view.pk}"
    page = client.get(answer.url)
    assert page.status_code == 200
    assert b"Old</a>" in page.content


def test_a_view_of_a_list_that_is_gone_can_still_be_deleted(acme, client, ada):
    view = factories.saved_view(acme, ada, "Old", place="cards:gone")
    url = reverse("views:delete", args=[acme.identifier, view.pk])
    assert client.get(url).status_code == 200
    assert client.post(url).status_code == 302
    assert views_of(ada) == {}


def test_an_identifier_of_no_view_marks_nothing(acme, client, cards):
    for saved in ("7", "x", "²", "9" * 40, "-1", "0"):
        page = client.get(f"{cards}?saved={saved}")
        assert page.status_code == 200
        assert b"Change this view" not in page.content


def test_operator_staff_keep_views_of_their_lists_too(acme):
    otto = factories.operator("Otto")
    client = Client()
    client.force_login(otto)
    answer = client.post("/operator/views/new/?list=/operator/requests/?q%3Dabc", {"name": "Mine"})
    view = views_of(otto)["Mine"]
    assert (view.company_id, view.query) == (None, "q=abc")
    assert answer.url == f"/operator/requests/?q=abc&saved={view.pk}"
    assert b"Mine</a>" in client.get("/operator/requests/").content
    assert client.post("/operator/views/new/?list=/PRO-ACMEAA/cards/", {"name": "Other"}).status_code == 404
    assert client.post("/operator/views/new/?list=/operator/requests/", {"name": "MINE"}).status_code == 200


def test_a_form_sent_twice_keeps_one_view(acme, client, ada, cards):
    form = client.get(f"{reverse('views:new', args=[acme.identifier])}?list={cards}").content.decode()
    key = re.search(r'name="form_key" value="([^"]+)"', form).group(1)
    first, second = (keep(client, acme, cards, form_key=key) for _time in range(2))
    assert first.url == second.url
    assert len(views_of(ada)) == 1


def test_views_cost_a_list_one_question_however_many_they_are(acme, client, ada, cards):
    client.get(cards)
    with CaptureQueriesContext(connection) as none:
        client.get(cards)
    for _view in range(10):
        factories.saved_view(acme, ada)
    with CaptureQueriesContext(connection) as ten:
        client.get(cards)
    assert len(none) == len(ten)
    assert sum("core_savedview" in one["sql"] for one in ten) == 1
    with CaptureQueriesContext(connection) as region:
        client.get(cards, **HTMX)
    assert not any("core_savedview" in one["sql"] for one in region)
