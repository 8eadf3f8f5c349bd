"""A company's first day: its workbook, its mail, the four steps, the first vehicle (sheet A; ONB-1 to ONB-7)."""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.browser.companies import PHONE, new_name, new_number, someone, vat_number
from tests.browser.conftest import reload_until
from tests.browser.walk import OPERATOR

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORDS = {
    "en": {
        "companies": "Companies", "load": "Load a company", "template": "Template as Excel", "check": "Check the file",
        "wrong": "1 line is wrong", "vat": "check digits do not fit", "another": "Upload another file",
        "apply": "Load the company", "loaded": "The company is loaded.", "own": "English", "vehicles": "Vehicles",
        "subject": "Your first connection to", "continue": "Continue", "welcome": "Welcome to your fleet portal",
        "start": "Start the initialisation", "information": "My information", "phone": "Phone", "next": "Next",
        "later": "Sign out and resume later", "users": "Secondary users", "change": "Change", "first": "First name",
        "management": "Management", "save": "Save", "changed": "is changed.", "end": "Ready to start",
        "finish": "Finish", "open": "is open", "create": "Create", "vehicle": "Vehicle", "driver": "Driver",
        "new vehicle": "Create the vehicle", "new driver": "Create the driver", "invites": "invites you to",
        "sign in": "Sign in",
    },
    "fr": {
        "companies": "Entreprises", "load": "Charger une entreprise", "template": "Modèle en Excel",
        "check": "Contrôler le fichier", "wrong": "1 ligne est fausse", "vat": "chiffres de contrôle ne correspondent",
        "another": "Charger un autre fichier", "apply": "Charger l'entreprise", "loaded": "L'entreprise est chargée.",
        "own": "Français", "vehicles": "Véhicules", "subject": "Votre première connexion à", "continue": "Continuer",
        "welcome": "Bienvenue sur votre portail de parc", "start": "Démarrer l'initialisation",
        "information": "Mes informations", "phone": "Téléphone", "next": "Suivant",
        "later": "Se déconnecter et reprendre plus tard", "users": "Utilisateurs secondaires", "change": "Modifier",
        "first": "Prénom", "management": "Gestion", "save": "Enregistrer", "changed": "modification enregistrée",
        "end": "Prêt à démarrer", "finish": "Terminer", "open": "est ouvert", "create": "Créer",
        "vehicle": "Véhicule", "driver": "Conducteur", "new vehicle": "Créer le véhicule",
        "new driver": "Créer le conducteur", "invites": "vous invite", "sign in": "Se connecter",
    },
}  # fmt: skip


def heading(page, text):
    expect(page.get_by_role("heading", level=1)).to_contain_text(text)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.rule("ONB-1", "ONB-2", "ONB-3", "ONB-4", "ONB-5", "ONB-6", "ONB-7", "GEN-7", "GEN-8")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_from_the_workbook_to_the_first_vehicle(visit, portal, sign_in, language):
    say, company = WORDS[language], f"First {new_name()}"
    principal, colleague = someone("Marie"), someone("Els")
    operator = visit(OPERATOR, language=language)
    load(operator, say, company, principal, colleague)

    desk = visit(language=language)
    desk.goto(link_in_the_mail(operator, principal.email, say["subject"]))
    home = join(desk, say, principal, portal.password)
    accept(desk, say, home)
    desk.get_by_label(say["phone"], exact=False).first.fill("081 55 0")
    press(desk, say["later"])
    expect(desk.locator("#id_login")).to_be_visible()

    phone = visit(language=language, width=390)
    phone.goto("/")
    sign_in(phone, principal.email)
    complete(phone, say, home)
    set_up_colleague(phone, say, colleague)
    finish(phone, say, home)
    create_vehicle_and_driver(phone, say, home)
    link_in_the_mail(operator, colleague.email, say["invites"])
    # The invitation is the first that a colleague hears of the portal.
    expect(operator.locator("article").filter(has_text=colleague.email)).to_have_count(1)


def load(page, say, company, principal, colleague):
    """Fill the template in, look at what is wrong, correct it, and load the company."""
    page.goto("/operator/")
    page.get_by_role("link", name=say["companies"], exact=True).first.click()
    page.get_by_role("link", name=say["load"]).click()
    with page.expect_download() as coming:
        page.get_by_role("link", name=say["template"]).click()
    template = coming.value.path().read_bytes()
    send(page, say, filled(template, say, company, principal, colleague, vat_number(right=False)))
    expect(page.get_by_role("alert")).to_contain_text(say["wrong"])
    expect(page.locator("td.import-wrong")).to_have_count(1)
    expect(page.locator("td.import-wrong")).to_contain_text(say["vat"])
    assert page.get_by_role("button", name=say["apply"]).count() == 0
    page.get_by_role("link", name=say["another"]).click()
    send(page, say, filled(template, say, company, principal, colleague, vat_number()))
    expect(page.locator("td.import-wrong")).to_have_count(0)
    press(page, say["apply"])
    expect(page.locator("#messages")).to_contain_text(say["loaded"])


