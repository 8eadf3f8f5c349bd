"""What needs a new plastic: stated before it is confirmed, ordered once, and carried by the card when it is made.

The card goes on with what it has until then (decision 0041); the old plastic stays valid to its own expiry date.
"""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone

from cards.expiry import expiry_after, month_text
from cards.models import Card, CardLimit, CardProduct, Issue, Request
from cards.production.answers import take_answer
from cards.production.batches import production_rows, take_batch
from cards.production.format import COLUMNS, answer_file
from fleetportal.core.access import system
from fleetportal.core.scope import all_companies
from tests import factories
from tests.cards.tools import (
    again,
    alter,
    audit_of,
    change,
    counted,
    issue_of,
    one,
    order,
    request_of,
    rows,
    settle,
)

ORDERED = "The new card is ordered: request {}. It is made within 24 hours."


@pytest.fixture
def card(number):
    return factories.card(number, printed_as="1-ABC-123")


class Maker:
    """The operator who takes what waits, and the card maker who reads and answers it."""

    today = property(lambda self: timezone.localdate())
    four_years_on = property(lambda self: expiry_after(self.today, 48))

    def take(self):
        with all_companies(reason="test"):
            return take_batch(actor=system("test"), now=timezone.now())

    def rows(self, batch):
        with all_companies(reason="test"):
            return [dict(zip(COLUMNS, row.cells, strict=True)) for row in production_rows(batch)]

    def answer(self, *cells):
        text = answer_file("A", timezone.now(), [cells])
        with all_companies(reason="test"):
            assert take_answer("answer.csv", text.encode(), timezone.now()).applied == 1

    def made(self, card, rank):
        self.answer("made", card.number, str(rank), self.today.isoformat(), month_text(self.four_years_on))


@pytest.fixture
def maker():
    return Maker()


def state(ada, card, tab="general", **typed):
    return ada.fill(f"cards/{card.pk}/change/?tab={tab}", **typed)


def tables(seen):
    """The statement: heading → setting → (before, after)."""
    return {
        section.first("h2").text: {
            cells[0].text: (cells[1].text, cells[2].text)
            for row in section.all("tr")
            if len(cells := row.all("td")) == 3
        }
        for section in seen.main.all("section", class_="section")
    }


@pytest.mark.rule("CRD-42", "CRD-43")
def test_before_confirming_the_page_says_field_by_field_what_is_at_once_and_what_makes_a_new_card(ada, card):
    before = counted()
    seen = state(ada, card, printed_as="2-NEW-222", cost_centre="CC-17", extra_mention="Team 4")
    assert seen.title == "Check the change of 1-ABC-123"
    assert tables(seen) == {
        "Takes effect at once": {"Cost centre": ("–", "CC-17")},
        "Makes a new card": {
            "Plate or name on the card": ("1-ABC-123", "2-NEW-222"),
            "Extra mention": ("–", "TEAM 4"),
        },
    }
    for said in (
        "A new card is made within 24 hours, with the same number and rank 2.",
        "The old card, rank 1, stays valid until 30/11/2030. Destroy it when the new one arrives.",
        "It is sent to Acme, reception, Havenlaan 12, 1080 Brussel, Belgium.",
    ):
        assert said in seen.text
    assert [one.text for one in seen.main.all("button")] == ["Save and order the new card"]
    assert counted() == before
    assert again(card).cost_centre == ""


@pytest.mark.rule("CRD-43", "GEN-2")
def test_confirmed_what_is_at_once_is_applied_and_one_request_with_the_next_rank_is_there(ada, card):
    number, key = card.number, card.pk
    seen = alter(ada, card, printed_as="2-NEW-222", cost_centre="CC-17")
    request = request_of(card, 2)
    assert seen.messages == [ORDERED.format(request.number)]
    assert seen.place == ada.url(f"requests/{request.pk}/")
    assert (request.kind, request.label, request.status) == ("changed", "2-NEW-222", "received")
    issue = issue_of(card, 2)
    assert (issue.status, issue.changes) == ("new", {"printed_as": "2-NEW-222", "plate_country": "BE"})
    after = again(card)
    assert (after.cost_centre, after.printed_as, after.number, after.pk) == ("CC-17", "1-ABC-123", number, key)
    assert (after.status, after.rank, after.live) == ("new", 2, True)
    assert issue_of(card, 1).status == "active"
    [at_once] = audit_of(card, "cards.changed")
    assert set(at_once.after) == {"cost_centre"}
    [entry] = audit_of(issue, "cards.plastic_ordered")
    assert (entry.before, entry.after) == ({"printed_as": "1-ABC-123"}, {"rank": 2, "printed_as": "2-NEW-222"})
    shown = ada.get(f"cards/{card.pk}/")
    assert "Plate or name on the card: 1-ABC-123 → 2-NEW-222" in shown.text
    assert "A new card, rank 2, is ordered. The one in use, rank 1, stays valid until 30/11/2030" in shown.text
    [asked] = [row for row in ada.get("requests/", q="2-NEW-222").rows if row["Type"] == "Changed plastic"]
    assert asked["For"] == "2-NEW-222"


