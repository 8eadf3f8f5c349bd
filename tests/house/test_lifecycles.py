"""Every lifecycle: transition × status × person against what is written here by hand, over HTTP where there is a page.

The expectations come from the tables of the domain (CRD-41, CRD-50 to CRD-53, CRD-9, FUL-4), not from the code.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from accounts.actors import member_actor, operator_actor
from cards.models import Card, Issue, Request
from fleetportal.core.access import system
from fleetportal.core.audit import AuditEntry
from fleetportal.core.lifecycle import LIFECYCLES, TransitionLost, perform, perform_many
from fleetportal.core.scope import all_companies
from tests import factories
from tests.factories import NOW
from tests.house.world import ask, undone

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-3")]

ROOT = Path(settings.BASE_DIR)
CHANGERS, OPERATOR = {"ada", "max"}, {"otto"}
PEOPLE = ("ada", "max", "cora", "fay", "otto")

# kind -> transition -> (who may, {status: what it becomes})
MOVES = {
    "cards.issue": {
        "produce": (OPERATOR, {"new": "in_creation"}),
        "refuse": (OPERATOR, {"in_creation": "withdrawn"}),
        "receive": (CHANGERS, {"in_creation": "active"}),
        "activate": (OPERATOR, {"in_creation": "active"}),
        "block": (CHANGERS, {"in_creation": "blocked", "active": "blocked"}),
        "delete": (CHANGERS, {"new": "withdrawn"}),
        "withdraw": (CHANGERS, {"new": "withdrawn"}),
        "stop": (CHANGERS, {"new": "withdrawn"}),
        "expire": (OPERATOR, {"active": "expired"}),
    },
    "cards.renewal": {
        "cancel": (CHANGERS, {"none": "cancelled", "candidate": "cancelled"}),
        "take_back": (CHANGERS, {"cancelled": "none"}),
        "renew": (CHANGERS, {"cancelled": "candidate"}),
    },
    "cards.request": {
        "produce": (OPERATOR, {"received": "in_production"}),
        "dispatch": (OPERATOR, {"in_production": "dispatched"}),
        "refuse": (OPERATOR, {"in_production": "refused"}),
        "withdraw": (CHANGERS, {"received": "withdrawn"}),
        "drop": (CHANGERS, {"received": "withdrawn"}),
        "stop": (CHANGERS, {"received": "withdrawn", "in_production": "withdrawn"}),
    },
}
STATUSES = {
    "cards.issue": ("new", "in_creation", "active", "blocked", "expired", "withdrawn"),
    "cards.request": ("received", "in_production", "dispatched", "refused", "withdrawn"),
    "cards.card": ("new", "in_creation", "active", "blocked", "expired", "withdrawn"),
    "cards.renewal": ("none", "candidate", "cancelled", "in_renewal"),
}
# Where a status does not stand in the column that is called so.
COLUMNS = {"cards.renewal": "renewal_status"}
# What nothing leads to, and out of, before there are campaigns (renewals.md).
WITH_CAMPAIGNS = {"cards.renewal": {"in_renewal"}}
CARD_ACTIONS = ("change", "receive", "copy", "block", "cancel", "take_back", "reissue", "delete")

# The states of a card: its plastics by rank (a plastic "arriving" is in creation and dispatched), what it shows, and
# what it offers with the status that the action leaves the card in; whatever is not named is refused.
STATES = {
    "new": (["new"], "new", {"change": "new", "copy": "new", "delete": "withdrawn"}),
    "in creation": (["in_creation"], "in_creation", {"copy": "in_creation", "block": "blocked"}),
    "arriving": (["arriving"], "in_creation", {"receive": "active", "copy": "in_creation", "block": "blocked"}),
    "active": (
        ["active"], "active",
        {"change": "active", "copy": "active", "block": "blocked", "cancel": "active", "reissue": "active"},
    ),
    "cancelled": (
        ["active"], "active",
        {"change": "active", "copy": "active", "block": "blocked", "take_back": "active", "reissue": "active"},
    ),
    "candidate": (
        ["active"], "active",
        {"change": "active", "copy": "active", "block": "blocked", "cancel": "active", "reissue": "active"},
    ),
    "in renewal": (["active"], "active", {"copy": "active", "block": "blocked"}),
    "blocked after cancelling": (["blocked"], "blocked", {"copy": "blocked"}),
    "expired after cancelling": (["expired"], "expired", {"copy": "expired"}),
    "blocked": (["blocked"], "blocked", {"copy": "blocked"}),
    "expired": (["expired"], "expired", {"copy": "expired"}),
    "withdrawn": (["withdrawn"], "withdrawn", {"copy": "withdrawn"}),
    "duplicate ordered while the old one works": (
        ["active", "new"], "new", {"change": "new", "copy": "new", "block": "blocked", "delete": "active"},
    ),
    "duplicate ordered after a block": (
        ["blocked", "new"], "new", {"change": "new", "copy": "new", "delete": "blocked"},
    ),
    "duplicate under way after a block": (
        ["blocked", "arriving"], "in_creation", {"receive": "active", "copy": "in_creation", "block": "blocked"},
    ),
    "duplicate withdrawn": (
        ["active", "withdrawn"], "active",
        {"change": "active", "copy": "active", "block": "blocked", "cancel": "active", "reissue": "active"},
    ),
}  # fmt: skip
# The renewal status of those states that have one.
RENEWALS = {
    "cancelled": "cancelled",
    "candidate": "candidate",
    "in renewal": "in_renewal",
    "blocked after cancelling": "cancelled",
    "expired after cancelling": "cancelled",
}


@pytest.fixture
def acme():
    return factories.company("Acme")


@pytest.fixture
def people(acme):
    found = {name: factories.member(acme, name.title()).user for name in PEOPLE if name != "otto"}
    return {**found, "otto": factories.operator()}


def actor(people, name):
    person = people[name]
    if name == "otto":
        return operator_actor(person)
    with all_companies(reason="test"):
        return member_actor(person, person.memberships.select_related("company").get())


def client(people, name):
    one = Client()
    one.force_login(people[name])
    return one


def plastics(acme, ranks, renewal="none"):
    """Make a card with plastics of these statuses, and return it."""
    sent = {"dispatched_at": NOW, "made_on": NOW.date()}
    fields = [
        {"status": "in_creation" if status == "arriving" else status, "more": sent if status == "arriving" else {}}
        for status in ranks
    ]
    first, *others = fields
    card = factories.card(
        factories.customer_number(acme), status=first["status"], issue_fields=first["more"], renewal_status=renewal
    )
    for rank, one in enumerate(others, start=2):
        factories.issue(card, rank=rank, status=one["status"], **one["more"])
    with all_companies(reason="test"):
        return Card.objects.get(pk=card.pk)


def now(model, pk, column="status"):
    with all_companies(reason="test"):
        return getattr(model.objects.get(pk=pk), column)


def entries():
    with all_companies(reason="test"):
        return list(AuditEntry.objects.order_by("pk").values_list("verb", "object_id", "before", "after"))


# --- the tables are whole ---------------------------------------------------------------------------------------------


def test_every_lifecycle_and_transition_stands_here():
    assert LIFECYCLES.keys() == STATUSES.keys()
    for kind, lifecycle in LIFECYCLES.items():
        assert tuple(status.value for status in lifecycle.statuses) == STATUSES[kind]
        names = MOVES[kind].keys() if kind in MOVES else set(CARD_ACTIONS)
        assert {transition.name for transition in lifecycle.transitions} == names


@pytest.mark.parametrize("kind", sorted(MOVES))
def test_every_status_is_reached_and_none_but_the_final_ones_is_an_end(kind):
    later = WITH_CAMPAIGNS.get(kind, set())
    reached = {STATUSES[kind][0]} | {target for _who, moves in MOVES[kind].values() for target in moves.values()}
    assert reached == set(STATUSES[kind]) - later
    left = {source for _who, moves in MOVES[kind].values() for source in moves}
    final = {status.value for status in LIFECYCLES[kind].statuses if status.final}
    assert set(STATUSES[kind]) - left == final | later


# --- through perform --------------------------------------------------------------------------------------------------


def example(acme, kind, status):
    """Make a row of that kind in that status."""
    if kind == "cards.renewal":
        return factories.card(factories.customer_number(acme), renewal_status=status)
    if kind == "cards.issue":
        card = factories.card(factories.customer_number(acme), status=status)
        with all_companies(reason="test"):
            return Issue.objects.get(card=card)
    card = factories.card(factories.customer_number(acme), status="new", request_fields={"status": status})
    with all_companies(reason="test"):
        return Request.objects.get(card=card)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, moves in MOVES.items() for name in moves])
def test_a_transition_goes_from_its_statuses_for_who_may_and_leaves_one_entry(acme, people, kind, name):
    lifecycle, (who, moves) = LIFECYCLES[kind], MOVES[kind][name]
    column = COLUMNS.get(kind, "status")
    for status in STATUSES[kind]:
        row = example(acme, kind, status)
        for person in PEOPLE:
            with undone(), all_companies(reason="test"):
                before = len(entries())
                if person not in who:
                    with pytest.raises(PermissionDenied):
                        perform(lifecycle, row, name, actor(people, person), now=NOW)
                elif status not in moves:
                    with pytest.raises(TransitionLost) as lost:
                        perform(lifecycle, row, name, actor(people, person), now=NOW)
                    assert str(lost.value).endswith(".")
                else:
                    perform(lifecycle, row, name, actor(people, person), now=NOW)
                    assert getattr(row, column) == moves[status]
                    ((verb, about, was, became),) = entries()[before:]
                    assert (verb.split(".")[1], about) == (name, row.pk)
                    assert (was[column], became[column]) == (status, moves[status])
                    before += 1
                assert len(entries()) == before
                assert now(type(row), row.pk, column) == (moves.get(status, status) if person in who else status)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, moves in MOVES.items() for name in moves])
def test_of_a_set_those_move_that_can_and_the_others_say_why(acme, kind, name):
    lifecycle, (_who, moves) = LIFECYCLES[kind], MOVES[kind][name]
    rows = {status: example(acme, kind, status) for status in STATUSES[kind]}
    model = type(rows[STATUSES[kind][0]])
    with all_companies(reason="test"):
        before = len(entries())
        chosen = model.objects.filter(pk__in=[row.pk for row in rows.values()])
        outcome = perform_many(lifecycle, chosen, name, system("test"), now=NOW)
        assert outcome.moved == {rows[status].pk: status for status in moves}
        assert outcome.refused.keys() == {rows[status].pk for status in rows if status not in moves}
        assert all(sentence for sentence in outcome.refused.values())
        assert len(entries()) == before + len(moves)
        for status, row in rows.items():
            assert now(model, row.pk, COLUMNS.get(kind, "status")) == moves.get(status, status)
        again = perform_many(lifecycle, chosen, name, system("test"), now=NOW)
        assert not {pk for pk, was in again.moved.items() if was == moves.get(was)}


@pytest.mark.parametrize("kind", sorted(MOVES))
def test_of_two_who_found_the_same_status_one_wins(acme, kind):
    """The second one's row still says what both saw; the database says what is so."""
    name, status = {
        "cards.issue": ("block", "active"),
        "cards.request": ("withdraw", "received"),
        "cards.renewal": ("cancel", "none"),
    }[kind]
    row = example(acme, kind, status)
    with all_companies(reason="test"):
        stale = type(row).objects.get(pk=row.pk)
        perform(LIFECYCLES[kind], row, name, system("first"), now=NOW)
        before = entries()
        with pytest.raises(TransitionLost):
            perform(LIFECYCLES[kind], stale, name, system("second"), now=NOW)
        assert entries() == before


