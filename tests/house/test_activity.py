"""Every act that is noted has a word on *Activity*, and every kind of object that entries are about is declared."""

from __future__ import annotations

import ast

import pytest

from fleetportal.core.access import PERMISSIONS
from fleetportal.core.activity import SUBJECTS, VERBS
from fleetportal.core.lifecycle import LIFECYCLES
from tests.house.checks import ROOT, sources

pytestmark = pytest.mark.rule("GEN-2")

# What is noted about a person or for the operator's area and belongs to no company, so that no company reads it.
OF_NO_COMPANY = {
    "accounts.conditions_published", "accounts.email_change_asked", "accounts.email_change_dropped",
    "accounts.email_change_undone", "accounts.email_changed", "accounts.mobile_code_asked", "accounts.mobile_confirmed",
    "accounts.mobile_given_up", "accounts.old_portal_used", "accounts.password_changed", "accounts.password_reset",
    "accounts.profile_changed", "accounts.recovery_codes_renewed", "accounts.second_factor_added",
    "accounts.second_factor_failed", "accounts.second_factor_removed", "accounts.second_factor_used",
    "accounts.session_ended", "accounts.sessions_ended", "accounts.sign_in_blocked", "accounts.sign_in_failed",
    "accounts.signed_in", "accounts.signed_out", "accounts.user_changed", "accounts.user_created",
    "cards.file_settled", "cards.line_settled", "accounts.operator_added", "accounts.operator_removed",
}  # fmt: skip
WRITERS = {"record", "_record", "_note", "_restart"}


def noted():
    """Return every verb that the sources give to something that writes an entry, with where."""
    found = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = [*node.args, *(word.value for word in node.keywords if word.arg == "verb")]
            declared = name in {"Content"}
            if name not in WRITERS and not declared and not any(word.arg == "verb" for word in node.keywords):
                continue
            for value in given:
                for part in ast.walk(value):
                    text = part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""
                    app, dot, verb = text.partition(".")
                    if dot and app.isidentifier() and verb.isidentifier():
                        found.setdefault(text, str(path.relative_to(ROOT)))
    for lifecycle in LIFECYCLES.values():
        for one in lifecycle.transitions:
            if one.target is not None:
                found.setdefault(f"{one.permission.split('.')[0]}.{one.name}", "a lifecycle")
    return found


def test_every_verb_has_a_word():
    verbs = noted()
    assert {"cards.ordered", "accounts.member_changed", "cards.block", "divisions.created"} <= verbs.keys()
    kinds = {subject.kind for subject in SUBJECTS.values()}
    searched = {subject.search_kind for subject in SUBJECTS.values()}
    missing = {verb: where for verb, where in verbs.items() if verb not in VERBS.keys() | OF_NO_COMPANY}
    assert {verb: where for verb, where in missing.items() if verb not in kinds | searched | PERMISSIONS.keys()} == {}


def test_what_belongs_to_no_company_has_no_word():
    assert not OF_NO_COMPANY & VERBS.keys()


@pytest.mark.parametrize("kind", sorted(SUBJECTS))
def test_a_kind_is_called_something_and_takes_a_right_that_there_is(kind):
    subject = SUBJECTS[kind]
    assert str(subject.word)
    assert subject.permission in PERMISSIONS
    assert subject.label is not None
