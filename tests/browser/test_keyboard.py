"""The main job with the keyboard alone: Tab, Enter, Space, Escape, the arrows of a group of choices, and typing."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.running import ACME
from tests.browser.walk import PRINCIPAL

MOST_TABS = 60


def focused(page):
    """What the keyboard is on: its accessible name or text."""
    return page.evaluate(
        """() => {
            const one = document.activeElement;
            const label = one.labels?.[0]?.textContent ?? "";
            return (one.getAttribute("aria-label") || label || one.textContent || one.id || "").trim();
        }"""
    )


def tab_to(page, name, key="Tab"):
    """Press Tab until the thing of that name has the focus, which must show; return nothing."""
    pattern = re.compile(name)
    for _press in range(MOST_TABS):
        page.keyboard.press(key)
        if pattern.search(focused(page)):
            break
    else:
        raise AssertionError(f"{MOST_TABS} times {key} did not reach {name}; the focus is on {focused(page)!r}")
    outline = page.evaluate(
        """() => {
            const style = getComputedStyle(document.activeElement);
            return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
        }"""
    )
    assert outline, f"{name} has the focus and does not show it"


@pytest.mark.rule("GEN-10")
def test_sign_in_find_and_block(visit, portal):
    page = visit()
    page.goto("/")
    tab_to(page, "Skip to the content")
    tab_to(page, "E-mail address")
    page.keyboard.type(PRINCIPAL)
    tab_to(page, "Password")
    page.keyboard.type(portal.password)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Acme Logistics")

    tab_to(page, "^Find a card$")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{ACME}/cards/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # 'Skip to the content' jumps over the frame
    tab_to(page, "^Search$")
    page.keyboard.type("JAN")
    tab_to(page, "^Status$")
    page.keyboard.type("Active")
    expect(page.locator(".chip").filter(has_text="Active")).to_be_visible()
    # What one is at keeps the focus while the list below it changes.
    assert focused(page).startswith("Status")
    name = page.locator("tbody .row-link").first.inner_text()

    menu = f"^Actions for {re.escape(name)}$"
    tab_to(page, menu)
    page.keyboard.press("Space")
    expect(page.locator("details[open] .dropdown-item").filter(has_text="Block")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("details.row-menu[open]")).to_have_count(0)
    assert re.search(menu, focused(page)), "Escape gives the focus back to the menu's button"
    page.keyboard.press("Enter")
    tab_to(page, "^Block$")
    page.keyboard.press("Enter")

    expect(page.locator("h1")).to_contain_text(f"Block the card {name}")
    tab_to(page, "^Theft$")
    page.keyboard.press("Space")
    tab_to(page, "^Yes, send a duplicate$")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("No, no duplicate")).to_be_checked()
    tab_to(page, "^Block the card now$")
    page.keyboard.press("Enter")
    expect(page.locator("h1 .status")).to_have_text("Blocked")


@pytest.mark.rule("GEN-10")
def test_the_menu_of_a_phone_opens_and_closes(visit):
    page = visit(PRINCIPAL, width=390, height=844)
    page.goto(f"/{ACME}/")
    menu = page.locator("#portal-menu")
    expect(menu).to_be_hidden()
    tab_to(page, "^Menu$")
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    assert focused(page) == "Menu"
    page.keyboard.press("Enter")
    tab_to(page, "^Find a card$")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{ACME}/cards/")


@pytest.mark.rule("GEN-10")
def test_menus_open_one_at_a_time_and_close_by_themselves(visit):
    page = visit(PRINCIPAL)
    page.goto(f"/{ACME}/cards/")
    page.get_by_text("Columns", exact=True).click()
    expect(page.get_by_role("link", name="Card settings")).to_be_visible()
    page.get_by_text("Download", exact=True).click()
    expect(page.get_by_role("link", name="Card settings")).to_be_hidden()
    page.locator("h1").click()
    expect(page.get_by_role("link", name="Excel")).to_be_hidden()
