"""The links of mails, pressed in a browser: a forgotten password, another address and the way back (ACC-1, ACC-2).

Only a browser says of a form where it comes from, as the page's referrer policy tells it to; from nowhere is refused.
"""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.companies import open_company
from tests.browser.people import OPERATOR
from tests.browser.visitor import Visitor

MAIL_SECONDS = 60
WORDS = {
    "en": {
        "language": "English",
        "save": "Save the new password",
        "saved": "Your new password is saved",
        "send": "Send the link",
        "confirm": "Confirm the address",
        "undo": "Undo the change",
    },
    "fr": {
        "language": "French",
        "save": "Enregistrer le nouveau mot de passe",
        "saved": "Votre nouveau mot de passe est enregistré",
        "send": "Envoyer le lien",
        "confirm": "Confirmer l'adresse",
        "undo": "Annuler le changement",
    },
}


def link(operator, email, about):
    """Return the path of the newest link of that kind that came to an address."""
    deadline = time.monotonic() + MAIL_SECONDS
    while True:
        page, _address = operator.get("/operator/mail/demonstration/")
        for mail in page.split("<article")[1:]:
            # In whichever language the staff read now: another test may have left them another one.
            if f" {email}," in mail and (found := re.search(rf"/accounts/{about}/[^\s<\"]+", mail)):
                return found[0]
        assert time.monotonic() < deadline, f"no {about} came for {email} in {MAIL_SECONDS} seconds"
        time.sleep(0.2)


def press(page, name):
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def choose_password(page, said, password):
    page.locator("#id_password1").fill(password)
    page.locator("#id_password2").fill(password)
    press(page, said["save"])
    expect(page.get_by_role("heading", name=said["saved"])).to_be_visible()


def sign_in(page, email, password):
    page.context.clear_cookies()
    page.goto("/accounts/login/")
    page.locator("#id_login").fill(email)
    page.locator("#id_password").fill(password)
    with page.expect_navigation():
        page.locator("main button[type=submit]").click()


@pytest.mark.rule("ACC-1", "ACC-2", "ACC-42")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_link_about_an_account_is_pressed_to_its_end(visit, portal, language):
    said = WORDS[language]
    own = open_company(portal, language=said["language"])
    operator, email = Visitor(portal, OPERATOR), own.principal.email
    page = visit(language=language)

    page.goto("/accounts/password/reset/")
    page.locator("#id_email").fill(email)
    with page.expect_navigation():
        page.locator("main button[type=submit]").click()
    expect(page).to_have_url(re.compile("/accounts/password/reset/done/"))
    page.goto(link(operator, email, "password/reset/key"))
    choose_password(page, said, "Wisent-4711-Moor!")
    sign_in(page, email, "Wisent-4711-Moor!")
    page.wait_for_url(f"**{own.path()}")

    page.goto("/accounts/security/email/")
    page.locator("#id_email").fill(f"new.{email}")
    press(page, said["send"])
    reader = visit(language=language)
    reader.goto(link(operator, f"new.{email}", "email/confirm"))
    press(reader, said["confirm"])
    page.goto("/accounts/security/")
    expect(page.locator("main dd", has_text=f"new.{email}")).to_be_visible()

    reader.goto(link(operator, email, "email/undo"))
    before = link(operator, email, "password/reset/key")
    press(reader, said["undo"])
    page.reload()
    expect(page).to_have_url(re.compile("/accounts/login/"))
    deadline = time.monotonic() + MAIL_SECONDS
    while (chosen := link(operator, email, "password/reset/key")) == before:
        assert time.monotonic() < deadline, "no link for a new password came after the change was undone"
        time.sleep(0.2)
    reader.goto(chosen)
    choose_password(reader, said, "Heron-0815-Teich!")
    sign_in(reader, email, "Heron-0815-Teich!")
    reader.wait_for_url(f"**{own.path()}")
