"""Uploads: known by their content, kept under names nobody can guess, given back as attachments only."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404

from fleetportal.core import files
from fleetportal.core.access import system
from fleetportal.core.files import StoredFile, attachment, store_upload
from fleetportal.core.scope import ScopeMissing, all_companies, company_scope
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 40


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def acme():
    company = factories.company("Acme")
    with company_scope(company.pk):
        yield company


def excel(**extra):
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    if extra:
        with zipfile.ZipFile(buffer, "a") as archive:
            for name, content in extra.items():
                archive.writestr(name.replace("__", "/").replace("_bin", ".bin"), content)
    return buffer.getvalue()


def store(content, name="scan.pdf", allowed=frozenset({"pdf"})):
    return store_upload(SimpleUploadedFile(name, content), allowed=set(allowed), actor=system("test"), now=NOW)


def refusal(content, **options):
    with pytest.raises(ValidationError) as caught:
        store(content, **options)
    assert not StoredFile.objects.exists()
    return caught.value.code


def test_a_file_is_kept_under_a_random_name_and_comes_back_as_an_attachment(acme):
    stored, again = store(PDF), store(PDF)
    assert stored.storage_name != again.storage_name
    assert "scan" not in stored.storage_name
    assert (stored.original_name, stored.content_type, stored.size) == ("scan.pdf", "application/pdf", len(PDF))
    assert len(stored.sha256) == 64
    response = attachment(stored)
    assert b"".join(response.streaming_content) == PDF
    assert response["Content-Disposition"] == 'attachment; filename="scan.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "application/pdf"
    response.close()
    path = default_storage.path(stored.storage_name)
    assert os.stat(path).st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "kind"),
    [(PDF, "pdf"), (PNG, "png"), (JPEG, "jpeg"), (excel(), "xlsx"), ("a;b\r\nä;1\r\n".encode(), "csv")],
)
def test_each_kind_is_known_by_its_content_whatever_its_name(acme, content, kind):
    stored = store(content, name="file", allowed={kind})
    assert stored.content_type == files.KINDS[kind].content_type
    assert stored.original_name.endswith(files.KINDS[kind].endings[0])


@pytest.mark.parametrize(
    "content",
    [PNG, b"<html><script>", b"MZ\x90\x00", b" %PDF-1.7 %%EOF", b"\x00", excel(), b"PK\x03\x04broken"],
)
def test_a_pdf_that_is_none_is_refused(acme, content):
    assert refusal(content) == "kind"


def test_a_workbook_with_macros_is_refused(acme):
    assert refusal(excel(xl__vbaProject_bin=b"x"), name="a.xlsx", allowed={"xlsx"}) == "kind"


@pytest.mark.parametrize("trailer", [b"/Encrypt 12 0 R", b"/Encrypt<</Filter/Standard>>"])
def test_a_pdf_with_a_password_is_refused(acme, trailer):
    assert refusal(PDF.replace(b"/Root", trailer + b" /Root")) == "encrypted"


def test_a_pdf_without_its_end_is_refused(acme):
    assert refusal(PDF.replace(b"%%EOF", b"")) == "truncated"


def test_an_empty_file_is_refused(acme):
    assert refusal(b"") == "empty"


def test_a_file_that_is_too_large_is_refused(acme, settings):
    settings.UPLOAD_MAX_BYTES = len(PDF) - 1
    assert refusal(PDF) == "too_large"
    settings.UPLOAD_MAX_BYTES = len(PDF)
    assert store(PDF).pk


def test_the_refusal_names_what_is_wanted(acme):
    with pytest.raises(ValidationError, match=r"PDF, PNG\."):
        store(JPEG, allowed={"png", "pdf"})


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("..\\..\\evil.PDF", "evil.PDF"),
        ("../../etc/passwd", "passwd.pdf"),
        ("réport\u202e\r\n.pdf", "réport.pdf"),
        ("", "file.pdf"),
        ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
        ('<"x">.png', "x.png.pdf"),
        (".pdf", "pdf.pdf"),
    ],
)
def test_a_name_is_cleaned(name, clean):
    assert files.clean_name(name, files.KINDS["pdf"]) == clean


def test_a_file_belongs_to_its_company(acme):
    stored = store(PDF)
    with company_scope(factories.company("Borea").pk):
        assert not StoredFile.objects.filter(pk=stored.pk).exists()


def test_without_a_scope_nothing_is_kept():
    with pytest.raises(ScopeMissing):
        store(PDF)


def test_bytes_that_are_gone_are_not_found(acme):
    stored = store(PDF)
    default_storage.delete(stored.storage_name)
    with pytest.raises(Http404):
        attachment(stored)


def test_what_a_rolled_back_upload_left_behind_is_removed_after_a_day(acme):
    kept, lost, young = store(PDF), store(PDF), store(PDF)
    StoredFile.objects.filter(pk__in=[lost.pk, young.pk]).delete()
    old = datetime(2026, 1, 1, tzinfo=UTC)
    for stored in (kept, lost):
        os.utime(default_storage.path(stored.storage_name), (old.timestamp(), old.timestamp()))
    with all_companies(reason="test"):
        assert files.remove_orphans(old + timedelta(days=2)) == 1
    assert default_storage.exists(kept.storage_name)
    assert default_storage.exists(young.storage_name)
    assert not default_storage.exists(lost.storage_name)


def test_without_a_folder_there_is_nothing_to_remove():
    assert files.remove_orphans(NOW) == 0
