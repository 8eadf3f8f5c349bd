"""Operator staff decide, card product by card product, which changes need a new plastic (CRD-42)."""

from __future__ import annotations

import pytest

from cards.models import CardProduct
from fleetportal.core.audit import AuditEntry
from tests import factories
from tests.cards.tools import again, alter, counted, issue_of, one, rows

DECIDED = "What changes of Fleet card do is decided."


@pytest.fixture
def product(number):
    return factories.card_product()


def page(otto, product):
    return otto.get(f"products/{product.pk}/")


@pytest.mark.rule("CRD-42")
def test_the_page_shows_what_the_rule_is_read_as_for_every_product(otto, product):
    other = factories.card_product(name="Fleet card Europe", code="europe")
    assert sorted(row["Name"] for row in otto.get("products/").rows) == ["Fleet card", "Fleet card Europe"]
    for each in (product, other):
        decided = page(otto, each).values
        made = {name for name, value in decided.items() if value == ["plastic"]}
        assert made == {
            "category", "printed", "fuels", "services", "odometer_entry",
            "extra_mention_vehicle", "extra_mention_driver", "extra_mention_pool",
        }  # fmt: skip
        at_once = {name for name, value in decided.items() if value == ["at_once"]}
        assert at_once == {
            "fuel_limits", "service_limits", "tank_capacity", "vehicle_type", "forbidden_days", "hours", "area",
            "transactions", "max_amount", "min_minutes_between",
        }  # fmt: skip


@pytest.mark.rule("CRD-42", "GEN-2")
def test_what_is_decided_holds_for_the_cards_of_that_product_alone_and_is_in_the_audit(otto, ada, number, product):
    other = factories.card_product(name="Other", code="other", issuer_number="700202")
    seen = otto.send(page(otto, product), odometer_entry="at_once", tank_capacity="plastic", fuel_limits="plastic")
    assert seen.messages == [DECIDED]
    [entry] = rows(AuditEntry, verb="operator.plastic_decided")
    assert entry.before == {"fuel_limits": False, "odometer_entry": True, "tank_capacity": False}
    assert entry.after == {"fuel_limits": True, "odometer_entry": False, "tank_capacity": True}
    assert (entry.object_id, entry.actor_id is None) == (product.pk, False)
    mine, theirs = factories.card(number), factories.card(number, product=other)
    for card in (mine, theirs):
        factories.limit(card, "diesel", amount="250")
        alter(ada, card, "controls", odometer_entry="on", tank_capacity="80")
        alter(ada, card, "limits", limit_diesel_amount="300")
    assert (again(mine).odometer_entry, again(mine).tank_capacity) == (True, None)
    assert issue_of(mine, 2).changes == {
        "tank_capacity": 80,
        "fuel_limits": [
            {"product": "diesel", "amount": "300.00", "unit": "eur", "period": "month", "on_reach": "block"}
        ],
    }
    assert (again(theirs).odometer_entry, again(theirs).tank_capacity) == (False, 80)
    assert issue_of(theirs, 2).changes == {"odometer_entry": True}


@pytest.mark.rule("CRD-42")
def test_a_mention_that_is_not_printed_is_changed_at_once(otto, ada, number, product):
    otto.send(page(otto, product), extra_mention_pool="at_once")
    pool = factories.card(number, category="pool", printed_as="POOL 1", plate_country="")
    plated = factories.card(number)
    for card in (pool, plated):
        alter(ada, card, extra_mention="TEAM 4")
    assert (again(pool).extra_mention, again(pool).status) == ("TEAM 4", "active")
    assert (again(plated).extra_mention, issue_of(plated, 2).changes) == ("", {"extra_mention": "TEAM 4"})


@pytest.mark.rule("GEN-3")
def test_of_two_who_decide_from_the_same_page_the_second_is_told(otto, product):
    first, second = page(otto, product), page(otto, product)
    otto.send(first, category="at_once")
    assert otto.send(second, printed="at_once").messages == [
        "Somebody else decided this meanwhile. Look at it again before you change it."
    ]
    assert "printed" in one(CardProduct).needs_plastic
    assert otto.send(page(otto, product)).messages == ["Nothing was different."]
    assert len(rows(AuditEntry, verb="operator.plastic_decided")) == 1


@pytest.mark.rule("GEN-9")
@pytest.mark.parametrize("typed", [{"category": "never"}, {"printed": None}, {"version": ""}])
def test_an_answer_that_is_none_is_said_and_nothing_is_written(otto, product, typed):
    before = counted()
    seen = otto.send(page(otto, product), **typed)
    assert set(seen.errors) >= set(typed) - {"version"}
    assert seen.status == 200
    assert counted() == before
    assert one(CardProduct).needs_plastic == product.needs_plastic
