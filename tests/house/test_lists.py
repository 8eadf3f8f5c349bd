"""Every list: as many queries for twelve rows as for two; cells stay text; whatever stands in its address, no error.

A list that is new is found by walking the addresses, and needs a maker of rows here (GEN-6).
"""

from __future__ import annotations

import csv
import io
import logging
from random import Random
from urllib.parse import quote, urlencode

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ConditionsVersion, Membership
from fleetportal.core.pages import ListPage
from fleetportal.core.scope import all_companies
from tests import factories
from tests.house import own_loading
from tests.house.addresses import pages
from tests.house.oracle import OBJECT

pytestmark = pytest.mark.django_db

LISTS = {name: page for name, page in pages().items() if issubclass(page, ListPage) and page.get is ListPage.get}
DETAILS = {name: page for name, page in pages().items() if name in OBJECT and page not in LISTS.values()}
# Without the two that open and close the transaction, which a test has around itself.
LIST_QUERIES, DETAIL_QUERIES = 8, 15
# Lists whose rows are about things of many kinds ask once more what these are called.
ONE_MORE = {"account:activity", "operator:work"}
# Cells that a spreadsheet would take for a formula.
FORMULAS = ["=1+1", "+32 2 555", "-1", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0"]


def card(company, text="", **fields):
    """Make a card with its own number, division and driver, so that each row has relations of its own."""
    number = factories.customer_number(company)
    division = factories.division(number, text)
    named = {"last_name": text} if text else {}
    driver = factories.driver(number, division=division, **named)
    if text:
        fields |= {"printed_as": text, "cost_centre": text[:20]}
    made = factories.card(number, division=division, driver=driver, **fields)
    factories.limit(made)
    return made


def colleague(company, text=""):
    """Make a colleague, limited to a number and a division of their own, whose name is the text."""
    number = factories.customer_number(company)
    division = factories.division(number)
    return factories.member(
        company, "Max", principal=False, customer_numbers=[number], divisions=[division], name=text or "Someone"
    )


def told(company, text=""):
    """Tell Ada that a bulk action of that name is done."""
    with all_companies(reason="test data"):
        ada = Membership.objects.select_related("company").get(company=company, user__first_name="Ada")
    return factories.notice(ada, context={"label": text or "Block of 7 cards", "path": "/"})


# The lines of files of users, and of a company.
LOADED = {"company": [own_loading.COMPANY], "numbers": [own_loading.NUMBER]}
USERS = {"users": [{"last_name": "Nieuw", "first_name": "An", "email": "an@acme.example", "profile": "consultation"}]}

# Lists whose cells are sentences of the portal's own around what people typed.
SENTENCES = {"account:notices"}


# How rows of each list are made: for a company, with a text in as many cells as hold one.
ROWS = {
    "account:notices": lambda company, text="": told(company, text),
    "account:divisions": lambda company, text="": factories.division(factories.customer_number(company), text[:60]),
    "account:activity": lambda company, text="": factories.audit_entry(
        company,
        kind="accounts.company",
        verb="accounts.options_changed",
        object_id=company.pk,
        actor=factories.user("Ada"),
        actor_label=text or "Ada",
        object_label=text,
    ),
    "account:multipass": lambda company, text="": factories.multipass_request(
        factories.member(company, "Mona", principal=False, name=text), reason=text
    ),
    "operator:companies": lambda company, text="": factories.company(text or f"Firm {factories.basis.following()}"),
    "operator:multipass": lambda company, text="": factories.multipass_request(
        factories.member(company, "Mona", principal=False, name=text), reason=text, for_operator=True
    ),
    "account:users": lambda company, text="": colleague(company, text),
    "account:rights": lambda company, text="": colleague(company, text),
    "vehicles:list": lambda company, text="": factories.vehicle(
        (number := factories.customer_number(company)),
        division=factories.division(number),
        make=text[:30],
        model=text,
        cost_centre=text[:20],
    ),
    "vehicles:drivers": lambda company, text="": factories.driver(
        (number := factories.customer_number(company)),
        text or "Dirk",
        division=factories.division(number),
        last_name=text or "De Smet",
        phone=text,
        licences=["B", "CE"],
    ),
    "cards:list": lambda company, text="": card(company, text),
    "cards:code_addresses": lambda company, text="": factories.customer_number(
        company, name=text or "Fleet", recipient=text or "Fleet", street=text, town=text
    ),
    "cards:requests": lambda company, text="": card(company, text, status="new"),
    "cards:held": lambda company, text="": factories.work_item(company, status="held", subject=text, error=text),
    "operator:requests": lambda company, text="": card(company, text, status="new"),
    "operator:code_addresses": lambda company, text="": factories.customer_number(
        company, recipient=text or "Fleet", street=text, town=text
    ),
    "operator:batches": lambda company, text="": factories.production_batch(file_name=text),
    "operator:products": lambda company, text="": factories.card_product(name=text or "Fleet card"),
    "operator:files": lambda company, text="": factories.maker_file(name=text or "answer.csv", reason=text),
    "operator:work": lambda company, text="": factories.work_item(company, status="failed", subject=text, error=text),
    "operator:conditions": lambda company, text="": factories.conditions(
        ConditionsVersion.objects.count() + 1, published_by=factories.operator(text or "Otto", last_name="")
    ),
    "operator:mail": lambda company, text="": factories.outgoing_mail(company, subject=text),
}


@pytest.fixture(autouse=True)
def _no_log_of_refusals():
    """A refusal is logged with its traceback; hundreds of them say nothing."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def acme():
    return factories.company("Acme")


@pytest.fixture
def visit(acme):
    """Open a page as Ada or as Otto, whoever it is for."""
    people = {"cards": factories.member(acme, "Ada").user, "operator": factories.operator()}
    clients = {}
    for area, person in people.items():
        clients[area] = Client(raise_request_exception=False)
        clients[area].force_login(person)

    def get(name, query="", *args, method="get", data=None):
        area = "operator" if name.startswith("operator:") else "cards"
        within = area == "cards" and not name.startswith("accounts:")
        path = reverse(name, args=[acme.identifier, *args] if within else args)
        return getattr(clients[area], method)(path + query, **({"data": data} if data is not None else {}))

    get.people = people
    return get


def queries(call):
    """Count the questions to the database, savepoints apart."""
    with CaptureQueriesContext(connection) as captured:
        response = call()
        content(response)
    assert response.status_code == 200
    return [one["sql"] for one in captured if "SAVEPOINT" not in one["sql"]]


def content(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_every_list_has_a_maker_of_rows_here():
    assert LISTS.keys() == ROWS.keys()


@pytest.mark.rule("GEN-6")
@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("view", ["", "settings"])
def test_a_list_of_twelve_asks_no_more_than_a_list_of_two(acme, visit, name, view):
    query = f"?view={view}" if view else ""
    for _row in range(2):
        ROWS[name](acme)
    visit(name, query)
    two = queries(lambda: visit(name, query))
    for _row in range(10):
        ROWS[name](acme)
    twelve = queries(lambda: visit(name, query))
    assert len(twelve) == len(two), twelve
    assert len(twelve) <= LIST_QUERIES + (name in ONE_MORE), twelve


@pytest.mark.rule("GEN-6")
@pytest.mark.parametrize("name", ROWS)
def test_the_part_that_htmx_asks_for_costs_no_more_than_the_page(acme, visit, name):
    ROWS[name](acme)
    visit(name)
    page = queries(lambda: visit(name))
    assert len(queries(lambda: visit(name, "?sort=-created"))) <= len(page)


@pytest.mark.parametrize("name", sorted(DETAILS))
def test_a_page_about_one_thing_asks_little_however_much_hangs_on_it(acme, visit, name):
    number = factories.customer_number(acme)
    status = {"new": "new", "arriving": "in_creation"}.get(OBJECT[name], "active")
    sent = {"dispatched_at": factories.NOW} if OBJECT[name] == "arriving" else None
    renewal = "cancelled" if OBJECT[name] == "cancelled" else "none"
    made = factories.card(number, status=status, issue_fields=sent, renewal_status=renewal)
    pk = {
        "draft": lambda: factories.draft(acme, visit.people["cards"], urlencode(_order(number))).pk,
        "change_draft": lambda: (
            factories.draft(
                acme,
                visit.people["cards"],
                kind="cards.change",
                data={"card": made.pk, "version": 1, "tabs": {"controls": "version=1&tank_capacity=9&area=everywhere"}},
            ).pk
        ),
        "product": lambda: factories.card_product().pk,
        "colleague": lambda: colleague(acme).pk,
        "inactive": lambda: factories.member(acme, "Max", is_active=False).pk,
        "invited": lambda: factories.invitation(factories.member(acme, "Max", invited_at=factories.NOW)).membership_id,
        "division": lambda: _full_division(number).pk,
        "closed_division": lambda: factories.division(number, closed_at=factories.NOW).pk,
        "empty_division": lambda: factories.division(number).pk,
        "company": lambda: acme.pk,
        "multipass": lambda: factories.multipass_request(factories.member(acme, "Mona", principal=False)).pk,
        "operator_multipass": lambda: (
            factories.multipass_request(
                factories.member(acme, "Mona", principal=False), number="99887766", for_operator=True
            ).pk
        ),
        "vehicle": lambda: factories.vehicle(number).pk,
        "driver": lambda: factories.driver(number).pk,
        "job": lambda: factories.bulk_batch(acme, visit.people["cards"]).pk,
        "notice": lambda: told(acme).pk,
        "user_file": lambda: factories.import_file(acme, visit.people["cards"], "accounts.users", USERS).pk,
        "division_file": lambda: factories.import_file(acme, visit.people["cards"], "accounts.divisions").pk,
        "company_file": lambda: factories.import_file(None, visit.people["operator"], "accounts.company", LOADED).pk,
        "waiting_company": lambda: _waiting().pk,
        "view": lambda: factories.saved_view(acme, visit.people["cards"]).pk,
        "staff_view": lambda: factories.saved_view(None, visit.people["operator"]).pk,
        "download": lambda: factories.download(acme, visit.people["cards"]).pk,
        "mail": lambda: factories.outgoing_mail(acme, recipient=visit.people["cards"]).pk,
        "batch": lambda: factories.production_batch().pk,
        "conditions": lambda: factories.conditions().pk,
        "file": lambda: factories.maker_file().pk,
        "aside_line": lambda: factories.aside_line().pk,
        "held": lambda: factories.work_item(acme, status="held").pk,
        "stopped": lambda: factories.work_item(acme, status="failed").pk,
        "new_request": lambda: _request(factories.card(number, status="new")).pk,
        "document": lambda: factories.document(_request(made)).pk,
        "customer_number": lambda: factories.code_address_change(number).customer_number_id,
        "address_change": lambda: factories.code_address_change(number).pk,
    }.get(OBJECT[name], lambda: made.pk)()
    if name == "cards:copy":
        assert visit(name, "", pk).status_code == 302
        return
    queries(lambda: visit(name, "", pk))
    few = queries(lambda: visit(name, "", pk))
    for rank in range(2, 8):
        factories.issue(made, rank=rank, status="withdrawn")
        factories.audit_entry(acme, kind="cards.card", object_id=made.pk, verb="cards.ordered")
    many = queries(lambda: visit(name, "", pk))
    assert len(many) == len(few)
    assert len(many) <= DETAIL_QUERIES, many


def _full_division(number):
    """Make a division with a card in it, and one to which that could be moved."""
    factories.division(number)
    full = factories.division(number)
    factories.card(number, division=full)
    return full


def _waiting():
    """Make a company whose principal user was invited and has not come in."""
    waiting = factories.company("Waiting", initialised_at=None)
    factories.invitation(factories.member(waiting, "Willem", principal=True, invited_at=factories.NOW))
    return waiting


def _request(made):
    from cards.models import Request
    from fleetportal.core.scope import all_companies

    with all_companies(reason="test"):
        return Request.objects.get(card=made)


def _order(number):
    return {
        "product": factories.card_product().pk, "customer_number": number.pk, "category": "vehicle",
        "printed_as": "1-ABC-123", "plate_country": "BE", "pays_diesel": "on", "area": "everywhere",
        "code_type": "calculated", "recipient": "A", "street": "B", "postal_code": "1000", "town": "C", "country": "BE",
    }  # fmt: skip


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.rule("GEN-6")
@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("name", ROWS)
def test_a_cell_that_looks_like_a_formula_stays_text(acme, visit, name, text):
    ROWS[name](acme, text)
    sheet = openpyxl.load_workbook(io.BytesIO(content(visit(name, "?format=xlsx")))).active
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert not [cell for cell in cells if cell.data_type == "f"]
    if name in SENTENCES:
        assert any(text[:20].strip() in str(cell.value) for cell in cells)
        return
    assert text[:20].strip() in {str(cell.value).strip() for cell in cells}
    lines = content(visit(name, "?format=csv")).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(lines), delimiter=";" if ";" in lines.splitlines()[0] else ","))
    assert not [cell for row in rows for cell in row if cell[:1] in {"=", "+", "-", "@", "\t"}]
    assert any(cell.startswith("'") for row in rows for cell in row)


@pytest.mark.rule("GEN-6")
@pytest.mark.parametrize("name", ROWS)
def test_a_file_holds_what_the_filter_leaves_and_all_of_it(acme, visit, name):
    one_more = name in {"account:users", "account:rights", "operator:companies"}
    for _row in range(59 if one_more else 60):  # who looks is the sixtieth user, and Acme the sixtieth company
        other = name.startswith(("account:", "vehicles:", "operator:")) or name in {
            "cards:held",
            "cards:code_addresses",
        }
        ROWS[name](acme) if other else factories.card(factories.customer_number(acme, "71"))
    sheet = openpyxl.load_workbook(io.BytesIO(content(visit(name, "?format=xlsx")))).active
    assert sheet.max_row == 61


# --- whatever stands in an address ------------------------------------------------------------------------------------

NASTY = ["x", "", "-1", "0", "1.5", "²", "١٢٣", "1e9", str(2**31), str(2**63), "9" * 40, "\x00", "a\x00b", "'", '"><b>',
         "%", "{}", "[]", "None", "null", "true", "2026-02-31", "../../", "é" * 300, "\ud7ff\ufffe", "WyJkdWUiLDFd",
         "WyIiLDkyMjMzNzIwMzY4NTQ3NzU4MDhd", "bnVsbA", "WyIiLG51bGxd"]  # fmt: skip
OWN_WORDS = [
    "q",
    "sort",
    "view",
    "after",
    "before",
    "last",
    "format",
    "advanced",
    "columns",
    "saved",
    "move",
    "panel",
    "unknown",
]
# The words that the address of a form understands.
FORM_WORDS = {
    "cards:new": ["copy", "draft"],
    "cards:block_many": ["select", "all", "q"],
    "cards:cancel_many": ["select", "all", "q"],
    "cards:take_back_many": ["select", "all", "q"],
    "operator:produce": ["select", "all", "oldest", "customer_number"],
    "cards:change": ["tab", "draft"],
}
# How many values of each kind of word `make test` tries.
SAMPLE = {"own": 4, "filter": 2}


def filter_words(page):
    """Return the words of a list's filters, with the ends that ranges add."""
    filters = page.filterset_class.base_filters if page.filterset_class else {}
    ranges = ("_after", "_before", "_min", "_max")
    return [name + end for name, one in filters.items() for end in (ranges if "Range" in type(one).__name__ else ("",))]


def broken_by(visit, name, tries):
    """Return what is not answered with a page."""
    broken = []
    for word, value in tries:
        response = visit(name, f"?{word}={quote(value, errors='surrogatepass')}")
        content(response)
        if response.status_code != 200:
            broken.append((word, value, response.status_code))
    return broken


@pytest.mark.parametrize("name", ROWS)
def test_no_value_in_a_lists_address_is_an_error_of_ours(acme, visit, name):
    """Each word with a few of the values, other ones on each list (`make test-long` tries them all)."""
    ROWS[name](acme)
    words = [(word, SAMPLE["own"]) for word in OWN_WORDS]
    words += [(word, SAMPLE["filter"]) for word in filter_words(LISTS[name])]
    tries = [(word, value) for word, few in words for value in Random(f"{name} {word}").sample(NASTY, few)]
    assert broken_by(visit, name, tries) == []


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ROWS)
def test_no_value_at_all_is_an_error_of_ours(acme, visit, name):
    ROWS[name](acme)
    words = OWN_WORDS + filter_words(LISTS[name])
    assert broken_by(visit, name, [(word, value) for word in words for value in NASTY]) == []