def test_a_card_shows_what_its_plastics_are_after_every_move(acme):
    """The mirror is settled by the lifecycle itself, in the same transaction (decision 1)."""
    for status in STATUSES["cards.issue"]:
        for name, (_who, moves) in MOVES["cards.issue"].items():
            if status not in moves:
                continue
            card = plastics(acme, [status])
            with undone(), all_companies(reason="test"):
                perform(LIFECYCLES["cards.issue"], Issue.objects.get(card=card), name, system("test"), now=NOW)
                card.refresh_from_db()
                assert card.status == moves[status]
                assert card.live == (moves[status] in {"in_creation", "active"})


# --- over HTTP --------------------------------------------------------------------------------------------------------


def form(card, action):
    """Return a valid form for the page of an action."""
    return {
        "change": {"version": card.version, "tank_capacity": "61", "area": card.area},
        "block": {"reason": "theft", "duplicate": "no"},
    }.get(action, {})  # fmt: skip


@pytest.mark.rule("CRD-41")
@pytest.mark.rule("CRD-50")
@pytest.mark.rule("CRD-52")
@pytest.mark.rule("CRD-53")
@pytest.mark.parametrize("state", STATES)
def test_a_card_offers_and_does_what_its_state_allows_for_who_may(acme, people, state):
    ranks, status, allowed = STATES[state]
    renewal = RENEWALS.get(state, "none")
    becomes = {"cancel": "cancelled", "take_back": "none"}
    card = plastics(acme, ranks, renewal)
    assert card.status == status
    page = reverse("cards:card", args=[acme.identifier, card.pk])
    for person in ("ada", "max", "cora", "fay"):
        browser = client(people, person)
        offered = set(re.findall(rf'href="{page}(\w+)/"', browser.get(page).content.decode()))
        assert offered == (set(allowed) if person in CHANGERS else set()), person
        listed = browser.get(reverse("cards:list", args=[acme.identifier])).content.decode()
        assert set(re.findall(rf'href="{page}(\w+)/"', listed)) == offered, person
        for action in CARD_ACTIONS:
            url = f"{page}{action}/"
            for method in ("GET", "POST"):
                with undone():
                    before = entries()
                    if method == "POST" and action == "change":
                        url += "?tab=controls"
                    answer = ask(browser, method, url, form(card, action), keep=True)
                    if "/cards/change/" in answer.location:
                        # What it does is stated first, and nothing is done yet (CRD-43).
                        assert entries() == before
                        answer = ask(browser, "POST", answer.location, keep=True)
                    changes = entries() != before
                    after, renewed = now(Card, card.pk), now(Card, card.pk, "renewal_status")
                cell = f"{person} {method} {action}"
                assert renewed == (becomes.get(action, renewal) if changes else renewal), cell
                if person not in CHANGERS:
                    assert (answer.status, changes, after) == (403, False, status), cell
                elif action == "copy":
                    assert (answer.status, changes) == ((302, False) if method == "GET" else (405, False)), cell
                elif action not in allowed:
                    assert (answer.status, answer.location, changes, after) == (302, page, False, status), cell
                elif method == "GET":
                    assert (answer.status, changes, after) == (200, False, status), cell
                else:
                    assert (answer.status, changes, after) == (302, True, allowed[action]), cell


