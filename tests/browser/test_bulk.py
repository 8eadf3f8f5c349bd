"""Blocking everything that matches a filter: a job with its own page."""

import calendar
import re
from datetime import date

import pytest
from playwright.sync_api import expect

from tests.browser.running import ACME
from tests.browser.walk import PRINCIPAL

LEAST = 60


@pytest.mark.rule("CRD-54", "GEN-4", "GEN-5")
def test_all_that_match_are_blocked_while_one_watches(visit):
    page = visit(PRINCIPAL)
    page.goto(f"/{ACME}/cards/?status=active")
    query = narrow(page)
    page.goto(f"/{ACME}/cards/?{query}")
    expect(page.locator(".bulk-bar")).to_be_hidden()
    page.get_by_label("Select every row on this page").check()
    expect(page.locator("[data-count]")).to_have_text("50")
    page.locator("[data-all]").check()
    page.get_by_role("button", name="Block").click()

    title = page.locator("h1").inner_text()
    total = int(re.search(r"\d+", title)[0])
    assert total >= LEAST
    expect(page.locator(".items")).to_contain_text(f"and {total - 8} more")
    page.get_by_label("Defective").check()
    page.get_by_role("button", name=f"Block {total} cards now").click()

    progress = page.locator("#progress-region")
    expect(progress).to_be_visible()
    address = page.url
    # It moves by itself: the page is not reloaded.
    expect(progress).to_contain_text(f"Done for all {total}.", timeout=60_000)
    assert page.url == address
    expect(page.locator("progress")).to_have_attribute("value", "100")
    page.get_by_role("link", name="Back to the cards").click()
    page.goto(f"/{ACME}/cards/?{query}")
    expect(page.locator("#list-count")).to_have_text("0")


def narrow(page):
    """Return a filter that leaves between 60 and 999 of the active cards: pool cards that expire on one day."""
    year = date.today().year + 2
    for day in (date(year, month, calendar.monthrange(year, month)[1]) for month in range(1, 13)):
        query = f"status=active&category=pool&expires_on_after={day}&expires_on_before={day}"
        page.goto(f"/{ACME}/cards/?{query}")
        count = page.locator("#list-count").inner_text()
        if count.isdigit() and LEAST <= int(count) <= 999:
            return query
    raise AssertionError(f"in no month of {year} do between 60 and 999 pool cards expire")
