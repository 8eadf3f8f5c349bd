"""Says which rules of docs/rules.md are proven by a test; `--write` brings its last column up to date.

docs/rules.md has tables with the columns Rule, What it says, Proven by. A rule is claimed when its last column names
tests; `not built` claims nothing. A test proves a rule by its mark: `@pytest.mark.rule("CRD-12")`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
NOT_BUILT = "not built"
_ROW = re.compile(r"^\|\s*([A-Z]+-\d+)\s*\|(.*)\|([^|]*)\|\s*$")
_DEFINED = re.compile(r"^- \*\*([A-Z]+-\d+)\*\*", re.MULTILINE)


def listed(page: Path) -> dict[str, list[str]]:
    """Return the rules of the page with the tests each row names; none means that it claims nothing."""
    rows = {}
    for line in page.read_text().splitlines():
        if found := _ROW.match(line):
            named = found[3].strip()
            rows[found[1]] = [] if named in {NOT_BUILT, ""} else re.findall(r"`([^`]+)`", named)
    return rows


def proven(tests: Path) -> dict[str, list[str]]:
    """Return the rules that tests carry as a mark, each with its tests as pytest names them."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(tests.rglob("test_*.py")):
        tree = ast.parse(file.read_text())
        of_module = [mark for node in tree.body for mark in _marks_of_assignment(node)]
        _walk(tree.body, file.relative_to(tests.parent).as_posix(), of_module, found)
    return found


def _walk(body: list[ast.stmt], prefix: str, inherited: list[str], found: dict[str, list[str]]) -> None:
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        marks = inherited + [rule for decorator in node.decorator_list for rule in _rules_in(decorator)]
        name = f"{prefix}::{node.name}"
        if isinstance(node, ast.ClassDef):
            marks += [mark for inner in node.body for mark in _marks_of_assignment(inner)]
            _walk(node.body, name, marks, found)
        elif node.name.startswith("test_"):
            for rule in dict.fromkeys(marks):
                found[rule].append(name)


def _marks_of_assignment(node: ast.stmt) -> list[str]:
    """Return the rules in `pytestmark = …`, which hold for the whole module or class."""
    if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets):
        return _rules_in(node.value)
    return []


def _rules_in(node: ast.expr) -> list[str]:
    """Return the rules named by any `pytest.mark.rule(…)` inside this expression."""
    return [
        argument.value
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "rule"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def write(page: Path, marks: dict[str, list[str]]) -> None:
    """Put the tests that carry each rule into its row."""
    lines = []
    for line in page.read_text().splitlines():
        if found := _ROW.match(line):
            tests = ", ".join(f"`{name}`" for name in marks.get(found[1], [])) or NOT_BUILT
            line = f"| {found[1]} |{found[2].rstrip()} | {tests} |"
        lines.append(line)
    page.write_text("\n".join(lines) + "\n")


def _by_id(rule: str) -> tuple[str, int]:
    area, number = rule.split("-")
    return area, int(number)


def report(rows: dict[str, list[str]], marks: dict[str, list[str]], domain: Path) -> list[str]:
    """Print the state of the rules; return what is wrong, one sentence each."""
    wrong = []
    for rule, tests in rows.items():
        carried = marks.get(rule, [])
        if tests and not carried:
            wrong.append(f"{rule} is claimed in docs/rules.md, and no test carries it.")
        wrong += [f"{rule} names {test}, which does not carry it." for test in tests if test not in carried]
    for rule in sorted(marks.keys() - rows.keys(), key=_by_id):
        wrong.append(f"{rule} is carried by {marks[rule][0]}, and docs/rules.md does not list it.")
    open_rules = sorted((rule for rule in rows if not marks.get(rule)), key=_by_id)
    print(f"{len(rows)} rules are listed, {len(rows) - len(open_rules)} are proven by a test.")
    if open_rules:
        print("Without a test: " + ", ".join(open_rules))
    if domain.is_dir():
        defined = {rule for file in domain.glob("*.md") for rule in _DEFINED.findall(file.read_text())}
        for title, rules in (
            ("In the domain's pages, not listed here", defined - rows.keys()),
            ("Listed here, not in the domain's pages", rows.keys() - defined),
        ):
            if rules:
                print(f"{title}: {', '.join(sorted(rules, key=_by_id))}")
    return wrong


def main(arguments: list[str], base: Path = BASE_DIR) -> int:
    """Print the state of the rules; return 1 when the page claims what no test proves."""
    page = base / "docs" / "rules.md"
    marks = proven(base / "tests")
    if "--write" in arguments:
        write(page, marks)
    wrong = report(listed(page), marks, base.parent / "shared" / "domain")
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
