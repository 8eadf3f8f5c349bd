"""The kernel as an installed app."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

# Written once, read ever after: not even the portal itself may change what stands there (GEN-2).
APPEND_ONLY = ("core_auditentry", "accounts_conditionsversion", "accounts_acceptance")


class CoreConfig(AppConfig):
    """The kernel: what every app rests on."""

    name = "fleetportal.core"
    label = "core"

    def ready(self) -> None:
        """Load what can be done later (the kernel's and the apps' `work` modules); give rights after migrations."""
        from fleetportal.core import batches, files, mail, search_fill, timetable, work_sweep  # noqa: F401  # they register handlers

        autodiscover_modules("work", "housekeeping", "finder")
        post_migrate.connect(grant_rights, sender=self)


def grant_rights(using: str, **_kwargs: Any) -> None:
    """Let the portal's two roles read and write all tables, and take back what would let them rewrite the audit.

    Runs after each migration. A role that does not own the tables can't give rights away; then nothing is done.
    """
    from django.db import connections, transaction

    connection = connections[using]
    quote = connection.ops.quote_name
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE NOT pg_has_role(relowner, 'USAGE')) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
        if cursor.fetchone()[0]:
            return
        cursor.execute("SELECT relname FROM pg_class WHERE relname = ANY(%s) AND relkind = 'r'", [list(APPEND_ONLY)])
        sealed = [name for (name,) in cursor.fetchall()]
        for role in (quote(settings.APP_ROLE), quote(settings.WIDE_ROLE)):
            cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
            cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
            cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
            for table in sealed:
                cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {quote(table)} FROM {role}")
