"""Notices from what happens to what is read of it: bell, two lists, mail in the browser (ACC-40 to ACC-42)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import reload_until
from tests.browser.running import ACME
from tests.browser.walk import OPERATOR, PRINCIPAL

MANAGEMENT, NAME = "management@acme.example", "LEJEUNE ISABELLE"
WORDS = {
    "en": {"unread": "unread", "right": "Move to the right", "save": "Save", "browser": "Read this message"},
    "fr": {"unread": "non lue", "right": "Déplacer vers la droite", "save": "Enregistrer", "browser": "Lire ce"},
}


@pytest.mark.rule("ACC-40", "ACC-41", "ACC-42", "GEN-8")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_colleague_who_was_chosen_hears_of_a_block(visit, language):
    said = WORDS[language]
    principal = visit(PRINCIPAL, language=language)
    principal.goto(f"/{ACME}/notices/settings/")
    lists = principal.locator("[data-two-lists]").first
    left = lists.locator("select").first
    if left.locator("option", has_text=NAME).count():
        left.select_option(label=NAME)
        lists.get_by_role("button", name=re.compile(f"{said['right']}$")).click()
        principal.get_by_role("button", name=said["save"]).click()
    colleague = visit(MANAGEMENT, language=language)
    colleague.goto(f"/{ACME}/notices/")
    before = int(re.search(r"\d+", colleague.locator(".bell").get_attribute("aria-label"))[0])

    principal.goto(f"/{ACME}/cards/?status=active")
    card = principal.locator("a.row-link").first.get_attribute("href")
    principal.goto(f"{card}block/")
    principal.locator("[name=reason][value=loss]").check()
    principal.locator("[name=duplicate][value=no]").check()
    principal.locator("main form button[type=submit]").click()
    principal.wait_for_url(f"**{card}**")

    colleague.reload()
    expect(colleague.locator(".bell")).to_have_attribute("aria-label", re.compile(rf"{before + 1} {said['unread']}"))
    colleague.locator("button.row-link").first.click()
    colleague.wait_for_url(f"**{card}")
    expect(colleague.locator(".bell")).to_have_attribute("aria-label", re.compile(rf"{before} {said['unread']}"))

    operator = visit(OPERATOR)
    operator.goto("/operator/mail/demonstration/")
    mine = operator.locator("article", has_text=MANAGEMENT).filter(has_text=said["browser"])
    reload_until(operator, lambda: mine.count() > 0)
    path = re.search(r"/mail/\d+/", mine.first.inner_text())[0]
    colleague.goto(path)
    expect(colleague.locator(".mail-text")).to_be_visible()
    assert colleague.locator("html").get_attribute("lang") == language
