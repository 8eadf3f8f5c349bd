"""The seals over the audit hold while nobody touches it, and break when somebody does."""

from __future__ import annotations

import os
import threading

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict

from fleetportal.core import audit
from fleetportal.core.access import system
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.seals import AuditSeal, seal_audit, verify
from tests import factories
from tests.engines.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def from_the_first_entry(transactional_db):
    """Count entries from one again: seals go by their ids, and the tests before this one have used up thousands."""
    with psycopg.connect(**owner()) as direct:
        direct.execute("SELECT setval('core_auditentry_id_seq', 1, false)")


def owner():
    """Return how to reach the tests' database as the owner of its tables."""
    return conninfo_to_dict(os.environ["DATABASE_OWNER_URL"]) | {"dbname": connection.settings_dict["NAME"]}


def note(company, text="something"):
    with company_scope(company.pk):
        return audit.record(system("a job"), "test.noted", company, now=timezone.now(), after={"text": text})


def seal():
    with all_companies(reason="test"):
        return seal_audit(timezone.now())


def seal_all(count):
    """Seal so many entries: the tests beside this one hold transactions open in the same cluster, as others may."""
    done = [seal()]
    until(lambda: done.append(seal()) or sum(done) >= count, seconds=120)
    assert sum(done) == count


def tamper(statement):
    """Change the audit as nobody but the owner of the tables could, with row-level security taken off for it."""
    with psycopg.connect(**owner()) as direct:
        direct.execute("ALTER TABLE core_auditentry NO FORCE ROW LEVEL SECURITY")
        changed = direct.execute(statement).rowcount
        direct.execute("ALTER TABLE core_auditentry FORCE ROW LEVEL SECURITY")
    assert changed


@pytest.mark.rule("GEN-2")
def test_entries_are_sealed_at_the_next_run_and_the_seals_fit():
    acme = factories.company()
    for number in range(5):
        note(acme, str(number))
    seal_all(5)
    with all_companies(reason="test"):
        assert verify() == []
        assert AuditSeal.objects.exclude(hash="").count() == 1
    call_command("verify_audit")


def test_a_run_that_finds_all_sealed_changes_nothing():
    note(factories.company())
    seal_all(1)
    with all_companies(reason="test"):
        once = list(AuditSeal.objects.order_by("pk").values())
    assert seal() == 0
    with all_companies(reason="test"):
        assert list(AuditSeal.objects.order_by("pk").values()) == once


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core_auditentry SET actor_label = 'somebody else' WHERE id = (SELECT min(id) FROM core_auditentry)",
        "DELETE FROM core_auditentry WHERE id = (SELECT min(id) FROM core_auditentry)",
    ],
)
def test_an_altered_or_missing_entry_breaks_the_seal(statement):
    acme = factories.company()
    note(acme, "first")
    note(acme, "second")
    seal_all(2)
    tamper(statement)
    with all_companies(reason="test"):
        assert len(verify()) == 1
    with pytest.raises(CommandError, match="1 of 1 seals do not fit"):
        call_command("verify_audit")


def test_an_entry_that_is_still_under_way_is_waited_for():
    acme = factories.company()
    begun, go_on = threading.Event(), threading.Event()

    def slow():
        try:
            with company_scope(acme.pk):
                audit.record(system("a slow job"), "test.noted", acme, now=timezone.now())
                begun.set()
                assert go_on.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(30)
    note(acme)  # a higher id, committed first
    seal()
    assert seal() == 0  # the slow one holds the mark open
    go_on.set()
    thread.join()
    seal_all(2)
    with all_companies(reason="test"):
        assert verify() == []
        assert AuditEntry.objects.count() == 2


def test_the_portal_can_not_rewrite_the_audit_itself():
    acme = factories.company()
    entry = note(acme)
    with company_scope(acme.pk), pytest.raises(Exception, match="permission denied"):
        AuditEntry.objects.filter(pk=entry.pk).update(actor_label="somebody else")
    with company_scope(acme.pk), pytest.raises(Exception, match="permission denied"):
        AuditEntry.objects.filter(pk=entry.pk)._raw_delete("default")
