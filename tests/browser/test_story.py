"""The portal's main job, from the order of a card to its block, by the people who do it."""

import io
import random
import re
import string

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import reload_until
from tests.browser.running import ACME, BOREA
from tests.browser.walk import OPERATOR, PRINCIPAL

# Another name each time, for a portal that is used again (PORTAL_AT).
NAME = "ZOE " + "".join(random.choices(string.ascii_uppercase, k=8))
CODE = "7391"


def path_of(page):
    return re.sub(r"^https?://[^/]+|[?#].*$", "", page.url)


@pytest.mark.rule("CRD-2", "CRD-4", "CRD-5", "CRD-6", "CRD-7", "CRD-9", "CRD-30", "CRD-32", "CRD-50", "CRD-51")
@pytest.mark.rule("FUL-1", "FUL-2", "FUL-3", "FUL-4", "PIN-1", "GEN-1")
def test_from_the_order_to_the_block(visit, sign_in):
    page = visit()
    page.goto("/")
    sign_in(page, PRINCIPAL)
    expect(page.locator("h1")).to_have_text("Acme Logistics")
    request, number = order(page)

    operator = visit()
    operator.goto("/operator/")
    sign_in(operator, OPERATOR)
    produce(operator, number)

    page.goto(request)
    reload_until(page, lambda: page.locator("h1 .status").inner_text() == "Dispatched")
    card = receive(page)
    row = find(page)
    assert_in_excel(download(page))
    block(page, row)
    assert_mailed(operator)

    stranger = visit("principal@borea.example")
    assert_hidden(stranger, card, request, number)


def order(page):
    """Order a card with limits, controls and a code of one's own; return its request's address and number."""
    page.get_by_role("link", name="Create a card").first.click()
    page.get_by_label("By driver").check()
    page.get_by_label("Customer number").select_option(index=1)
    page.get_by_label("Plate or name on the card").fill(NAME.lower())
    page.get_by_label("Diesel", exact=True).check()
    page.get_by_label("Limit for Diesel", exact=True).fill("150")
    page.get_by_label("Period of the limit for Diesel").select_option("per week")
    page.get_by_label("AdBlue", exact=True).check()
    page.get_by_label("Limit for AdBlue", exact=True).fill("60")
    page.get_by_label("Unit of the limit for AdBlue").select_option("litres")
    page.get_by_label("When the limit for AdBlue is reached").select_option("only send a notice")
    page.get_by_text("When, where and how often").click()
    page.get_by_label("Sunday").check()
    page.get_by_label("Allowed from").fill("06:00")
    page.get_by_label("Allowed until").fill("20:00")
    page.get_by_label("Home country only").check()
    page.get_by_label("Most transactions", exact=True).fill("3")
    expect(page.locator("[data-summary]")).to_contain_text("Diesel: 150 euro per week, AdBlue: 60 litres per month")
    page.get_by_label("4 digits, chosen by you").check()
    page.locator("#id_secret_code").fill(CODE)
    page.locator("#id_secret_code_again").fill(CODE)
    assert CODE not in page.locator("[data-summary]").inner_text()
    page.get_by_role("button", name="Check the order").click()

    expect(page.locator("h1")).to_have_text("Check your order")
    said = page.locator("main").inner_text()
    assert CODE not in page.content()
    for words in (NAME, "150 euro per week", "60 litres per month", "Sunday", "06:00", "3 per day", "set, not shown"):
        assert words in said
    page.get_by_role("button", name="Confirm the order").click()

    expect(page.locator("#messages")).to_contain_text("We deal with it within 24 hours")
    number = re.search(r"R\d{8}", page.locator("h1").inner_text())[0]
    expect(page.locator("h1 .status")).to_have_text("Received")
    expect(page.locator(".notice-info")).to_contain_text("left")
    request = path_of(page)
    page.get_by_role("link", name="My requests").first.click()
    expect(page.locator("tbody tr").first).to_contain_text(number)
    expect(page.locator("tbody tr").first).to_contain_text(NAME)
    return request, number


def produce(page, number):
    """Take the request into production from the operator's queue."""
    page.goto("/operator/requests/")
    page.locator("#list-search").fill(number)
    expect(page.locator("#list-count")).to_have_text("1")
    page.get_by_label(f"Select {number}").check()
    page.get_by_role("button", name="Take into production").click()
    expect(page.locator("main")).to_contain_text(NAME)
    page.get_by_role("button", name="Produce 1 card").click()
    expect(page.locator("#messages")).to_contain_text("1 card is in production")


def receive(page):
    """Confirm from the card's page that it has arrived; return the card's address."""
    page.locator("main").get_by_role("link", name=NAME).click()
    card = path_of(page)
    expect(page.locator("h1 .status")).to_have_text("In creation")
    page.get_by_role("link", name="Confirm receipt").click()
    page.get_by_role("button", name="I have the card").click()
    expect(page.locator("h1 .status")).to_have_text("Active")
    return card


