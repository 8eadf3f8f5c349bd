"""What the portal's database roles may do: read and write, but never rewrite the audit, and own nothing (GEN-2)."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from fleetportal.core.apps import APPEND_ONLY, grant_rights
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies, company_scope
from tests import factories

pytestmark = pytest.mark.django_db

ROLES = [settings.APP_ROLE, settings.WIDE_ROLE]


def may(role, table, right):
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, %s, %s)", [role, table, right])
        return cursor.fetchone()[0]


@pytest.mark.parametrize("role", ROLES)
def test_both_roles_may_read_and_write_every_table(role):
    for model in apps.get_models():
        if model._meta.db_table not in APPEND_ONLY:
            assert all(may(role, model._meta.db_table, right) for right in ("SELECT", "INSERT", "UPDATE", "DELETE"))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("right", ["UPDATE", "DELETE"])
def test_nobody_may_rewrite_the_audit(role, right):
    assert may(role, "core_auditentry", "INSERT")
    assert not may(role, "core_auditentry", right)


def test_an_audit_entry_that_stands_can_not_be_changed_or_deleted():
    acme = factories.company("Acme")
    for scope in (company_scope(acme.pk), all_companies(reason="test")):
        with scope:
            for rewrite in (lambda: AuditEntry.objects.update(verb="x"), lambda: AuditEntry.objects.all().delete()):
                with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                    rewrite()


def test_a_role_that_owns_nothing_gives_no_rights():
    grant_rights(using="default")
    assert not may(settings.APP_ROLE, "core_auditentry", "UPDATE")
