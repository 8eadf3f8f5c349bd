"""Two at once, over HTTP: the principal role goes to one, a request is answered once (ACC-12, ACC-31, GEN-3)."""

from __future__ import annotations

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts.models import Membership, MultipassRequest
from accounts.safety import sessions
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from tests import factories
from tests.cards.online import Person

pytestmark = [pytest.mark.rule("GEN-3"), pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


def windows(live_server, acme, member, count):
    """Open several browsers of one person, who gave the password just now."""
    opened = []
    for _each in range(count):
        person = Person(live_server, member.user, f"/{acme.identifier}/")
        store = SessionStore(person.session.cookies.values()[0])
        sessions.begin(store, timezone.now())
        store.save()
        opened.append(person)
    return opened


def read(model, **which):
    with all_companies(reason="a test looks"):
        return list(model.objects.filter(**which))


@pytest.mark.rule("ACC-12")
def test_of_two_handovers_at_once_one_counts(live_server, acme, number, at_once):
    ada = factories.member(acme, "Ada")
    for turn in range(3):
        [principal] = read(Membership, company=acme, is_principal=True)
        heirs = [factories.member(acme, "Max", principal=False) for _each in range(2)]
        with all_companies(reason="test data"):
            member = Membership.objects.select_related("user").get(pk=principal.pk)
        forms = [(one, one.get("handover/")) for one in windows(live_server, acme, member, 2)]
        answers = at_once(*(
            lambda one=one, form=form, heir=heir: one.send(form, member=heir.pk, sure="on")
            for (one, form), heir in zip(forms, heirs, strict=True)
        ))  # fmt: skip
        told = [answer.messages for answer in answers]
        assert sum("You are not the principal user any more." in messages for messages in told) == 1, (turn, told)
        [after] = read(Membership, company=acme, is_principal=True)
        assert after.pk in {heir.pk for heir in heirs}
        assert len(read(AuditEntry, verb="accounts.principal_changed")) == turn + 1
    assert ada.pk not in {after.pk}


@pytest.mark.rule("ACC-31")
def test_a_request_that_is_answered_twice_at_once_is_answered_once(live_server, acme, number, at_once):
    ada = factories.member(acme, "Ada")
    nina = factories.member(acme, "Nina", principal=False, customer_numbers=[number])
    with all_companies(reason="test data"):
        asked = MultipassRequest.objects.create(company=acme, membership=nina, reason="All.", asked_at=timezone.now())
    forms = [(one, one.get(f"multipass/{asked.pk}/")) for one in windows(live_server, acme, ada, 2)]
    answers = at_once(
        lambda: forms[0][0].send(forms[0][1], decision="yes"),
        lambda: forms[1][0].send(forms[1][1], decision="no", answer="Not needed."),
    )
    told = [answer.messages for answer in answers]
    assert sum("This request has been answered already." in messages for messages in told) == 1, told
    [after] = read(MultipassRequest, pk=asked.pk)
    [member] = read(Membership, pk=nina.pk)
    assert member.all_customer_numbers is (after.outcome == "approved")
    assert len(read(AuditEntry, verb__startswith="multipass.")) == 1
