"""Let somebody into the operator's area: the first member of the staff, and each that follows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts import staff
from fleetportal.core.access import system


class Command(BaseCommand):
    """For who administers the machine (docs/operators/installing.md)."""

    help = "Makes a member of the operator's staff, and mails them a link by which they choose a password."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take who it is."""
        parser.add_argument("email")
        parser.add_argument("--last-name", required=True)
        parser.add_argument("--first-name", required=True)
        parser.add_argument("--language", default="en", choices=[code for code, _name in settings.LANGUAGES])

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        """Add them, with an entry in the audit; raises CommandError with what is wrong."""
        names = {name: options[name] for name in ("last_name", "first_name", "language")}
        try:
            user, new = staff.add_operator(email=email, **names, actor=system("add_operator"), now=timezone.now())
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        done = "is of the operator's staff now" if new else "is of the operator's staff again"
        self.stdout.write(f"{user.full_name} {done}. The link to choose a password goes to {user.email}.")
