"""Forms when things go wrong: mistakes, impatience, and the way back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.running import ACME
from tests.browser.walk import PRINCIPAL, begin_order

NEW = f"/{ACME}/cards/new/"


@pytest.mark.rule("GEN-9", "PIN-2", "CRD-3", "CRD-4")
def test_wrong_input_is_kept_and_the_first_error_has_the_focus(visit):
    page = visit(PRINCIPAL)
    page.goto(NEW)
    page.get_by_label("By driver").check()
    page.get_by_label("Plate or name on the card").fill("Zoë €uro")
    page.get_by_label("Cost centre").fill("KEPT-1")
    page.get_by_label("Diesel", exact=True).check()
    page.get_by_label("Limit for Diesel", exact=True).fill("-5")
    page.get_by_label("4 digits, chosen by you").check()
    page.locator("#id_secret_code").fill("1234")
    page.locator("#id_secret_code_again").fill("1234")
    page.get_by_role("button", name="Check the order").click()

    summary = page.locator("#error-summary")
    expect(summary.locator("h2")).to_have_text("4 things to correct")
    expect(page).to_have_title(re.compile("^To correct: "))
    for sentence in ("can't be printed", "more than zero", "too easy to guess"):
        expect(summary).to_contain_text(sentence)
    expect(page.get_by_label("Customer number")).to_be_focused()
    expect(page.get_by_label("Plate or name on the card")).to_have_value(re.compile("zoë €uro", re.IGNORECASE))
    expect(page.get_by_label("Cost centre")).to_have_value("KEPT-1")
    expect(page.get_by_label("Limit for Diesel", exact=True)).to_have_value("-5")
    expect(page.get_by_label("4 digits, chosen by you")).to_be_checked()
    expect(page.locator("#id_secret_code")).to_have_value("")
    expect(page.locator("#id_secret_code_again")).to_have_value("")
    assert "1234" not in page.content()
    wrong = page.get_by_label("Limit for Diesel", exact=True)
    expect(wrong).to_have_attribute("aria-invalid", "true")
    said = wrong.get_attribute("aria-describedby").split()
    assert "more than zero" in page.locator(f"#{said[-1]}").inner_text()
    summary.get_by_role("link", name="Limit for Diesel").click()
    expect(wrong).to_be_focused()


@pytest.mark.rule("GEN-9")
def test_a_wrong_control_is_not_folded_away(visit):
    page = visit(PRINCIPAL)
    page.goto(NEW)
    expect(page.get_by_label("Tank capacity")).to_be_hidden()
    page.get_by_text("When, where and how often").click()
    page.get_by_label("Tank capacity").fill("a lot")
    page.get_by_text("When, where and how often").click()
    page.get_by_role("button", name="Check the order").click()
    expect(page.get_by_label("Tank capacity")).to_be_visible()
    expect(page.get_by_label("Tank capacity")).to_have_value("a lot")


@pytest.mark.rule("GEN-11")
def test_a_double_click_places_one_order(visit, portal):
    page = visit(PRINCIPAL)
    page.goto(NEW)
    name = fill(page, "DOUBLE CLICK")
    page.get_by_role("button", name="Confirm the order").dblclick()
    expect(page.locator("h1 .status")).to_have_text("Received")
    assert count(page, name) == 1


@pytest.mark.rule("GEN-11")
def test_a_double_click_without_script_places_one_order(visit):
    """Without the script that stops a second sending, the server does."""
    page = visit(PRINCIPAL, script=False)
    page.goto(NEW)
    name = fill(page, "DOUBLE SENT")
    page.get_by_role("button", name="Confirm the order").dblclick()
    expect(page.locator("h1 .status")).to_have_text("Received")
    assert count(page, name) == 1


@pytest.mark.rule("GEN-11")
def test_going_back_after_confirming_leads_to_the_receipt(visit):
    page = visit(PRINCIPAL)
    page.goto(NEW)
    name = fill(page, "BACK AGAIN")
    page.get_by_role("button", name="Confirm the order").click()
    expect(page.locator("h1 .status")).to_have_text("Received")
    receipt = page.url
    # Pages with a company's data are not kept by the browser: going back asks the server again.
    page.go_back()
    expect(page.locator("#messages")).to_contain_text("This order was placed already")
    assert page.url == receipt
    assert count(page, name) == 1


@pytest.mark.rule("GEN-11")
def test_confirming_in_two_windows_leads_both_to_the_receipt(visit):
    page = visit(PRINCIPAL)
    page.goto(NEW)
    name = fill(page, "TWO WINDOWS")
    other = page.context.new_page()
    other.goto(page.url)
    # The same form sent again, as after a lost connection: with the same key.
    key = page.locator("main input[name=form_key]").input_value()
    other.locator("main input[name=form_key]").evaluate("(field, key) => { field.value = key; }", key)
    page.get_by_role("button", name="Confirm the order").click()
    expect(page.locator("h1 .status")).to_have_text("Received")
    other.get_by_role("button", name="Confirm the order").click()
    expect(other.locator("h1 .status")).to_have_text("Received")
    assert other.url == page.url
    assert count(page, name) == 1


@pytest.mark.rule("CRD-8")
def test_confirm_and_create_a_copy(visit):
    page = visit(PRINCIPAL)
    page.goto(NEW)
    name = fill(page, "FIRST OF TWO")
    page.get_by_role("button", name="Confirm and create a copy").click()
    expect(page.locator("#messages")).to_contain_text(f"for {name} is placed")
    expect(page.get_by_label("Plate or name on the card")).to_have_value("")
    expect(page.get_by_label("Limit for Diesel", exact=True)).to_have_value(re.compile("^88"))


@pytest.mark.rule("CRD-6")
def test_the_address_follows_the_customer_number_until_one_types_another(visit):
    page = visit(PRINCIPAL)
    page.goto(NEW)
    number, street = page.get_by_label("Customer number"), page.get_by_label("Street and number")
    first = street.input_value()
    number.select_option(index=2)
    expect(street).not_to_have_value(first)
    expect(page.locator("[data-summary]")).to_contain_text(street.input_value())
    number.select_option(index=1)
    expect(street).to_have_value(first)
    street.fill("Quai 1")
    number.select_option(index=2)
    expect(street).to_have_value("Quai 1")


@pytest.mark.rule("GEN-9")
def test_going_back_from_the_check_keeps_what_was_typed(visit):
    page = visit(PRINCIPAL)
    page.goto(NEW)
    name = fill(page, "LOOKED BACK")
    page.go_back()
    expect(page.locator("h1")).to_have_text("Create a card")
    expect(page.get_by_label("Plate or name on the card")).to_have_value(name)
    expect(page.get_by_label("Limit for Diesel", exact=True)).to_have_value("88")


@pytest.mark.rule("CRD-6")
def test_changing_something_keeps_the_order_and_its_code(visit):
    page = visit(PRINCIPAL)
    page.goto(NEW)
    name = fill(page, "SECOND THOUGHT", code="7391")
    expect(page.locator("main")).to_contain_text("set, not shown")
    page.get_by_role("link", name="Change something").click()
    expect(page.get_by_label("Plate or name on the card")).to_have_value(name)
    expect(page.get_by_label("Diesel", exact=True)).to_be_checked()
    expect(page.locator("main")).to_contain_text("Set, not shown.")
    assert "7391" not in page.content()
    page.get_by_role("button", name="Check the order").click()
    expect(page.locator("main")).to_contain_text("set, not shown")


def test_an_order_begun_is_ones_own(visit, portal):
    """Another person of the company can't open what one has begun."""
    from tests.browser.visitor import Visitor

    begun = begin_order(Visitor(portal, PRINCIPAL), "MINE ALONE")
    page = visit("administrator@acme.example")
    assert page.request.get(begun).status == 404