@pytest.mark.rule("CRD-42")
@pytest.mark.parametrize(
    ("tab", "typed", "line"),
    [
        ("general", {"category": "pool", "printed_as": "POOL 4"}, ("Card category", ("By vehicle", "Pool"))),
        ("products", {"pays_petrol95": "on"}, ("Fuel and energy", ("Diesel", "Diesel, Petrol 95"))),
        ("products", {"pays_adblue": ""}, ("Services", ("AdBlue", "–"))),
        ("controls", {"odometer_entry": "on"}, ("Odometer at the terminal", ("Not asked for", "Asked for"))),
        ("code", {"code_type": "personal"}, ("Type of secret code", (
            "4 digits, calculated by the operator", "Personal code of 8 digits"))),
        ("code", {"another_code": "on"}, ("Secret code", ("as it is", "calculated anew"))),
    ],
)  # fmt: skip
def test_each_of_the_first_column_makes_a_new_card(ada, card, tab, typed, line):
    seen = state(ada, card, tab, **typed)
    found = tables(seen)
    assert set(found) == {"Makes a new card"}
    assert found["Makes a new card"][line[0]] == line[1]
    ada.send(seen)
    assert issue_of(card, 2).status == "new"
    same = again(card)
    for name in ("category", "printed_as", "products", "odometer_entry", "code_type"):
        assert getattr(same, name) == getattr(card, name)


@pytest.mark.rule("FUL-2", "CRD-43")
def test_once_it_is_made_the_card_is_what_the_new_plastic_carries_and_the_old_one_stays_valid(ada, number, card, maker):
    factories.limit(card, "adblue", amount="20")
    alter(ada, card, "products", pays_adblue="", pays_wash="on")
    alter(ada, card, printed_as="2-NEW-222")
    assert [one.product for one in rows(CardLimit)] == ["adblue"]
    batch = maker.take()
    [row] = maker.rows(batch)
    assert (row["number"], row["rank"], row["embossing_1"]) == (card.number, "2", "2-NEW-222")
    assert (row["products"], row["code"]) == ("diesel wash", "keep")
    assert again(card).printed_as == "1-ABC-123"
    maker.made(card, 2)
    after, issue = again(card), issue_of(card, 2)
    assert (after.printed_as, after.products, issue.changes) == ("2-NEW-222", ["diesel", "wash"], None)
    assert issue.expires_on == maker.four_years_on
    assert rows(CardLimit) == []
    [entry] = audit_of(card, "cards.change_made")
    assert entry.after["printed_as"] == "2-NEW-222"
    old = issue_of(card, 1)
    assert (old.status, old.expires_on, old.printed_as) == ("active", date(2030, 11, 30), "1-ABC-123")
    assert [row["Plate or name"] for row in ada.get("cards/", q="2-NEW-222").rows] == ["2-NEW-222"]
    printed = [row["Printed"] for row in ada.get(f"cards/{card.pk}/").rows if "Printed" in row]
    assert printed == ["2-NEW-222", "1-ABC-123"]


@pytest.mark.rule("CRD-43", "CRD-9")
def test_a_request_that_is_withdrawn_takes_the_change_back(ada, card):
    alter(ada, card, "products", pays_wash="on")
    alter(ada, card, "limits", limit_wash_amount="30")
    issue = issue_of(card, 2)
    ada.send(ada.get(f"requests/{request_of(card, 2).pk}/withdraw/"))
    after = again(card)
    assert (after.status, after.rank, after.products) == ("active", 1, ["diesel", "adblue"])
    assert again(issue).changes is None
    assert rows(CardLimit) == []
    assert "is ordered" not in ada.get(f"cards/{card.pk}/").text
    # The next change begins anew, with the next rank.
    alter(ada, card, printed_as="3-XYZ-333")
    assert issue_of(card, 3).status == "new"


