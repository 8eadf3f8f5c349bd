"""The general conditions: published by operator staff, accepted by each company's principal user (ONB-1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import ProgrammingError, transaction
from django.utils import timezone

from accounts.actors import current_actor, member_actor, operator_actor
from accounts.models import Acceptance, ConditionsVersion, User
from accounts.onboarding import services
from fleetportal.core.audit import AuditEntry
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.scope import all_companies, company_scope
from tests import factories
from tests.accounts.onboarding.conftest import ticked
from tests.cards.browse import Browser
from tests.cards.tools import one, rows

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ONB-1")]

WORDS = {f"{part}_1_{language}": f"{part} {language}" for part in ("title", "text") for language in ("en", "fr", "nl")}


@pytest.fixture
def otto(db):
    return Browser(factories.operator("Otto"))


@pytest.fixture
def acme(db):
    return factories.company("Acme")


@pytest.fixture
def ada(acme):
    """The principal user of Acme, who came in an hour ago."""
    return arrived(factories.member(acme, "Ada").user, acme, hours=1)


def arrived(person, company, *, hours):
    browser = Browser(person, company)
    User.objects.filter(pk=person.pk).update(last_login=timezone.now() - timedelta(hours=hours))
    return browser


def publish(otto, **words):
    return otto.fill("conditions/new/", **{"read": "on"} | words)


# --- Operator staff ---------------------------------------------------------------------------------------------------


def test_operator_staff_publish_a_version_in_three_languages(otto):
    assert otto.get("conditions/").text.count("No conditions yet") == 1
    seen = publish(otto, **WORDS, **{name.replace("_1_", "_3_"): f"{words} three" for name, words in WORDS.items()})
    assert seen.messages == ["Version 1 is published."]
    assert all(words in seen.text for words in ("title en", "text fr", "title nl three"))
    version = ConditionsVersion.objects.get()
    assert (version.number, version.published_by) == (1, otto.person)
    assert [one["title"] for one in version.spoken("fr")] == ["title fr", "title fr three"]
    assert one(AuditEntry, verb="accounts.conditions_published").actor == otto.person
    assert otto.get("conditions/").rows[0]["Version"] == "1"


def test_a_new_version_begins_as_a_copy_of_the_one_in_force(otto):
    publish(otto, **WORDS)
    seen = otto.get("conditions/new/")
    assert seen.values["text_1_nl"] == ["text nl"]
    assert publish(otto, text_1_nl="andere tekst").messages == ["Version 2 is published."]
    assert [version.spoken("nl")[0]["text"] for version in ConditionsVersion.objects.order_by("number")] == [
        "text nl", "andere tekst",
    ]  # fmt: skip


@pytest.mark.parametrize("missing", sorted(WORDS))
def test_a_condition_that_lacks_a_language_is_refused_at_the_field(otto, missing):
    seen = publish(otto, **WORDS | {missing: " "})
    assert seen.errors == {missing: "A condition needs its title and text in all languages."}
    assert "title en" in seen.html or missing == "title_1_en"
    assert not ConditionsVersion.objects.exists()


def test_nothing_at_all_or_nothing_confirmed_is_refused(otto):
    assert publish(otto).errors == {"title_1_en": "Enter at least one condition."}
    assert publish(otto, **WORDS, read=None).errors.keys() == {"read"}
    assert publish(otto, **WORDS | {"title_1_en": "x" * 121}).errors.keys() == {"title_1_en"}
    assert not ConditionsVersion.objects.exists()


def test_of_two_who_write_a_version_at_once_the_second_is_told(otto):
    seen = otto.get("conditions/new/")
    publish(Browser(factories.operator("Olga")), **WORDS)
    refused = otto.send(seen, read="on", **WORDS)
    assert refused.messages == ["Somebody else published a new version meanwhile. Look at it first."]
    assert ConditionsVersion.objects.count() == 1


def test_a_published_version_and_an_acceptance_can_not_be_changed(acme):
    version = factories.conditions()
    factories.acceptance(acme, version)
    for scope in (company_scope(acme.pk), all_companies(reason="test")):
        with scope:
            for rewrite in (
                lambda: ConditionsVersion.objects.update(conditions=[]),
                lambda: ConditionsVersion.objects.all()._raw_delete("default"),
                lambda: Acceptance.objects.update(accepted_at=timezone.now()),
            ):
                with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                    rewrite()


def test_nobody_else_publishes(acme):
    for actor in (
        member_actor(factories.user("Ada"), factories.member(acme, "Ada")),
        operator_actor(factories.user("Dora", kind=User.Kind.DEALER)),
    ):
        with pytest.raises(PermissionDenied):
            services.publish_conditions(conditions=[], after=0, actor=actor, now=timezone.now())


# --- Accepting a new version ------------------------------------------------------------------------------------------


def test_a_new_version_asks_again_at_the_next_sign_in_and_leads_back(ada, acme):
    version = factories.conditions(published_at=timezone.now() - timedelta(minutes=30))
    assert ada.get("cards/").place == "/PRO-ACMEAA/cards/"  # who was in before goes on
    again = arrived(ada.person, acme, hours=0)
    asked = again.get("cards/?status=active")
    assert asked.place == "/PRO-ACMEAA/conditions/"
    assert asked.redirects == ["/PRO-ACMEAA/conditions/?next=%2FPRO-ACMEAA%2Fcards%2F%3Fstatus%3Dactive"]
    refused = again.send(asked, v1_1="on")
    assert refused.errors.keys() == {"v1_2"}
    done = again.send(refused, **ticked(refused))
    assert done.path.endswith("/PRO-ACMEAA/cards/?status=active")
    kept = one(Acceptance)
    assert (kept.version, kept.accepted_by, kept.company_id) == (version, ada.person, acme.pk)
    entry = one(AuditEntry, verb="accounts.conditions_accepted")
    assert (entry.actor, entry.company_id, entry.after) == (ada.person, acme.pk, {"version": 1})
    assert again.get("cards/").place == "/PRO-ACMEAA/cards/"


def test_each_version_is_accepted_and_each_acceptance_kept(acme):
    person = factories.member(acme, "Ada").user
    for number in (1, 2):
        factories.conditions(number, published_at=timezone.now() - timedelta(minutes=5))
        browser = Browser(person, acme)
        seen = browser.get("")
        assert seen.place == "/PRO-ACMEAA/conditions/"
        browser.send(seen, **ticked(seen))
    assert [row.version.number for row in rows(Acceptance)] == [1, 2]
    read = browser.get("conditions/")
    assert read.facts["Version"] == "2"
    assert read.facts["Accepted by"] == person.full_name
    assert "Cards in full, version 2." in read.text


def test_colleagues_and_other_companies_are_not_asked(acme):
    factories.conditions(published_at=timezone.now() - timedelta(minutes=5))
    max_ = Browser(factories.member(acme, "Max").user, acme)
    assert max_.get("cards/").place == "/PRO-ACMEAA/cards/"
    assert max_.get("conditions/").status == 403
    borea = factories.company("Borea")
    ben = Browser(factories.member(borea, "Ben").user, borea)
    ben.send(ben.get(""), v1_1="on", v1_2="on")
    assert [row.company_id for row in rows(Acceptance)] == [borea.pk]
    assert Browser(factories.member(acme, "Ada").user, acme).get("").place == "/PRO-ACMEAA/conditions/"


def test_an_address_elsewhere_is_not_gone_on_to(acme):
    factories.conditions(published_at=timezone.now() - timedelta(minutes=5))
    ada = Browser(factories.member(acme, "Ada").user, acme)
    for wanted in ("https://evil.example/", "//evil.example/PRO-ACMEAA/", "/PRO-BOREAA/", "/PRO-ACMEAA/../accounts/"):
        answer = ada.client.post(f"/PRO-ACMEAA/conditions/?next={wanted}", {"v1_1": "on", "v1_2": "on"})
        assert answer.headers["Location"] == "/PRO-ACMEAA/"


def test_an_old_version_can_not_be_accepted_and_twice_is_once(ada, acme):
    old, new = factories.conditions(1), factories.conditions(2)
    actor = current_actor(ada.person.pk, acme.pk, timezone.now())
    with company_scope(acme.pk):
        with pytest.raises(TransitionLost):
            services.accept_conditions(version=old, actor=actor, now=timezone.now())
        for _time in range(2):
            services.accept_conditions(version=new, actor=actor, now=timezone.now())
    assert len(rows(Acceptance)) == len(rows(AuditEntry, verb="accounts.conditions_accepted")) == 1


@pytest.mark.parametrize("name", ["Max", "Cora"])
def test_nobody_but_the_principal_user_accepts_for_the_company(acme, name):
    version = factories.conditions()
    member = factories.member(acme, name, profile="administrator")
    with company_scope(acme.pk), pytest.raises(PermissionDenied):
        services.accept_conditions(version=version, actor=member_actor(member.user, member), now=timezone.now())
    assert rows(Acceptance) == []
