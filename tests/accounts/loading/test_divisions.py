"""Fleet divisions from a file (ACC-32, GEN-7)."""

from __future__ import annotations

import pytest

from accounts.models import FleetDivision
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.colleagues.conftest import visitor
from tests.accounts.loading.conftest import errors_of
from tests.sheets import workbook

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-7")]


def send(acme, *lines, client=None):
    data = workbook({"x": [("Customer number", "Name"), *lines]})
    return acme.send(data, what="divisions", client=client)


@pytest.mark.rule("ACC-32")
def test_divisions_are_created_under_their_numbers(acme):
    answer = send(acme, ("70000001", "Site de Liège"), ("70000002", "North"))
    done = acme.apply(answer)
    assert "2 divisions are created." in done.content.decode()
    with all_companies(reason="a test looks"):
        found = FleetDivision.objects.order_by("pk").values_list("customer_number__number", "name")
        assert list(found) == [("70000001", "North"), ("70000001", "Site de Liège"), ("70000002", "North")]
        assert AuditEntry.objects.filter(verb="divisions.created").count() == 2


def test_names_that_are_there_whatever_their_capitals_and_accents_are_refused(acme):
    answer = send(
        acme, ("70000001", "NÔRTH"), ("70000002", "Sud"), ("70000002", "sud"), ("70000009", "x"), (70000001, "East")
    )
    wrong = errors_of(answer)
    assert wrong[2, "Name"] == ["This customer number has a division of that name already."]
    assert wrong[4, "Name"] == ["This stands in line 3 already."]
    assert wrong.keys() >= {(5, "Customer number"), (6, "Customer number")}


def test_numbers_out_of_reach_are_none(acme):
    nina = visitor(factories.member(acme.company, "Max", customer_numbers=[acme.one]).user)
    answer = send(acme, ("70000002", "East"), client=nina)
    assert errors_of(answer)[2, "Customer number"] == ["“70000002” is not one of the allowed values."]
    assert "70000002" not in nina.get(acme.url("divisions")).content.decode()
