"""Writes docs/roles.md and docs/lifecycles.md from the tables that the portal itself reads."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import URLResolver, get_resolver
from django.utils import translation
from django.utils.module_loading import import_string

from fleetportal.core.access import PERMISSIONS
from fleetportal.core.lifecycle import LIFECYCLES, Lifecycle, Transition
from fleetportal.core.pages import Page

# Who there is, with what they may do: a function of the app that knows people, since the kernel knows none.
ROLES = "accounts.rights.roles"
MADE = "<!-- Made by `python manage.py describe_portal`; change the tables in the code instead of this page. -->"
SIDES = {
    "card": "card side",
    "fleet": "fleet data",
    "whole": "fleet data",
    "numbers": "customer numbers",
    "settings": "company",
    "administrator": "administrators",
    "principal": "principal user",
    "operator": "operator",
    "self": "everybody",
}


class Command(BaseCommand):
    """Describes rights and lifecycles for people who don't read code."""

    help = "Writes docs/roles.md and docs/lifecycles.md; with --check only says whether they are current."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --check."""
        parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is not current")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write both pages, or compare them; raises CommandError, naming the pages, when they are not current."""
        folder = Path(settings.BASE_DIR) / "docs"
        stale = []
        for name, text in descriptions().items():
            page = folder / name
            if page.exists() and page.read_text(encoding="utf-8") == text:
                continue
            stale.append(name)
            if not options["check"]:
                page.write_text(text, encoding="utf-8")
                self.stdout.write(f"docs/{name} is written.")
        if stale and options["check"]:
            raise CommandError(f"Not current: {', '.join(stale)}. Run `python manage.py describe_portal`.")


def descriptions() -> dict[str, str]:
    """Return the pages by file name, in English."""
    with translation.override("en"):
        return {"roles.md": roles_page(), "lifecycles.md": lifecycles_page()}


def roles_page() -> str:
    """Return who may do what, and which page asks for which right."""
    roles = _roles()
    rights = [
        [
            f"`{permission.name}`",
            permission.application or SIDES[permission.side],
            "change" if permission.change else "see",
            *("yes" if name in held else "" for held in roles.values()),
        ]
        for name, permission in PERMISSIONS.items()
    ]
    pages = [[f"`{route}`", f"`{page.permission}`", _first_sentence(page)] for route, page in _pages()]
    parts = [
        MADE,
        "# Who may do what",
        "What a member of each profile may do with all applications open and the levels that the profile suggests. On"
        " the card side the level can be set for each member and application; a part that is not among a member's"
        " applications, or that is switched off for the company, is closed to all of them. Customer numbers and"
        " divisions limit what a member sees, not what they may do with it.",
        _table(["Right", "Application", "Level", *roles], rights),
        "## Pages",
        "Each page asks for one right. Who is not in the company gets the answer for an address that does not exist.",
        _table(["Address", "Right", "What it is"], pages),
    ]
    return "\n\n".join(parts) + "\n"


def lifecycles_page() -> str:
    """Return each lifecycle with its diagram, statuses and transitions."""
    parts = [
        MADE,
        "# Lifecycles",
        "What has a status changes it along these ways and no other; each change leaves one entry in the audit. An"
        " action that the status does not allow is refused with a sentence, and nothing is written. An arrow that leads"
        " back to its beginning is an action that is offered there and changes the status of something else, or of"
        " nothing.",
    ]
    for kind, lifecycle in sorted(LIFECYCLES.items()):
        parts += [f"## `{kind}`", _diagram(lifecycle), _statuses(lifecycle), _transitions(lifecycle)]
    return "\n\n".join(parts) + "\n"


def _diagram(lifecycle: Lifecycle) -> str:
    """Return the lifecycle as a Mermaid state diagram."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {status.value} : {status.label}" for status in lifecycle.statuses]
    lines.append(f"    [*] --> {lifecycle.statuses[0].value}")
    for transition in lifecycle.transitions:
        for source in _in_order(lifecycle, transition):
            lines.append(f"    {source} --> {transition.target or source} : {transition.label}")
    lines += [f"    {status.value} --> [*]" for status in lifecycle.statuses if status.final]
    return "\n".join([*lines, "```"])


def _statuses(lifecycle: Lifecycle) -> str:
    rows = [
        [str(status.label), f"`{status.value}`", "ends here" if status.final else ""] for status in lifecycle.statuses
    ]
    return _table(["Status", "Stored as", ""], rows)


def _transitions(lifecycle: Lifecycle) -> str:
    roles = _roles()
    rows = [
        [
            f"{transition.label} (`{transition.name}`)",
            ", ".join(lifecycle.label(source) for source in _in_order(lifecycle, transition)),
            lifecycle.label(transition.target) if transition.target else "stays",
            f"`{transition.permission}`",
            ", ".join(role for role, held in roles.items() if transition.permission in held),
            " ".join(f"{lifecycle.label(status)}: {why}" for status, why in transition.refusals.items()),
        ]
        for transition in lifecycle.transitions
    ]
    return _table(["Action", "From", "To", "Right", "Who", "What is said otherwise"], rows)


def _in_order(lifecycle: Lifecycle, transition: Transition) -> list[str]:
    return [status.value for status in lifecycle.statuses if status.value in transition.sources]


def _roles() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = import_string(ROLES)()
    return found


def _pages() -> Iterator[tuple[str, type[Page]]]:
    """Return the address of each page, with … for what differs."""
    yield from _walk(get_resolver().url_patterns, "/")


def _walk(patterns: Iterable[Any], before: str) -> Iterator[tuple[str, type[Page]]]:
    for pattern in patterns:
        route = before + str(pattern.pattern).replace("<company:company>", "PRO-…").replace("<int:pk>", "…")
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route)
        else:
            page = getattr(pattern.callback, "view_class", None)
            if isinstance(page, type) and issubclass(page, Page):
                yield route, page


def _first_sentence(page: type[Page]) -> str:
    return " ".join((page.__doc__ or "").strip().split("\n\n")[0].split())


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    cells = [[f" {cell.replace('|', '/')} " if cell else " " for cell in line] for line in lines]
    return "\n".join(f"|{'|'.join(line)}|" for line in cells)