def fill(page, name, code=""):
    """Fill in an order and send it to the check; return what is printed on the card, another one each time."""
    name = f"{name} {page.evaluate('Math.floor(Math.random() * 1e6)')}"
    page.get_by_label("By driver").check()
    page.get_by_label("Customer number").select_option(index=1)
    page.get_by_label("Plate or name on the card").fill(name)
    page.get_by_label("Diesel", exact=True).check()
    page.get_by_label("Limit for Diesel", exact=True).fill("88")
    if code:
        page.get_by_label("4 digits, chosen by you").check()
        page.locator("#id_secret_code").fill(code)
        page.locator("#id_secret_code_again").fill(code)
    page.get_by_role("button", name="Check the order").click()
    expect(page.locator("h1")).to_have_text("Check your order")
    return name


def count(page, name):
    """How many requests there are for a card of that name."""
    page.goto(f"/{ACME}/requests/?q={name}")
    return page.locator("tbody tr").count()


def test_the_head_of_a_page_that_stands_alone_holds_its_choices_also_on_a_long_page(visit):
    page = visit(width=390, height=600)
    page.goto("/accounts/login/")
    page.locator("main button[type=submit]").click()
    expect(page.locator("#error-summary")).to_be_visible()
    beyond = page.locator(".topbar").evaluate("head => head.scrollHeight - head.clientHeight")
    assert beyond <= 0
