"""A company from a file, up to its principal user's first connection (ONB-7)."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts.colleagues.contact import Contact
from accounts.loading import services
from accounts.models import Company, CustomerNumber, FleetDivision, Invitation, Membership, OldLogin, User
from accounts.safety.oldportal import taken
from fleetportal.core.access import Actor
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.colleagues.conftest import visitor
from tests.accounts.loading.conftest import errors_of, file_errors
from tests.accounts.mailbox import caught, send_waiting
from tests.sheets import upload, workbook

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ONB-7")]
LOAD = "/operator/companies/load/"
COMPANY = {
    "Legal name": "Delta Transport",
    "VAT number": "BE 0403.170.701",
    "Town": "Namur",
    "Principal user: last name": "Dupont",
    "Principal user: first name": "Zoé",
    "Principal user: e-mail address": "Zoe@delta.example",
    "Principal user: phone": "081550440",
    "Principal user: language": "French",
    "Old user name": "DELTA01",
}
NUMBERS = [
    {
        "Customer number": number, "Name": "Delta", "Recipient": "Delta, fleet", "Postal code": "5000",
        "Street and number of the recipient": "Rue de Fer 1", "Town": "Namur",
    }
    for number in ("00812345", "00812346")
]  # fmt: skip
DIVISIONS = [
    {"Customer number": "00812345", "Name": "Namur"},
    {"Customer number": "00812346", "Name": "Namur"},
    {"Customer number": "00812346", "Name": "Arlon"},
]
USER = {
    "Last name": "Leroy", "First name": "Luc", "E-mail address": "luc@delta.example", "Phone": "0470123456",
    "Applications": "Cards and OBU; Requests; Vehicles", "May change, not only see": "Cards and OBU",
    "Customer numbers": "00812346", "Fleet divisions": "Arlon; 00812346: Namur", "Old user name": "delta02",
}  # fmt: skip


def sheet(rows):
    heads = list(dict.fromkeys(name for row in rows for name in row))
    return [heads, *([row.get(name, "") for name in heads] for row in rows)]


def delta(company=None, numbers=NUMBERS, divisions=DIVISIONS, users=(USER,)) -> bytes:
    return workbook({
        "Company": sheet([{**COMPANY, **(company or {})}]), "Customer numbers": sheet(numbers),
        "Fleet divisions": sheet(divisions), "Users": sheet(users),
    })  # fmt: skip


@pytest.fixture
def otto(db):
    return visitor(factories.operator())


def send(client: Client, data: bytes, name: str = "delta.xlsx"):
    return client.post(LOAD, {"file": upload(data, name)}, follow=True)


def apply(client: Client, answer):
    return client.post(answer.request["PATH_INFO"], {"form_key": answer.context["form_key"]}, follow=True)


def test_a_company_is_loaded_in_one_click_and_its_principal_user_gets_the_way_in(otto):
    answer = send(otto, delta())
    assert answer.context["can_apply"], errors_of(answer)
    assert not Company.objects.exists()
    done = apply(otto, answer)
    assert "The company is loaded." in done.content.decode()
    with all_companies(reason="a test looks"):
        company = Company.objects.get()
        assert (company.vat_number, company.initialised_at, company.verification) == ("BE0403170701", None, "loaded")
        assert list(CustomerNumber.objects.values_list("number", flat=True)) == ["00812345", "00812346"]
        assert FleetDivision.objects.count() == 3
        zoe = Membership.objects.get(is_principal=True)
        luc = Membership.objects.get(is_principal=False)
        assert (zoe.name, zoe.user.email, zoe.user.language) == ("DUPONT ZOÉ", "zoe@delta.example", "fr")
        assert (luc.profile, luc.applications, luc.change_applications) == (
            "consultation", ["cards", "requests", "vehicles"], ["cards"]
        )  # fmt: skip
        assert luc.numbers.count() == 1
        assert luc.divisions.count() == 2
        assert Invitation.objects.get(membership=luc).queued_at is None
        verbs = set(AuditEntry.objects.filter(company=company).values_list("verb", flat=True))
    assert verbs >= {"accounts.company_created", "accounts.number_added", "divisions.created", "accounts.member_added"}
    assert taken("delta01")
    assert taken("Delta02")
    send_waiting()
    (mail,) = caught()
    assert mail.to == ["zoe@delta.example"]
    assert "/invitations/" in mail.body


def test_the_link_leads_to_the_first_connection_and_looking_at_it_uses_nothing_up(otto):
    apply(otto, send(otto, delta()))
    send_waiting()
    path = re.search(r"https?://[^/]+(/invitations/\S+)", caught()[0].body)[1]
    scanner, zoe = Client(), Client()
    for _time in range(3):
        scanner.get(path, follow=True)
    opened = zoe.get(path, follow=True)
    opened = zoe.post(opened.request["PATH_INFO"], {}, follow=True)
    here = opened.request["PATH_INFO"]
    answers = {"last_name": "DUPONT", "first_name": "ZOÉ", "phone": "081550440"}
    came = zoe.post(here, {**answers, "password1": "Zeker-12-weten", "password2": "Zeker-12-weten"}, follow=True)
    assert "/start/" in came.request["PATH_INFO"], came.content.decode()[:3000]


def test_a_text_file_holds_all_sheets(otto):
    rows = [
        {"Sheet": "Company", **COMPANY},
        *({"Sheet": "customer numbers", **one} for one in NUMBERS),
        *({"Sheet": "Divisions de parc", **one} for one in DIVISIONS),
        {"Sheet": "users", **USER},
    ]
    written = io.StringIO()
    csv.writer(written, delimiter=";").writerows(sheet(rows))
    answer = send(otto, written.getvalue().encode("utf-8-sig"), "delta.csv")
    assert answer.context["can_apply"], errors_of(answer) or file_errors(answer)
    apply(otto, answer)
    assert Company.objects.get().legal_name == "Delta Transport"


def test_all_errors_of_all_sheets_are_said(otto):
    factories.customer_number(factories.company("Acme"), "00812345")
    user = {
        **USER,
        "E-mail address": "zoe@delta.example",
        "Fleet divisions": "Namur; Mons",
        "Customer numbers": "1; 00812346",
    }
    company = {"VAT number": "BE0403170702", "Principal user: phone": 81550440, "Legal name": ""}
    answer = send(otto, delta(company, divisions=[*DIVISIONS, {"Customer number": "7", "Name": "x"}], users=[user]))
    wrong = errors_of(answer)
    assert wrong.keys() == {
        (2, "Legal name"), (2, "VAT number"), (2, "Principal user: phone"), (2, "Customer number"),
        (5, "Customer number"), (2, "E-mail address"), (2, "Fleet divisions"), (2, "Customer numbers"),
    }  # fmt: skip
    assert len(wrong[2, "Fleet divisions"]) == 2
    assert Company.objects.count() == 1
    assert not User.objects.filter(email="zoe@delta.example").exists()


def test_a_postal_code_is_one_of_its_country_and_said_at_its_cell(otto):
    numbers = [
        {**NUMBERS[0], "Postal code": "abc"},
        {**NUMBERS[1], "Postal code": "5000", "Country": "NL"},
        {**NUMBERS[0], "Customer number": "00812347", "Postal code": "1", "Country": "Holland"},
        {**NUMBERS[0], "Customer number": "00812348", "Postal code": "SW1A 1AA", "Country": "GB"},
    ]
    wrong = errors_of(send(otto, delta(numbers=numbers)))
    assert wrong == {
        (2, "Postal code"): ["In BE a postal code is written as 1000."],
        (3, "Postal code"): ["In NL a postal code is written as 1012 AB."],
        (4, "Country"): ["A country is two letters, such as BE."],
    }
    own = errors_of(send(otto, delta({"Postal code": "1234", "Country": "DE"})))
    assert own == {(2, "Postal code"): ["In DE a postal code is written as 10115."]}
    assert not Company.objects.exists()


def test_a_postal_code_is_kept_as_its_country_writes_it(otto):
    numbers = [{**NUMBERS[0], "Postal code": "b-5000"}, {**NUMBERS[1], "Postal code": "1012ab", "Country": "nl"}]
    apply(otto, send(otto, delta({"Postal code": "L-1111", "Country": "LU"}, numbers=numbers)))
    with all_companies(reason="a test looks"):
        assert Company.objects.get().postal_code == "1111"
        assert list(CustomerNumber.objects.order_by("number").values_list("postal_code", flat=True)) == [
            "5000", "1012 AB"
        ]  # fmt: skip


def test_old_user_names_belong_to_one_person(otto):
    apply(otto, send(otto, delta()))
    again = delta(
        {"VAT number": "", "Old user name": "Delta01", "Principal user: e-mail address": "p@e.example"},
        [{**NUMBERS[0], "Customer number": "5"}], [], [],
    )  # fmt: skip
    assert errors_of(send(otto, again)) == {(2, "Old user name"): ["This old user name was loaded before."]}
    assert OldLogin.objects.count() == 2


def test_a_company_that_is_there_is_not_loaded_twice(otto):
    first, second = send(otto, delta()), send(otto, delta())
    apply(otto, first)
    refused = apply(otto, second)
    assert "Something has changed since the check." in refused.content.decode()
    assert (2, "VAT number") in errors_of(refused)
    assert Company.objects.count() == 1


@pytest.mark.parametrize(
    ("sheets", "sentence"),
    [
        ({"Company": sheet([COMPANY])}, "The sheet “Customer numbers” is missing."),
        (
            {"Company": sheet([COMPANY, COMPANY]), "Customer numbers": sheet(NUMBERS)},
            "Sheet Company: at most 1 lines are possible, and it has 2.",
        ),
    ],
)
def test_a_file_holds_one_company(otto, sheets, sentence):
    assert sentence in file_errors(send(otto, workbook(sheets)))


def test_the_first_connection_is_sent_again_until_somebody_came_in(otto):
    apply(otto, send(otto, delta()))
    company = Company.objects.get()
    path = f"/operator/companies/{company.pk}/first-connection/"
    page = otto.get(path)
    assert "zoe@delta.example" in page.content.decode()
    done = otto.post(path, {"form_key": page.context["form_key"]}, follow=True)
    assert "is on its way" in done.content.decode()
    send_waiting()
    assert len([mail for mail in caught() if "/invitations/" in mail.body]) == 1
    with all_companies(reason="a test looks"):
        newest = Invitation.objects.filter(membership__is_principal=True).order_by("-pk").first()
        assert newest.expires_at - timezone.now() > timedelta(days=6)
        Membership.objects.filter(is_principal=True).update(invited_at=None)
    assert "has come in already" in otto.get(path, follow=True).content.decode()
    assert "has come in already" in otto.post(path, {"form_key": "a" * 32}, follow=True).content.decode()


def test_clients_load_nothing(db):
    ada = visitor(factories.member(factories.company("Acme"), "Ada").user)
    assert ada.get(LOAD).status_code == 404
    assert ada.post(LOAD, {"file": upload(delta())}).status_code == 404


def test_the_services_ask_for_the_right_themselves(otto):
    apply(otto, send(otto, delta()))
    company, nobody = Company.objects.get(), Actor(label="Nobody")
    ann = Contact(last_name="A", first_name="B", email="a@e.example", phone="0470123456")
    with pytest.raises(PermissionDenied):
        services.load_company(
            details={"legal_name": "E"}, principal=ann, principal_old_name="", numbers=[], divisions=[], users=[],
            actor=nobody, now=timezone.now(),
        )  # fmt: skip
    with pytest.raises(PermissionDenied):
        services.send_first_connection(company=company, actor=nobody, now=timezone.now())
    assert Company.objects.count() == 1
