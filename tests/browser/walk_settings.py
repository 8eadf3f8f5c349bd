"""What a company arranges for itself, and what the operator arranges for companies: the second part of the walk."""

import re
from urllib.parse import quote
from uuid import uuid4

from tests.browser.people import CONSULTATION, LIMITED, OPERATOR, PRINCIPAL, PRINCIPAL_OF_BOREA
from tests.browser.running import ACME, BOREA
from tests.sheets import workbook

LOADED = "Walk along transport"
COMPANY = {
    "Legal name": LOADED,
    "VAT number": "BE 0403.170.701",
    "Town": "Namur",
    "Principal user: last name": "Dupont",
    "Principal user: first name": "Marie",
    "Principal user: e-mail address": "marie@walkalong.example",
    "Principal user: phone": "081550449",
    "Principal user: language": "French",
}
NUMBER = {
    "Customer number": "00812399",
    "Name": LOADED,
    "Recipient": LOADED,
    "Street and number of the recipient": "Rue de Fer 1",
    "Postal code": "5000",
    "Town": "Namur",
}
HEADINGS = ("Last name", "First name", "E-mail address", "Phone", "Profile", "Applications")


def settings_of_company(walk):
    """Divisions, requests for customer numbers, views of lists, the search and the parts of the portal."""
    principal = walk.person(PRINCIPAL)
    _divisions(walk, principal)
    _files(walk, principal)
    _multipass(walk, principal)
    _views(walk, principal, f"/{ACME}/", "views", f"/{ACME}/cards/", PRINCIPAL)
    walk.add("finder:search", PRINCIPAL, f"/{ACME}/search/?q=ver")
    walk.add("finder:search", PRINCIPAL, f"/{ACME}/search/?q=nothing-is-called-this", "nothing-found")
    walk.add("account:handover", PRINCIPAL, f"/{ACME}/handover/")
    walk.add("account:options", PRINCIPAL, f"/{ACME}/options/")
    walk.add("account:activity", PRINCIPAL, f"/{ACME}/activity/")
    walk.add("account:activity", CONSULTATION, f"/{ACME}/activity/", "reader")


def settings_of_operator(walk):
    """The companies, and what is done with one."""
    operator = walk.person(OPERATOR)
    companies = "/operator/companies/"
    waiting = _loaded_company(walk, operator, companies)
    walk.add("operator:companies", OPERATOR, companies)
    walk.add("operator:company", OPERATOR, waiting)
    walk.add("operator:options", OPERATOR, f"{waiting}options/")
    walk.add("operator:first_connection_mail", OPERATOR, f"{waiting}first-connection/")
    _views(walk, operator, "/operator/", "operator", "/operator/requests/", OPERATOR)


def _divisions(walk, person):
    """One that is in use, one that is empty and one that is closed."""
    listed = f"/{ACME}/divisions/"

    def create():
        page, _address = person.get(f"{listed}new/")
        number = re.search(r'<option value="(\d+)"', page.split('name="customer_number"')[1])[1]
        name = f"Walk {uuid4().hex[:8]}"
        person.post(f"{listed}new/", name=name, customer_number=number)
        return person.first(f"{listed}?name={quote(name)}", rf"{listed}\d+/")

    empty, closed = create(), create()
    person.post(f"{closed}close/")
    used = person.first(f"{listed}?name=South", rf"{listed}\d+/")
    walk.add("account:divisions", PRINCIPAL, listed)
    walk.add("account:new_division", PRINCIPAL, f"{listed}new/")
    walk.add("account:division", PRINCIPAL, used)
    walk.add("account:rename_division", PRINCIPAL, f"{used}rename/")
    walk.add("account:close_division", PRINCIPAL, f"{used}close/")
    walk.add("account:move_division", PRINCIPAL, f"{used}move/")
    walk.add("account:remove_division", PRINCIPAL, f"{empty}remove/")
    walk.add("account:open_division", PRINCIPAL, f"{closed}open/")


