"""Ways in, and places where an id can hide: what is new is written down here, or the tests fail (GEN-1)."""

from __future__ import annotations

import ast

import pytest
from django.conf import settings

from tests.house.addresses import addresses
from tests.house.checks import ROOT, sources
from tests.house.test_foreign import QUERY

# Whatever signs somebody in, and why it may; allauth's own sign-in form is the only other way.
SIGNS_IN = {
    "accounts.colleagues.joining_views": "Who was invited has proven the address by the link, and chosen a password.",
}
SIGNING_IN = {"login", "perform_login", "alogin", "force_login", "stage_login", "complete_login", "resume_login"}

# Every word that the portal reads from the query of an address: whether it can name, or find, somebody's object.
# Those that can are asked for with another company's values (test_foreign.py).
NAMES_SOMETHING = {"all", "copy", "draft", "q", "select", "user"}
NAMES_NOTHING = {
    "advanced": "whether the fold of filters is open",
    "columns": "the columns of a list",
    "move": "which column is put elsewhere",
    "panel": "whether the choice of columns is open",
    "saved": "which of one's own views is marked as open; it is looked for among these only",
    "ask": "whether a file is asked for",
    "ended": "why somebody stands before the sign-in",
    "format": "the kind of file",
    "kind": "the kind of file",
    "list": "the address of a list, opened with the rights of who asks",
    "next": "where to go on, inside the portal only",
    "oldest": "whether the oldest are meant",
    "page": "which page of a list",
    "sort": "the order of a list",
    "tab": "which tab is open",
    "view": "which columns are shown",
}
READING = {"get", "getlist", "pop", "__getitem__"}


def calls():
    """Return every call in the portal's sources, with its module."""
    for path in sources():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Call, ast.Subscript)):
                yield module, node


def test_whatever_signs_somebody_in_is_written_down():
    found = set()
    for module, node in calls():
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in SIGNING_IN:
                found.add(module)
    assert found <= SIGNS_IN.keys()
    assert all(sentence.endswith(".") for sentence in SIGNS_IN.values())


def word_of(node):
    """Return the word that a call or subscript reads from a query, or an empty text."""
    if isinstance(node, ast.Call):
        if not isinstance(node.func, ast.Attribute) or node.func.attr not in READING or not node.args:
            return ""
        source, word = node.func.value, node.args[0]
    else:
        source, word = node.value, node.slice
    read = ast.unparse(source)
    if not (read == "params" or read.endswith((".GET", ".params"))) or not isinstance(word, ast.Constant):
        return ""
    return word.value


def test_every_word_that_is_read_from_an_address_is_written_down():
    found = {word_of(node) for _module, node in calls()} - {""}
    assert {"select", "copy", "format", "q"} <= found  # the reading of the sources finds something
    assert found <= NAMES_SOMETHING | NAMES_NOTHING.keys()
    assert not NAMES_SOMETHING & NAMES_NOTHING.keys()


def test_what_can_name_something_is_tried_with_what_is_another_companys():
    assert set(QUERY) >= NAMES_SOMETHING


@pytest.mark.parametrize("one", [one for one in addresses() if one.page is not None], ids=lambda one: one.name)
def test_every_part_of_an_address_that_changes_is_made_by_the_world(one):
    """The matrix fills in a company and the id of an object; another parameter needs a way to be filled in."""
    assert one.parameters <= {"company", "pk"}


def test_who_is_not_signed_in_gets_nowhere_by_default():
    after_user = settings.MIDDLEWARE.index("django.contrib.auth.middleware.AuthenticationMiddleware")
    login = settings.MIDDLEWARE.index("django.contrib.auth.middleware.LoginRequiredMiddleware")
    scope = settings.MIDDLEWARE.index("accounts.middleware.ScopeMiddleware")
    assert after_user < login < scope
