"""The first connection of the principal user, from the conditions to the open portal (ONB-1 to ONB-5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Acceptance, Company, EmailChange, Invitation, Membership, User
from fleetportal.core import housekeeping
from fleetportal.core.audit import AuditEntry
from fleetportal.core.drafts import Draft
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import run
from tests import factories
from tests.accounts.onboarding.conftest import INFORMATION, begin, ticked, up_to_end
from tests.cards.browse import Browser, Seen
from tests.cards.tools import again, one, rows

pytestmark = pytest.mark.django_db


def step_of(seen):
    """The step that the bar names as the present one."""
    return next(item for item in seen.main.all("li") if item.attrs.get("aria-current") == "step").text.lstrip("1234 ")


@pytest.mark.rule("ONB-1")
def test_every_condition_is_ticked_before_the_initialisation_starts(vera, cedar, conditions):
    seen = vera.get("")
    assert seen.place == "/PRO-CEDARA/start/introduction/"
    assert [item.text for item in seen.main.all("li", class_="wizard-step")] == [
        "1 Introduction", "2 My information", "3 Secondary users", "4 End",
    ]  # fmt: skip
    assert "Cards in full, version 1." in seen.text
    half = vera.send(seen, v1_1="on")
    assert half.place == seen.place
    assert half.errors == {"v1_2": "Tick this to accept it."}
    assert "checked" in half.inputs("v1_1")[0].attrs
    assert rows(Acceptance) == []
    assert vera.send(half, **ticked(half)).place == "/PRO-CEDARA/start/information/"
    kept = one(Acceptance)
    assert (kept.company_id, kept.version, kept.accepted_by) == (cedar.pk, conditions, vera.person)
    assert timezone.now() - kept.accepted_at < timedelta(minutes=1)
    assert one(AuditEntry, verb="accounts.conditions_accepted").actor == vera.person


@pytest.mark.rule("ONB-2")
def test_my_information_is_filled_in_with_what_is_known_and_asks_for_the_phone(vera):
    seen = begin(vera)
    assert step_of(seen) == "My information"
    assert {name: seen.values[name] for name in ("last_name", "first_name", "email", "phone", "mobile")} == {
        "last_name": ["Claes"], "first_name": ["Vera"], "email": ["vera@cedar.example"], "phone": [""], "mobile": [""],
    }  # fmt: skip
    for name, typed in (("last_name", ""), ("first_name", " "), ("email", ""), ("phone", ""), ("email", "vera")):
        assert vera.send(seen, **INFORMATION | {name: typed}).errors.keys() == {name}
    assert "phone" in vera.send(seen, phone="12").errors
    assert "mobile" in vera.send(seen, **INFORMATION, mobile="twelve").errors
    assert vera.send(seen, **INFORMATION, mobile="+32 470 12 34 56").place.endswith("/start/users/")


@pytest.mark.rule("ONB-2")
@pytest.mark.rule("ONB-5")
def test_the_information_is_saved_at_the_end_and_another_address_waits_for_its_link(vera):
    end = up_to_end(vera, first_name="Véra", mobile="0470123456", email="Vera.Claes@cedar.example")
    assert User.objects.get(pk=vera.person.pk).first_name == "Vera"
    assert "vera.claes@cedar.example" in end.text
    home = vera.send(end)
    assert home.place == "/PRO-CEDARA/"
    assert home.messages == ["The portal of Cedar is open."]
    person = User.objects.get(pk=vera.person.pk)
    assert (person.first_name, person.phone, person.mobile) == ("Véra", "081550440", "0470123456")
    assert person.email == "vera@cedar.example"
    asked = EmailChange.objects.get()
    assert (asked.user, asked.new_email, asked.confirmed_at) == (person, "vera.claes@cedar.example", None)
    assert one(OutgoingMail, template="email_confirm").to == "vera.claes@cedar.example"


@pytest.mark.rule("ONB-5")
def test_finish_opens_the_portal_once_and_is_kept_in_the_audit(vera, cedar):
    end = up_to_end(vera)
    assert (step_of(end), again(cedar).initialised_at) == ("End", None)
    assert vera.send(end).place == "/PRO-CEDARA/"
    opened = again(cedar).initialised_at
    assert opened is not None
    entry = one(AuditEntry, verb="accounts.initialised")
    assert (entry.actor, entry.company_id, entry.object_id) == (vera.person, cedar.pk, cedar.pk)
    assert rows(Draft) == []
    assert vera.get("cards/").title.startswith("Cards")
    # The form that is still open in another window, and an old bookmark.
    assert vera.send(end).place == "/PRO-CEDARA/"
    assert vera.get("start/information/").place == "/PRO-CEDARA/"
    assert again(cedar).initialised_at == opened
    assert len(rows(AuditEntry, verb="accounts.initialised")) == 1


@pytest.mark.rule("ONB-3")
@pytest.mark.parametrize(
    "typed",
    [
        {"last_name": "Claes-Wouters", "phone": ""},
        {"phone": "not a number", "email": "half@", "mobile": "0470"},
        {"first_name": '<b>"Véra"</b> & c°', "phone": "081550440"},
    ],
)
def test_who_leaves_is_signed_out_and_finds_the_step_as_it_was_left_on_another_device(vera, typed):
    seen = begin(vera)
    left = vera.send(seen, **typed, later="1")
    assert left.place == "/accounts/login/"
    assert "What you entered is kept" in left.html
    assert vera.get("").place == "/accounts/login/"
    elsewhere = Client()
    answer = elsewhere.post(
        "/accounts/login/", {"login": "vera@cedar.example", "password": factories.PASSWORD}, follow=True
    )
    back = Seen(answer, "/accounts/login/")
    assert back.place == "/PRO-CEDARA/start/information/"
    assert back.errors == {}
    assert {name: back.values[name] for name in typed} == {name: [value] for name, value in typed.items()}


@pytest.mark.rule("ONB-3")
def test_half_of_the_ticks_are_there_again(vera):
    seen = vera.get("")
    vera.send(seen, v1_2="on", later="1")
    back = Browser(vera.person, one(Company, legal_name="Cedar")).get("")
    assert ["checked" in back.inputs(name)[0].attrs for name in ("v1_1", "v1_2")] == [False, True]
    assert rows(Acceptance) == []


@pytest.mark.rule("ONB-3")
def test_going_back_loses_nothing_and_forward_again_neither(vera):
    information = begin(vera)
    users = vera.send(information, **INFORMATION, mobile="0470123456")
    assert users.place.endswith("/start/users/")
    back = vera.send(users, go="back")
    assert (step_of(back), back.values["mobile"]) == ("My information", ["0470123456"])
    first = vera.send(back, phone="", go="back")
    assert step_of(first) == "Introduction"
    forward = vera.send(first, **ticked(first))
    assert (step_of(forward), forward.values["phone"]) == ("My information", [""])
    assert "phone" in vera.send(forward).errors
    # What was left wrong at an earlier step is found at the end.
    vera.get("start/end/")
    vera.send(vera.get("start/users/"))
    refused = vera.send(vera.get("start/end/"))
    assert step_of(refused) == "My information"
    assert refused.messages == ["Something in this step is not right any more. Look at it again."]


@pytest.mark.rule("ONB-3")
def test_a_step_that_was_not_reached_leads_to_where_one_is(vera, cedar):
    assert vera.get("start/end/").place.endswith("/start/introduction/")
    assert vera.post("start/end/").place.endswith("/start/introduction/")
    begin(vera)
    assert vera.get("start/end/").place.endswith("/start/information/")
    assert again(cedar).initialised_at is None


@pytest.mark.rule("ONB-3")
def test_a_draft_is_ones_own_and_waits_for_half_a_year(vera, cedar):
    vera.send(begin(vera), phone="081", later="1")
    with company_scope(cedar.pk):
        mine = Draft.objects.get()
        assert (mine.user, mine.kind) == (vera.person, "wizard.first_connection")
    # The role went to a colleague: they begin by themselves.
    with all_companies(reason="test data"):
        Membership.objects.filter(user=vera.person).update(is_principal=False)
    heir = factories.member(cedar, "Vera", person=factories.user("Hugo", last_name="Heir")).user
    seen = begin(Browser(heir, cedar))
    assert (seen.values["last_name"], seen.values["phone"]) == (["Heir"], [""])
    with all_companies(reason="test"):
        housekeeping.forget_forms(timezone.now() + timedelta(days=170))
        assert Draft.objects.count() == 2
        housekeeping.forget_forms(timezone.now() + timedelta(days=181))
        assert Draft.objects.count() == 0


# --- Secondary users --------------------------------------------------------------------------------------------------


@pytest.mark.rule("ONB-4")
def test_secondary_users_are_listed_and_changed_on_the_spot(vera, lea, taken_over):
    taken_over("bob")
    users = vera.send(begin(vera), **INFORMATION)
    listed = [item.text for item in users.main.all("li", class_="person")]
    assert [text.split("@")[0] for text in listed] == ["MAES BOBbob", "MAES LEAlea"]
    assert all("Consultation" in text and "Active" in text for text in listed)
    assert vera.person.email not in users.text
    opened = vera.get(users.link("Change MAES LEA"))
    assert opened.values["profile"] == ["consultation"]
    assert (opened.values["applications"], opened.values["change_applications"]) == (["cards", "requests"], ["cards"])
    saved = vera.send(opened, first_name="Léa", phone="02 555 01 02", profile="management")
    assert saved.place.endswith("/start/users/")
    assert saved.messages == ["MAES LÉA is changed."]
    assert again(lea).profile == "management"
    assert again(lea).name == "MAES LÉA"
    # The levels of the card side stay as they were, whatever the profile.
    assert again(lea).change_applications == ["cards"]
    assert one(Invitation, membership_id=lea.pk).phone == "025550102"
    assert vera.send(saved).place.endswith("/start/end/")


@pytest.mark.rule("ONB-4")
def test_a_secondary_user_is_made_inactive_and_given_other_rights(vera, lea):
    vera.send(begin(vera), **INFORMATION)
    opened = vera.get(f"start/users/?user={lea.pk}")
    saved = vera.send(opened, is_active=None, applications=["cards", "vehicles"], change_applications=[])
    assert saved.messages == ["MAES LEA is changed."]
    member = again(lea)
    assert (member.is_active, member.applications, member.change_applications) == (False, ["cards", "vehicles"], [])
    assert "Inactive" in saved.text
    unchanged = vera.send(vera.get(f"start/users/?user={lea.pk}"))
    assert unchanged.messages == ["Nothing was changed for MAES LEA."]


@pytest.mark.rule("ONB-4")
@pytest.mark.rule("ACC-26")
def test_who_was_taken_over_hears_of_no_change_before_the_invitation(vera, lea):
    vera.send(begin(vera), **INFORMATION)
    vera.send(vera.get(f"start/users/?user={lea.pk}"), profile="management")
    vera.send(vera.get(f"start/users/?user={lea.pk}"), is_active=None)
    assert (again(lea).profile, again(lea).is_active) == ("management", False)
    assert rows(OutgoingMail, template="colleague_changed") == []


@pytest.mark.rule("ONB-4")
@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("last_name", ""),
        ("first_name", "4711"),
        ("email", "lea"),
        ("email", "vera@cedar.example"),
        ("phone", "12"),
        ("profile", "king"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_is_written(vera, lea, name, typed):
    vera.send(begin(vera), **INFORMATION)
    opened = vera.get(f"start/users/?user={lea.pk}")
    refused = vera.send(opened, **{"last_name": "Peeters", name: typed})
    assert refused.errors.keys() == {name}
    assert again(lea).name == "MAES LEA"
    if name != "last_name":
        assert refused.values["last_name"] == ["Peeters"]


@pytest.mark.rule("ONB-3")
@pytest.mark.rule("ONB-4")
def test_a_user_who_was_left_half_changed_is_open_again(vera, lea, cedar):
    vera.send(begin(vera), **INFORMATION)
    vera.send(vera.get(f"start/users/?user={lea.pk}"), phone="half", profile="accounting", later="1")
    back = Browser(vera.person, cedar).get("")
    assert back.place.endswith("/start/users/")
    assert (back.values["phone"], back.values["profile"]) == (["half"], ["accounting"])
    assert again(lea).profile == "consultation"


@pytest.mark.rule("ONB-4")
def test_the_principal_user_and_other_companies_people_can_not_be_opened(vera, cedar):
    vera.send(begin(vera), **INFORMATION)
    stranger = factories.member(factories.company("Acme"), "Max")
    own = one(Membership, user=vera.person)
    for pk in (own.pk, stranger.pk, 2**70, "x"):
        seen = vera.get(f"start/users/?user={pk}")
        assert not seen.inputs("profile")
        vera.post("start/users/", {"user": pk, "version": 1, "profile": "accounting", "last_name": "X"})
    assert again(stranger).profile == "management"
    assert again(own).profile == "administrator"


@pytest.mark.rule("ONB-4")
def test_many_secondary_users_are_paged(vera, taken_over):
    for place in range(51):
        taken_over(f"p{chr(97 + place // 26)}{chr(97 + place % 26)}")
    users = vera.send(begin(vera), **INFORMATION)
    assert len(users.main.all("li", class_="person")) == 50
    second = vera.get(users.link("Next"))
    assert len(second.main.all("li", class_="person")) == 1
    assert "Page 2 of 2" in second.text


@pytest.mark.rule("ONB-4")
@pytest.mark.rule("ONB-5")
def test_active_secondary_users_are_invited_after_the_end_and_no_other(vera, lea, taken_over):
    bob = taken_over("bob")
    end = up_to_end(vera)
    with all_companies(reason="test data"):
        Membership.objects.filter(pk=bob.pk).update(is_active=False)
    assert rows(OutgoingMail, template="colleague_invited") == []
    vera.send(end)
    work = one(WorkItem, kind="accounts.invite_taken_over")
    run(work.pk, timezone.now())
    assert [mail.to for mail in rows(OutgoingMail, template="colleague_invited")] == ["lea@cedar.example"]
    with all_companies(reason="test data"):
        WorkItem.objects.filter(pk=work.pk).update(status="waiting", attempts=0, finished_at=None)
    run(work.pk, timezone.now())
    assert len(rows(OutgoingMail, template="colleague_invited")) == 1


# --- Who registered the company themselves ----------------------------------------------------------------------------


@pytest.mark.rule("ONB-5")
@pytest.mark.parametrize("origin", ["dealer", "own"])
def test_a_company_that_was_registered_accepts_and_skips_the_middle(vera, cedar, origin):
    with all_companies(reason="test data"):
        Company.objects.filter(pk=cedar.pk).update(origin=origin)
    end = begin(vera)
    assert [item.text for item in end.main.all("li", class_="wizard-step")] == ["Introduction (done)", "2 End"]
    assert vera.get("start/information/").place.endswith("/start/end/")
    assert vera.send(end).place == "/PRO-CEDARA/"
    assert again(cedar).initialised_at is not None
    assert one(Acceptance).company_id == cedar.pk


@pytest.mark.rule("ONB-1")
def test_conditions_that_change_before_the_end_are_read_again(vera, cedar):
    end = up_to_end(vera)
    factories.conditions(2, titles=("Use", "Cards", "Data"))
    refused = vera.send(end)
    assert refused.place.endswith("/start/introduction/")
    assert refused.messages == ["The general conditions have changed meanwhile. Read the new version."]
    assert again(cedar).initialised_at is None
    stale = vera.send(refused, v1_1="on", v1_2="on")
    assert stale.errors[""] == "The general conditions have changed meanwhile. Read the new version."
    assert vera.send(stale, **ticked(stale)).place.endswith("/start/information/")
    assert vera.send(vera.get("start/end/")).place == "/PRO-CEDARA/"


def test_without_any_conditions_one_starts_at_once(db):
    company = factories.company("Cedar", initialised_at=None)
    vera = Browser(factories.member(company, "Vera").user, company)
    assert vera.send(vera.get("")).place.endswith("/start/information/")