@pytest.mark.parametrize(("name", "word"), [(name, word) for name, words in FORM_WORDS.items() for word in words])
def test_no_value_in_the_address_of_a_form_is_an_error_of_ours(acme, visit, name, word):
    args = [card(acme).pk] if name == "cards:change" else []
    broken = []
    for value in NASTY:
        for method, data in (("get", None), ("post", {})):
            response = visit(name, f"?{word}={quote(value)}", *args, method=method, data=data)
            if response.status_code not in {200, 302, 404}:
                broken.append((method, word, value, response.status_code))
    assert broken == []


@pytest.mark.parametrize("name", sorted(OBJECT))
def test_no_number_in_a_path_is_an_error_of_ours(acme, visit, name):
    operators = name.startswith(("operator:", "accounts:"))
    known = reverse(name, args=[7] if operators else [acme.identifier, 7])
    for value in ("0", "-1", str(2**31), str(2**63 - 1), str(2**63), "9" * 40, "١٢٣", "²", "x", "7%00", "1e3"):
        path = known.replace("/7/", f"/{quote(value, safe='%')}/")
        client = visit.people and Client(raise_request_exception=False)
        client.force_login(visit.people["operator" if operators else "cards"])
        assert client.get(path).status_code == 404, path


@pytest.mark.parametrize(
    "query", ["?q=a&q=b", "?sort=due&sort=-due", "?status=new&status=active", "?=", "?&&&", "?q=%ED%A0%80"]
)
@pytest.mark.parametrize("name", ROWS)
def test_a_word_given_twice_or_no_word_at_all_is_answered(acme, visit, name, query):
    assert visit(name, query).status_code == 200
