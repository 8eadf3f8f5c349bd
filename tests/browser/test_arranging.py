"""What a company arranges for itself: divisions, users from a file, views, the search, customer numbers, the main role.

One company of its own for all; who hands over the role of the principal user does it last.
"""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.browser.companies import PHONE, new_name, new_number, open_company, someone
from tests.browser.conftest import reload_until
from tests.browser.walk import OPERATOR

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FIRST_PLATE, SECOND_PLATE = "1-KLM-345", "1-KLM-346"


@pytest.fixture(scope="module")
def own(portal):
    """A company with two customer numbers, two vehicles in a depot, and Lea, who works for one number only."""
    numbers = [new_number(), new_number()]
    lea = (someone("Lea"), {"applications": "Vehicles; Drivers", "customer_numbers": numbers[0]})
    own = open_company(portal, numbers=numbers, divisions=["Depot"], colleagues=[lea])
    form, _address = own.principal.visitor.get(own.path("vehicles/new/"))
    number = re.search(rf'<option value="(\d+)"[^>]*>\s*{numbers[0]}', form)[1]
    depot = re.search(r'<option value="(\d+)"[^>]*>\s*Depot', form)[1]
    for plate in (FIRST_PLATE, SECOND_PLATE):
        about = {"plate": plate, "plate_country": "BE", "customer_number": number, "division": depot}
        own.principal.visitor.post(own.path("vehicles/new/"), **about)
    return own


@pytest.fixture
def opened(visit, own):
    """Opens the company's first page as its principal user."""

    def opened(language, **view):
        own.principal.visitor.speak(language)
        page = visit(visitor=own.principal.visitor, **view)
        page.goto(own.path())
        return page

    return opened


def follow(page, name):
    """Follow a link and wait for its page, so that what is read next is the new one."""
    with page.expect_navigation():
        page.get_by_role("link", name=name, exact=True).first.click()


def press(page, name):
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).click()


def mail_to(page, person, *parts):
    """Return the mail to somebody that holds these words."""
    page.goto("/operator/mail/demonstration/")
    mail = page.locator("article").filter(has_text=f"{person.email},")
    for part in parts:
        mail = mail.filter(has_text=part)
    reload_until(page, lambda: mail.count() > 0)
    return mail.first


@pytest.mark.rule("ACC-32", "GEN-8")
def test_a_division_is_created_renamed_filled_and_the_old_one_closed(opened, own):
    page = opened("nl")
    follow(page, "Wagenparkdivisies")
    follow(page, "Divisie aanmaken")
    number = page.locator("#id_customer_number option").filter(has_text=own.numbers[0])
    page.locator("#id_customer_number").select_option(number.get_attribute("value"))
    page.locator("#id_name").fill("Werkplaats")
    press(page, "Divisie aanmaken")
    expect(page.locator("#messages")).to_contain_text("De divisie Werkplaats is aangemaakt.")
    follow(page, "Hernoemen")
    page.locator("#id_name").fill("Atelier Gent")
    press(page, "Hernoemen")
    expect(page.locator("h1")).to_contain_text("Atelier Gent")

    follow(page, "Wagenparkdivisies")
    page.get_by_label("Acties voor Depot").click()
    follow(page, "Inhoud verplaatsen")
    page.locator("#id_target").select_option(label="Atelier Gent")
    press(page, "Inhoud verplaatsen")
    expect(page.locator("#messages")).to_contain_text("Voertuigen: 2")
    follow(page, "Sluiten")
    expect(page.locator("main")).to_contain_text("Depot")
    press(page, "Sluiten")
    expect(page.locator("h1 .status")).to_have_text("Gesloten")
    follow(page, "Voertuig zoeken")
    follow(page, FIRST_PLATE)
    expect(page.locator("main")).to_contain_text("Atelier Gent")


@pytest.mark.rule("GEN-7", "ACC-20", "GEN-8")
def test_users_come_from_a_workbook(opened, own, visit):
    page, person = opened("nl"), someone("Joke")
    follow(page, "Gebruikers zoeken")
    follow(page, "Gebruikers uit een bestand")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Sjabloon als Excel").click()
    template = coming.value.path().read_bytes()
    check(page, filled(template, person, phone="0470 12 34 56 78"))
    expect(page.get_by_role("alert")).to_contain_text("1 regel is fout")
    expect(page.locator("td.import-wrong")).to_have_count(1)
    follow(page, "Een ander bestand opladen")
    check(page, filled(template, person, phone=PHONE))
    press(page, "1 gebruiker aanmaken en uitnodigen")
    expect(page.locator("#messages")).to_contain_text("1 gebruiker is aangemaakt en uitgenodigd.")
    expect(page.locator("tbody tr").filter(has_text=person.name)).to_contain_text("Uitgenodigd")
    expect(mail_to(visit(OPERATOR), person, own.name)).to_contain_text("/invitations/")


def filled(template, person, *, phone):
    """Return the template with one user below its headings."""
    book = openpyxl.load_workbook(io.BytesIO(template))
    book.worksheets[0].append(
        [person.last_name, person.first_name, person.email, phone, "Nederlands", "Beheer", "Voertuigen; Bestuurders"]
    )
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def check(page, data):
    page.locator("#id_file").set_input_files({"name": "users.xlsx", "mimeType": XLSX, "buffer": data})
    press(page, "Bestand controleren")


