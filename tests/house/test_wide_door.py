"""The wide door: where it is opened and who names its role is written down here, or the tests fail (GEN-1)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.rule("GEN-1")

ROOT = Path(settings.BASE_DIR)

# Modules that may open the wide door, how often they do, and what for.
WIDE = {
    "accounts/middleware.py": (1, "operator staff in their own area"),
    "accounts/services.py": (1, "a new company can't be in scope yet"),
    "accounts/colleagues/finding.py": (1, "a person's own data stand in every company they belong to"),
    "accounts/colleagues/joining.py": (2, "who is invited belongs to no company yet"),
    "accounts/safety/gateway.py": (1, "the demonstration's mail catcher keeps text messages, too"),
    "fleetportal/core/mail.py": (1, "the demonstration's mail catcher"),
    "cards/letters/printing.py": (2, "printing the code letters of any company, and noting who tried it twice"),
    "cards/demo/layout.py": (1, "finding out which company of the demonstration gets cards"),
    "cards/demo/seed.py": (3, "the demonstration's own companies"),
    "cards/demo/story.py": (2, "the demonstration's own companies"),
    "fleetportal/core/management/commands/verify_audit.py": (1, "checking the seals of every company's audit"),
    "fleetportal/core/timetable.py": (3, "jobs of the portal's own timetable"),
    "fleetportal/core/work.py": (1, "work that belongs to no company"),
    "fleetportal/core/work_run.py": (2, "claiming work of any company, and work that belongs to none"),
    "fleetportal/core/work_sweep.py": (2, "handing out and giving back work of all companies"),
}


def doors(path):
    """Count where a module opens the wide door: by all_companies(…), or by a Scope(wide=…) of its own."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = [(getattr(call.func, "id", getattr(call.func, "attr", "")), call) for call in calls]
    return sum(
        name == "all_companies" or (name == "Scope" and any(keyword.arg == "wide" for keyword in call.keywords))
        for name, call in names
    )


def sources():
    """Return the modules of the portal, tests and migrations apart."""
    for package in ("fleetportal", "accounts", "vehicles", "cards"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(ROOT).as_posix(), path


def test_the_wide_door_is_opened_where_it_is_written_down_and_nowhere_else():
    opened = {name: doors(path) for name, path in sources() if name != "fleetportal/core/scope.py"}
    assert {name: count for name, count in opened.items() if count} == {name: one[0] for name, one in WIDE.items()}


def test_no_module_takes_the_role_of_the_wide_door_by_itself():
    """The name of the role stands where it is made, granted and taken, and where it is asked who inherits it.

    No page and no service writes SET ROLE.
    """
    naming = {name for name, path in sources() if "WIDE_ROLE" in path.read_text() or "portal_wide" in path.read_text()}
    assert naming == {
        "fleetportal/core/apps.py",
        "fleetportal/core/policies.py",
        "fleetportal/core/scope.py",
        "fleetportal/core/startup.py",
        "fleetportal/engines/others.py",
        "fleetportal/engines/roles.py",
        "fleetportal/settings.py",
    }
    assert not [name for name, path in sources() if "set role" in path.read_text().lower()]
