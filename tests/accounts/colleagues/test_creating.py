"""Creating colleagues (ACC-20 to ACC-23): what is kept, what is refused, what they get."""

from __future__ import annotations

import pytest

from accounts.models import User
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.colleagues.conftest import invitation_of, one, visitor
from tests.accounts.mailbox import caught, send_waiting

pytestmark = pytest.mark.django_db
CARD_SIDE = {"cards", "requests"}


@pytest.mark.rule("ACC-20")
def test_a_colleague_is_created_with_names_in_capitals(house):
    made = house.created(last_name="  Van  den Broeck ", first_name="élise", phone="0470123456")
    assert (made.name, made.user.last_name, made.user.first_name) == ("VAN DEN BROECK ÉLISE", "VAN DEN BROECK", "ÉLISE")
    assert (made.user.phone, made.user.email) == ("0470123456", "an.peeters@client.example")
    assert made.user.has_usable_password() is False


@pytest.mark.rule("ACC-20")
@pytest.mark.parametrize("phone", ["0470123456", "021234567", "+32470123456", "+33612345678"])
def test_a_phone_is_ten_digits_or_international(house, phone):
    assert house.created(phone=phone).user.phone == phone


@pytest.mark.rule("ACC-20")
@pytest.mark.rule("GEN-9")
@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("phone", "0470 12 34 56"),
        ("phone", "12345"),
        ("phone", "+0470123456"),
        ("phone", "0470123456789"),
        ("phone", "٠٤٧٠١٢٣٤٥٦"),
        ("last_name", ""),
        ("last_name", "   "),
        ("last_name", "<script>"),
        ("last_name", "Peeters2"),
        ("last_name", "x" * 61),
        ("first_name", "An\x00na"),
        ("first_name", "-"),
        ("email", "an.peeters"),
        ("email", "an@client.example\nbcc: x@y.example"),
        ("profile", "principal"),
        ("applications", ["cards", "everything"]),
        ("valid_until", "31 februari"),
        ("division_reach", "none"),
    ],
)
def test_what_can_not_be_is_said_at_its_field_and_nothing_is_written(house, field, typed):
    answer = house.create(**{field: typed})
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {field}
    if field != "email":
        assert "an.peeters@client.example" in answer.content.decode()
    assert User.objects.filter(email__contains="peeters").count() == 0


@pytest.mark.rule("ACC-22")
def test_a_validity_that_ends_before_it_starts_is_refused_at_the_end(house):
    answer = house.create(valid_from="2027-02-01", valid_until="2027-01-31")
    assert answer.context["form"].errors == {"valid_until": ["The end lies before the start."]}
    assert house.created(valid_from="2027-02-01", valid_until="2027-02-01").valid_until.day == 1


@pytest.mark.rule("ACC-22")
def test_a_validity_that_is_over_is_refused_before_anybody_is_invited(house):
    answer = house.create(valid_until="2020-01-01")
    past = "The end lies in the past: this colleague could never sign in."
    assert answer.context["form"].errors == {"valid_until": [past]}
    assert User.objects.filter(email__contains="peeters").count() == 0


def test_an_address_that_belongs_to_the_company_already_is_refused(house):
    house.created()
    answer = house.create(email="AN.Peeters@client.example")
    assert answer.context["form"].errors == {"email": ["A user of your company has this address already."]}


@pytest.mark.rule("ACC-21")
@pytest.mark.rule("ACC-11")
@pytest.mark.parametrize(("profile", "changes"), [("management", CARD_SIDE), ("consultation", set())])
def test_the_levels_of_a_new_colleague_are_as_the_profile_suggests(house, profile, changes):
    made = house.created(profile=profile)
    assert set(made.applications) == {"cards", "requests", "vehicles", "users"}
    assert set(made.change_applications) == changes


@pytest.mark.rule("ACC-11")
def test_levels_can_be_chosen_one_by_one_and_only_where_the_application_is_given(house):
    made = house.created(levels="chosen", change_applications=["cards", "alerts"])
    assert made.change_applications == ["cards"]


@pytest.mark.rule("ACC-21")
def test_applications_are_checkboxes_that_a_script_makes_two_lists_of(house):
    page = house.as_(house.ada).get(house.url("new/")).content.decode()
    assert page.count('type="checkbox" name="applications"') == 18
    assert 'data-two-lists data-left="Not given" data-right="Given"' in page
    assert "js/two-lists" in page


@pytest.mark.rule("ACC-23")
def test_a_confirmation_is_shown_and_an_invitation_sent_at_once(house):
    answer = house.create()
    made = one(user__email="an.peeters@client.example")
    shown = house.as_(house.ada).get(answer.headers["Location"]).content.decode()
    assert "PEETERS AN is created. An invitation is sent to an.peeters@client.example." in shown
    assert "Invited" in shown
    send_waiting()
    (mail,) = caught()
    assert mail.to == ["an.peeters@client.example"]
    assert "Acme invites you" in mail.subject
    assert "Person Ada created a user for you at Acme." in mail.body
    assert "/invitations/" in str(mail.alternatives[0][0])
    assert invitation_of(made).sender == house.ada.user


@pytest.mark.rule("ACC-23")
@pytest.mark.parametrize(("language", "word"), [("fr", "vous invite"), ("nl", "nodigt")])
def test_the_invitation_speaks_the_colleagues_language(house, language, word):
    house.created(language=language)
    send_waiting()
    assert word in caught()[0].subject


@pytest.mark.rule("GEN-2")
def test_creating_leaves_its_entries_in_the_audit(house):
    made = house.created()
    with all_companies(reason="a test looks"):
        entries = AuditEntry.objects.filter(kind="accounts.membership", object_id=made.pk).order_by("pk")
        assert [entry.verb for entry in entries] == ["accounts.member_added", "accounts.invited"]
        assert {entry.actor_id for entry in entries} == {house.ada.user_id}


@pytest.mark.rule("GEN-11")
def test_a_form_sent_twice_creates_one(house):
    page = house.as_(house.ada).get(house.url("new/"))
    form = house.form(form_key=page.context["form_key"])
    first, second = (house.as_(house.ada).post(house.url("new/"), form) for _time in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    send_waiting()
    assert len(caught()) == 1


def test_rights_are_given_after_a_fresh_sign_in_only(house):
    stale = visitor(house.ada.user, fresh=False)
    for answer in (stale.get(house.url("new/")), stale.post(house.url("new/"), house.form())):
        assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")
    assert stale.get(house.url()).status_code == 200
    assert not User.objects.filter(email="an.peeters@client.example").exists()


def test_a_person_of_another_company_becomes_a_colleague_without_a_word_about_it(house):
    """The creator's pages say the same as for a new address; what the other company knows is not shown."""
    ben = factories.member(factories.company("Borea"), "Ben", person=factories.user("Ben", last_name="Borealis"))
    made = house.created(email=ben.user.email)
    page = house.as_(house.ada).get(house.url(f"{made.pk}/")).content.decode()
    listed = house.as_(house.ada).get(house.url()).content.decode()
    assert "PEETERS AN" in page
    assert "PEETERS AN" in listed
    assert "Borealis" not in page + listed
    assert made.user == ben.user
    assert one(pk=ben.pk).name == "Borealis Ben"
    assert made.profile == "consultation"
