"""Stored files: uploads checked by content, files we made; under random names, served as attachments."""

from __future__ import annotations

import hashlib
import io
import logging
import re
import secrets
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.http import FileResponse, Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from fleetportal.core.access import Actor
from fleetportal.core.tenancy import TenantModel
from fleetportal.core.work import periodic

logger = logging.getLogger(__name__)


class StoredFile(TenantModel):
    """A file somebody uploaded or had made: its name, what it really is, where its bytes lie under MEDIA_ROOT."""

    storage_name = models.CharField(max_length=40, unique=True)
    original_name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    uploaded_at = models.DateTimeField()

    class Meta:
        app_label = "core"

    def __str__(self) -> str:
        return self.original_name


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file by what it contains: its word on screen, the type it is served as, and its endings."""

    name: str
    label: Any
    content_type: str
    endings: tuple[str, ...]
    recognise: Callable[[bytes], bool]


def _is_xlsx(data: bytes) -> bool:
    """Say whether it is an Excel workbook without macros; a password makes it something else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    return {"[Content_Types].xml", "xl/workbook.xml"} <= names and "xl/vbaProject.bin" not in names


def _is_text(data: bytes) -> bool:
    """Say whether it is plain text: no control characters but tabs and line ends."""
    return not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", data)


# Asked from the top; plain text is what remains.
KINDS: dict[str, FileKind] = {
    kind.name: kind
    for kind in (
        FileKind("pdf", "PDF", "application/pdf", (".pdf",), lambda data: data.startswith(b"%PDF-")),
        FileKind("png", "PNG", "image/png", (".png",), lambda data: data.startswith(b"\x89PNG\r\n\x1a\n")),
        FileKind("jpeg", "JPEG", "image/jpeg", (".jpg", ".jpeg"), lambda data: data.startswith(b"\xff\xd8\xff")),
        FileKind(
            "xlsx",
            gettext_lazy("Excel workbook (.xlsx)"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            (".xlsx",),
            _is_xlsx,
        ),
        FileKind("csv", gettext_lazy("CSV file"), "text/csv; charset=utf-8", (".csv", ".txt"), _is_text),
    )
}

_ENCRYPTED = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")


def store_upload(upload: UploadedFile, *, allowed: set[str], actor: Actor, now: datetime) -> StoredFile:
    """Keep an uploaded file of one of the `allowed` kinds (names of KINDS) and return its row.

    What it is, is read from its content, never from its name. Raises ValidationError with the sentence: empty, too
    large (`UPLOAD_MAX_BYTES`), another kind, a PDF that is protected by a password or not whole.
    """
    size = upload.size or 0
    if not size:
        raise ValidationError(_("This file is empty."), code="empty")
    if size > settings.UPLOAD_MAX_BYTES:
        raise ValidationError(
            _("This file is larger than %(limit)d MB.") % {"limit": settings.UPLOAD_MAX_BYTES // (1024 * 1024)},
            code="too_large",
        )
    upload.seek(0)
    data = upload.read()
    kind = _kind_of(data)
    if kind is None or kind.name not in allowed:
        wanted = ", ".join(str(one.label) for one in KINDS.values() if one.name in allowed)
        raise ValidationError(
            _("By its content, this is not a file of this kind: %(kinds)s.") % {"kinds": wanted}, code="kind"
        )
    if kind.name == "pdf":
        _check_pdf(data)
    token = secrets.token_hex(16)
    storage_name = default_storage.save(f"{token[:2]}/{token}", ContentFile(data))
    return StoredFile.objects.create(
        storage_name=storage_name,
        original_name=clean_name(upload.name or "", kind),
        content_type=kind.content_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        uploaded_by_id=actor.user,
        uploaded_at=now,
    )


class _Written:
    """What a storage takes for a file: chunks, weighed and hashed on their way to the disk."""

    def __init__(self, source: Iterable[bytes]) -> None:
        self.source, self.size, self.digest = source, 0, hashlib.sha256()

    def chunks(self) -> Iterator[bytes]:
        for chunk in self.source:
            self.size += len(chunk)
            self.digest.update(chunk)
            yield chunk


def store_made(chunks: Iterable[bytes], *, name: str, content_type: str, actor: Actor, now: datetime) -> StoredFile:
    """Keep a file that the portal itself makes, written while it is made, and return its row.

    What a fault leaves half written is removed at once; what a killed worker leaves, `remove_orphans` finds.
    """
    token = secrets.token_hex(16)
    storage_name = f"{token[:2]}/{token}"
    written: Any = _Written(chunks)
    try:
        default_storage.save(storage_name, written)
    except BaseException:
        default_storage.delete(storage_name)
        raise
    return StoredFile.objects.create(
        storage_name=storage_name,
        original_name=name,
        content_type=content_type,
        size=written.size,
        sha256=written.digest.hexdigest(),
        uploaded_by_id=actor.user,
        uploaded_at=now,
    )


def attachment(stored: StoredFile) -> FileResponse:
    """Answer with the file to save, never to show; whoever calls this has checked the right to what it belongs to.

    Raises Http404 when its bytes are gone.
    """
    try:
        opened = default_storage.open(stored.storage_name, "rb")
    except FileNotFoundError:
        logger.exception("The bytes of file %s are missing.", stored.pk)
        raise Http404 from None
    response = FileResponse(opened, as_attachment=True, filename=stored.original_name, content_type=stored.content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def clean_name(name: str, kind: FileKind) -> str:
    """Return the last part of a name without control characters, with an ending that says what the file is."""
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C" and letter not in '<>:"|?*')
    name = name.strip(" .") or "file"
    path = PurePosixPath(name)
    ending = path.suffix if path.suffix.lower() in kind.endings else kind.endings[0]
    stem = path.stem if path.suffix.lower() in kind.endings else name
    return stem[: 120 - len(ending)] + ending


def _kind_of(data: bytes) -> FileKind | None:
    return next((kind for kind in KINDS.values() if kind.recognise(data)), None)


def _check_pdf(data: bytes) -> None:
    if _ENCRYPTED.search(data):
        raise ValidationError(_("This PDF is protected by a password; upload one that is not."), code="encrypted")
    if b"%%EOF" not in data[-2048:]:
        raise ValidationError(_("This PDF is not whole; its end is missing."), code="truncated")


@periodic("core.remove_orphans", every=timedelta(days=1))
def remove_orphans(now: datetime) -> int:
    """Remove files older than a day that no row knows, left by uploads that were rolled back; returns how many."""
    removed = 0
    if not default_storage.exists(""):
        return removed
    for folder in default_storage.listdir("")[0]:
        names = [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
        known = set(StoredFile.objects.filter(storage_name__in=names).values_list("storage_name", flat=True))
        for name in names:
            if name not in known and default_storage.get_modified_time(name) < now - timedelta(days=1):
                default_storage.delete(name)
                removed += 1
    return removed
