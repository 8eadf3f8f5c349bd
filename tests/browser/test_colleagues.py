"""A colleague's way in, from the form that creates them to their first page, by the people who do it (ACC-20)."""

from __future__ import annotations

import random
import re
import string

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import reload_until
from tests.browser.running import ACME
from tests.browser.walk import OPERATOR, PRINCIPAL

PASSWORD = "Vlinder 27 boven Gent!"

WORDS = {
    "en": {
        "create": "Create a user", "last": "Last name", "first": "First name", "email": "E-mail address",
        "phone": "Phone", "profile": "Profile", "given": "Move to the right", "send": "Create and invite",
        "subject": "Acme Logistics invites you", "continue": "Continue", "join": "Join",
        "wrong": "is not as it was entered",
        "invited": "Invited", "active": "Active", "cards": "Find a card", "users": "Find users",
    },
    "fr": {
        "create": "Créer un utilisateur", "last": "Nom", "first": "Prénom", "email": "Adresse e-mail",
        "phone": "Téléphone", "profile": "Profil", "given": "Déplacer vers la droite", "send": "Créer et inviter",
        "subject": "Acme Logistics vous invite", "continue": "Continuer", "join": "Rejoindre",
        "wrong": "tel qu'il a été saisi",
        "invited": "Invité", "active": "Actif", "cards": "Rechercher une carte", "users": "Rechercher des utilisateurs",
    },
}  # fmt: skip


def someone():
    """Return a last name nobody had, for a portal that is used again (PORTAL_AT)."""
    return "Peeters" + "".join(random.choices(string.ascii_lowercase, k=6))


@pytest.mark.rule("ACC-20", "ACC-21", "ACC-23", "ACC-24", "ACC-25", "GEN-8")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_from_creating_a_colleague_to_their_first_page(visit, portal, language):
    said, last = WORDS[language], someone()
    email = f"{last.lower()}@client.example"
    manager = visit(PRINCIPAL, language=language)
    manager.goto(f"/{ACME}/")
    create(manager, said, last, email, language)
    expect(manager.locator("h1")).to_contain_text(f"{last.upper()} AN")
    expect(manager.locator("h1 .status")).to_have_text(said["invited"])

    path = link_from_the_mail(visit(OPERATOR), email, said["subject"])
    guest = visit(language=language)
    guest.goto(path)
    guest.get_by_role("button", name=said["continue"]).click()
    guest.wait_for_url("**/invitations/")
    answer(guest, last)  # as one writes it: capitals count
    expect(guest.locator("#error-summary")).to_contain_text(said["wrong"])
    answer(guest, last.upper())
    guest.wait_for_url(f"**/{ACME}/")
    expect(guest.locator("h1")).to_have_text("Acme Logistics")
    expect(guest.get_by_role("link", name=said["cards"]).first).to_be_visible()
    assert guest.get_by_role("link", name=said["users"]).count() == 0

    manager.reload()
    expect(manager.locator("h1 .status")).to_have_text(said["active"])


def create(page, said, last, email, language):
    """Fill in the form; move two applications from the left to the right, one by the arrow and one by the keyboard."""
    page.get_by_role("link", name=said["create"]).first.click()
    page.locator("#id_last_name").fill(last)
    page.locator("#id_first_name").fill("An")
    page.locator("#id_email").fill(email)
    page.locator("#id_phone").fill("0470123456")
    page.locator("#id_language").select_option(language)
    page.locator("#id_profile").select_option("consultation")
    left, right = (page.locator("#id_applications select").nth(at) for at in range(2))
    expect(left.locator("option")).to_have_count(18)
    left.select_option(index=0)
    page.locator("#id_applications").get_by_role("button", name=re.compile(f"{said['given']}$")).click()
    expect(right.locator("option")).to_have_count(1)
    left.focus()
    left.select_option(index=0)
    left.press("Enter")
    expect(right.locator("option")).to_have_count(2)
    assert page.locator("input[name=applications]:checked").count() == 2
    page.get_by_role("button", name=said["send"]).click()
    expect(page.locator("#messages")).to_contain_text(email)


def link_from_the_mail(page, email, subject):
    """Return the path of the link that the demonstration's mail holds."""
    page.goto("/operator/mail/demonstration/")
    mail = page.locator("article").filter(has_text=email).filter(has_text=subject)
    reload_until(page, lambda: mail.count() > 0, 60)
    return re.search(r"/invitations/[0-9a-f]{64}/", mail.first.inner_text())[0]


def answer(page, last):
    """Say who one is, choose a password, send."""
    page.locator("#id_last_name").fill(last)
    page.locator("#id_first_name").fill("AN")
    page.locator("#id_phone").fill("0470123456")
    page.locator("#id_password1").fill(PASSWORD)
    page.locator("#id_password2").fill(PASSWORD)
    page.locator("main form button[type=submit]").click()


@pytest.mark.rule("ACC-21", "GEN-10")
def test_without_a_script_applications_are_given_by_ticking(visit):
    page = visit(PRINCIPAL, script=False)
    last = someone()
    page.goto(f"/{ACME}/users/new/")
    page.locator("#id_last_name").fill(last)
    page.locator("#id_first_name").fill("Els")
    page.locator("#id_email").fill(f"{last.lower()}@client.example")
    page.locator("#id_phone").fill("+32470123456")
    page.locator("input[name=applications][value=cards]").check()
    page.locator("input[name=applications][value=vehicles]").check()
    page.get_by_role("button", name="Create and invite").click()
    expect(page.locator("h1")).to_contain_text(f"{last.upper()} ELS")
    expect(page.locator("main")).to_contain_text("Vehicles")


@pytest.mark.rule("ACC-21", "GEN-9")
def test_after_an_error_the_lists_hold_what_was_given(visit):
    page = visit(PRINCIPAL)
    page.goto(f"/{ACME}/users/new/")
    page.locator("#id_applications select").first.select_option(index=3)
    page.locator("#id_applications select").first.dblclick(position={"x": 30, "y": 100})
    given = page.locator("#id_applications select").nth(1).locator("option").all_inner_texts()
    assert given
    page.get_by_role("button", name="Create and invite").click()
    expect(page.locator("#id_last_name")).to_be_focused()
    assert page.locator("#id_applications select").nth(1).locator("option").all_inner_texts() == given