@pytest.mark.rule("CRD-52")
@pytest.mark.parametrize("state", STATES)
def test_what_is_refused_says_why(acme, people, state):
    ranks, _status, allowed = STATES[state]
    card = plastics(acme, ranks, RENEWALS.get(state, "none"))
    page = reverse("cards:card", args=[acme.identifier, card.pk])
    for action in set(CARD_ACTIONS) - set(allowed) - {"copy"}:
        shown = client(people, "ada").get(f"{page}{action}/", follow=True).content.decode()
        said = re.findall(r'<p class="notice notice-danger">.*?<span>([^<]+)</span></p>', shown, re.DOTALL)
        assert len(said) == 1, action
        assert said[0].endswith("."), said


@pytest.mark.rule("CRD-9")
@pytest.mark.parametrize("status", STATUSES["cards.request"])
def test_a_request_is_withdrawn_until_it_is_started(acme, people, status):
    row = example(acme, "cards.request", status)
    page = reverse("cards:request", args=[acme.identifier, row.pk])
    possible = status in MOVES["cards.request"]["withdraw"][1]
    for person in ("ada", "max", "cora", "fay"):
        browser = client(people, person)
        offered = f'href="{page}withdraw/"' in browser.get(page).content.decode()
        assert offered == (possible and person in CHANGERS)
        for method in ("GET", "POST"):
            with undone():
                before = entries()
                answer = ask(browser, method, f"{page}withdraw/", keep=True)
                changes, after = entries() != before, now(Request, row.pk)
            if person not in CHANGERS:
                assert (answer.status, changes, after) == (403, False, status)
            elif not possible:
                assert (answer.status, answer.location, changes, after) == (302, page, False, status)
            elif method == "GET":
                assert (answer.status, changes, after) == (200, False, status)
            else:
                assert (answer.status, changes, after) == (302, True, "withdrawn")