def filled(template, say, company, principal, colleague, vat):
    """Return the template with its lines, each cell below the heading of its place."""
    book = openpyxl.load_workbook(io.BytesIO(template))
    number = new_number()
    who = [principal.last_name, principal.first_name, principal.email, PHONE, say["own"]]
    lines = (
        [company, vat, "Rue de Fer 1", "5000", "Namur", "BE", None, None, None, *who],
        [number, company, company, "Rue de Fer 1", "5000", "Namur", "BE"],
        [number, "Dépôt"],
        [colleague.last_name, colleague.first_name, colleague.email, PHONE, say["own"], say["vehicles"]],
    )
    for sheet, line in zip(book.worksheets, lines, strict=False):
        sheet.append(line)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def send(page, say, data):
    page.locator("#id_file").set_input_files({"name": "company.xlsx", "mimeType": XLSX, "buffer": data})
    with page.expect_navigation(url=re.compile(r"/companies/load/\d+/$")):
        press(page, say["check"])


def link_in_the_mail(page, email, subject):
    """Return the path of the link that stands in the mail to an address."""
    page.goto("/operator/mail/demonstration/")
    mail = page.locator("article").filter(has_text=email).filter(has_text=subject)
    reload_until(page, lambda: mail.count() > 0)
    return re.search(r"/invitations/[0-9a-f]{64}/", mail.first.inner_text())[0]


def join(page, say, person, password):
    """Say who one is, choose a password; return the address of the company's first page."""
    press(page, say["continue"])
    page.locator("#id_last_name").fill(person.last_name)
    page.locator("#id_first_name").fill(person.first_name)
    page.locator("#id_phone").fill(PHONE)
    page.locator("#id_password1").fill(password)
    page.locator("#id_password2").fill(password)
    page.locator("main form button[type=submit]").click()
    heading(page, say["welcome"])
    return re.search(r"/PRO-[A-Z]{6}/", page.url)[0]


def accept(page, say, home):
    """Nothing goes on without every tick; no other page opens."""
    page.goto(f"{home}cards/")
    heading(page, say["welcome"])
    press(page, say["start"])
    expect(page.locator("#error-summary")).to_be_visible()
    for box in page.get_by_role("checkbox").all():
        box.check()
    press(page, say["start"])
    heading(page, say["information"])


def complete(page, say, home):
    """Find the step as it was left on the other device, and put it right."""
    heading(page, say["information"])
    number = page.get_by_label(say["phone"], exact=False).first
    expect(number).to_have_value("081 55 0")
    press(page, say["next"])
    expect(page.locator("#error-summary")).to_be_visible()
    number.fill("081 55 04 40")
    press(page, say["next"])
    heading(page, say["users"])
    page.goto(f"{home}vehicles/")
    heading(page, say["users"])


def set_up_colleague(page, say, colleague):
    """Change the colleague who was taken over, on the spot."""
    page.get_by_role("link", name=f"{say['change']} {colleague.name}").click()
    page.get_by_label(say["first"], exact=False).fill("Elsa")
    page.locator("#id_profile").select_option(label=say["management"])
    press(page, say["save"])
    expect(page.locator("#messages")).to_contain_text(say["changed"])
    expect(page.locator(".person")).to_contain_text([f"{colleague.last_name} ELSA"])
    expect(page.locator(".person")).to_contain_text([say["management"]])
    press(page, say["next"])


def finish(page, say, home):
    heading(page, say["end"])
    press(page, say["finish"])
    expect(page.locator("#messages")).to_contain_text(say["open"])
    expect(page).to_have_url(re.compile(rf"{home}$"))


def create_vehicle_and_driver(page, say, home):
    """The + button of the first page creates both."""
    plus = page.locator(f"summary[aria-label='{say['create']}']")
    plus.click()
    page.get_by_role("link", name=say["vehicle"], exact=True).click()
    page.locator("#id_plate").fill("1-ABC-234")
    press(page, say["new vehicle"])
    heading(page, "1-ABC-234")
    plus.click()
    page.get_by_role("link", name=say["driver"], exact=True).click()
    page.locator("#id_last_name").fill("Lambert")
    page.locator("#id_first_name").fill("Zoé")
    press(page, say["new driver"])
    heading(page, "Lambert")
