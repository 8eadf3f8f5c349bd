"""Every task without JavaScript: what scripts do is comfort."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.running import ACME
from tests.browser.walk import PRINCIPAL


def follow(page, name):
    """Follow a link to its end: what is read next is the whole new page, not one that still comes in."""
    with page.expect_navigation():
        page.get_by_role("link", name=name).click()


@pytest.mark.rule("GEN-10", "CRD-2")
def test_an_order(visit, sign_in):
    page = visit(script=False)
    page.goto("/")
    sign_in(page, PRINCIPAL)
    page.get_by_role("link", name="Create a card").first.click()
    page.get_by_label("By driver").check()
    page.get_by_label("Customer number").select_option(index=1)
    page.get_by_label("Plate or name on the card").fill("NO SCRIPT")
    page.get_by_label("Diesel", exact=True).check()
    page.get_by_label("Limit for Diesel", exact=True).fill("99")
    page.get_by_role("button", name="Check the order").click()
    expect(page.locator("main")).to_contain_text("99 euro per month")
    page.get_by_role("button", name="Confirm the order").click()
    expect(page.locator("h1 .status")).to_have_text("Received")
    page.locator(".user-button").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#id_login")).to_be_visible()


@pytest.mark.rule("GEN-6", "CRD-30", "CRD-31")
def test_search_filter_sort_and_page(visit):
    page = visit(PRINCIPAL, script=False)
    page.goto(f"/{ACME}/cards/")
    page.get_by_role("link", name="More filters").click()
    page.locator("#id_status").select_option("Active")
    page.locator("#id_category").select_option("By vehicle")
    with page.expect_navigation():
        page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator(".chip")).to_have_count(2)
    assert {status.inner_text() for status in page.locator("tbody .status").all()} == {"Active"}

    follow(page, "Plate or name")
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Plate or name")
    first = page.locator("tbody .row-link").all_inner_texts()
    follow(page, "Next")
    second = page.locator("tbody .row-link").all_inner_texts()
    assert first[-1] <= second[0]
    assert not set(first) & set(second)
    follow(page, "Previous")
    assert page.locator("tbody .row-link").all_inner_texts() == first
    expect(page.locator(".chip")).to_have_count(2)

    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("link", name="Card settings").click()
    expect(page.locator("thead")).to_contain_text("Last used")
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Plate or name")
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator(".chip")).to_have_count(0)


@pytest.mark.rule("GEN-4", "CRD-53")
def test_a_bulk_cancelling_and_taking_it_back(visit):
    page = visit(PRINCIPAL, script=False)
    page.goto(f"/{ACME}/cards/?status=active&category=driver&renewal_status=none")
    # Several cards bear the same name: they are told apart by their addresses.
    rows = page.locator("tbody .row-link")
    names, cards = rows.all_inner_texts()[:2], [row.get_attribute("href") for row in rows.all()[:2]]
    for box in page.locator("tbody input[name=select]").all()[:2]:
        box.check()
    page.get_by_role("button", name="Cancel the renewal").click()
    expect(page.locator("h1")).to_have_text("Cancel the renewal of 2 cards")
    for name in names:
        expect(page.locator(".items")).to_contain_text(f"{name} · ")
    expect(page.get_by_role("link", name="Block these cards")).to_be_visible()
    page.get_by_role("button", name="Cancel the renewal of 2 cards").click()
    said = page.get_by_role("main").get_by_role("status").first
    expect(said).to_contain_text("The renewal of 2 cards is cancelled; each stays usable until its expiry date.")
    assert not set(cards) & {row.get_attribute("href") for row in rows.all()}

    page.goto(cards[0])
    expect(page.locator("main")).to_contain_text("This card will not be renewed. It stays usable until")
    follow(page, "Take back the cancelling")
    page.get_by_role("button", name="Take back the cancelling").click()
    expect(page.locator("main")).not_to_contain_text("will not be renewed")


@pytest.mark.rule("GEN-4", "CRD-54")
def test_a_bulk_block(visit):
    page = visit(PRINCIPAL, script=False)
    page.goto(f"/{ACME}/cards/?status=active&category=driver")
    names = page.locator("tbody .row-link").all_inner_texts()[:2]
    expect(page.get_by_role("button", name="Block")).to_be_hidden()
    for box in page.locator("tbody input[name=select]").all()[:2]:
        box.check()
    page.get_by_role("button", name="Block").click()
    expect(page.locator("h1")).to_have_text("Block 2 cards")
    for name in names:
        expect(page.locator(".items")).to_contain_text(name)
    page.get_by_role("button", name="Block 2 cards now").click()
    expect(page.locator(".error-summary")).to_contain_text("Choose a reason.")
    page.get_by_label("Loss").check()
    page.get_by_role("button", name="Block 2 cards now").click()
    expect(page.get_by_role("main").get_by_role("status").first).to_contain_text("2 cards are blocked.")
    assert re.search(r"status=active", page.url), "the list comes back with its filter"
    assert not set(names) & set(page.locator("tbody .row-link").all_inner_texts())


@pytest.mark.rule("GEN-10", "CRD-40", "CRD-43")
def test_a_change_that_makes_a_new_card(visit):
    page = visit(PRINCIPAL, script=False)
    page.goto(f"/{ACME}/cards/?status=active&category=driver&renewal_status=none")
    card = page.locator("tbody .row-link").last.get_attribute("href")
    page.goto(f"{card}change/")
    page.get_by_label("Extra mention").fill("NO SCRIPT")
    page.get_by_role("button", name="Go on with Products and services").click()
    page.get_by_role("button", name="Go on with Limits").click()
    page.get_by_role("button", name="Go on with Controls").click()
    page.get_by_label("Tank capacity").fill("63")
    page.get_by_role("button", name="Go on with Secret code").click()
    page.get_by_label("4 digits, chosen by you").check()
    page.get_by_label("Secret code", exact=True).fill("7391")
    page.get_by_label("Secret code, once more").fill("7391")
    page.get_by_role("button", name="Check the change").click()
    expect(page.locator("main")).to_contain_text("Takes effect at once")
    expect(page.locator("main")).to_contain_text("set, not shown")
    page.get_by_role("link", name="Change something else").click()
    expect(page.get_by_label("Secret code", exact=True)).to_have_value("")
    page.get_by_role("button", name="Check the change").click()
    page.get_by_role("button", name="Save and order the new card").click()
    expect(page.locator("h1 .status")).to_have_text("Received")
    page.goto(card)
    expect(page.locator("main")).to_contain_text("A new card, rank 2, is ordered.")
    expect(page.locator("main")).to_contain_text("63 litres")
