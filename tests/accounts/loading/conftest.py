"""Acme with two numbers, and who loads files there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from accounts.models import Company, CustomerNumber, FleetDivision, Membership, User
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.colleagues.conftest import visitor
from tests.sheets import upload, workbook

HEADINGS = (
    "Last name", "First name", "E-mail address", "Phone", "Language", "Profile", "Applications",
    "May change, not only see", "Customer numbers", "Fleet divisions", "Valid from", "Valid until",
)  # fmt: skip
AN = ("Peeters", "An", "an@client.example", "0470123456", "nl", "Consultation", "Cards and OBU; Requests")


@dataclass
class Acme:
    """The company, and a browser in which its principal user is signed in."""

    company: Company
    ada: User
    client: Client
    one: CustomerNumber
    two: CustomerNumber
    north: FleetDivision

    def url(self, what: str = "users") -> str:
        return f"/{self.company.identifier}/{what}/import/"

    def send(self, data: bytes, name: str = "users.xlsx", what: str = "users", client: Client | None = None) -> Any:
        """Upload a file and follow to its result."""
        return (client or self.client).post(self.url(what), {"file": upload(data, name)}, follow=True)

    def lines(self, *lines: Any, headings: Any = HEADINGS) -> Any:
        """Upload a workbook of users with these lines."""
        return self.send(workbook({"Users": [headings, *lines]}))

    def apply(self, answer: Any, client: Client | None = None, **data: Any) -> Any:
        """Press the button of a result."""
        path = answer.request["PATH_INFO"]
        key = {"form_key": answer.context["form_key"]} | data
        return (client or self.client).post(path, key, follow=True)


@pytest.fixture
def acme(db):
    company = factories.company("Acme")
    ada = factories.member(company, "Ada").user
    one = factories.customer_number(company, "70000001")
    two = factories.customer_number(company, "70000002")
    return Acme(company, ada, visitor(ada), one, two, factories.division(one, "North"))


def errors_of(answer: Any) -> dict[tuple[int, str], list[str]]:
    """Return what the result page says is wrong: by line and heading."""
    return {
        (row["line"], str(cell["label"])): cell["errors"]
        for table in answer.context["tables"]
        for row in table["rows"]
        for cell in row["cells"]
        if cell["errors"]
    }


def file_errors(answer: Any) -> list[str]:
    """Return what is wrong with a file as a whole."""
    return list(answer.context["form"].errors.get("file", []))


def members(company: Company) -> int:
    with all_companies(reason="a test looks"):
        return Membership.objects.filter(company=company).count()
