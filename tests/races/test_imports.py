"""Files that are applied at the same moment, over HTTP: each line counts once, and the loser reads why (GEN-7, GEN-3).

What two need to meet is between the check and the first line written. Who comes second waits at a lock by then, as it
should, so those who meet wait for each other only for a moment.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from types import SimpleNamespace

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts.colleagues import services
from accounts.models import FleetDivision, Invitation, Membership, User
from accounts.safety import sessions
from fleetportal.core.audit import AuditEntry
from fleetportal.core.batches import Batch
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from fleetportal.imports import pages as imports
from fleetportal.imports.models import Import
from tests import factories
from tests.accounts.colleagues.conftest import visitor
from tests.accounts.loading.conftest import HEADINGS
from tests.accounts.loading.test_companies import LOAD, NUMBERS, delta
from tests.cards.online import Person
from tests.sheets import upload, workbook

pytestmark = [pytest.mark.rule("GEN-7"), pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

# As long as somebody who is not locked out needs to come from one end of a request to the other.
MOMENT = 2
TAKEN = "A user of your company has this address already."
CHANGED = "Something has changed since the check. Nothing was written; look again."
APPLIED = "This file was applied already."


def line(name):
    """A line of a file of users, by its first name."""
    return ("Peeters", name, f"{name.lower()}@client.example", "0470123456", "nl", "Consultation", "Cards and OBU")


def read(model, **which):
    with all_companies(reason="a test looks"):
        return list(model.objects.filter(**which))


@pytest.fixture
def meeting(monkeypatch):
    """Let so many who have checked their file wait for each other before they write; who is locked out is not met."""

    class Meeting:
        barrier = None

        def of(self, count):
            self.barrier = threading.Barrier(count)

        def wait(self):
            if self.barrier is not None:
                with suppress(threading.BrokenBarrierError):
                    self.barrier.wait(MOMENT)

    made = Meeting()
    monkeypatch.setattr(imports, "between_check_and_act", made.wait)
    return made


@pytest.fixture
def window(live_server):
    """Makes a browser of a member who gave the password just now."""
    opened = []

    def make(member):
        person = Person(live_server, member.user, f"/{member.company.identifier}/")
        store = SessionStore(person.session.cookies.values()[0])
        sessions.begin(store, timezone.now())
        store.save()
        opened.append(person)
        return person

    yield make
    for one in opened:
        one.session.close()


def checked(member, what, sheet, headings, *lines):
    """Have a file checked, and return the path of its result."""
    data = {"file": upload(workbook({sheet: [headings, *lines]}), f"{what}.xlsx")}
    answer = visitor(member.user).post(f"/{member.company.identifier}/{what}/import/", data, follow=True)
    assert answer.context["can_apply"], answer.content.decode()
    return answer.request["PATH_INFO"]


def users_checked(member, *names):
    return checked(member, "users", "Users", HEADINGS, *(line(name) for name in names))


def apply_at_once(at_once, *windows_and_paths):
    """Press the button of each result at the same moment."""
    forms = [(person, person.get(path)) for person, path in windows_and_paths]
    return at_once(*(lambda person=person, form=form: person.send(form) for person, form in forms))


def everybody_once(*names):
    """Each of these is one person, one member and one invitation, and the audit says each act once."""
    for name in names:
        (user,) = read(User, email=f"{name.lower()}@client.example")
        (member,) = read(Membership, user=user)
        assert len(read(Invitation, membership=member)) == 1
        verbs = [entry.verb for entry in read(AuditEntry, kind="accounts.membership", object_id=member.pk)]
        assert sorted(verbs) == ["accounts.invited", "accounts.member_added"]


@pytest.mark.rule("GEN-3")
@pytest.mark.parametrize("count", [2, 4])
def test_of_several_windows_that_apply_a_file_at_once_one_does(acme, number, window, meeting, at_once, count):
    ada = factories.member(acme, "Ada")
    path = users_checked(ada, "An", "Bo", "Cis")
    meeting.of(count)
    answers = apply_at_once(at_once, *((window(ada), path) for _window in range(count)))
    told = [answer.messages for answer in answers]
    assert sorted(told) == [["3 users are created and invited."], *[[APPLIED]] * (count - 1)]
    everybody_once("An", "Bo", "Cis")


@pytest.mark.rule("GEN-3")
def test_of_two_windows_that_hand_a_large_file_over_at_once_one_does(
    acme, number, window, meeting, at_once, monkeypatch
):
    monkeypatch.setattr(imports, "AT_ONCE", 1)
    ada = factories.member(acme, "Ada")
    path = users_checked(ada, "An", "Bo", "Cis")
    meeting.of(2)
    answers = apply_at_once(at_once, (window(ada), path), (window(ada), path))
    assert sum(APPLIED in answer.messages for answer in answers) == 1
    (batch,) = read(Batch)
    assert batch.total == 3
    assert len(read(WorkItem, kind="accounts.import_users")) == 1


@pytest.mark.rule("GEN-3")
def test_of_two_files_with_the_same_users_at_once_the_second_is_told_by_line(acme, number, window, meeting, at_once):
    """In opposite orders, so that two who took their lines one by one would wait for each other for ever."""
    ada, max_ = factories.member(acme, "Ada"), factories.member(acme, "Max", profile="administrator")
    for turn in range(3):
        names = [f"{name}{'x' * turn}" for name in ("An", "Bo", "Cis", "Dries")]
        files = [(ada, users_checked(ada, *names)), (max_, users_checked(max_, *reversed(names)))]
        meeting.of(2)
        answers = apply_at_once(at_once, *((window(one), path) for one, path in files))
        told = [answer.messages for answer in answers]
        assert sorted(told) == [["4 users are created and invited."], [CHANGED]], (turn, told)
        lost = answers[told.index([CHANGED])]
        assert [TAKEN in row["E-mail address"] for row in lost.rows] == [True] * 4
        assert "4 lines are wrong" in lost.text
        everybody_once(*names)
    assert sum(one.applied_at is None for one in read(Import)) == 3


def test_two_companies_that_load_the_same_people_at_once_share_the_persons(acme, number, window, meeting, at_once):
    borea = factories.company("Borea")
    factories.customer_number(borea)
    ada, ben = factories.member(acme, "Ada"), factories.member(borea, "Ben")
    for turn in range(3):
        names = [f"{name}{'x' * turn}" for name in ("An", "Bo", "Cis", "Dries")]
        files = [(ada, users_checked(ada, *names)), (ben, users_checked(ben, *reversed(names)))]
        meeting.of(2)
        answers = apply_at_once(at_once, *((window(one), path) for one, path in files))
        assert [answer.messages for answer in answers] == [["4 users are created and invited."]] * 2, turn
        for name in names:
            (user,) = read(User, email=f"{name.lower()}@client.example")
            assert {one.company_id for one in read(Membership, user=user)} == {acme.pk, borea.pk}


@pytest.mark.rule("ACC-32")
def test_of_two_files_with_the_same_divisions_at_once_the_second_is_told_by_line(
    acme, number, window, meeting, at_once
):
    """With other capitals and accents, which no constraint of the database compares."""
    other = factories.customer_number(acme)
    ada, max_ = factories.member(acme, "Ada"), factories.member(acme, "Max", profile="administrator")
    heads = ("Customer number", "Name")
    for turn in range(3):
        names = [(number.number, f"Zürich {turn}"), (other.number, f"Liège {turn}")]
        again = [(where, name.upper().replace("Ü", "U").replace("È", "E")) for where, name in reversed(names)]
        files = [
            (ada, checked(ada, "divisions", "Fleet divisions", heads, *names)),
            (max_, checked(max_, "divisions", "Fleet divisions", heads, *again)),
        ]
        meeting.of(2)
        answers = apply_at_once(at_once, *((window(one), path) for one, path in files))
        told = [answer.messages for answer in answers]
        assert sorted(told) == [["2 divisions are created."], [CHANGED]], (turn, told)
        lost = answers[told.index([CHANGED])]
        refusal = "This customer number has a division of that name already."
        assert [refusal in row["Name"] for row in lost.rows] == [True] * 2
        assert len(read(FleetDivision)) == 2 * (turn + 1) == len(read(AuditEntry, verb="divisions.created"))


@pytest.mark.rule("ACC-25")
def test_an_address_that_a_file_and_a_change_give_at_once_is_given_once(
    acme, number, window, meeting, at_once, monkeypatch
):
    """Max corrects the address of An, who was invited; at that moment Ada's file creates Bo with the same one."""
    change = services.change_colleague

    def meet_first(**about):
        meeting.wait()
        return change(**about)

    monkeypatch.setattr(services, "change_colleague", meet_first)
    ada, max_ = factories.member(acme, "Ada"), factories.member(acme, "Max", profile="administrator")
    for turn in range(3):
        person = factories.user("AN", last_name="PEETERS", phone="0470123456")
        an = factories.member(acme, "An", person=person, principal=False, profile="consultation",
                              applications=["cards"], invited_at=timezone.now(), name="PEETERS AN")  # fmt: skip
        factories.invitation(an)
        path = users_checked(ada, f"Bo{'x' * turn}", f"Cis{'x' * turn}")
        first, second = window(ada), window(max_)
        file, form = first.get(path), second.get(f"users/{an.pk}/change/")
        address = f"bo{'x' * turn}@client.example"
        meeting.of(2)
        applied, changed = at_once(
            lambda first=first, file=file: first.send(file),
            lambda second=second, form=form, address=address: second.send(form, email=address),
        )
        (user,) = read(User, email=address)
        assert len(read(Membership, user=user)) == 1, turn
        if applied.messages == ["2 users are created and invited."]:
            assert changed.errors == {"email": TAKEN}
            assert read(Membership, pk=an.pk)[0].version == 1
        else:
            assert TAKEN in applied.text
            assert read(User, email=f"cis{'x' * turn}@client.example") == []
            assert read(Membership, pk=an.pk)[0].user_id == user.pk


