"""Take the second factors of somebody away who has lost them all, recovery codes included."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from accounts.safety import factors, sessions
from fleetportal.core.access import system


class Command(BaseCommand):
    """For operator staff, once they have made sure who is asking (docs/operators/settings.md)."""

    help = "Takes all second factors of a user away, ends their sessions and tells them by e-mail."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address."""
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        """Remove them, with an entry in the audit for each."""
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"No user has the address {email}.")
        actor, now = system("remove_second_factor"), timezone.now()
        removed = factors.remove_all(user=user, actor=actor, now=now)
        ended = sessions.end_all(user)
        self.stdout.write(f"{user.email}: {removed} removed, {ended} sessions ended.")
