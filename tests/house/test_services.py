"""The checks below the pages: services, transitions and promised work look at the right first (ACC-13)."""

from __future__ import annotations

import importlib
import inspect
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from accounts.actors import current_actor, member_actor
from accounts.models import Membership
from accounts.notices.services import kinds_of
from cards.lifecycle import ISSUE
from fleetportal.core import work_run
from fleetportal.core.access import PERMISSIONS, Actor
from fleetportal.core.lifecycle import LIFECYCLES, perform_many
from fleetportal.core.scope import all_companies, company_scope
from tests.factories import NOW
from tests.house.checks import ROOT, checks, class_of
from tests.house.world import World, Writes

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-13")]

# Somebody who may do nothing, from outside and as a member of a company.
NOBODIES = (Actor(label="Nobody"), Actor(label="Member", user=1, company=1, membership=1))


class Untouched:
    """Stands for whatever a service is about; it says so when it is looked at."""

    def _touched(self, *_args, **_kwargs):
        raise AssertionError("The service looked at what it is about before it looked at the right.")

    __getattr__ = __iter__ = __bool__ = __int__ = __index__ = __len__ = __call__ = __getitem__ = __eq__ = _touched
    __hash__ = None


# What some need to know before they can say which right it takes.
KNOWN = {
    "fleetportal.core.work.take_over": {"item": SimpleNamespace(kind="cards.block_many")},
    "fleetportal.core.lifecycle.perform_many": {"lifecycle": ISSUE, "name": "block"},
}
# Verbs without a check of their own, and why.
UNCHECKED = {
    "accounts.services.add_membership": "Nobody reaches it through a page yet.",
    "accounts.services.create_company": "Nobody reaches it through a page yet.",
    "accounts.services.create_user": "Nobody reaches it through a page yet.",
    "cards.services.arriving.delete_card": "The transition checks it.",
    "cards.services.ordering.order_duplicate": "Part of a block, for who may block.",
    "cards.services.shared.open_request": "Part of the verbs that order, which ask for theirs.",
    "cards.services.arriving.receive_card": "The transition checks it.",
    "cards.services.taking_on.take_on": "Part of what is done to the plastics, by who may make or activate them.",
}
SERVICES = sorted(
    {
        f"{check.module}.{check.owner}"
        for check in checks()
        if check.sort == "call" and class_of(check) is None and "must" in check.text
    }
)


def arguments(function, **given):
    """Return the arguments for a call; what is not given must not be looked at."""
    return {name: given.get(name, Untouched()) for name in inspect.signature(function).parameters}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_asks_for_the_right_before_it_looks_at_anything(name):
    module, _dot, function = name.rpartition(".")
    service = getattr(importlib.import_module(module), function)
    for actor in NOBODIES:
        writes = Writes()
        with connection.execute_wrapper(writes), pytest.raises(PermissionDenied):
            service(**arguments(service, actor=actor, now=NOW, **KNOWN.get(name, {})))
        assert writes.statements == []


def test_every_verb_of_the_services_checks_the_right_or_says_here_why_not():
    unchecked = set()
    for path in (*ROOT.glob("*/services.py"), *ROOT.glob("*/services/*.py")):
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for name, function in vars(module).items():
            if name.startswith("_") or not inspect.isfunction(function) or function.__module__ != module.__name__:
                continue
            if "actor" in inspect.signature(function).parameters:
                unchecked.add(f"{module.__name__}.{name}")
    unchecked -= set(SERVICES)
    assert unchecked == UNCHECKED.keys()
    assert all(sentence.endswith(".") for sentence in UNCHECKED.values())


@pytest.mark.parametrize("kind", sorted(LIFECYCLES))
def test_no_status_changes_for_who_may_only_look(kind):
    """Today operator staff have all rights alike; the transitions must not count on it."""
    sees = Actor(label="Looks", permissions=frozenset(one.name for one in PERMISSIONS.values() if not one.change))
    for transition in LIFECYCLES[kind].transitions:
        assert PERMISSIONS[transition.permission].change
        if transition.target is not None:
            with pytest.raises(PermissionDenied):
                perform_many(LIFECYCLES[kind], Untouched(), transition.name, sees, now=NOW)


@pytest.mark.rule("GEN-13")
def test_work_of_somebody_who_may_not_is_held(world: World):
    work = SimpleNamespace(permission="cards.order", protective=False)
    for persona, held in (("ada", False), ("cora", True)):
        item = SimpleNamespace(requested_by_id=world.people[persona].pk, company_id=world.acme.pk, kind="test")
        assert (work_run._actor(item, work, NOW) is None) is held


@pytest.mark.rule("ACC-41")
def test_nobody_chooses_how_a_notice_comes_that_they_may_not_receive(world: World):
    """Held work is told to administrators, what became of a request to those who may see cards."""
    held, refused = "accounts.work_held", "cards.request_refused"
    for persona, kinds in (("ada", {held, refused}), ("cora", {refused})):
        actor = current_actor(world.people[persona].pk, world.acme.pk, NOW)
        with company_scope(world.acme.pk):
            offered = {kind.name for kind in kinds_of(actor)}
        assert offered & {held, refused} == kinds


def test_an_actor_may_what_its_membership_gives_and_nothing_else(world: World):
    with all_companies(reason="test"):
        rita = Membership.objects.select_related("company").get(user=world.people["rita"])
    actor = member_actor(world.people["rita"], rita)
    actor.must("requests.see")
    for more in ("requests.withdraw", "cards.see", "operator.see"):
        with pytest.raises(PermissionDenied):
            actor.must(more)