def find(page):
    """Find the card among a hundred thousand while typing; return its row."""
    page.get_by_role("link", name="Find a card").first.click()
    expect(page.locator("#list-count")).to_have_text("10,000+")
    page.locator("#list-search").press_sequentially(NAME)
    expect(page.locator("#list-count")).to_have_text("1")
    row = page.locator("tbody tr").filter(has_text=NAME)
    expect(row).to_contain_text("Active")
    assert "q=ZOE+" in page.url or "q=ZOE%20" in page.url
    return row


def download(page):
    """Download the list as Excel and open it; return its sheet's rows as dictionaries."""
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Excel").click()
    book = openpyxl.load_workbook(io.BytesIO(coming.value.path().read_bytes()), read_only=True)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    book.close()
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def assert_in_excel(rows):
    """The file has the card, its ceilings and its controls."""
    (card,) = rows
    assert card["Plate or name"] == NAME
    assert card["Status"] == "Active"
    assert card["Limit for Diesel"] == "150.00 euro per week, block this product"
    assert card["Limit for AdBlue"] == "60.00 litres per month, only send a notice"
    assert card["Forbidden days"] == "Sunday"
    assert card["Area"] == "Home country only"
    assert card["Most transactions"] == 3


def block(page, row):
    """Block it for theft from its row's menu, with a duplicate."""
    row.get_by_label(f"Actions for {NAME}").click()
    row.get_by_role("link", name="Block").click()
    expect(page.locator("main")).to_contain_text("A block can't be undone.")
    page.get_by_label("Theft").check()
    page.get_by_label("Yes, send a duplicate").check()
    page.get_by_role("button", name="Block the card now").click()
    said = page.locator("#messages")
    expect(said).to_contain_text(f"The card {NAME} is blocked.")
    expect(said).to_contain_text(re.compile(r"The duplicate is ordered: request R\d{8}"))
    expect(page.locator(".timeline")).to_contain_text("Blocked (Theft)")


def assert_mailed(page):
    """The confirmation by e-mail stands in the demonstration's mail."""
    page.goto("/operator/mail/demonstration/")
    mail = page.locator("article").filter(has_text=NAME).filter(has_text=f"To {PRINCIPAL}").filter(has_text="blocked")
    reload_until(page, lambda: mail.count() > 0, 30)
    expect(mail.first).to_contain_text("is blocked")


def assert_hidden(page, card, request, number):
    """Somebody of another company finds nothing of it."""
    page.goto(f"/{BOREA}/cards/?q={NAME}")
    expect(page.locator("#list-count")).to_have_text("0")
    page.goto(f"/{BOREA}/requests/?q={number}")
    expect(page.locator("#list-count")).to_have_text("0")
    # Asked for beside the page: Chromium writes every answer of 400 and more to the console.
    for path in (card, request, f"/{ACME}/", f"/{ACME}/cards/?q={NAME}"):
        assert page.request.get(path).status == 404
        assert page.request.get(path.replace(ACME, BOREA)).status == (200 if path in NEUTRAL else 404)


NEUTRAL = (f"/{ACME}/", f"/{ACME}/cards/?q={NAME}")

WORDS = {
    "fr": {"sign in": "Se connecter", "order": "Commander", "received": "Reçue", "withdrawn": "Retirée"},
    "nl": {"sign in": "Aanmelden", "order": "Bestellen", "received": "Ontvangen", "withdrawn": "Ingetrokken"},
}


@pytest.mark.rule("GEN-8", "CRD-9")
@pytest.mark.parametrize("language", ["fr", "nl"])
def test_an_order_and_its_withdrawal_in_the_other_languages(visit, sign_in, language):
    page = visit(language="en")
    page.goto("/accounts/login/")
    page.locator(f"button[name=language][value={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("h1")).to_have_text(WORDS[language]["sign in"])
    sign_in(page, "administrator@acme.example")
    # The choice was made before the sign-in; the person's own language counts from then on.
    page.locator(".user-button").click()
    page.locator(f"button[name=language][value={language}]").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.goto(f"/{ACME}/cards/new/")
    name = f"{NAME} {language.upper()}"
    page.locator("input[name=category][value=pool]").check()
    page.locator("#id_printed_as").fill(name)
    page.locator("#id_customer_number").select_option(index=1)
    page.locator("#id_pays_diesel").check()
    page.locator("#id_limit_diesel_amount").fill("1250,50")
    page.locator("main form button[type=submit]").first.click()
    number = "1 250,50" if language == "fr" else "1.250,50"
    expect(page.locator("main")).to_contain_text(re.compile(re.escape(number).replace(r"\ ", r"\s")))
    page.locator("main form button[type=submit]").first.click()
    expect(page.locator("h1 .status")).to_have_text(WORDS[language]["received"])
    expect(page.locator("main")).to_contain_text(name)
    page.locator(".acts-apart a").click()
    page.locator("main form button[type=submit]").click()
    expect(page.locator("h1 .status")).to_have_text(WORDS[language]["withdrawn"])
