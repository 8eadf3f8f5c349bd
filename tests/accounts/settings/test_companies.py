"""The operator's list of companies: found by what stands on their letters (GEN-6)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.services import create_company
from fleetportal.core.access import system
from tests import factories
from tests.factories import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-6")]


@pytest.fixture
def garage(firm):
    """A second company, which Acme's data do not find."""
    made = create_company(
        legal_name="Garage Étoile SPRL",
        identifier="PRO-GARAGE",
        vat_number="BE 0403.170.701",
        actor=system("a test"),
        now=NOW,
    )
    factories.customer_number(made, "73990001", name="Atelier de Liège")
    return made


def found(otto, wanted):
    answer = otto.get(reverse("operator:companies"), {"q": wanted})
    html = answer.content.decode()
    return [one for one in ("PRO-ACMEAA", "PRO-GARAGE") if one in html]


@pytest.mark.parametrize(
    "wanted",
    [
        "PRO-GARAGE", "pro-gar", "garage étoile", "ETOILE", "étoile garage",
        "BE 0403.170.701", "be0403170701", "0403170701", "0403.170.701", "73990001", "9900", "liege",
    ],
)  # fmt: skip
def test_a_company_is_found_by_its_names_and_numbers(otto, garage, wanted):
    assert found(otto, "") == ["PRO-ACMEAA", "PRO-GARAGE"]
    assert found(otto, wanted) == ["PRO-GARAGE"]


@pytest.mark.parametrize("wanted", ["nobody", "%", "73990001 acme", "_", "\\"])
def test_what_nobody_is_called_finds_nobody(otto, garage, wanted):
    assert found(otto, wanted) == []


def test_the_search_stands_beside_the_filter_and_in_files(otto, garage):
    page = reverse("operator:companies")
    assert found(otto, "garage") == ["PRO-GARAGE"]
    both = otto.get(page, {"q": "garage", "state": "open"}).content.decode()
    assert "Nothing found" in both
    file = b"".join(otto.get(page, {"q": "garage", "format": "csv"}).streaming_content).decode()
    assert "PRO-GARAGE" in file
    assert "PRO-ACMEAA" not in file


def test_a_number_that_is_approved_finds_its_company_from_then_on(otto, firm, garage):
    assert found(otto, "74880002") == []
    asked = factories.multipass_request(firm.ada, number="74880002", for_operator=True)
    answer = otto.post(
        reverse("operator:multipass_decide", args=[asked.pk]),
        {"decision": "yes", "answer": "", "name": "Dépôt Mons", "recipient": "Acme", "street": "Rue 1",
         "postal_code": "7000", "town": "Mons", "country": "BE"},
    )  # fmt: skip
    assert answer.status_code == 302
    assert found(otto, "74880002") == found(otto, "depot mons") == ["PRO-ACMEAA"]


def test_a_hundred_numbers_cost_no_more_than_one(otto, firm, garage):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            found(otto, "fleet")
        return len(captured)

    cost()
    before = cost()
    for _number in range(100):
        factories.customer_number(garage)
    assert cost() == before