@pytest.mark.rule("CRD-43")
def test_deleting_says_that_the_new_plastic_goes_and_the_old_one_stays(ada, card):
    alter(ada, card, printed_as="2-NEW-222")
    page = ada.get(f"cards/{card.pk}/delete/")
    assert page.title == "Delete the new plastic of the card 1-ABC-123"
    assert "A plastic that is in use stays as it is." in page.text
    assert ada.send(page).messages == ["The new plastic of 1-ABC-123 is deleted."]
    assert (again(card).status, again(card).printed_as, issue_of(card, 2).changes) == ("active", "1-ABC-123", None)


@pytest.mark.rule("CRD-40", "CRD-43")
def test_what_is_ordered_and_not_begun_is_changed_itself_and_keeps_its_rank(ada, card):
    alter(ada, card, printed_as="2-NEW-222")
    seen = state(ada, card, printed_as="3-XYZ-333", extra_mention="TEAM 4")
    assert tables(seen) == {
        "Changes the new card": {
            "Plate or name on the card": ("2-NEW-222", "3-XYZ-333"),
            "Extra mention": ("–", "TEAM 4"),
        }
    }
    assert "A new card is ordered already, rank 2: it is made with these changes as well." in seen.text
    request = request_of(card, 2)
    assert ada.send(seen).messages == [f"The new card is changed: request {request.number}."]
    assert len(rows(Issue, card_id=card.pk)) == 2
    assert issue_of(card, 2).changes["printed_as"] == again(request).label == "3-XYZ-333"
    # Changed back, nothing would be left of it.
    change_back = state(ada, card, printed_as="1-ABC-123", extra_mention="")
    assert ada.send(change_back).messages == [
        "Nothing of the new plastic would be different any more. Withdraw its request instead."
    ]
    assert issue_of(card, 2).changes["printed_as"] == "3-XYZ-333"


@pytest.mark.rule("CRD-40")
def test_a_new_card_is_changed_itself_before_production_with_all_its_fields(ada, number):
    order(ada)
    card = one(Card)
    seen = state(ada, card, printed_as="2-NEW-222", category="vehicle", cost_centre="CC")
    assert set(tables(seen)) == {"Changes the order"}
    assert "The order itself is changed before production: it keeps its request and its rank." in seen.text
    assert ada.send(seen).messages == ["The order is changed."]
    alter(ada, card, "products", pays_diesel="", pays_electricity="on")
    alter(ada, card, "controls", odometer_entry="on")
    after = again(card)
    assert (after.printed_as, after.products, after.odometer_entry) == ("2-NEW-222", ["electricity"], True)
    assert (after.status, after.rank, len(rows(Issue)), one(Request).label) == ("new", 1, 1, "2-NEW-222")
    assert one(Issue).changes is None


@pytest.mark.rule("PIN-3")
def test_another_code_makes_a_new_card_and_the_page_says_so_first(ada, card, maker):
    tab = ada.get(f"cards/{card.pk}/change/?tab=code")
    assert "another code or another type of code makes a new card" in tab.text
    seen = ada.send(tab, code_type="chosen", secret_code="7391", secret_code_again="7391")
    assert "set, not shown" in seen.text
    assert "7391" not in seen.html
    assert "The new card has another secret code. The old card keeps its own." in seen.text
    ada.send(seen)
    issue = issue_of(card, 2)
    assert (issue.new_code, issue.changes, again(card).code_type) == (True, {"code_type": "chosen"}, "calculated")
    assert issue.sealed_code is not None
    [entry] = audit_of(issue, "cards.plastic_ordered")
    assert entry.after == {"rank": 2, "code_type": "chosen", "code": "new"}
    batch = maker.take()
    [row] = maker.rows(batch)
    assert (row["code_type"], row["code"]) == ("chosen", "sealed")
    maker.made(card, 2)
    assert (again(card).code_type, issue_of(card, 2).sealed_code) == ("chosen", None)