@pytest.mark.rule("GEN-6", "GEN-8")
def test_a_view_keeps_columns_and_opens_the_list(opened):
    page, name = opened("fr"), f"Vue {new_name()}"
    follow(page, "Rechercher un véhicule")
    expect(page.locator("thead")).to_contain_text("Carburant")
    page.get_by_text("Colonnes", exact=True).click()
    page.locator(".columns-form").get_by_label("Carburant", exact=True).uncheck()
    press(page, "Afficher ces colonnes")
    expect(page.locator("thead")).not_to_contain_text("Carburant")
    page.get_by_text("Vues", exact=True).click()
    follow(page, "Enregistrer comme vue")
    page.locator("#id_name").fill(name)
    page.get_by_label("Ouvrir la liste avec cette vue").check()
    press(page, "Enregistrer")
    expect(page.locator(".view-tabs [aria-current=page]")).to_have_text(name)
    follow(page, "Rechercher un véhicule")
    expect(page.locator(".view-tabs [aria-current=page]")).to_have_text(name)
    expect(page.locator("thead")).not_to_contain_text("Carburant")


@pytest.mark.rule("GEN-6", "GEN-10")
def test_the_search_box_finds_as_one_types(opened):
    page = opened("nl")
    page.keyboard.press("Control+k")
    expect(page.locator("#finder-input")).to_be_focused()
    page.keyboard.type("klm345")
    found = page.locator("#finder-results")
    expect(found.get_by_role("link")).to_have_count(1)
    expect(found).to_contain_text("Voertuigen")
    page.keyboard.press("ArrowDown")
    expect(found.get_by_role("link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(FIRST_PLATE)


@pytest.mark.rule("GEN-6", "GEN-10")
def test_the_search_has_a_page_without_a_script(opened):
    page = opened("nl", script=False)
    page.locator("#finder-input").fill("klm 34")
    with page.expect_navigation():
        page.locator("#finder-input").press("Enter")
    expect(page.locator("main")).to_contain_text(FIRST_PLATE)
    with page.expect_navigation():
        page.locator("main a.finder-hit").filter(has_text=SECOND_PLATE).click()
    expect(page.locator("h1")).to_contain_text(SECOND_PLATE)
    phone = opened("nl", script=False, width=390)
    follow(phone, "Zoeken")
    expect(phone.locator("h1")).to_have_text("Zoeken")
    phone.locator("#search-page").fill("klm346")
    press(phone, "Zoeken")
    expect(phone.locator("main a.finder-hit")).to_have_count(1)


@pytest.mark.rule("ACC-31")
def test_a_colleague_asks_for_all_customer_numbers_and_gets_them(opened, own, visit):
    (lea,) = own.colleagues
    principal, page, mails = opened("en"), visit(visitor=lea.visitor), visit(OPERATOR)
    page.goto(own.path())
    page.locator(".user-button").click()
    expect(page.locator(".user-menu-head")).to_contain_text(f"Customer number {own.numbers[0]}")
    follow(page, "Ask for another customer number")
    page.get_by_label("What you need it for").fill("The second depot is mine as well.")
    press(page, "Send the request")
    expect(page.locator("#messages")).to_contain_text("Your request is sent.")

    mail = mail_to(mails, own.principal, "asks for all customer numbers", "The second depot is mine as well.")
    principal.goto(re.search(r"/PRO-[A-Z]{6}/multipass/\d+/", mail.inner_text())[0])
    principal.get_by_label("Approve").check()
    press(principal, "Send the answer")
    expect(principal.locator("#messages")).to_contain_text("The request is approved.")

    mail_to(mails, lea, "The answer to your request", "You work for all customer numbers")
    page.reload()
    page.locator(".user-button").click()
    expect(page.locator(".user-menu-head")).to_contain_text("Several customer numbers")
    expect(page.get_by_role("link", name="Ask for another customer number")).to_have_count(0)


@pytest.mark.rule("ACC-12", "GEN-8")
def test_the_role_of_the_principal_user_is_handed_over(opened, own, visit):
    (lea,) = own.colleagues
    lea.visitor.speak("fr")
    page, mails, verb = opened("fr"), visit(OPERATOR), "Transmettre le rôle d'utilisateur principal"
    follow(page, "Rechercher des utilisateurs")
    follow(page, verb)
    page.locator("#id_member").select_option(label=lea.name)
    page.get_by_label("Oui, je transmets").check()
    press(page, "Transmettre le rôle")
    expect(page.locator("#messages")).to_contain_text(f"{lea.name} est désormais l'utilisateur principal.")
    expect(page.get_by_role("link", name=verb)).to_have_count(0)
    mail_to(mails, lea, f"Vous êtes désormais l'utilisateur principal de {own.name}")
    mail_to(mails, own.principal, f"Vous avez transmis le rôle d'utilisateur principal de {own.name}")
    new = visit(visitor=lea.visitor)
    new.goto(own.path("users/"))
    expect(new.get_by_role("link", name=verb)).to_be_visible()
