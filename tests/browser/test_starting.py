"""The first connection of Cedar's principal user, left on one device and finished on another (ONB-1 to ONB-5).

It ends Cedar's first connection for good, so it stands behind the walk along all pages (test_pages.py).
"""

import pytest
from playwright.sync_api import expect

BEGINNER = "principal@cedar.example"
WORDS = {
    "en": {
        "start": "Start the initialisation", "later": "Sign out and resume later", "next": "Next", "back": "Back",
        "finish": "Finish", "change": "Change", "save": "Save", "phone": "Phone", "first": "First name",
        "information": "My information", "users": "Secondary users", "end": "Ready to start",
        "profile": "Profile", "management": "Management", "open": "is open", "welcome": "Welcome to your fleet portal",
    },
    "fr": {
        "start": "Démarrer l'initialisation", "later": "Se déconnecter et reprendre plus tard", "next": "Suivant",
        "back": "Retour", "finish": "Terminer", "change": "Modifier", "save": "Enregistrer", "phone": "Téléphone",
        "first": "Prénom", "information": "Mes informations", "users": "Utilisateurs secondaires",
        "end": "Prêt à démarrer", "profile": "Profil", "management": "Gestion", "open": "est ouvert",
        "welcome": "Bienvenue sur votre portail de parc",
    },
}  # fmt: skip


def field(page, label):
    """Return the field of that label, required ones have a star behind it."""
    return page.get_by_label(label, exact=False).first


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def heading(page, text):
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def to_information(page, say):
    """Go from wherever one stands back to the introduction, accept and start."""
    page.goto("/PRO-CEDARA/start/introduction/")
    heading(page, say["welcome"])
    for box in page.get_by_role("checkbox").all():
        box.check()
    press(page, say["start"])
    heading(page, say["information"])


@pytest.mark.rule("ONB-1")
@pytest.mark.rule("ONB-2")
@pytest.mark.rule("ONB-3")
@pytest.mark.rule("ONB-4")
@pytest.mark.rule("ONB-5")
def test_from_the_sign_in_to_the_open_portal_on_two_devices(visit, sign_in):
    # In French, on a desk.
    say = WORDS["fr"]
    page = visit(BEGINNER, language="fr")
    page.goto("/PRO-CEDARA/cards/")
    to_information(page, say)
    field(page, say["phone"]).fill("081 55 0")
    press(page, say["later"])
    page.wait_for_url("**/accounts/login/")
    # In English, on a phone: the same step, with what was typed.
    say = WORDS["en"]
    phone = visit("", language="en", width=390)
    phone.goto("/accounts/login/")
    sign_in(phone, BEGINNER)
    phone.locator("summary.user-button").click()
    phone.locator("button[name=language][value=en]").first.click()
    phone.goto("/PRO-CEDARA/")
    heading(phone, say["information"])
    expect(field(phone, say["phone"])).to_have_value("081 55 0")
    press(phone, say["next"])
    expect(phone.locator("#error-summary")).to_be_visible()
    field(phone, say["phone"]).fill("081 55 04 40")
    press(phone, say["next"])
    heading(phone, say["users"])
    phone.get_by_role("link", name=f"{say['change']} WILLEMS ELS").click()
    field(phone, say["first"]).fill("Elsa")
    phone.get_by_label(say["profile"]).select_option(label=say["management"])
    press(phone, say["save"])
    expect(phone.locator("#messages")).to_contain_text("ELSA WILLEMS is changed.")
    press(phone, say["back"])
    expect(field(phone, say["phone"])).to_have_value("081 55 04 40")
    press(phone, say["next"])
    press(phone, say["next"])
    heading(phone, say["end"])
    press(phone, say["finish"])
    expect(phone.locator("#messages")).to_contain_text(say["open"])
    phone.goto("/PRO-CEDARA/cards/")
    assert phone.url.endswith("/PRO-CEDARA/cards/")
