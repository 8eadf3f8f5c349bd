"""Every check of a right in the code, found by reading the sources, with a way to take each out alone.

A check is a call of `may` or `must`, a page's `permission`, or the `permission` of a transition or of a kind of work. A
call is taken out by compiling the function anew without it, a permission by putting the weakest in its place.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any
from unittest import mock

from django.conf import settings

from fleetportal.core.access import PERMISSIONS
from fleetportal.core.lifecycle import LIFECYCLES
from fleetportal.core.work import KINDS

ROOT = Path(settings.BASE_DIR)
PACKAGES = tuple(
    sorted(name for name in settings.INSTALLED_APPS if (ROOT / name.split(".")[0] / "__init__.py").exists())
)
# What everybody has who is signed in: in its place a permission keeps nobody out.
OPEN = "home.see"


@dataclass(frozen=True)
class Check:
    """One check: of which sort, in which module, in which function, class, lifecycle or kind, and which of them."""

    sort: str
    module: str
    owner: str
    place: int = 0
    text: str = ""

    def __str__(self) -> str:
        """Name it as the tests do."""
        place = f"#{self.place}" if self.place else ""
        return f"{self.sort}:{self.module}.{self.owner}{place}:{self.text}"


@cache
def checks() -> tuple[Check, ...]:
    """Return all checks that keep somebody out, in the order of the sources."""
    found: list[Check] = []
    for path in sources():
        finder = _Finder(".".join(path.relative_to(ROOT).with_suffix("").parts))
        finder.visit(ast.parse(path.read_text()))
        found += finder.found
    for kind, lifecycle in LIFECYCLES.items():
        found += [Check("transition", kind, one.name, text=one.permission) for one in lifecycle.transitions]
    found += [Check("work", "kinds", name, text=kind.permission) for name, kind in KINDS.items() if kind.permission]
    return tuple(found)


def sources() -> list[Path]:
    """Return the portal's own modules, without migrations and what makes the demonstration."""
    roots = sorted({ROOT / name.split(".")[0] for name in PACKAGES} | {ROOT / "fleetportal"})
    left_out = {"migrations", "demo", "engines"}
    return [path for root in roots for path in sorted(root.rglob("*.py")) if not left_out & set(path.parts)]


class _Finder(ast.NodeVisitor):
    """Collects the checks of one module."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.found: list[Check] = []
        self._stack: list[ast.AST] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for one in node.body:
            name = _permission_of(one)
            # What everybody may do keeps nobody out; a class without a permission is a kind of page, and no page.
            if name and PERMISSIONS[name].side != "self":
                self.found.append(Check("page", self.module, self._path(node.name), text=name))
        self._within(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._within(node)

    def visit_Call(self, node: ast.Call) -> None:
        if _is_check(node):
            function = self._function()
            place = sum(1 for one in self.found if one.sort == "call" and one.owner == function)
            self.found.append(Check("call", self.module, function, place, ast.unparse(node)))
        self.generic_visit(node)

    def _within(self, node: Any) -> None:
        self._stack.append(node)
        self.generic_visit(node)
        self._stack.pop()

    def _path(self, *more: str) -> str:
        return ".".join([*(one.name for one in self._stack), *more])

    def _function(self) -> str:
        """Name the outermost function around this place, with its class: what is inside it is compiled with it."""
        names = []
        for one in self._stack:
            names.append(one.name)
            if isinstance(one, ast.FunctionDef):
                return ".".join(names)
        raise LookupError(f"{self.module} checks a right outside of any function.")


def _permission_of(node: ast.stmt) -> str:
    """Return the permission that a line of a class declares, or an empty text."""
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    if isinstance(target, ast.Name) and target.id == "permission" and isinstance(node.value, ast.Constant):
        return node.value.value or ""
    return ""


def _is_check(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"may", "must"}


# --- taking one out ---------------------------------------------------------------------------------------------------


@contextmanager
def without(check: Check) -> Iterator[None]:
    """Take one check out for a block."""
    with {"call": _without_call, "page": _open_page, "transition": _open_transition, "work": _open_work}[check.sort](
        check
    ):
        yield


def owner_of(check: Check) -> Any:
    """Return the class or function that the check stands in."""
    found = importlib.import_module(check.module)
    for name in check.owner.split("."):
        found = inspect.getattr_static(found, name)
    return found


def class_of(check: Check) -> type | None:
    """Return the class that the check stands in, or None for a function's."""
    found = importlib.import_module(check.module)
    for name in check.owner.split("."):
        found = inspect.getattr_static(found, name)
        if isinstance(found, type):
            return found
    return None


@contextmanager
def _without_call(check: Check) -> Iterator[None]:
    function = _plain(owner_of(check))
    path = Path(inspect.getsourcefile(function))
    tree = _Without(check).visit(ast.parse(path.read_text()))
    new = _code(compile(ast.fix_missing_locations(tree), str(path), "exec"), function.__code__.co_qualname)
    old, function.__code__ = function.__code__, new
    try:
        yield
    finally:
        function.__code__ = old


class _Without(ast.NodeTransformer):
    """Puts True in the place of one call."""

    def __init__(self, check: Check) -> None:
        self.check = check
        self._names: list[str] = []
        self._seen = 0

    def visit_ClassDef(self, node: ast.ClassDef) -> Any:
        return self._within(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        return self._within(node)

    def _within(self, node: Any) -> Any:
        self._names.append(node.name)
        try:
            return self.generic_visit(node)
        finally:
            self._names.pop()

    def visit_Call(self, node: ast.Call) -> Any:
        if _is_check(node) and ".".join(self._names).startswith(self.check.owner):
            self._seen += 1
            if self._seen == self.check.place + 1:
                assert ast.unparse(node) == self.check.text
                return ast.copy_location(ast.Constant(True), node)
        return self.generic_visit(node)


def _plain(found: Any) -> FunctionType:
    """Return the function under a property and its decorators."""
    while not isinstance(found, FunctionType) or hasattr(found, "__wrapped__"):
        found = getattr(found, "fget", None) or getattr(found, "__wrapped__", None) or found.__func__
    return found


def _code(code: CodeType, qualname: str) -> CodeType:
    """Find the code of a function in that of its module."""
    waiting = [code]
    while waiting:
        one = waiting.pop()
        if one.co_qualname == qualname:
            return one
        waiting += [inner for inner in one.co_consts if isinstance(inner, CodeType)]
    raise LookupError(f"There is no {qualname}.")


@contextmanager
def _open_page(check: Check) -> Iterator[None]:
    page = class_of(check)
    assert page is not None
    with mock.patch.object(page, "permission", OPEN):
        yield


@contextmanager
def _open_transition(check: Check) -> Iterator[None]:
    transition = LIFECYCLES[check.module].transition(check.owner)
    # The table is frozen; nothing but this writes into it.
    object.__setattr__(transition, "permission", OPEN)
    try:
        yield
    finally:
        object.__setattr__(transition, "permission", check.text)


@contextmanager
def _open_work(check: Check) -> Iterator[None]:
    with mock.patch.dict(KINDS, {check.owner: replace(KINDS[check.owner], permission="")}):
        yield