@pytest.mark.rule("PIN-3")
def test_another_calculated_code_is_calculated_by_the_maker_and_its_letter_goes_to_the_address_on_file(
    ada, number, card, maker
):
    alter(ada, card, "code", another_code="on")
    [row] = maker.rows(maker.take())
    assert (row["rank"], row["code"], row["code_street"]) == ("2", "calculated", number.street)
    assert audit_of(card, "cards.changed") == []


@pytest.mark.rule("PIN-2", "PIN-3", "GEN-9")
@pytest.mark.parametrize(
    ("typed", "errors"),
    [
        ({"secret_code": "1234", "secret_code_again": "1234"}, {"secret_code": "This code is too easy to guess."}),
        ({"secret_code": "7391", "secret_code_again": "7392"}, {"secret_code_again": "The two codes differ."}),
        ({"secret_code": "", "secret_code_again": ""}, {"secret_code": "A secret code has four digits."}),
        ({"secret_code": "739", "secret_code_again": "739"}, {"secret_code": "A secret code has four digits."}),
    ],
)
def test_a_wrong_code_is_said_at_its_field_and_nothing_is_written(ada, card, typed, errors):
    before = counted()
    assert state(ada, card, "code", code_type="chosen", **typed).errors == errors
    assert counted() == before


@pytest.mark.rule("PIN-3")
def test_a_chosen_code_is_kept_when_none_is_typed(ada, number):
    card = factories.card(number, code_type="chosen")
    assert alter(ada, card, "code").messages == ["Nothing was different."]


@pytest.mark.rule("GEN-9")
@pytest.mark.parametrize(
    ("tab", "typed", "field"),
    [
        ("general", {"printed_as": "ÉTÉ"}, "printed_as"),
        ("general", {"printed_as": "---"}, "printed_as"),
        ("general", {"printed_as": ""}, "printed_as"),
        ("general", {"category": "nobody"}, "category"),
        ("general", {"extra_mention": "½"}, "extra_mention"),
        ("general", {"plate_country": "??"}, "plate_country"),
        ("code", {"code_type": "none"}, "code_type"),
    ],
)
def test_what_can_not_be_printed_or_paid_is_said_at_its_field(ada, card, tab, typed, field):
    before = counted()
    seen = state(ada, card, tab, **typed)
    assert field in seen.errors
    assert counted() == before


def next_tab(ada, card, stated, name):
    """Go back from the statement and open another tab."""
    tabs = ada.get(stated.link("Change something else")).main.first("nav", class_="tabs").all("a")
    [href] = [one.attrs["href"] for one in tabs if one.text == name]
    return ada.get(f"cards/{card.pk}/change/{href.rpartition('/')[2]}")


@pytest.mark.rule("GEN-9")
def test_a_card_that_would_pay_for_nothing_is_refused_at_the_group(ada, card):
    before = counted()
    seen = state(ada, card, "products", pays_diesel="", pays_adblue="")
    assert list(seen.errors.values()) == ["Choose at least one product or service."]
    assert counted() == before


@pytest.mark.rule("CRD-40")
def test_several_tabs_are_confirmed_together(ada, card):
    first = state(ada, card, printed_as="2-NEW-222")
    assert ada.get(first.link("Change something else")).values["printed_as"] == ["2-NEW-222"]
    second = ada.send(next_tab(ada, card, first, "Products and services"), pays_wash="on")
    third = ada.send(next_tab(ada, card, second, "Limits"), limit_wash_amount="40")
    assert set(tables(third)["Makes a new card"]) == {"Plate or name on the card", "Services"}
    assert tables(third)["Takes effect at once"] == {
        "Limit for Car wash": ("no limit", "40 euro per month, block this product")
    }
    ada.send(third)
    assert issue_of(card, 2).changes == {
        "printed_as": "2-NEW-222", "plate_country": "BE", "services": ["adblue", "wash"],
    }  # fmt: skip
    assert len(rows(Request, kind="changed")) == 1


