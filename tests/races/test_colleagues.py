"""Two at once, over HTTP: an invitation is used once, and a colleague is changed by one of two (ACC-24, GEN-3)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import requests
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts.colleagues.invitations import hash_of
from accounts.models import Invitation, Membership
from accounts.safety import sessions
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from tests import factories
from tests.cards.online import LONGEST

pytestmark = [pytest.mark.rule("GEN-3"), pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

ROUNDS = 5
TOKEN = "ab" * 32
GOOD = "Vlinder 27 boven Gent!"


class Visitor:
    """Somebody nobody knows, with the link of an invitation, at a browser without JavaScript."""

    def __init__(self, address: str) -> None:
        self.address, self.session = str(address), requests.Session()

    def open(self) -> None:
        """Open the link by its button, and keep the form that follows."""
        self.form = self._token(self.session.get(f"{self.address}/invitations/{TOKEN}/", timeout=LONGEST))
        self.form = self._token(self._post(f"/invitations/{TOKEN}/"))

    def answer(self, **changes: str) -> requests.Response:
        """Send the form."""
        typed = {
            "last_name": "PEETERS", "first_name": "AN", "phone": "0470123456", "password1": GOOD, "password2": GOOD,
        }  # fmt: skip
        answer = self._post("/invitations/", **{**typed, **changes})
        answer.status = 200 if answer.status_code in {200, 410} else answer.status_code
        return answer

    def _post(self, path: str, **data: str) -> requests.Response:
        headers = {"Referer": self.address}
        return self.session.post(
            self.address + path, {"csrfmiddlewaretoken": self.form, **data}, headers=headers, timeout=LONGEST
        )

    def _token(self, page: requests.Response) -> str:
        return re.search('name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]


@pytest.fixture
def invited(acme):
    """An, who was invited; the mail was sent."""
    person = factories.user("AN", last_name="PEETERS", phone="0470123456")
    member = factories.member(acme, "An", person=person, principal=False, invited_at=timezone.now())
    return factories.invitation(
        member, token_hash=hash_of(TOKEN), expires_at=timezone.now() + timedelta(days=1)
    )  # fmt: skip


def read(model, **which):
    with all_companies(reason="a test looks"):
        return list(model.objects.filter(**which))


@pytest.mark.rule("ACC-24")
def test_an_invitation_that_is_used_twice_at_once_is_used_once(live_server, invited, number, at_once):
    visitors = [Visitor(live_server) for _each in range(4)]
    for one in visitors:
        one.open()
    answers = at_once(*(lambda one=one, at=at: one.answer(password1=GOOD + str(at), password2=GOOD + str(at))
                        for at, one in enumerate(visitors)))  # fmt: skip
    said = [answer.status_code for answer in answers]
    assert sorted(said) == [200, 410, 410, 410]
    assert len(read(AuditEntry, verb="accounts.joined")) == 1
    [member] = read(Membership, pk=invited.membership_id)
    assert member.user.check_password(GOOD + str(said.index(200)))
    for answer in answers:
        assert "This invitation was used already." in answer.text or answer.status_code == 200


@pytest.mark.rule("ACC-24")
def test_wrong_answers_at_once_are_all_counted(live_server, invited, at_once):
    """Five guesses in parallel are five guesses: the sixth finds the invitation ended."""
    visitors = [Visitor(live_server) for _each in range(8)]
    for one in visitors:
        one.open()
    answers = at_once(*(lambda one=one, at=at: one.answer(phone=f"047000000{at}") for at, one in enumerate(visitors)))
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [410] * 4
    [after] = read(Invitation, pk=invited.pk)
    assert (after.wrong_tries, after.ending) == (5, "tries")


def test_of_two_who_change_a_colleague_at_once_one_is_told(people, acme, number, at_once):
    ada, max_ = people(2)
    for person in (ada, max_):
        store = SessionStore(person.session.cookies.values()[0])
        sessions.begin(store, timezone.now())
        store.save()
    for turn in range(ROUNDS):
        member = factories.member(acme, "Cora", profile="consultation", applications=["cards"])
        forms = [person.get(f"users/{member.pk}/change/") for person in (ada, max_)]
        answers = at_once(
            lambda form=forms[0]: ada.send(form, profile="accounting"),
            lambda form=forms[1]: max_.send(form, profile="management"),
        )
        said = [answer.messages for answer in answers]
        late = "Somebody else has changed this colleague meanwhile. Look again and repeat your change."
        assert sum(late in messages for messages in said) == 1, (turn, said)
        [after] = read(Membership, pk=member.pk)
        assert after.version == 2
        assert len(read(AuditEntry, verb="accounts.member_changed", object_id=member.pk)) == 1


@pytest.mark.rule("ACC-12")
def test_two_administrators_who_make_each_other_inactive_at_once_leave_one(live_server, people, acme, number, at_once):
    for turn in range(ROUNDS):
        with all_companies(reason="only these two"):
            Membership.objects.filter(company=acme).update(is_active=False)
        pair = people(2)
        with all_companies(reason="they administer"):
            Membership.objects.filter(user__in=[one.user for one in pair]).update(profile="administrator")
            ids = {one.user.pk: Membership.objects.get(user=one.user).pk for one in pair}
        forms = [one.get(f"users/{ids[other.user.pk]}/deactivate/") for one, other in (pair, pair[::-1])]
        acts = [lambda one=one, form=form: _sent(one, form) for one, form in zip(pair, forms, strict=True)]
        at_once(*acts)
        left = [one for one in read(Membership, pk__in=list(ids.values())) if one.is_active]
        assert len(left) >= 1, turn


def _sent(person, form):
    """Send a form; who was made inactive meanwhile may be led out of the company."""
    answer = person.send(form)
    answer.status = 200 if answer.status in {200, 404} else answer.status
    return answer
