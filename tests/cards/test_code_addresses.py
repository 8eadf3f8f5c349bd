"""The address for secret codes: operator staff change it on a written request, and the company is told (PIN-6)."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from accounts.finding import find_number
from accounts.models import CustomerNumber, Notice
from cards.models import CodeAddressChange
from fleetportal.core.files import StoredFile
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from tests import factories
from tests.accounts.mailbox import caught, send_waiting
from tests.cards.browse import Browser
from tests.cards.tools import again, audit_of, change, one, rows

pytestmark = [pytest.mark.rule("PIN-6"), pytest.mark.django_db]

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
NEW = {"recipient": "Acme, Fleet", "street": "Nieuwstraat 7", "postal_code": "9000", "town": "Gent", "country": "BE"}


def letter(content=PDF, name="letter.pdf"):
    return SimpleUploadedFile(name, content)


def alter(otto, number, **changes):
    return otto.fill(f"code-addresses/{number.pk}/change/", **{**NEW, "written": letter(), **changes})


def test_operator_staff_change_it_with_the_written_request_attached(otto, number):
    listed = otto.get("code-addresses/")
    assert number.street in listed.text
    page = otto.get(f"code-addresses/{number.pk}/")
    assert "The address was never changed." in page.text
    seen = alter(otto, number)
    assert seen.messages == [
        f"The address for secret codes of {number.number} is changed, and the principal user is told."
    ]
    assert [getattr(again(number), name) for name in NEW] == list(NEW.values())
    assert "Nieuwstraat 7" in seen.facts["Address"]
    made = one(CodeAddressChange)
    assert (made.changed_by_id, made.company_id) == (otto.person.pk, number.company_id)
    answer = otto.client.get(seen.link("letter.pdf"))
    assert b"".join(answer.streaming_content) == PDF
    assert answer.headers["Content-Disposition"] == 'attachment; filename="letter.pdf"'


@pytest.mark.rule("GEN-2")
def test_it_is_noted_with_both_addresses(otto, ada, number):
    before = ", ".join(number.lines)
    alter(otto, number)
    [entry] = audit_of(number)
    assert (entry.verb, entry.actor_id, entry.company_id) == (
        "cards.code_address_changed", otto.person.pk, number.company_id,
    )  # fmt: skip
    assert entry.before == {"code_address": before}
    assert entry.after == {
        "code_address": "Acme, Fleet, Nieuwstraat 7, 9000 Gent, BE", "written_request": "letter.pdf",
    }  # fmt: skip
    assert "Address for secret codes changed" in ada.get("activity/").text


def test_the_principal_user_is_told_by_notice_and_mail(otto, acme, ada, number):
    max_ = factories.member(acme, "Max")
    alter(otto, number)
    [notice], [mail] = rows(Notice), rows(OutgoingMail, template="code_address_changed")
    assert notice.user_id == mail.recipient_id == ada.person.pk != max_.user_id
    send_waiting()
    [sent] = caught()
    assert "Nieuwstraat 7" in sent.body
    assert number.street in sent.body
    assert "Did your company not ask for this?" in sent.body
    assert f"Secret codes of customer number {number.number} go to another address" in ada.get("notices/").text


def test_who_has_not_begun_yet_gets_the_mail(otto, acme, ada, number):
    change(acme, initialised_at=None)
    alter(otto, number)
    assert rows(Notice) == []
    assert one(OutgoingMail, template="code_address_changed").recipient_id == ada.person.pk


def test_the_company_sees_the_address_and_since_when(otto, ada, number, second):
    [first, _other] = ada.get("code-addresses/").rows
    assert (first["Customer number"], first["Street and number"], first["Changed"]) == (
        number.number, number.street, "–",
    )  # fmt: skip
    alter(otto, number)
    [first, other] = ada.get("code-addresses/").rows
    assert first["Street and number"] == "Nieuwstraat 7"
    assert timezone.localdate().strftime("%d/%m/%Y") in first["Changed"]
    assert other["Changed"] == "–"
    card = factories.card(number)
    assert "Nieuwstraat 7, 9000 Gent" in ada.get(f"cards/{card.pk}/reissue/").text


@pytest.mark.rule("GEN-1")
def test_a_company_sees_its_own_and_changes_none(otto, acme, ada, number, borea):
    theirs = factories.customer_number(borea, street="Secret street 1")
    assert "Secret street" not in ada.get("code-addresses/").text
    limited = Browser(factories.member(acme, "Nina", principal=False, customer_numbers=[number]).user, acme)
    factories.customer_number(acme, street="Other street 2")
    assert "Other street" not in limited.get("code-addresses/").text
    alter(otto, number)
    path = f"/operator/code-addresses/{theirs.pk}/change/"
    written = f"/operator/code-addresses/letters/{one(CodeAddressChange).pk}/"
    assert {ada.get(path).status, ada.post(path, NEW).status, ada.get(written).status} == {404}
    assert ada.post("code-addresses/", NEW).status == 405


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"written": ""}, "written", "Attach the written request."),
        ({"written": letter(b"")}, "written", "This file is empty."),
        ({"written": letter(b"hello", "letter.pdf")}, "written", "By its content, this is not a file of this kind"),
        ({"written": letter(b"PK\x03\x04", "letter.png")}, "written", "By its content, this is not a file of this"),
        ({"written": letter(PDF[:-7])}, "written", "This PDF is not whole; its end is missing."),
        ({"street": " "}, "street", "Fill in “Street and number”."),
        ({"country": "XX"}, "country", "Select a valid choice."),
        ({"recipient": "x" * 81}, "recipient", "Ensure this value has at most 80 characters"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(otto, number, changes, field, sentence):
    for value in changes.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    seen = alter(otto, number, **changes)
    assert sentence in seen.errors[field]
    if field != "street":
        assert seen.values["street"] == ["Nieuwstraat 7"]
    assert (rows(CodeAddressChange), rows(StoredFile), audit_of(number)) == ([], [], [])
    assert again(number).street == number.street


def test_a_file_that_is_too_large_is_refused(otto, number, settings):
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    seen = alter(otto, number, written=letter(PNG + bytes(1024 * 1024), "letter.png"))
    assert seen.errors["written"] == "This file is larger than 1 MB."
    assert rows(CodeAddressChange) == []


@pytest.mark.parametrize(("content", "name"), [(PNG, "scan.png"), (b"\xff\xd8\xff\xe0rest", "photo.jpg")])
def test_a_picture_of_the_letter_is_taken_too(otto, number, content, name):
    assert name in alter(otto, number, written=letter(content, name)).text


@pytest.mark.rule("GEN-3")
def test_a_form_from_before_another_change_is_refused(otto, number):
    page = otto.get(f"code-addresses/{number.pk}/change/")
    alter(otto, number)
    seen = otto.send(page, **{**NEW, "street": "Late 1", "written": letter()})
    assert seen.messages == ["Somebody else has changed this address meanwhile. Look again and repeat your change."]
    assert again(number).street == "Nieuwstraat 7"
    assert len(rows(CodeAddressChange)) == 1


def test_the_same_address_is_no_change(otto, number):
    alter(otto, number)
    assert alter(otto, number).messages == ["This is the address already; nothing was changed."]
    assert len(rows(CodeAddressChange)) == len(rows(StoredFile)) == 1


def test_numbers_of_every_company_are_found(otto, number, borea):
    other = factories.customer_number(borea, "99887766")
    with all_companies(reason="test"):
        for found in CustomerNumber.objects.select_related("company"):
            find_number(found)
    assert [row["Customer number"] for row in otto.get("code-addresses/", q="998877").rows] == [other.number]