@pytest.mark.rule("FUL-1")
@pytest.mark.parametrize("status", STATUSES["cards.request"])
def test_operator_staff_take_into_production_what_waits_and_nothing_else(acme, people, status):
    row = example(acme, "cards.request", status)
    url = f"{reverse('operator:produce')}?select={row.pk}"
    answer = ask(client(people, "otto"), "POST", url, keep=True)
    assert answer.status == 302
    assert now(Request, row.pk) == ("in_production" if status == "received" else status)


# --- nobody else writes a status --------------------------------------------------------------------------------------

# Where a status of its own is written that is no lifecycle's, or for another reason than a transition. The one place
# where a status changes, fleetportal/core/lifecycle.py, takes the name of its column from the table.
OTHER_WRITERS = {
    "cards/mirror.py": "Copies the status of the newest plastic to its card, called by the lifecycle.",
    "cards/production/answers.py": "Judges an answer in memory; what is written goes through the lifecycle.",
    "fleetportal/core/work.py": "Work items have a life of their own (GEN-5).",
    "fleetportal/core/work_run.py": "As work.py: claimed by compare-and-swap, finished by attempt.",
    "fleetportal/core/mail.py": "Outgoing mail: sent, failed, not needed.",
    "fleetportal/core/batches.py": "Bulk actions and their rows.",
    "accounts/safety/mobile.py": "Text messages with a code: sent, used, ended; no member changes anything by them.",
    "cards/demo/seed.py": "Marks the demonstration's work and mail as done long ago.",
}  # fmt: skip
_SQL = re.compile(r"\bSET\b(?:(?!\bWHERE\b)[^;])*?(?<![\w.])\"?(?:renewal_)?status\"?\s*=", re.IGNORECASE | re.DOTALL)
WRITTEN = {"status", "renewal_status"}
WRITING_CALLS = {"update", "create", "get_or_create", "update_or_create", "Issue", "Request", "Card"}


