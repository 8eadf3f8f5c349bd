"""Users from a file (GEN-7): all errors by cell, nothing before it is applied, exactly what was checked after."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import Invitation, Membership, User
from fleetportal.core import work_run
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from fleetportal.imports import pages as imports
from fleetportal.imports.models import Import, ImportLine
from tests import factories
from tests.accounts.colleagues.conftest import visitor
from tests.accounts.loading.conftest import AN, HEADINGS, errors_of, file_errors, members
from tests.accounts.mailbox import caught, send_waiting
from tests.sheets import workbook

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-7")]


def test_a_file_is_checked_first_and_applied_by_one_click(acme):
    answer = acme.lines(AN, ("Jans", "Bo", "bo@client.example", "+32470123457", "fr", "management", "all"))
    assert answer.context["can_apply"], errors_of(answer)
    assert members(acme.company) == 1
    assert User.objects.filter(email="an@client.example").count() == 0
    done = acme.apply(answer)
    assert "2 users are created and invited." in done.content.decode()
    with all_companies(reason="a test looks"):
        an = Membership.objects.get(user__email="an@client.example")
        bo = Membership.objects.get(user__email="bo@client.example")
        verbs = list(
            AuditEntry.objects.filter(kind="accounts.membership", object_id=an.pk).values_list("verb", flat=True)
        )
    assert (an.name, an.profile, an.applications, an.change_applications) == (
        "PEETERS AN", "consultation", ["cards", "requests"], []
    )  # fmt: skip
    assert (an.user.language, an.all_customer_numbers, an.all_divisions) == ("nl", True, True)
    assert "cards" in bo.change_applications
    assert verbs == ["accounts.member_added", "accounts.invited"]
    send_waiting()
    assert {mail.to[0] for mail in caught()} == {"an@client.example", "bo@client.example"}


def test_every_error_of_every_cell_is_said_at_once(acme):
    answer = acme.lines(
        ("Peeters2", "", "an@", "470123456", "xx", "boss", "Cards and OBU; Teapots"),
        (*AN, "", "70000009", "South", date(2027, 2, 1), date(2027, 1, 31)),
        AN,
    )
    wrong = errors_of(answer)
    assert {place for place in wrong if place[0] == 2} == {
        (2, name) for name in
        ("Last name", "First name", "E-mail address", "Phone", "Language", "Profile", "Applications")
    }  # fmt: skip
    assert {place for place in wrong if place[0] == 3} == {
        (3, "Customer numbers"), (3, "Fleet divisions"), (3, "Valid until")
    }  # fmt: skip
    assert wrong[4, "E-mail address"] == ["This stands in line 3 already."]
    assert not answer.context["can_apply"]
    assert "3 lines are wrong" in answer.content.decode()
    assert members(acme.company) == 1


def test_the_wrong_file_comes_back_with_its_cells_marked(acme):
    answer = acme.lines(("=1+1'", *AN[1:3], "12"), AN[:3] + AN[3:])
    book = load_workbook(io.BytesIO(acme.client.get(answer.request["PATH_INFO"], {"format": "xlsx"}).content))
    page = book.worksheets[0]
    phone = page.cell(2, 4)
    assert phone.fill.fgColor.rgb == "00FFC7CE"
    assert "ten digits" in phone.comment.text
    assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)
    assert page.cell(3, 4).comment is None


def test_what_is_limited_stays_limited(acme):
    answer = acme.lines((*AN, "Cards and OBU", "70000001", "North", "", "31/12/2027"))
    acme.apply(answer)
    with all_companies(reason="a test looks"):
        an = Membership.objects.get(user__email="an@client.example")
        numbers = [one.customer_number.number for one in an.numbers.select_related("customer_number")]
        parts = [one.division.name for one in an.divisions.select_related("division")]
    assert (numbers, parts, an.valid_until, an.change_applications) == (
        ["70000001"], ["North"], date(2027, 12, 31), ["cards"]
    )  # fmt: skip


def test_a_validity_that_is_over_is_said_at_its_cell(acme):
    answer = acme.lines((*AN, "Cards and OBU", "70000001", "North", "", "31/12/2020"))
    past = "The end lies in the past: this colleague could never sign in."
    assert errors_of(answer) == {(2, "Valid until"): [past]}


def test_nobody_grants_by_a_file_what_they_do_not_hold(acme):
    max_ = factories.member(acme.company, "Max", applications=["users", "cards"], customer_numbers=[acme.one]).user
    client = visitor(max_)
    line = ("Peeters", "An", "an@client.example", "0470123456", "", "Administrator", "Requests", "", "70000002")
    answer = acme.send(workbook({"Users": [HEADINGS, line, (*AN[:5], "Consultation", "cards")]}), client=client)
    wrong = errors_of(answer)
    # The other number is not offered; the second line gives all numbers, which who is limited does not hold.
    assert wrong[2, "Customer numbers"] == ["“70000002” is not one of the allowed values."]
    assert {name for line, name in wrong if line == 2} >= {"Profile", "Applications"}
    assert "You can't give customer numbers beyond your own." in wrong[3, "Customer numbers"]


def test_an_address_of_the_company_is_refused_and_one_elsewhere_shows_nowhere(acme):
    factories.member(factories.company("Borea"), "Ben", person=factories.user("Ben", email="ben@borea.example"))
    answer = acme.lines((*AN[:2], acme.ada.email.upper(), *AN[3:]), (*AN[:2], "ben@borea.example", *AN[3:]))
    assert errors_of(answer) == {(2, "E-mail address"): ["A user of your company has this address already."]}


def test_what_changed_since_the_check_is_said_and_nothing_is_written(acme):
    answer = acme.lines(AN, (*AN[:2], "bo@client.example", *AN[3:]))
    factories.member(acme.company, "An", person=factories.user("An", email="an@client.example"))
    again = acme.apply(answer)
    assert "Something has changed since the check." in again.content.decode()
    assert errors_of(again).keys() == {(2, "E-mail address")}
    assert members(acme.company) == 2
    with all_companies(reason="a test looks"):
        assert Import.objects.get().applied_at is None


def test_a_file_is_applied_once_however_often_the_button_is_pressed(acme):
    answer = acme.lines(AN)
    acme.apply(answer)
    acme.apply(answer)
    other_window = acme.apply(answer, form_key="0" * 32)
    assert "This file was applied already." in other_window.content.decode()
    with all_companies(reason="a test looks"):
        assert Invitation.objects.count() == 1
    shown = acme.client.get(answer.request["PATH_INFO"])
    assert not shown.context["can_apply"]
    assert "Applied on" in shown.content.decode()


def test_a_file_is_its_uploaders_alone(acme):
    answer = acme.lines(AN)
    other = visitor(factories.member(acme.company, "Max").user)
    assert other.get(answer.request["PATH_INFO"]).status_code == 404
    assert other.post(answer.request["PATH_INFO"], {"form_key": "1" * 32}).status_code == 404
    assert members(acme.company) == 2


def test_a_wrong_file_can_not_be_applied_by_its_address(acme):
    answer = acme.lines(AN, AN)
    refused = acme.apply(answer)
    assert "Correct the file first. Nothing was written." in refused.content.decode()
    assert members(acme.company) == 1


def test_creating_users_by_a_file_asks_for_a_fresh_sign_in(acme):
    stale = visitor(acme.ada, fresh=False)
    assert "reauthenticate" in stale.get(acme.url()).headers["Location"]


def test_a_large_file_is_applied_by_a_worker(acme, monkeypatch):
    monkeypatch.setattr(imports, "AT_ONCE", 3)
    lines = [("Peeters", "An", f"an{at}@client.example", *AN[3:]) for at in range(6)]
    answer = acme.lines(*lines)
    done = acme.apply(answer)
    assert "/jobs/" in done.request["PATH_INFO"]
    assert members(acme.company) == 1
    # Meanwhile somebody creates one of them by hand.
    factories.member(acme.company, "An", person=factories.user("An", email="an3@client.example"))
    with all_companies(reason="a test looks"):
        items = list(WorkItem.objects.filter(kind="accounts.import_users").values_list("pk", flat=True))
    assert [work_run.run(pk, timezone.now()) for pk in items] == [work_run.Outcome.DONE]
    shown = acme.client.get(done.request["PATH_INFO"]).content.decode()
    assert "Done for 5 of 6; 1 could not be done." in shown
    assert "A user of your company has this address already." in shown


@pytest.mark.parametrize("language", ["fr", "nl"])
def test_headings_and_values_of_each_language_are_understood(acme, language):
    acme.ada.language = language
    acme.ada.save()
    client = visitor(acme.ada)
    book = load_workbook(io.BytesIO(client.get(acme.url(), {"format": "xlsx"}).content))
    page = book.worksheets[0]
    assert len(book.sheetnames) == 3
    assert page.column_dimensions["D"].number_format == "@"
    assert page.data_validations.dataValidation
    page.append(
        ["Peeters", "An", "an@client.example", "0470123456", "", {"fr": "Gestion", "nl": "Beheer"}[language], "all"]
    )
    written = io.BytesIO()
    book.save(written)
    answer = acme.send(written.getvalue(), client=client)
    assert answer.context["can_apply"], errors_of(answer) or file_errors(answer)


def test_our_csv_template_comes_back(acme):
    head = acme.client.get(acme.url(), {"format": "csv"}).content.decode("utf-8-sig").strip()
    text = f"{head}\nPeeters;An;an@client.example;'+32470123456;;Consultation;Cards and OBU\n"
    answer = acme.send(text.encode(), "users.csv")
    assert answer.context["can_apply"], errors_of(answer) or file_errors(answer)
    with all_companies(reason="a test looks"):
        assert ImportLine.objects.get().cells["phone"] == "+32470123456"
