"""A colleague after the first day: found, changed, kept out, let in again (sheet B10; ACC-22, ACC-25 to ACC-28)."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta

import openpyxl
import pytest
from playwright.sync_api import expect

from tests.browser.companies import open_company, someone
from tests.browser.conftest import reload_until
from tests.browser.walk import OPERATOR

WORDS = {
    "en": {
        "find users": "Find users", "actions": "Actions for", "change": "Change", "go on": "Go on",
        "once more": "Your password once more", "drivers": "Drivers", "right": "Move to the right",
        "save": "Save the changes", "told": "is told by e-mail.", "subject": "Your access to",
        "profile": "Profile: Management, before: Consultation", "given": "Applications, given: Drivers",
        "find driver": "Find a driver", "expired": "Expired", "until": "Valid until", "active": "Active",
        "inactive": "Inactive", "deactivate": "Make inactive", "activate": "Make active",
        "no access": "Access: inactive, before: active", "access": "Access: active, before: inactive",
        "closed": "There is no company for you today", "rights": "User rights", "may change": "change",
        "download": "Download",
    },
    "fr": {
        "find users": "Rechercher des utilisateurs", "actions": "Actions pour", "change": "Modifier",
        "once more": "Votre mot de passe, encore une fois", "go on": "Continuer", "drivers": "Conducteurs",
        "right": "Déplacer vers la droite", "save": "Enregistrer les modifications", "told": "averti par e-mail.",
        "subject": "Votre accès à", "profile": "Profil : Gestion, avant : Consultation",
        "given": "Applications, ajout : Conducteurs", "find driver": "Rechercher un conducteur", "expired": "Expiré",
        "until": "Valable jusqu'au", "active": "Actif", "inactive": "Inactif", "deactivate": "Rendre inactif",
        "activate": "Rendre actif", "no access": "Accès : inactif, avant : actif",
        "access": "Accès : actif, avant : inactif", "closed": "Aucune entreprise ne vous est ouverte aujourd'hui",
        "rights": "Droits des utilisateurs", "may change": "modifier", "download": "Télécharger",
    },
}  # fmt: skip
# The clock of a session is the server's: a test that waited ten minutes would be no test.
AGED = """
from django.contrib.sessions.backends.db import SessionStore
session = SessionStore({key!r})
session["proven"] -= 11 * 60
session.save()
"""


@pytest.fixture(scope="module")
def own(portal):
    """A company with two colleagues, of whom one speaks English and one French."""
    return open_company(portal, colleagues=[(someone("Ann"), {"language": one}) for one in ("English", "French")])


@pytest.mark.rule("ACC-22", "ACC-25", "ACC-26", "ACC-27", "ACC-28", "GEN-8")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_colleague_is_changed_kept_out_and_let_in_again(own, visit, portal, sign_in, language):
    say, ann = WORDS[language], own.colleagues[list(WORDS).index(language)]
    own.principal.visitor.speak(language)
    manager = visit(visitor=own.principal.visitor, language=language)
    colleague = visit(visitor=ann.visitor, language=language)
    mails = visit(OPERATOR)
    for page in (manager, colleague):
        page.goto(own.path())
    expect(colleague.get_by_role("link", name=say["find driver"])).to_have_count(0)

    find(manager, say, ann)
    change(manager, say, ann, portal)
    assert_mailed(mails, ann, own, say["subject"], say["profile"], say["given"])
    colleague.reload()
    expect(colleague.get_by_role("link", name=say["find driver"]).first).to_be_visible()

    end_validity(manager, say, ann, date.today() - timedelta(days=1))
    expect(row_of(manager, say, ann).locator(".status")).to_have_text(say["expired"])
    assert_out(colleague, own)
    sign_in(colleague, ann.email)
    expect(colleague.locator("h1")).to_have_text(say["closed"])
    end_validity(manager, say, ann, None)
    # Whoever gets in nowhere is signed out within a minute; so they sign in again.
    colleague.context.clear_cookies()
    colleague.goto("/")
    sign_in(colleague, ann.email)
    expect(colleague.locator("h1")).to_have_text(own.name)

    act(manager, say, ann, say["deactivate"])
    expect(manager.locator("h1 .status")).to_have_text(say["inactive"])
    assert_out(colleague, own)
    assert_mailed(mails, ann, own, say["subject"], say["no access"])
    act(manager, say, ann, say["activate"])
    expect(manager.locator("h1 .status")).to_have_text(say["active"])
    sign_in(colleague, ann.email)
    expect(colleague.locator("h1")).to_have_text(own.name)
    assert_mailed(mails, ann, own, say["subject"], say["access"])
    overview(manager, say, ann)


def row_of(page, say, person):
    """Open *Find users*; return the colleague's row."""
    with page.expect_navigation():
        page.get_by_role("link", name=say["find users"]).first.click()
    return page.locator("tbody tr").filter(has_text=person.name)


