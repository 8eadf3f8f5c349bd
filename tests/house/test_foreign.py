"""Another company's ids, wherever an id can hide: nothing is found, nothing is written, nothing leaks (GEN-1)."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from cards.work import block_many
from fleetportal.core.access import system
from fleetportal.core.mail import OutgoingMail, compose
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.tenancy import TenantModel
from tests.factories import NOW
from tests.house.addresses import addresses
from tests.house.oracle import METHODS, OBJECT
from tests.house.world import MARK, World, address, ask, undone

pytestmark = pytest.mark.django_db

FORMATS = ("", "xlsx", "csv")
# What is asked of Borea: every word of an address that can hold an id, or find something by its text.
QUERY = ("copy", "draft", "select", "customer_number", "division", "product", "q", "after", "before", "all", "user")


def url(world, name, *args):
    return reverse(name, args=[world.acme.identifier, *args])


@pytest.mark.rule("GEN-1")
@pytest.mark.parametrize("parameter", ["copy", "draft"])
def test_what_is_taken_up_from_an_address_is_ones_own_companys(world: World, parameter):
    kind = {"copy": "active", "draft": "draft"}[parameter]
    new = url(world, "cards:new")
    ada = world.clients["ada"]
    assert ask(ada, "GET", f"{new}?{parameter}={world.id(kind, 'own', 'ada')}").status == 200
    foreign = ask(ada, "GET", f"{new}?{parameter}={world.id(kind, 'other_company')}")
    nowhere = ask(ada, "GET", f"{new}?{parameter}={world.id(kind, 'not_existing')}")
    assert foreign.status == nowhere.status == 404
    assert (foreign.content, foreign.headers) == (nowhere.content, nowhere.headers)


@pytest.mark.rule("GEN-1")
@pytest.mark.parametrize(
    ("name", "parameter"),
    [("cards:list", "customer_number"), ("cards:list", "division"), ("cards:requests", "customer_number")],
)
def test_a_filter_by_another_companys_id_is_no_choice(world: World, name, parameter):
    """What can't be chosen is said at the field, in the same words whether it is another's or nobody's."""
    rows = {"customer_number": world.numbers, "division": world.divisions}[parameter]
    page = url(world, name)
    # The query that was sent stands in addresses that lead on, once more encoded where a list is named within one, and
    # the sentence at the field repeats it.
    asked = re.compile(
        rf'({parameter}(?:=|%3D)|name="{parameter}" value="|_error"><li>Select a valid choice\. )\d+'.encode()
    )
    foreign, nowhere = (
        ask(world.clients["ada"], "GET", f"{page}?{parameter}={pk}") for pk in (rows["borea"].pk, 2**40)
    )
    assert foreign.status == nowhere.status == 200
    assert f'id="id_{parameter}_error"'.encode() in foreign.content
    assert MARK.encode() not in foreign.content
    assert asked.sub(rb"\1", foreign.content) == asked.sub(rb"\1", nowhere.content)


@pytest.mark.rule("GEN-1")
@pytest.mark.parametrize("field", ["customer_number", "division", "vehicle", "driver"])
def test_an_order_with_another_companys_id_is_an_error_at_its_field(world: World, field):
    foreign = {
        "customer_number": world.numbers["borea"].pk,
        "division": world.divisions["borea"].pk,
        "vehicle": f"{MARK}1",
        "driver": f"{MARK} {MARK}",
    }[field]
    answer = ask(world.clients["ada"], "POST", url(world, "cards:new"), world.order(**{field: foreign}))
    assert (answer.status, answer.writes) == (200, [])
    assert f'id="id_{field}_error"'.encode() in answer.content


@pytest.mark.rule("GEN-1")
@pytest.mark.parametrize("field", ["division", "vehicle", "driver"])
def test_a_change_to_another_companys_id_is_an_error_at_its_field(world: World, field):
    foreign = {"division": world.divisions["borea"].pk, "vehicle": f"{MARK}1", "driver": f"{MARK} {MARK}"}[field]
    body = {
        "version": 1,
        "category": "pool",
        "printed_as": "P",
        "recipient": "A",
        "street": "B",
        "postal_code": "1000",
        "town": "C",
        "country": "BE",
    }
    page = url(world, "cards:change", world.id("active", "own"))
    assert ask(world.clients["ada"], "POST", page, body).status == 302
    answer = ask(world.clients["ada"], "POST", page, {**body, field: foreign})
    assert (answer.status, answer.writes) == (200, [])
    assert f'id="id_{field}_error"'.encode() in answer.content


@pytest.mark.rule("GEN-1")
@pytest.mark.rule("CRD-54")
@pytest.mark.parametrize("others", ["other_company", "not_existing"])
def test_a_selection_with_what_is_not_ones_own_blocks_nothing_at_all(world: World, others):
    own, other = world.id("active", "own"), world.id("active", others)
    page = f"{url(world, 'cards:block_many')}?select={own}&select={other}"
    for method in ("GET", "POST"):
        answer = ask(world.clients["ada"], method, page, {"reason": "theft"})
        assert (answer.status, answer.writes) == (302, [])
        assert answer.location.startswith(url(world, "cards:list"))


