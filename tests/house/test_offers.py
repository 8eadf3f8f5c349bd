"""No page offers what is refused: every address in every answer, against the oracle (ACC-13)."""

from __future__ import annotations

import pytest

from tests.house.offers import EXPECTED, offered, wrongly_let_in, wrongly_offered, wrongly_told
from tests.house.oracle import METHODS
from tests.house.world import World, address, ask

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-13")]


@pytest.mark.parametrize("name", sorted(name for name in EXPECTED if "GET" in METHODS[name]))
def test_no_page_offers_anybody_what_they_may_not_do(world: World, name):
    assert wrongly_offered(world, [name]) == []


@pytest.mark.parametrize("name", sorted(name for name in EXPECTED if name.startswith("operator:")))
def test_operator_staff_with_fewer_rights_get_no_further_than_these(world: World, name):
    """No page counts on it that all operator staff have the same rights."""
    assert wrongly_let_in(world, [name]) == []


def test_who_may_not_open_the_requests_is_told_of_none_on_a_cards_page(world: World):
    assert wrongly_told(world) == []


def test_what_may_be_done_is_offered(world: World):
    """What is compared contains something: Ada is offered what can be done with a card, Cora is not."""
    url = address(world, "cards:card", "own", "active", "ada")
    doors = {name: offered(ask(world.clients[name], "GET", url).content, url) for name in ("ada", "cora")}
    assert {"cards:block", "cards:cancel", "cards:change", "cards:new"} <= doors["ada"]
    acts = {"cards:block", "cards:change", "cards:new", "cards:copy", "cards:delete", "cards:receive"}
    acts |= {"cards:cancel", "cards:take_back"}
    assert not acts & doors["cora"]
    assert {"cards:list", "cards:requests"} <= doors["cora"]