@pytest.mark.rule("CRD-40")
def test_one_goes_from_tab_to_tab_and_nothing_that_was_typed_is_lost(ada, card):
    form = ada.get(f"cards/{card.pk}/change/")
    assert [one.text for one in form.main.all("button")] == ["Check the change", "Go on with Products and services"]
    # Nothing is different yet: the next tab opens as it is.
    products = ada.send(form, next="products")
    limits = ada.send(products, next="limits", pays_wash="on")
    assert "limit_wash_amount" in limits.values
    code = ada.send(ada.send(limits, next="controls", limit_wash_amount="40"), next="code", tank_capacity="61")
    assert [one.text for one in code.main.all("button")] == ["Check the change"]
    stated = ada.send(code)
    assert set(tables(stated)["Takes effect at once"]) == {"Limit for Car wash", "Tank capacity"}
    assert set(tables(stated)["Makes a new card"]) == {"Services"}
    assert rows(Issue, card_id=card.pk, rank=2) == []


@pytest.mark.rule("CRD-43", "GEN-3")
def test_of_two_who_stated_a_new_card_the_second_is_told(ada, max_, card):
    mine, theirs = state(ada, card, printed_as="2-NEW-222"), state(max_, card, printed_as="3-XYZ-333")
    max_.send(theirs)
    before = counted()
    assert ada.send(mine).messages == [
        "A new plastic of this card was ordered meanwhile. Look at it before you order another change."
    ]
    assert counted() == before


@pytest.mark.rule("CRD-43", "CRD-51")
def test_a_block_ends_the_old_plastic_and_the_order_of_the_new_one(ada, card):
    alter(ada, card, "code", code_type="chosen", secret_code="7391", secret_code_again="7391")
    page = ada.get(f"cards/{card.pk}/block/")
    assert "The new card that is ordered, rank 2, is not made, and nothing it was to change changes." in page.text
    ada.send(page, reason="theft", duplicate="yes")
    assert [issue_of(card, rank).status for rank in (1, 2, 3)] == ["blocked", "withdrawn", "new"]
    gone = issue_of(card, 2)
    assert (gone.changes, gone.sealed_code, again(card).code_type) == (None, None, "calculated")
    assert request_of(card, 2).status == "withdrawn"


@pytest.mark.rule("CRD-43", "CRD-51")
def test_what_the_maker_is_making_when_the_block_comes_is_what_the_duplicate_carries(ada, card, maker):
    alter(ada, card, printed_as="2-NEW-222")
    batch = maker.take()
    ada.fill(f"cards/{card.pk}/block/", reason="theft", duplicate="yes")
    assert [issue_of(card, rank).status for rank in (1, 2, 3)] == ["blocked", "blocked", "new"]
    assert again(card).printed_as == "2-NEW-222"
    assert maker.rows(batch)[0]["embossing_1"] == "2-NEW-222"
    assert maker.rows(maker.take())[0]["embossing_1"] == "2-NEW-222"


@pytest.mark.rule("FUL-2")
def test_what_the_maker_refuses_leaves_the_card_as_it_was(ada, card, maker):
    alter(ada, card, "code", code_type="chosen", secret_code="7391", secret_code_again="7391")
    maker.take()
    maker.answer("rejected", card.number, "2", "Not printable")
    gone = issue_of(card, 2)
    assert (gone.status, gone.changes, gone.sealed_code) == ("withdrawn", None, None)
    assert (again(card).status, again(card).code_type, request_of(card, 2).status) == (
        "active",
        "calculated",
        "refused",
    )


@pytest.mark.rule("CRD-42", "GEN-3")
def test_what_was_decided_anew_since_the_page_was_seen_is_not_done_silently(ada, card):
    seen = state(ada, card, printed_as="2-NEW-222")
    product = one(CardProduct)
    change(product, needs_plastic=[name for name in product.needs_plastic if name != "printed"])
    before = counted()
    assert ada.send(seen).messages == ["What needs a new card was decided anew meanwhile. Look at your change again."]
    assert counted() == before
    assert alter(ada, card, printed_as="2-NEW-222").messages == ["The changes are saved and take effect at once."]


@pytest.mark.rule("GEN-1", "ACC-13")
def test_a_change_that_somebody_else_began_is_not_there(ada, max_, ben, cora, card):
    seen = state(ada, card, printed_as="2-NEW-222")
    before = counted()
    path = seen.path.split("/", 2)[2]
    for person, status in ((max_, 404), (ben, 404), (cora, 403)):
        assert person.get(path).status == status
        assert person.post(path, seen.values).status == status
    assert counted() == before
    assert settle(ada, ada.get(path)).messages