@pytest.mark.rule("GEN-1")
@pytest.mark.parametrize("persona", ["nina", "dan"])
def test_all_that_match_are_all_in_ones_own_scope(world: World, persona):
    """'Select all' as somebody limited to a number or a division reaches their cards and no other."""
    page = f"{url(world, 'cards:block_many')}?all=1"
    with undone():
        assert ask(world.clients[persona], "POST", page, {"reason": "loss"}, keep=True).status == 302
        with all_companies(reason="test"), connection.cursor() as cursor:
            cursor.execute("SELECT object_id FROM core_batchrow r JOIN core_batch b ON b.id = r.batch_id"
                           " WHERE b.requested_by_id = %s", [world.people[persona].pk])  # fmt: skip
            chosen = {pk for (pk,) in cursor.fetchall()} or blocked(cursor)
    reach = {"nina": ("own", "other_division", "no_division"), "dan": ("own",)}[persona]
    out_of_reach = {pk for (kind, scope), pk in world.ids.items() if kind in CARDS and scope not in reach}
    assert chosen
    assert not chosen & out_of_reach


@pytest.mark.rule("GEN-1")
@pytest.mark.rule("CRD-54")
@pytest.mark.parametrize("parameter", ["customer_number", "division"])
def test_all_that_match_a_filter_with_another_companys_id_are_none(world: World, parameter):
    """A filter that is no choice filters nothing; an action on what it leaves would be one on everything."""
    row = {"customer_number": world.numbers, "division": world.divisions}[parameter]["borea"]
    page = f"{url(world, 'cards:block_many')}?all=1&{parameter}={row.pk}"
    for method in ("GET", "POST"):
        answer = ask(world.clients["ada"], method, page, {"reason": "theft"})
        assert (answer.status, answer.writes) == (302, [])
        assert answer.location.startswith(url(world, "cards:list"))


@pytest.mark.rule("GEN-1")
def test_a_bulk_action_that_was_promised_for_anothers_cards_finds_none(world: World):
    """What a message or a row of work names is looked up in the scope of its company, too."""
    before = fingerprints(world.borea)
    theirs, nobodys = world.id("active", "other_company"), 2**40
    with undone(), company_scope(world.acme.pk):
        refused = block_many([theirs, nobodys], {"reason": "theft"}, system("test"), NOW)
        assert refused.keys() == {theirs, nobodys}
        assert refused[theirs] == refused[nobodys]
        assert fingerprints(world.borea) == before


CARDS = {"active", "cancelled", "new", "arriving", "blocked"}


def blocked(cursor):
    """Return the cards whose block is in the audit of this test."""
    cursor.execute(
        "SELECT i.card_id FROM core_auditentry a JOIN cards_issue i ON i.id = a.object_id WHERE a.verb = 'cards.block'"
    )
    return {pk for (pk,) in cursor.fetchall()}


def fingerprints(company):
    """Return a hash of each table's rows of one company, read behind row-level security's wide door."""
    found = {}
    with all_companies(reason="test"), connection.cursor() as cursor:
        for model in apps.get_models():
            if not issubclass(model, TenantModel):
                continue
            table = model._meta.db_table
            cursor.execute(
                f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t.id)) FROM {table} t WHERE company_id = %s",
                [company.pk],
            )
            found[table] = cursor.fetchone()
    return found


def unpacked(answer):
    """Return the text of an answer; a workbook's sheets are unpacked."""
    if answer.content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            return b"".join(archive.read(name) for name in archive.namelist())
    return answer.content


@pytest.mark.rule("GEN-1")
@pytest.mark.timeout(300)
def test_after_a_walk_with_all_of_boreas_ids_borea_is_as_it_was_and_nothing_of_it_was_seen(world: World):
    """Ada asks for everything, by Borea's ids in path, query, form and selection; what she does is kept."""
    before = fingerprints(world.borea)
    assert sum(count for count, _hash in before.values()) > 30
    mine = fingerprints(world.acme)
    foreign = {
        "copy": world.id("active", "other_company"), "draft": world.id("draft", "other_company"),
        "select": world.id("active", "other_company"), "customer_number": world.numbers["borea"].pk,
        "division": world.divisions["borea"].pk, "product": 1, "q": MARK.lower()[:5], "after": "x", "before": "x",
        "all": 1, "user": world.people["ben"].pk,
    }  # fmt: skip
    bodies = (
        {"reason": "theft", "duplicate": "yes", "select": foreign["select"], "version": 1},
        world.order(customer_number=foreign["customer_number"], division=foreign["division"], vehicle=f"{MARK}1"),
        world.order(printed_as="1-NEW-001"),
    )
    ada, walked = world.clients["ada"], 0
    with undone():
        for one in addresses():
            if one.page is None or not one.name.startswith("cards:"):
                continue
            targets = [address(world, one.name, "other_company", OBJECT.get(one.name, ""), "")]
            targets += [f"{targets[0]}?{key}={value}" for key, value in foreign.items()]
            targets += [
                f"{targets[0]}?format={form}&{key}={foreign[key]}" for form in FORMATS for key in ("q", "division")
            ]
            for target in targets:
                answers = [ask(ada, "GET", target, keep=True)]
                assert answers[0].writes == [], target
                if "POST" in METHODS[one.name]:
                    answers += [ask(ada, "POST", target, body, keep=True) for body in bodies]
                for answer in answers:
                    walked += 1
                    assert answer.status < 500, target
                    # What was typed comes back in its field, and in no other place.
                    seen = unpacked(answer).replace(f'value="{MARK}1"'.encode(), b"")
                    assert MARK.encode() not in seen, target
        # What Ada did to her own is mailed to her: nothing of Borea stands in it either.
        with all_companies(reason="test"):
            mails = list(OutgoingMail.objects.filter(company=world.acme))
            for mail in mails:
                message = compose(mail, NOW)
                assert MARK not in f"{message.subject}{message.body}{message.alternatives}{message.to}"
        assert fingerprints(world.acme) != mine
        assert fingerprints(world.borea) == before
    assert walked > 200
    assert set(foreign) == set(QUERY)
