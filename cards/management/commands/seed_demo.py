"""`manage.py seed_demo`: the demonstration's companies, or cards by the thousand, or the measuring layout."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from cards.demo import bulk, layout, seed
from cards.demo.bulk import Chunk
from cards.demo.people import CIRRUS

_MOST = 5_000_000


class Command(BaseCommand):
    """Loads demonstration data; refuses where PORTAL_DEMO is not set, since everybody knows its password."""

    help = "Load the demonstration (three companies), or many cards for one company, or the bench layout."

    def add_arguments(self, parser: CommandParser) -> None:
        """Say which data to load; without any of these, the demonstration's companies."""
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--if-empty", action="store_true", help="do nothing when the demonstration is there already")
        what.add_argument("--cards", type=int, metavar="N", help="make N cards for one company")
        what.add_argument("--bench", action="store_true", help="one company of 100,000 cards and 900 of 1,000")
        parser.add_argument("--company", metavar="PRO-XXXXXX", help="the company that gets the cards (with --cards)")
        parser.add_argument("--growth", action="store_true", help="a company of 1,000,000 cards beside (with --bench)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Load what was asked for and say how long it took."""
        if not settings.PORTAL_DEMO:
            raise CommandError("Demonstration data has a known password: it loads only where PORTAL_DEMO is set.")
        if options["company"] and options["cards"] is None:
            raise CommandError("--company goes with --cards.")
        if options["growth"] and not options["bench"]:
            raise CommandError("--growth goes with --bench.")
        started = time.monotonic()
        # What is kept in English, and what stands in the audit, must not depend on who runs the command.
        with translation.override(settings.LANGUAGE_CODE):
            if options["bench"]:
                done = self._fill(layout.bench(growth=options["growth"], now=timezone.now()))
            elif options["cards"] is not None:
                done = self._cards(options["cards"], options["company"] or CIRRUS.identifier)
            else:
                done = self._demonstration(if_empty=options["if_empty"])
        self.stdout.write(f"{done} ({time.monotonic() - started:.1f} s)")

    def _demonstration(self, *, if_empty: bool) -> str:
        if seed.is_there():
            if if_empty:
                return "The demonstration is there already; nothing was changed."
            raise CommandError("The demonstration is there already; it is not loaded twice.")
        seed.make(now=timezone.now())
        return "The demonstration was loaded: Acme Logistics, Borea Catering and Cedar Construct."

    def _cards(self, count: int, identifier: str) -> str:
        if not 1 <= count <= _MOST:
            raise CommandError(f"--cards takes a number from 1 to {_MOST:,}.")
        now = timezone.now()
        company = layout.company_of(identifier, now=now)
        if company is None:
            raise CommandError(f"There is no company {identifier}.")
        return self._fill(bulk.chunks(bulk.prepare(company, count, now=now), count))

    def _fill(self, work: Iterator[Chunk]) -> str:
        """Make the cards and say now and then how far it is."""
        started = told = time.monotonic()
        done = 0
        for done in bulk.fill(work, now=timezone.now()):
            if time.monotonic() - told > 2:
                told = time.monotonic()
                self.stdout.write(f"{done:,} cards, {done / (told - started):,.0f} a second")
        if done:
            self.stdout.write(layout.tidy())
        return f"{done:,} cards were made."
