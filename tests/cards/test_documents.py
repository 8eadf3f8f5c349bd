"""Documents that go with a request: only what is a PDF by its content, only for who may see the request."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from cards.models import RequestDocument
from fleetportal.core.audit import AuditEntry
from fleetportal.core.files import StoredFile
from fleetportal.core.scope import all_companies
from tests import factories

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
ENCRYPTED = PDF.replace(b"<< /Root 1 0 R >>", b"<< /Root 1 0 R /Encrypt 2 0 R >>")


@pytest.fixture
def acme():
    company = factories.company()
    number = factories.customer_number(company)
    card = factories.card(number, status="new")
    with all_companies(reason="test"):
        request = card.requests.get()
    return company, number, request


def client_of(person):
    client = Client()
    client.force_login(person)
    return client


def add(client, request, name, content, kind="application/pdf"):
    url = f"/PRO-ACMEAA/requests/{request.pk}/documents/new/"
    return client.post(url, {"file": SimpleUploadedFile(name, content, kind)}, follow=True)


def kept():
    with all_companies(reason="test"):
        return RequestDocument.objects.count(), StoredFile.objects.count()


def test_a_pdf_is_added_seen_by_both_sides_and_comes_back_as_it_was(acme):
    company, _number, request = acme
    ada = client_of(factories.member(company, "Ada").user)
    answer = add(ada, request, "Bestelling 42.pdf", PDF)
    page = answer.content.decode()
    assert "The document is added to the request." in page
    assert "Bestelling 42.pdf" in page
    assert "Document added: Bestelling 42.pdf" in page
    with all_companies(reason="test"):
        document = RequestDocument.objects.get()
        assert AuditEntry.objects.filter(verb="requests.document_added", object_id=request.pk).count() == 1
    back = ada.get(f"/PRO-ACMEAA/documents/{document.pk}/")
    assert b"".join(back.streaming_content) == PDF
    assert back.headers["Content-Disposition"].startswith("attachment")
    assert back.headers["X-Content-Type-Options"] == "nosniff"
    otto = client_of(factories.operator())
    assert "Bestelling 42.pdf" in otto.get(f"/operator/requests/{request.pk}/").content.decode()
    assert b"".join(otto.get(f"/operator/documents/{document.pk}/").streaming_content) == PDF


@pytest.mark.rule("GEN-9")
@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("order.pdf", b"MZ\x90\x00 this is a program", "By its content, this is not a file of this kind: PDF."),
        ("order.pdf", b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "By its content, this is not a file"),
        ("order.pdf", b"", "This file is empty."),
        ("order.pdf", ENCRYPTED, "password"),
        ("order.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type", "not whole"),
        ("order.pdf", PDF + b"0" * (10 * 1024 * 1024), "larger than 10 MB"),
    ],
    ids=["program", "drawing", "empty", "password", "cut off", "too large"],
)
def test_a_file_that_is_no_pdf_is_refused_at_its_field_and_nothing_is_kept(acme, name, content, sentence):
    company, _number, request = acme
    answer = add(client_of(factories.member(company, "Ada").user), request, name, content)
    assert any(sentence in error for error in answer.context["form"].errors["file"]), answer.context["form"].errors
    assert kept() == (0, 0)


def test_without_a_file_the_form_asks_for_one(acme):
    company, _number, request = acme
    ada = client_of(factories.member(company, "Ada").user)
    answer = ada.post(f"/PRO-ACMEAA/requests/{request.pk}/documents/new/", {})
    assert answer.context["form"].errors["file"] == ["Choose a file."]


@pytest.mark.rule("GEN-3")
def test_a_request_that_has_ended_takes_no_more_documents(acme):
    company, number, _request = acme
    card = factories.card(number, status="active")
    with all_companies(reason="test"):
        ended = card.requests.get()
    ada = client_of(factories.member(company, "Ada").user)
    assert "Add a document" not in ada.get(f"/PRO-ACMEAA/requests/{ended.pk}/").content.decode()
    answer = add(ada, ended, "order.pdf", PDF)
    assert "This request has ended; no document can be added to it any more." in answer.content.decode()
    assert kept() == (0, 0)


@pytest.mark.rule("GEN-1")
def test_who_may_not_see_the_request_does_not_get_its_documents(acme):
    company, _number, request = acme
    document = factories.document(request)
    elsewhere = factories.customer_number(company)
    limited = factories.member(company, "Max", customer_numbers=[elsewhere]).user
    stranger = factories.member(factories.company("Borea"), "Ben").user
    assert client_of(limited).get(f"/PRO-ACMEAA/documents/{document.pk}/").status_code == 404
    assert client_of(stranger).get(f"/PRO-BOREAA/documents/{document.pk}/").status_code == 404
    seen = client_of(factories.member(company, "Cora").user).get(f"/PRO-ACMEAA/documents/{document.pk}/")
    assert seen.status_code == 200
    seen.close()
