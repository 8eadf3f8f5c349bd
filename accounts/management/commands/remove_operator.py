"""Put somebody out of the operator's area."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import staff
from fleetportal.core.access import system


class Command(BaseCommand):
    """For who administers the machine (docs/operators/installing.md)."""

    help = "Puts a member of the operator's staff out at once, and ends their sessions."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address."""
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        """Put them out, with an entry in the audit; raises CommandError where there is no such member."""
        try:
            user, ended = staff.remove_operator(email=email, actor=system("remove_operator"), now=timezone.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{user.full_name} is not of the operator's staff any more; {ended} sessions ended.")
