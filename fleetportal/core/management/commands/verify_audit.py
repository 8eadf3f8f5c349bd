"""`manage.py verify_audit`: compare the seals with the audit entries below them (GEN-2)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from fleetportal.core.scope import all_companies
from fleetportal.core.seals import AuditSeal, verify


class Command(BaseCommand):
    """Fails, naming the first broken seal, when an entry was altered, removed or put in later."""

    help = "Compare the seals over the audit with the entries below them."

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify all seals."""
        with all_companies(reason="verifying the audit"):
            broken = verify()
            count = AuditSeal.objects.exclude(hash="").count()
        if broken:
            first = broken[0].seal
            raise CommandError(
                f"{len(broken)} of {count} seals do not fit. The first covers the entries {first}, sealed at"
                f" {first.sealed_at:%Y-%m-%d %H:%M}."
            )
        self.stdout.write(f"All {count} seals fit.")
