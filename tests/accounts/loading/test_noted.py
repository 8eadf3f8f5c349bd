"""A file that is applied leaves one entry of its own: who applied which file, with how many lines (GEN-2, GEN-7)."""

from __future__ import annotations

import pytest

from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from fleetportal.imports.models import Import
from tests import factories
from tests.accounts.colleagues.conftest import visitor
from tests.accounts.loading.conftest import AN
from tests.sheets import workbook

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-2"), pytest.mark.rule("GEN-7")]


def noted():
    with all_companies(reason="a test looks"):
        return list(AuditEntry.objects.filter(verb="imports.applied").order_by("pk"))


def divisions(acme, count):
    lines = [("Customer number", "Name"), *(("70000001", f"Site {one}") for one in range(count))]
    return acme.send(workbook({"x": lines}), "sites.xlsx", what="divisions")


def test_who_applied_which_file_with_how_many_lines_stands_in_activity(acme):
    answer = divisions(acme, 3)
    assert noted() == []
    acme.apply(answer)
    (entry,) = noted()
    assert (entry.actor_id, entry.company_id) == (acme.ada.pk, acme.company.pk)
    assert entry.after == {"kind": "accounts.divisions", "file": "sites.xlsx", "lines": 3}
    activity = acme.client.get(f"/{acme.company.identifier}/activity/?act=imports.applied").content.decode()
    assert "File applied" in activity
    assert "sites.xlsx (3)" in activity


def test_pressed_twice_it_is_noted_once_and_a_wrong_file_never(acme):
    answer = divisions(acme, 1)
    acme.apply(answer)
    acme.apply(answer)
    acme.apply(divisions(acme, 1))  # its division is there already
    assert len(noted()) == 1


def test_a_large_file_is_noted_when_it_is_handed_to_a_worker(acme, monkeypatch):
    monkeypatch.setattr("fleetportal.imports.pages.AT_ONCE", 1)
    acme.apply(divisions(acme, 2))
    (entry,) = noted()
    assert entry.after["lines"] == 2


def test_the_entry_outlives_the_file(acme):
    acme.apply(acme.lines(AN))
    with all_companies(reason="test"):
        Import.objects.all().delete()
    activity = acme.client.get(f"/{acme.company.identifier}/activity/").content.decode()
    assert "users.xlsx (1)" in activity


@pytest.mark.rule("GEN-1")
def test_a_colleague_who_sees_own_acts_alone_does_not_see_it(acme):
    acme.apply(divisions(acme, 1))
    max_ = visitor(factories.member(acme.company, "Max").user)
    assert "sites.xlsx" not in max_.get(f"/{acme.company.identifier}/activity/").content.decode()
