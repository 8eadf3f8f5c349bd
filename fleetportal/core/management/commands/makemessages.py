"""Django's makemessages with what is so for this project, so that `make messages` and the tests collect the same."""

from __future__ import annotations

import re
from pathlib import Path

from django.core.management.base import CommandParser
from django.core.management.commands import makemessages


class Command(makemessages.Command):
    """Collect the texts to translate into French and Dutch.

    Modules that need both kinds of gettext import the lazy one as `lazy`, a name that xgettext does not know by itself.
    """

    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=lazy"]
    # A text without a translation says so, rather than pass for one that resembles it.
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def add_arguments(self, parser: CommandParser) -> None:
        """Set what else would have to be typed each time."""
        super().add_arguments(parser)
        parser.set_defaults(
            locale=["fr", "nl"],
            # Lines stay whole and files are named without line numbers: a change of code changes no catalogue.
            no_wrap=True,
            add_location="file",
            no_obsolete=True,
            # The folders of the sources themselves; tests have texts of their own that nobody reads.
            ignore_patterns=["node_modules", ".venv", "var", "tests", "static"],
        )

    def write_po_file(self, potfile: str, locale: str) -> None:
        """Write a catalogue, or leave it as it is where nothing but the time of collecting would differ."""
        path = Path(potfile).parent / locale / "LC_MESSAGES" / f"{self.domain}.po"
        before = path.read_text() if path.exists() else ""
        super().write_po_file(potfile, locale)
        if _without_time(before) == _without_time(path.read_text()):
            path.write_text(before)


def _without_time(catalogue: str) -> str:
    return re.sub(r'"POT-Creation-Date: .*\n', "", catalogue)
