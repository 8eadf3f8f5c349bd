"""`manage.py print_code_letters`: the letters of a sealed batch as a PDF for the printer, once (PIN-5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cards.letters.printing import CantPrint, print_batch, read_key
from fleetportal.core.access import system


class Command(BaseCommand):
    """For the machine where the private key is (docs/operators/code-letters.md)."""

    help = "Prints the letters of a batch of sealed codes into one PDF. A batch is printed once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the batch, the key and where the PDF goes."""
        parser.add_argument(
            "batch", type=int, help="the number of the batch, as its page under Card maker's files says"
        )
        parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="the private key; it is not kept")
        parser.add_argument("--output", type=Path, default=Path(), metavar="FOLDER", help="where the PDF is written")

    def handle(self, *args: Any, batch: int, key: Path, output: Path, **options: Any) -> None:
        """Print them, or say in one sentence why not."""
        try:
            done = print_batch(
                file_id=batch,
                key=read_key(key),
                folder=output,
                actor=system("print_code_letters"),
                now=timezone.now(),
            )
        except CantPrint as why:
            raise CommandError(str(why)) from None
        self.stdout.write(f"{done.letters} letters: {done.path}")
        if done.left_out:
            self.stdout.write(f"{done.left_out} lines of the batch were left out; its page says why.")