def _files(walk, person):
    """What a file of divisions and one of users would do; the users' is wrong, so that the page shows mistakes."""
    name = f"Site {uuid4().hex[:8]}"
    page, _address = person.get(f"/{ACME}/divisions/new/")
    number = re.search(r'<option value="\d+"[^>]*>\s*(\d+)', page.split('name="customer_number"')[1])[1]
    divisions = workbook({"x": [("Customer number", "Name"), (number, name)]})
    users = workbook({"x": [HEADINGS, ("Peeters", "", "no address", "0470123456", "Consultation", "Cards and OBU")]})
    for kind, data in (("divisions", divisions), ("users", users)):
        path = f"/{ACME}/{kind}/import/"
        walk.add(f"account:import_{kind}", PRINCIPAL, path)
        walk.add(f"account:import_{kind}_check", PRINCIPAL, _checked(person, path, data))


def _multipass(walk, person):
    """A member's request, which their principal user decides, and a principal user's, which the operator does."""
    path = f"/{ACME}/multipass/"
    _ask(walk.person(LIMITED), f"{path}ask/")
    walk.add("account:multipass_ask", PRINCIPAL, f"{path}ask/")
    walk.add("account:multipass", PRINCIPAL, path)
    walk.add("account:multipass_decide", PRINCIPAL, person.first(f"{path}?state=waiting", rf"{path}\d+/"))
    _ask(walk.person(PRINCIPAL_OF_BOREA), f"/{BOREA}/multipass/ask/", number="70999901")
    path = "/operator/multipass/"
    walk.add("operator:multipass", OPERATOR, path)
    waiting = walk.person(OPERATOR).first(f"{path}?state=waiting", rf"{path}\d+/")
    walk.add("operator:multipass_decide", OPERATOR, waiting)


def _ask(person, path, number=""):
    """Ask for a customer number; who has asked already is led away, and their request waits."""
    _page, address = person.get(path)
    if address.endswith(path):
        person.post(path, number=number, reason="We order for the depot.")


def _views(walk, person, area, namespace, listed, who):
    """Keep what a list shows as a view; the operator's area has these pages in its own namespace."""
    before = "view_" if namespace == "operator" else ""
    new = f"{area}views/new/?list={quote(f'{listed}?status=all', safe='')}"
    # The list opens with the new view then, and offers to change it.
    _page, address = person.post(new, name=f"Walk {uuid4().hex[:8]}")
    shown = address.removeprefix(person.portal.url)
    one = person.first(shown, rf"{area}views/\d+/(\?.*)?").partition("?")[0]
    asked = f"?list={quote(listed, safe='')}"
    walk.add(f"{namespace}:{before}new", who, new)
    walk.add(f"{namespace}:{before}change", who, f"{one}{asked}")
    walk.add(f"{namespace}:{before}delete", who, f"{one}delete/{asked}")


def _loaded_company(walk, person, companies):
    """Check the file of a company, and load it where that was not done; return the company's address."""
    path = f"{companies}load/"
    book = {
        "Company": [tuple(COMPANY), tuple(COMPANY.values())],
        "Customer numbers": [tuple(NUMBER), tuple(NUMBER.values())],
        "Fleet divisions": [("Customer number", "Name")],
        "Users": [[one for one in HEADINGS if one != "Profile"]],
    }
    walk.add("operator:load_company", OPERATOR, path)
    checked = _checked(person, path, workbook(book))
    found = f"{companies}?q={quote(LOADED)}"
    if not person.links(found, rf"{companies}\d+/"):
        person.post(checked)
        checked = _checked(person, path, workbook(book))
    walk.add("operator:load_company_check", OPERATOR, checked)
    return person.first(found, rf"{companies}\d+/")


def _checked(person, path, data):
    """Send a file, and return the address of the page that says what it would do."""
    page, address = person.upload(path, "walk.xlsx", data)
    assert re.search(r"/\d+/$", address), re.findall(r"field-errors.*?</ul>", page, re.DOTALL)
    return address.removeprefix(person.portal.url)
