"""Nothing has an address without a declared permission, or a sentence here that says why it needs none."""

from __future__ import annotations

from django.views import View

from fleetportal.core.access import PERMISSIONS
from fleetportal.core.pages import CompanyPage, FormPage, OperatorPage, Page, PersonPage
from fleetportal.core.pages.wizard import WizardPage
from tests.each import each
from tests.house.addresses import addresses

# What answers without being a page of the portal, and why no permission stands before it.
EXEMPT = {
    "healthz": "Answers for machines before session and user exist, and tells nothing of any company.",
    "livez": "As healthz, for the web process alone.",
    "accounts:start": "Leads a signed-in person on to their own company or area, and shows nothing.",
    "accounts:language": "The language is chosen before signing in, too, and kept with the person alone.",
    "accounts:theme": "A signed-in person's own setting.",
    "accounts:invitation": "The token in the address is the right to it.",
    "accounts:join": "For who opened an invitation in this session; what they answer is checked against it.",
    "account_login": "The way in.",
    "account_logout": "The way out.",
    "account_inactive": "Says to who is not let in that their account is inactive.",
    "account_reauthenticate": "A signed-in person gives their own password once more.",
    "account_change_password": "A signed-in person's own password.",
    "mfa_authenticate": "The second half of the way in, for who has given the password.",
    "safety:email_confirm": "The token in the address is the right to it.",
    "safety:email_undo": "As safety:email_confirm.",
    "safety:old_portal": "For who comes from the old portal and can't sign in yet.",
    "account_reset_password": "For who can't sign in.",
    "account_reset_password_done": "As account_reset_password.",
    "account_reset_password_from_key": "The key in the address is the right to it.",
    "account_reset_password_from_key_done": "As account_reset_password_from_key.",
}
# The only views that answer somebody who is not signed in; Django's middleware turns everybody else away.
OPEN_TO_ALL = {
    "healthz",
    "livez",
    "accounts:language",
    "accounts:invitation",
    "accounts:join",
    "account_login",
    "account_logout",
    "account_inactive",
    "mfa_authenticate",
    "safety:email_confirm",
    "safety:email_undo",
    "safety:old_portal",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}
# Which permissions belong to which area: a company's pages never rest on an operator's right, nor the reverse.
SIDES = {
    CompanyPage: {"card", "fleet", "whole", "numbers", "settings", "principal", "administrator", "self"},
    # What is a person's own, such as their views, is theirs in either area; who gets into it is the area's to say.
    OperatorPage: {"operator", "self"},
    PersonPage: {"self"},
}

ALL = addresses()
PAGES = [address for address in ALL if address.page is not None]


def name(address):
    return address.name or address.route


def test_every_address_has_a_name_and_no_two_have_the_same():
    assert [address.route for address in ALL if not address.name] == []
    assert sorted({address.name for address in ALL}) == sorted(address.name for address in ALL)


def test_every_address_is_a_page_or_stands_in_the_list_of_exemptions():
    assert {address.name for address in ALL if address.page is None} == EXEMPT.keys()
    assert all(sentence.endswith(".") for sentence in EXEMPT.values())


@each(PAGES, name)
def test_every_page_declares_a_permission_of_the_rights_table(address):
    permission = address.view.view_initkwargs.get("permission", address.page.permission)
    assert permission in PERMISSIONS


@each(PAGES, name)
def test_every_page_belongs_to_one_area_and_its_permission_to_the_same(address):
    (area,) = (area for area in SIDES if issubclass(address.page, area) and not _of_operator(address, area))
    assert PERMISSIONS[address.page.permission].side in SIDES[area]
    places = {CompanyPage: "<company:company>/", OperatorPage: "operator/", PersonPage: ("accounts/", "mail/")}
    assert address.route.startswith(places[area])


def _of_operator(address, area):
    """An action of the operator inherits its form from a company's action; the operator's area counts."""
    return area is CompanyPage and issubclass(address.page, OperatorPage)


@each(PAGES, name)
def test_no_page_leaves_the_check_of_its_permission_out(address):
    """Only the kernel's own pages write `dispatch`, so that nothing stands before the check."""
    writers = [base for base in address.page.__mro__ if "dispatch" in vars(base)]
    assert set(writers) <= {Page, FormPage, WizardPage, View}
    assert address.page.dispatch is not View.dispatch


@each(PAGES, name)
def test_what_changes_something_declares_a_permission_to_change(address):
    if issubclass(address.page, FormPage):
        assert PERMISSIONS[address.page.permission].change


def test_what_is_open_to_everybody_is_written_down():
    opened = {address.name for address in ALL if not getattr(address.view, "login_required", True)}
    assert opened == OPEN_TO_ALL
