"""The house's manners: pages without inline code, modules that can be read, layers, migrations that are written."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.template.loader import get_template
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.each import each

ROOT = Path(settings.BASE_DIR)
PACKAGES = ("fleetportal", "accounts", "vehicles", "cards")
MODULES = [
    path.relative_to(ROOT).as_posix()
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts
]
KERNEL = [name for name in MODULES if name.startswith("fleetportal/core/")]
# Decision 0100 says what belongs to the kernel.
LONGEST, LONGEST_KERNEL, WHOLE_KERNEL = 500, 400, 3900

TEMPLATES = sorted(path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.html"))
PAGES = [name for name in TEMPLATES if not name.startswith("mail/")]
COMMENTS = re.compile(r"{#.*?#}|{% comment %}.*?{% endcomment %}", re.DOTALL)

# Where text is declared safe by hand, how often, and why what goes in there was escaped.
MARKED_SAFE = {
    "fleetportal/core/mail.py": (1, "the inside of a mail, as its template rendered and escaped it"),
    "fleetportal/core/pages/arranging.py": (1, "the choice of columns; every name and label went through escape()"),
    "fleetportal/core/pages/listing.py": (1, "a list's rows; every value went through its column's writer"),
    "accounts/widgets.py": (1, "a choice among many; every value and label went through escape()"),
}


def source(name):
    return COMMENTS.sub("", (ROOT / "templates" / name).read_text(encoding="utf-8"))


def statements(name):
    """Return how many statements a module holds, docstrings apart, however many lines each was broken into."""
    text = (ROOT / name).read_text(encoding="utf-8")
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = sum(
        isinstance(node, documented) and bool(ast.get_docstring(node)) for node in ast.walk(ast.parse(text))
    )
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sum(token.type == tokenize.NEWLINE for token in tokens) - docstrings


# --- templates --------------------------------------------------------------------------------------------------------


@each(TEMPLATES)
def test_no_template_switches_escaping_off(name):
    assert not re.search(r"\|\s*safe(?:seq)?\b|{%\s*autoescape\s+off", source(name))
    assert get_template(name)


def test_text_is_declared_safe_where_it_is_written_down_and_nowhere_else():
    found = {}
    for name in MODULES:
        calls = [node for node in ast.walk(ast.parse((ROOT / name).read_text())) if isinstance(node, ast.Call)]
        names = [getattr(call.func, "id", getattr(call.func, "attr", "")) for call in calls]
        # format_html escapes what is put in; its first text must then be the code's own.
        for call, called in zip(calls, names, strict=True):
            if called in {"format_html", "format_html_join"}:
                assert all(isinstance(one, ast.Constant) for one in call.args[:1]), f"{name}:{call.lineno}"
        if count := sum(one in {"mark_safe", "SafeString", "SafeText"} for one in names):
            found[name] = count
    assert found == {name: count for name, (count, _why) in MARKED_SAFE.items()}


# --- modules ----------------------------------------------------------------------------------------------------------


@each(MODULES)
def test_a_module_can_be_read_in_one_go(name):
    limit = LONGEST_KERNEL if name in KERNEL else LONGEST
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= limit


def test_the_kernel_stays_small():
    """Its commands are tools beside it, and rest on it."""
    assert sum(statements(name) for name in KERNEL if "/management/" not in name) < WHOLE_KERNEL


@each(MODULES)
def test_a_module_says_in_a_sentence_what_it_is(name):
    """Each module with code in it, and each public function and class of it."""
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    if not tree.body:
        return
    assert ast.get_docstring(tree), name
    silent = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
        and not _says_itself(node)
    ]
    assert silent == []


def _says_itself(node):
    """A list of choices says what it is by its words."""
    return isinstance(node, ast.ClassDef) and any(getattr(base, "attr", "").endswith("Choices") for base in node.bases)


@each(MODULES)
def test_nothing_is_left_to_do_and_nothing_swallowed(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"\b(?:TODO|FIXME|XXX|HACK)\b", text)
    assert not re.search(r"#\s*noqa(?!:)|type:\s*ignore(?!\[)", text)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{name}:{node.lineno} catches everything"
            said = not all(isinstance(one, ast.Pass) for one in node.body)
            assert said or getattr(node.type, "id", "") != "Exception", f"{name}:{node.lineno} swallows"
        assert not isinstance(node, ast.Global) or name.startswith("fleetportal/core/"), f"{name}:{node.lineno}"


@each([one for one in MODULES if "/views" in one or one.endswith("views.py")])
def test_a_view_asks_the_clock_nothing(name):
    """`now` is decided at the edge and passed down; a page has it from its request."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"timezone\.now\(\)|datetime\.now\(|date\.today\(", text)


def test_no_template_asks_for_a_right():
    """Django's `{% if not … %}` swallows exceptions: a template loops over what the page prepared."""
    for name in TEMPLATES:
        assert not re.search(r"\bperms\.|actor\.may|has_perm|\.permissions\b", source(name)), name


# --- the whole --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_imports_go_down_only(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS
