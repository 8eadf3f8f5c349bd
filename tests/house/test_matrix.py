"""Every address × person × method × object, against the expectation written by hand in `oracle`.

A refused cell and every GET, HEAD and OPTIONS writes nothing; an 'ok' cell is answered about an object that exists, so
that nothing passes because there was nothing; what is hidden looks exactly like what does not exist (GEN-1).
"""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cards.plastic import reading, rules
from fleetportal.core.pages import FormPage
from tests.house import (
    oracle,
    own_codes,
    own_colleagues,
    own_fleet,
    own_loading,
    own_notices,
    own_onboarding,
    own_safety,
    own_settings,
)
from tests.house.addresses import addresses, pages
from tests.house.oracle import METHODS, OBJECT, PERSONAS, REFUSED, SEES
from tests.house.world import World, address, ask, outcome

pytestmark = pytest.mark.django_db

EXPECTED = oracle.table()
ALL_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# What acts like another method, or for no page at all: tried by some people here and by all in `make test-long`.
RARE = ("HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
PAGES = pages()
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
# Where an 'ok' cell leads on instead of showing something.
LEADS_ON = {(name, method) for name in ("cards:copy", "account:waiting") for method in ("GET", "HEAD")}


def test_the_oracle_knows_every_page_and_no_other():
    assert EXPECTED.keys() == PAGES.keys() == METHODS.keys()
    taking_ids = {one.name for one in addresses() if one.page is not None and one.parameters & {"pk"}}
    assert OBJECT.keys() == taking_ids
    assert oracle.ENTRANCE.keys() == {one.name for one in addresses() if one.page is None}


def test_the_personas_that_can_not_be_anybody_yet_are_listed():
    assert all(reason for reason in oracle.NOT_BUILT.values())
    assert not set(oracle.NOT_BUILT) & set(PERSONAS)


def scopes_of(name):
    """Return the scopes in which there can be an object for that address."""
    kind = OBJECT.get(name, "")
    if not kind:
        return ("",)
    if name.startswith("operator:"):
        return oracle.OPERATOR_SCOPES[kind]
    if kind in oracle.COMPANY_WIDE:
        return oracle.COMPANY_SCOPES
    if kind in own_colleagues.KINDS:
        return own_colleagues.SCOPES
    if kind in own_settings.DIVISIONS:
        return own_settings.SCOPES
    return oracle.PERSONAL_SCOPES if kind in oracle.PERSONAL else oracle.SCOPES


def expected(name, persona, method, scope):
    """Return what the oracle says of one cell."""
    entrance = EXPECTED[name][persona]
    if entrance != "ok":
        return entrance
    if method not in METHODS[name]:
        return "none"
    if method == "OPTIONS" or not scope:
        return "ok"
    if name.startswith("operator:"):
        return "hide" if scope == "not_existing" else "ok"
    if OBJECT[name] in oracle.PERSONAL | own_colleagues.KINDS:
        return "ok" if scope == "own" else "hide"
    return "ok" if scope in SEES[persona] else "hide"


def body(world, name, scope="own", persona="ada"):
    """Return a valid form for each page that takes one, about an object of that scope."""
    if (own := own_safety.body(world, name, persona)) is not None:
        return own
    if (own := own_colleagues.body(world, name)) is not None:
        return own
    if (own := own_onboarding.body(name)) is not None:
        return own
    if (own := own_loading.body(world, name)) is not None:
        return own
    if (own := own_notices.body(world, name)) is not None:
        return own
    if (own := own_settings.body(world, name, scope)) is not None:
        return own
    if (own := own_fleet.body(world, name, scope)) is not None:
        return own
    if (own := own_codes.body(world, name, scope)) is not None:
        return own
    division = {"other_division": "south", "other_number": "west"}.get(scope, "north")
    return {
        "cards:new": world.order(),
        "cards:check": {},
        "cards:change": {
            "version": 1, "division": world.divisions[division].pk, "cost_centre": "Rotterdam", "recipient": "Acme",
            "street": "Quai 1", "postal_code": "1000", "town": "Bruxelles", "country": "BE",
            "category": "pool", "printed_as": "POOL 1",
        },
        "operator:product": {
            "version": ",".join(sorted(reading())),
            **{name: "plastic" for name, _label in rules()},
        },
        "cards:attach": {"file": SimpleUploadedFile("order.pdf", PDF, "application/pdf")},
        "cards:block": {"reason": "theft", "duplicate": "yes"},
        "cards:block_many": {"reason": "loss"},
        "views:new": {"name": "Mine"},
        "views:change": {"name": "Renamed"},
        "operator:settle_file": {"note": "Sent again."},
        "operator:settle_line": {"note": "Sent again."},
        "operator:view_new": {"name": "Mine"},
        "operator:view_change": {"name": "Renamed"},
    }.get(name, {})  # fmt: skip


def query(world, name, persona=""):
    """Return what pages about a selection or a list need in their address: something that is there for that person."""
    if name in {"cards:block_many", "cards:cancel_many", "cards:reissue_many"}:
        return f"?select={world.id('active', 'own')}"
    if name == "cards:take_back_many":
        return f"?select={world.id('cancelled', 'own')}"
    if name == "downloads:new":
        return f"?kind=csv&list=/{world.acme.identifier}/{'cards' if persona == 'fay' else 'requests'}/"
    if name == "views:new":
        return f"?list=/{world.acme.identifier}/{'cards' if persona == 'fay' else 'requests'}/"
    if name == "operator:view_new":
        return "?list=/operator/requests/"
    if name == "operator:produce":
        return f"?select={world.id('new_request', 'own')}"
    return ""


def methods_for(name, persona, scope):
    """Return the methods worth trying: a refusal at the entrance, or by the method, looks at no object.

    Of the rare methods each person takes one; the personas follow each other, so that every address meets all of them.
    """
    rare = RARE[(list(PERSONAS).index(persona) + len(name)) % len(RARE)]
    if scope in {"", "own"}:
        return ("GET", "POST", rare)
    if EXPECTED[name][persona] != "ok":
        return ("GET", "POST") if scope in {"other_company", "not_existing"} else ()
    return tuple(method for method in ("GET", "POST", rare) if method in METHODS[name])


def walk(world, name, methods_of):
    """Try the cells of one address and return what differs from the oracle."""
    wrong = []
    for persona in PERSONAS:
        client = world.clients[persona]
        for scope in scopes_of(name):
            url = address(world, name, scope or "own", OBJECT.get(name, ""), persona) + query(world, name, persona)
            for method in methods_of(name, persona, scope):
                want = expected(name, persona, method, scope)
                form = body(world, name, scope, persona)
                answer = ask(client, method, url, form, keep=(want, method) != ("ok", "POST"))
                got = outcome(answer)
                cell = f"{persona} {method} {scope}"
                if got != want:
                    wrong.append(f"{cell}: {got} for {want}")
                elif got == "ok" and answer.status == 302 and method != "POST" and (name, method) not in LEADS_ON:
                    wrong.append(f"{cell}: led on to {answer.location}")
                elif got == "ok" and method == "POST" and (answer.status != 302 or not answer.writes):
                    wrong.append(f"{cell}: answered {answer.status} and wrote {len(answer.writes)} times")
                elif (got != "ok" or method != "POST") and answer.writes:
                    wrong.append(f"{cell}: {got}, and wrote {answer.writes[0][:80]}")
    return wrong


@pytest.mark.rule("GEN-1")
@pytest.mark.rule("ACC-13")
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_everybody_gets_what_they_may_and_nothing_else(world: World, name):
    assert walk(world, name, methods_for) == []


def test_every_address_meets_every_method():
    assert len(PERSONAS) >= len(RARE)
    for name in EXPECTED:
        met = {method for persona in PERSONAS for method in methods_for(name, persona, "own")}
        assert met == set(ALL_METHODS)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_other_method_at_every_object_gives_the_same(world: World, name):
    """The cells that the quick walk leaves out."""
    assert walk(world, name, lambda *cell: [one for one in ALL_METHODS if one not in methods_for(*cell)]) == []


@pytest.mark.rule("GEN-3")
@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_the_status_does_not_allow_leads_back_and_writes_nothing(world: World, name):
    kind, back = REFUSED[name]
    for persona in PERSONAS:
        url = address(world, name, "own", kind, persona)
        for method in ("GET", "POST"):
            answer = ask(world.clients[persona], method, url, body(world, name))
            assert answer.writes == []
            if EXPECTED[name][persona] == "ok":
                about = kind if back in OBJECT else ""
                assert (answer.status, answer.location) == (302, address(world, back, "own", about, persona))
            else:
                assert outcome(answer) == EXPECTED[name][persona]


@pytest.mark.rule("GEN-1")
@pytest.mark.parametrize("name", sorted(OBJECT))
def test_what_is_hidden_is_answered_like_what_does_not_exist(world: World, name):
    """Byte for byte, headers included."""
    for persona in [one for one in PERSONAS if EXPECTED[name][one] == "ok"]:
        client = world.clients[persona]
        hidden = [one for one in scopes_of(name) if expected(name, persona, "GET", one) == "hide"]
        assert "not_existing" in hidden
        for method in sorted({"GET", "POST"} & set(METHODS[name])):
            answers = [
                ask(client, method, address(world, name, scope, OBJECT[name], persona), body(world, name))
                for scope in hidden
            ]
            nothing = answers[hidden.index("not_existing")]
            assert nothing.status == 404
            for answer in answers:
                assert (answer.content, answer.headers) == (nothing.content, nothing.headers)


@pytest.mark.rule("GEN-1")
def test_a_company_one_is_not_in_is_answered_like_one_that_does_not_exist(world: World):
    for persona in ("ada", "ben", "otto", "dealer", "expired"):
        home = "borea" if persona == "ada" else "acme"
        for path in ("", "cards/", f"cards/{world.id('active', 'own')}/", "cards/new/"):
            there = ask(world.clients[persona], "GET", f"/{getattr(world, home).identifier}/{path}")
            nowhere = ask(world.clients[persona], "GET", f"/PRO-ZZZZZZ/{path}")
            assert there.status == nowhere.status == 404
            assert (there.content, there.headers) == (nowhere.content, nowhere.headers)


@pytest.mark.rule("GEN-1")
def test_who_belongs_to_two_companies_finds_each_ones_things_under_its_own_address_only(world: World):
    abby = world.clients["abby"]
    for name, kind in (("cards:card", "active"), ("cards:request", "new_request"), ("cards:job", "job")):
        own = ask(abby, "GET", address(world, name, "other_company", kind, "abby", company="borea"))
        assert own.status == 200
        assert ask(abby, "GET", address(world, name, "other_company", kind, "abby")).status == 404
        assert ask(abby, "GET", address(world, name, "own", kind, "abby", company="borea")).status == 404


@pytest.mark.parametrize("name", sorted(name for name, methods in METHODS.items() if "POST" in methods))
def test_a_form_without_its_token_or_empty_changes_nothing(world: World, name):
    persona = "otto" if name.startswith("operator:") else "vera" if name in oracle.CEDAR else "ada"
    url = address(world, name, "own", OBJECT.get(name, ""), persona)
    guarded = Client(enforce_csrf_checks=True, raise_request_exception=False)
    guarded.cookies = world.clients[persona].cookies.copy()
    refused = ask(guarded, "POST", url + query(world, name), body(world, name))
    assert (refused.status, refused.writes) == (403, [])
    empty = ask(world.clients[persona], "POST", url, {})
    assert empty.status in {200, 302}
    assert b"This field is required." not in empty.content
    if PAGES[name].form_class.base_fields:
        assert empty.writes == []


def test_every_page_that_takes_a_form_is_tried_with_a_valid_one():
    assert {name for name, page in PAGES.items() if issubclass(page, FormPage)} == {
        name for name, methods in METHODS.items() if "POST" in methods
    }


@pytest.mark.parametrize("name", sorted(oracle.ENTRANCE))
def test_the_entrance_answers_as_written(world: World, name):
    url = reverse(name, args=oracle.ENTRANCE_ARGS.get(name, []))
    for persona, want in zip(("anonymous", "cora"), oracle.ENTRANCE[name], strict=True):
        get, post = (ask(world.clients[persona], method, url) for method in ("GET", "POST"))
        assert (outcome(get), outcome(post)) == want, persona
        assert get.writes == []
        # Signing out ends the session and is noted; nothing else here acts on an empty form.
        assert post.writes == [] or (name, persona) == ("account_logout", "cora")


def test_the_walk_would_notice_a_write(world: World):
    """What is counted contains something that can be seen: an order does write."""
    answer = ask(world.clients["ada"], "POST", address(world, "cards:new", "own", "", "ada"), world.order())
    assert answer.status == 302
    assert any("core_draft" in statement for statement in answer.writes)