@pytest.mark.rule("ONB-7")
def test_a_company_is_loaded_with_a_principal_user_whom_another_company_invites_at_that_moment(
    acme, number, window, at_once, monkeypatch
):
    """Both have looked for the person and found nobody when both make them: one person, a member of each."""
    make, met = services.create_user, threading.Barrier(2)

    def meet_first(**about):
        with suppress(threading.BrokenBarrierError):
            met.wait(MOMENT)
        return make(**about)

    ada, otto = factories.member(acme, "Ada"), factories.operator()
    staff = SimpleNamespace(user=otto, company=SimpleNamespace(identifier="operator"))
    for turn in range(3):
        address, customer = f"zoe{turn}@delta.example", f"0081234{turn}"
        data = delta({"VAT number": "", "Principal user: e-mail address": address, "Old user name": ""},
                     numbers=[{**NUMBERS[0], "Customer number": customer}], divisions=(), users=())  # fmt: skip
        answer = visitor(otto).post(LOAD, {"file": upload(data, "delta.xlsx")}, follow=True)
        assert answer.context["can_apply"], answer.content.decode()
        loading, inviting = window(staff), window(ada)
        file, form = loading.get(answer.request["PATH_INFO"]), inviting.get("users/new/")
        typed = {"last_name": "Dupont", "first_name": "Zoé", "email": address, "phone": "081550440",
                 "profile": "consultation", "applications": ["cards"]}  # fmt: skip
        met.reset()
        monkeypatch.setattr(services, "create_user", meet_first)
        loaded, invited = at_once(
            lambda loading=loading, file=file: loading.send(file),
            lambda inviting=inviting, form=form, typed=typed: inviting.send(form, **typed),
        )
        monkeypatch.setattr(services, "create_user", make)
        assert loaded.messages[0].startswith("The company is loaded."), (turn, loaded.text)
        assert invited.errors == {}, turn
        (user,) = read(User, email=address)
        here, there = sorted(read(Membership, user=user), key=lambda one: one.is_principal)
        assert (here.company_id, there.company_id == acme.pk) == (acme.pk, False)
        assert (here.is_principal, there.is_principal) == (False, True)
        assert len(read(Invitation, membership__user=user, ended_at=None)) == 2
