"""Companies that a test makes for itself: what it changes there is nobody else's."""

import random
import re
import string
import time
from dataclasses import dataclass, field

from tests.browser.people import OPERATOR
from tests.browser.visitor import Visitor
from tests.sheets import workbook

PHONE = "0470123456"
# The mail is written by the worker, a moment after it was promised.
_MAIL_SECONDS = 60


def new_name():
    """Return letters that stand in no name yet, for a portal that is used again (PORTAL_AT)."""
    return "".join(random.choices(string.ascii_uppercase, k=8))


def new_number():
    """Return a customer number that nobody has."""
    return f"8{random.randrange(10**7):07d}"


def vat_number(*, right=True):
    """Return a Belgian VAT number of nobody's, or one whose check digits do not fit."""
    base = random.randrange(10**7)
    check = 97 - base % 97
    return f"BE0{base:07d}{check if right else check % 97 + 1:02d}"


@dataclass
class Person:
    """Somebody as a file names them."""

    last_name: str
    first_name: str
    email: str
    visitor: Visitor = None

    @property
    def name(self):
        """Return the name as lists show it."""
        return f"{self.last_name} {self.first_name}"


def someone(first_name):
    """Return somebody new."""
    last_name = new_name()
    return Person(last_name, first_name.upper(), f"{last_name.lower()}@client.example")


@dataclass
class OwnCompany:
    """A company whose first connection has ended, with its principal user and the colleagues who have joined."""

    portal: object
    name: str
    principal: Person
    numbers: list
    divisions: list
    identifier: str = ""
    colleagues: list = field(default_factory=list)

    def path(self, rest=""):
        """Return the address of one of its pages."""
        return f"/{self.identifier}/{rest}"


def open_company(portal, *, colleagues=(), divisions=(), numbers=(), language="English"):
    """Load a company, and go through its first connection by the forms; its colleagues join.

    A colleague is somebody with the further cells of their line: `(person, {"applications": "Vehicles"})`, which is
    what they may open unless it says otherwise. Divisions lie under the first customer number.
    """
    principal = someone("Marie")
    own = OwnCompany(portal, f"Own {new_name()}", principal, list(numbers) or [new_number()], list(divisions))
    operator = Visitor(portal, OPERATOR)
    _page, address = operator.upload("/operator/companies/load/", "company.xlsx", _book(own, colleagues, language))
    assert re.search(r"/companies/load/\d+/$", address), "the file of the company was not taken"
    operator.post(address.removeprefix(portal.url))
    address = join(operator, principal)
    own.identifier = re.search(r"/(PRO-[A-Z]{6})/start/introduction/", address)[1]
    _first_connection(own)
    for person, _cells in colleagues:
        join(operator, person)
        own.colleagues.append(person)
    return own


def join(operator, person):
    """Follow the link of the mail, and say who one is; return the address at which the portal opens."""
    person.visitor = Visitor(operator.portal)
    person.visitor.post(link_for(operator, person.email))
    page, address = person.visitor.post(
        "/invitations/",
        last_name=person.last_name,
        first_name=person.first_name,
        phone=PHONE,
        password1=operator.portal.password,
        password2=operator.portal.password,
    )
    assert "/invitations/" not in address, re.findall(r"field-errors.*?</ul>", page, re.DOTALL)
    return address


def link_for(operator, email):
    """Return the path of the invitation that the demonstration's mail holds for an address."""
    deadline = time.monotonic() + _MAIL_SECONDS
    while True:
        page, _address = operator.get("/operator/mail/demonstration/")
        for mail in page.split("<article")[1:]:
            if email in mail and (found := re.search(r"/invitations/[0-9a-f]{64}/", mail)):
                return found[0]
        assert time.monotonic() < deadline, f"no invitation came for {email} in {_MAIL_SECONDS} seconds"
        time.sleep(0.2)


def _first_connection(own):
    """Accept, say who one is, leave the colleagues as they are, finish."""
    visitor, start = own.principal.visitor, own.path("start/")
    page, _address = visitor.get(f"{start}introduction/")
    visitor.post(f"{start}introduction/", **dict.fromkeys(re.findall(r'name="(v\d+_\d+)"', page), "on"))
    who = {name: getattr(own.principal, name) for name in ("last_name", "first_name", "email")}
    visitor.post(f"{start}information/", phone=PHONE, **who)
    visitor.post(f"{start}users/")
    _page, address = visitor.post(f"{start}end/")
    assert address.endswith(own.path()), f"the first connection did not end: {address}"


def _book(own, colleagues, language):
    principal = {f"principal_{name}": getattr(own.principal, name) for name in ("last_name", "first_name", "email")}
    company = {"legal_name": own.name, **principal, "principal_phone": PHONE, "principal_language": language}
    numbers = [
        (number, own.name, own.name, "Rue de Fer 1", "5000", f"Namur {place}")
        for place, number in enumerate(own.numbers, 1)
    ]
    heads = ("last_name", "first_name", "email", "phone")
    usual = {"language": language, "applications": "Vehicles"}
    further = sorted({name for _person, cells in colleagues for name in cells} | set(usual))
    users = [
        (one.last_name, one.first_name, one.email, PHONE, *((usual | cells).get(name, "") for name in further))
        for one, cells in colleagues
    ]
    return workbook(
        {
            "Company": [tuple(company), tuple(company.values())],
            "Customer numbers": [
                ("customer_number", "name", "recipient", "street", "postal_code", "town"),
                *numbers,
            ],
            "Fleet divisions": [("customer_number", "name"), *((own.numbers[0], name) for name in own.divisions)],
            "Users": [(*heads, *further), *users],
        }
    )