def find(page, say, person):
    """Find the colleague among the users, as one types."""
    row_of(page, say, person)
    expect(page.locator("#list-count")).to_have_text("3")
    page.locator("#list-search").press_sequentially(person.last_name)
    expect(page.locator("#list-count")).to_have_text("1")
    expect(page.locator("tbody tr")).to_contain_text(person.name)


def from_actions(page, say, person, verb):
    """Take one act from the actions column."""
    row = row_of(page, say, person)
    row.get_by_label(f"{say['actions']} {person.name}").click()
    row.get_by_role("link", name=verb, exact=True).click()


def change(page, say, person, portal):
    """Give another profile and one more application, after the password once more."""
    key = next(one["value"] for one in page.context.cookies() if one["name"].endswith("session"))
    portal.run("shell", "--verbosity", "0", "-c", AGED.format(key=key))
    from_actions(page, say, person, say["change"])
    expect(page.locator("h1")).to_have_text(say["once more"])
    page.locator("#id_password").fill(portal.password)
    page.get_by_role("button", name=say["go on"], exact=True).click()
    expect(page.locator("h1")).to_have_text(f"{say['change']} {person.name}")
    page.locator("#id_profile").select_option("management")
    page.locator("#id_applications select").first.select_option(label=say["drivers"])
    page.locator("#id_applications").get_by_role("button", name=re.compile(f"{say['right']}$")).click()
    save(page, say)


def save(page, say):
    page.get_by_role("button", name=say["save"]).click()
    expect(page.locator("#messages")).to_contain_text(say["told"])


def end_validity(page, say, person, day):
    from_actions(page, say, person, say["change"])
    page.get_by_label(say["until"]).fill(day.isoformat() if day else "")
    save(page, say)


def act(page, say, person, verb):
    from_actions(page, say, person, verb)
    page.get_by_role("button", name=verb, exact=True).click()
    expect(page.locator("#messages")).to_contain_text(person.name)


def assert_out(page, own):
    """The browser that was open leads to the sign-in with its next click."""
    page.locator("a.brand").click()
    expect(page.locator("#id_login")).to_be_visible()


def assert_mailed(page, person, own, subject, *lines):
    """A mail in the colleague's language says what changed."""
    page.goto("/operator/mail/demonstration/")
    mail = page.locator("article").filter(has_text=person.email).filter(has_text=subject)
    for line in lines:
        mail = mail.filter(has_text=line)
    reload_until(page, lambda: mail.count() > 0)
    expect(mail.first).to_contain_text(own.name)


def overview(page, say, person):
    """The overview says it on one page, and so does its file."""
    with page.expect_navigation():
        page.get_by_role("link", name=say["rights"]).first.click()
    row = page.locator("tbody tr").filter(has_text=person.name)
    expect(row.locator(f'td[data-label="{say["drivers"]}"]')).to_have_text(say["may change"])
    page.get_by_text(say["download"], exact=True).click()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Excel").click()
    book = openpyxl.load_workbook(io.BytesIO(coming.value.path().read_bytes()), read_only=True)
    heads, *rows = book.worksheets[0].iter_rows(values_only=True)
    book.close()
    (mine,) = (dict(zip(heads, one, strict=True)) for one in rows if person.name in one)
    assert mine[say["drivers"]] == say["may change"]
