"""What the documents name is there: files, addresses of other documents, commands, people of the demonstration."""

from __future__ import annotations

import re
from pathlib import Path

from django.core.management import get_commands

from fleetportal.engines.demo import DEMO_PASSWORD, SIGN_IN_NAMES
from tests.each import each

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
DECISIONS = [path for path in sorted((ROOT / "docs" / "decisions").glob("*.md")) if path.name != "README.md"]

LINK = re.compile(r"""(?<!\\)\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"]+)\"""")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
NAMED_PATH = re.compile(
    r"`((?:fleetportal|accounts|cards|vehicles|tests|scripts|templates|static|docs|locale|deploy|requirements|core)"
    r"/[\w./*-]*)`"
)
MAKE = re.compile(r"(?:`|^ {4})make ([a-z][a-z-]*)", re.MULTILINE)
MANAGE = re.compile(r"manage\.py ([a-z_]+)")
TARGET = re.compile(r"^([a-z][a-z-]*):(?!.*:=)(.*)$", re.MULTILINE)
ELSEWHERE = re.compile(r"(?<![\w.])/(?:home|Users|root|work|tmp)/")

# What a document makes up as an example, or what is there only once it was made.
MADE_UP = {"vehicles/pack_pages.py"}
GENERATED = {"static/vendor/"}
# Targets that nobody calls by hand: parts of others.
PARTS = {"setup-tests", "tools"}


def name(path):
    return path.relative_to(ROOT).as_posix()


def anchors(path):
    """Return the anchors of a document's headings, as they are made of the words."""
    headings = re.findall(r"^#+ +(.+?)\s*$", FENCE.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each(DOCUMENTS, name)
def test_every_link_leads_somewhere(path):
    broken = []
    for found in LINK.finditer(FENCE.sub("", path.read_text())):
        target = found[1] or found[2]
        if re.match(r"[a-z]+:", target):
            continue
        file, _hash, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        if not there.exists() or ROOT not in there.parents or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


@each(DOCUMENTS, name)
def test_every_file_that_is_named_is_there(path):
    gone = []
    for named in NAMED_PATH.findall(FENCE.sub("", path.read_text())):
        at = f"fleetportal/{named}" if named.startswith("core/") else named
        if named not in MADE_UP | GENERATED and not list(ROOT.glob(at.rstrip("/"))):
            gone.append(named)
    assert gone == []


@each(DOCUMENTS, name)
def test_no_document_names_a_place_on_somebodys_machine(path):
    assert ELSEWHERE.findall(path.read_text()) == []


def test_every_document_can_be_reached_from_the_readme():
    seen, todo = set(), [ROOT / "README.md"]
    while todo:
        path = todo.pop()
        if path in seen or path.suffix != ".md":
            continue
        seen.add(path)
        found = (one[1] or one[2] for one in LINK.finditer(FENCE.sub("", path.read_text())))
        todo += [(path.parent / one.partition("#")[0]).resolve() for one in found if "://" not in one and one[0] != "#"]
    assert [name(path) for path in DOCUMENTS if path not in seen] == []


def targets():
    """Return the targets of the Makefile with what stands behind them."""
    return dict(TARGET.findall((ROOT / "Makefile").read_text()))


def test_every_make_target_says_what_it_does():
    assert {target for target, rest in targets().items() if " ## " not in rest} == PARTS


def test_every_make_command_in_the_documents_exists():
    named = {(name(path), command) for path in DOCUMENTS for command in MAKE.findall(path.read_text())}
    assert {"demo", "test"} <= {command for _path, command in named}
    assert [pair for pair in sorted(named) if pair[1] not in targets()] == []


def test_every_management_command_in_the_documents_exists():
    named = {(name(path), command) for path in DOCUMENTS for command in MANAGE.findall(path.read_text())}
    known = get_commands().keys() | {"up"}
    assert named
    assert [pair for pair in sorted(named) if pair[1] not in known] == []


def test_the_readme_names_who_can_sign_in_to_the_demonstration():
    text = (ROOT / "README.md").read_text()
    listed = re.findall(r"^\| (\S+@\S+) \|", text, re.MULTILINE)
    assert listed == list(SIGN_IN_NAMES)
    assert f"`{DEMO_PASSWORD}`" in text


@each(DECISIONS, name)
def test_every_decision_has_a_number_of_its_own_and_stands_in_the_index(path):
    text = path.read_text()
    number = path.name[:4]
    title = text.splitlines()[0].removeprefix(f"# {number} · ")
    assert not title.startswith("#")
    assert [one.name for one in DECISIONS if one.name.startswith(number)] == [path.name]
    assert f"- [{number} {title}]({path.name})" in (path.parent / "README.md").read_text().splitlines()
    parts = [text.find(f"**{part}.**") for part in ("Context", "Choice", "Consequence")]
    assert -1 not in parts
    assert parts == sorted(parts)


def test_the_figures_of_the_performance_page_have_their_place():
    text = (ROOT / "docs" / "performance.md").read_text()
    assert text.count("<!-- figures -->") == text.count("<!-- end of figures -->") == 1
    assert text.index("<!-- figures -->") < text.index("<!-- end of figures -->")
