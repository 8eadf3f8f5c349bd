"""The pages about rights and lifecycles say what the portal does, and a page that does not is noticed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import translation

from fleetportal.core.lifecycle import LIFECYCLES
from fleetportal.core.management.commands import describe_portal
from tests.house import oracle

DOCS = Path(settings.BASE_DIR) / "docs"
PAGES = ("roles.md", "lifecycles.md")


def test_the_pages_in_the_repository_are_current():
    call_command("describe_portal", check=True)


def test_a_page_that_is_not_current_is_named_and_written_anew(settings, tmp_path, capsys):
    (tmp_path / "docs").mkdir()
    settings.BASE_DIR = tmp_path
    with pytest.raises(CommandError, match=r"roles\.md, lifecycles\.md"):
        call_command("describe_portal", check=True)
    assert not list((tmp_path / "docs").iterdir())
    call_command("describe_portal")
    said = capsys.readouterr().out
    for name in PAGES:
        assert (tmp_path / "docs" / name).read_text() == (DOCS / name).read_text()
        assert f"docs/{name} is written." in said
    call_command("describe_portal", check=True)


def test_the_pages_are_english_whatever_the_language():
    english = describe_portal.descriptions()
    with translation.override("nl"):
        assert describe_portal.descriptions() == english


@pytest.mark.parametrize("kind", sorted(LIFECYCLES))
def test_every_transition_stands_in_the_diagram_of_its_lifecycle(kind):
    lifecycle = LIFECYCLES[kind]
    text = (DOCS / "lifecycles.md").read_text().split(f"## `{kind}`")[1].split("\n## ")[0]
    diagram = re.search(r"```mermaid\n(.*?)```", text, re.DOTALL)[1]
    drawn = set(re.findall(r"^    (\w+) --> (\w+) : (.+)$", diagram, re.MULTILINE))
    assert drawn == {
        (source, transition.target or source, str(transition.label))
        for transition in lifecycle.transitions
        for source in transition.sources
    }
    assert set(re.findall(r"^    (\w+) --> \[\*\]$", diagram, re.MULTILINE)) == {
        status.value for status in lifecycle.statuses if status.final
    }


def test_the_page_of_rights_agrees_with_the_table_written_by_hand():
    """For the profiles that the oracle knows: who may open a page is who has the right it asks for.

    The page of rights opens all applications to everybody; the requests are closed to fay.
    """
    text = (DOCS / "roles.md").read_text()
    rows = [[cell.strip() for cell in row[1:-1].split("|")] for row in re.findall(r"^\|.*\|$", text, re.MULTILINE)]
    columns = {"ada": "Principal user", "max": "Management", "cora": "Consultation", "fay": "Accounting"}
    held = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows if len(row) == len(rows[0])}
    asked = {row[0]: row[1] for row in rows if row[0].startswith("`/")}
    expected = oracle.table()
    for name, address in {
        "cards:list": "`/PRO-…/cards/`",
        "cards:block": "`/PRO-…/cards/…/block/`",
        "cards:requests": "`/PRO-…/requests/`",
        "cards:withdraw": "`/PRO-…/requests/…/withdraw/`",
    }.items():
        for persona, column in columns.items():
            opens = expected[name][persona] == "ok" or (name, persona) == ("cards:requests", "fay")
            assert (held[asked[address]][column] == "yes") == opens, (name, persona)
