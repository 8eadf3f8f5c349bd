"""Each check of a right, taken out alone, must be seen: the control of the matrix (docs/developers/testing.md)."""

from __future__ import annotations

from random import Random

import pytest
from _pytest.outcomes import Failed

from fleetportal.core.access import PERMISSIONS
from fleetportal.core.lifecycle import LIFECYCLES
from tests import factories
from tests.accounts.settings.conftest import make_firm
from tests.house import test_lifecycles as lifecycles
from tests.house import test_services as services
from tests.house import test_urls, test_work
from tests.house.addresses import addresses, pages
from tests.house.checks import Check, checks, class_of, without
from tests.house.offers import EXPECTED, wrongly_let_in, wrongly_offered
from tests.house.test_matrix import methods_for, walk
from tests.house.world import World, undone
from tests.vehicles import test_colleagues as colleagues

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

PAGES = pages()
SAMPLE = 4
# So many addresses at most are walked through in `make test`, where nothing is expected to be seen on the way.
NARROW = 6
# What everybody has who is signed in keeps nobody out; pages that ask for it show a person their own things.
EVERYBODYS = {
    "account.change", "account.see", "activity.see", "downloads.make", "home.see", "jobs.see", "notices.read",
    "notices.see", "own.see", "views.keep",
}  # fmt: skip


def concerned(check: Check) -> list[str]:
    """Return the addresses that the check may stand before; all of them where that is not known."""
    owner = class_of(check) if check.sort in {"call", "page"} else None
    names = [name for name, page in PAGES.items() if owner is not None and issubclass(page, owner)]
    return sorted(names or EXPECTED)


def quick(name, persona, scope):
    """Return the methods that show whether somebody is let in."""
    return tuple(set(methods_for(name, persona, scope)) & {"GET", "POST"}) if scope in {"", "own"} else ()


def seen(check: Check, world: World) -> str:
    """Return what the house's tests say when that check is out; an empty text when they see nothing."""
    if wrong := said_by(check, world):
        return wrong
    names = concerned(check)
    if check.sort == "page" or "must" in f"{check.owner} {check.text}":
        for name in names:
            if wrong := walk(world, name, quick) or wrongly_let_in(world, [name]):
                return wrong[0]
    for name in names:
        if wrong := wrongly_offered(world, [name]):
            return wrong[0]
    return ""


def said_by(check: Check, world: World) -> str:
    """Ask the tests about what lies below the pages."""
    asked = []
    if check.sort == "work":
        asked.append(test_work.test_every_kind_and_job_stands_here)
    if check.sort == "transition":
        asked.append(lambda: services.test_no_status_changes_for_who_may_only_look(check.module))
        if check.module in lifecycles.MOVES:
            asked.append(lambda: transition_test(check.module, check.owner))
    if check.module == "fleetportal.core.lifecycle":
        asked.append(lambda: transition_test("cards.issue", "block"))
    if f"{check.module}.{check.owner}" in services.SERVICES:
        asked.append(
            lambda: services.test_a_service_asks_for_the_right_before_it_looks_at_anything(
                f"{check.module}.{check.owner}"
            )
        )
    if check.module.startswith("vehicles.") and "users.see" in check.text:
        asked.append(colleagues_test)
    if check.module == "accounts.notices.services":
        asked.append(lambda: services.test_nobody_chooses_how_a_notice_comes_that_they_may_not_receive(world))
    if check.module == "fleetportal.core.work_run":
        asked.append(lambda: services.test_work_of_somebody_who_may_not_is_held(world))
    for test in asked:
        try:
            with undone():
                test()
        except (Exception, Failed) as difference:  # without the check anything may happen
            return f"{type(difference).__name__}: {difference}"
    return ""


def transition_test(kind, name):
    """Try one transition in all its statuses with everybody, in a company of its own."""
    acme = factories.company("Unique")
    people = {one: factories.member(acme, one.title()).user for one in lifecycles.PEOPLE if one != "otto"}
    people["otto"] = factories.operator()
    lifecycles.test_a_transition_goes_from_its_statuses_for_who_may_and_leaves_one_entry(acme, people, kind, name)


def colleagues_test():
    """Try as somebody who may change drivers and see no colleagues, in a company of its own."""
    firm = make_firm("Unique", conditions_accepted=99)
    someone = factories.member(firm.acme, "Max")
    colleagues.test_who_may_not_see_the_colleagues_is_shown_none_and_links_none(firm, someone)


def survivors(chosen, world):
    """Return the checks whose absence nobody sees."""
    left = []
    for check in chosen:
        assert said_by(check, world) == "", f"{check} is seen where it stands in its place."
        with undone(), without(check):
            if not seen(check, world):
                left.append(str(check))
    return left


def test_the_checks_are_found():
    """Each page with a right to ask for, each transition and each service is among them."""
    found = checks()
    assert {one.name for one in PERMISSIONS.values() if one.side == "self"} == EVERYBODYS
    owners = {class_of(check) for check in found if check.sort == "page"}
    for address in addresses():
        if address.page is not None and address.page.permission not in EVERYBODYS:
            assert owners & set(address.page.__mro__), address.name
    assert sum(len(one.transitions) for one in LIFECYCLES.values()) == sum(one.sort == "transition" for one in found)
    assert len({str(check) for check in found}) == len(found)
    assert {check.module for check in found} >= {"fleetportal.core.access", "fleetportal.core.pages.base"}


def test_with_every_check_in_its_place_nothing_is_seen(world: World):
    narrow = [check for check in checks() if len(concerned(check)) <= NARROW]
    for check in Random("control").sample(narrow, SAMPLE):
        assert seen(check, world) == "", check


@pytest.mark.long
def test_with_every_check_in_its_place_nothing_is_seen_on_all_pages(world: World):
    wide = [check for check in checks() if len(concerned(check)) > NARROW]
    for check in Random("control").sample(wide, SAMPLE):
        assert seen(check, world) == "", check


def test_some_checks_taken_out_are_seen(world: World):
    """Another few each time that a check is added; `make test-long` takes out each."""
    chosen = Random(len(checks())).sample(checks(), SAMPLE)
    assert survivors(chosen, world) == []


@pytest.mark.long
@pytest.mark.parametrize("check", checks(), ids=str)
def test_each_check_taken_out_is_seen(world: World, check):
    assert survivors([check], world) == []


def test_the_addresses_themselves_say_what_a_page_may_ask_for():
    """What the control relies on beside the matrix: a page that changes something asks for a right to change."""
    test_urls.test_what_changes_something_declares_a_permission_to_change()