def writes_a_status(tree):
    """Say whether a module writes what is called status: an attribute, a keyword of a writing call, SQL, `sets`."""
    for node in ast.walk(tree):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AugAssign) and any(
            isinstance(target, ast.Attribute) and target.attr in WRITTEN for target in targets
        ):
            return True
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in WRITING_CALLS and any(keyword.arg in WRITTEN for keyword in node.keywords):
                return True
            given = [keyword.value for keyword in node.keywords if keyword.arg == "sets"]
            if any(
                isinstance(one, ast.Dict) and WRITTEN & {getattr(k, "value", "") for k in one.keys} for one in given
            ):
                return True
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value):
            return True
    return False


def test_only_the_lifecycle_writes_a_status():
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("fleetportal", "accounts", "vehicles", "cards")
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts and writes_a_status(ast.parse(path.read_text()))
    }
    assert found == OTHER_WRITERS.keys()


@pytest.mark.parametrize(
    "source",
    ["card.status = 'x'", "card.renewal_status = 'x'", "Card.objects.update(renewal_status='x')",
     "Issue.objects.filter(pk=1).update(status='x')", "Issue(card=c, status='active')",
     "run('UPDATE cards_issue SET made_on = now(), status = %s')", "perform(L, r, 'x', a, sets={'status': 'y'})"],
)  # fmt: skip
def test_the_look_for_writers_sees_them(source):
    assert writes_a_status(ast.parse(source))


@pytest.mark.parametrize(
    "source", ["q.filter(status='x')", "run('UPDATE t SET a = 1 WHERE status = 2')", "x = card.status"]
)
def test_the_look_for_writers_sees_no_others(source):
    assert not writes_a_status(ast.parse(source))
