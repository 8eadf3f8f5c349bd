"""What the kernel keeps for every app: drafts, work, mail, files, downloads, entries."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import Company, User
from fleetportal.core.audit import AuditEntry
from fleetportal.core.batches import Batch
from fleetportal.core.drafts import Draft
from fleetportal.core.files import StoredFile
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from fleetportal.core.search import SearchEntry, plain
from fleetportal.core.views_saved import SavedView
from fleetportal.core.work_models import WorkItem
from fleetportal.downloads.models import Download
from fleetportal.imports.models import Import, ImportLine
from tests.factories.basis import NOW, following


def import_file(
    owner: Company | None,
    person: User,
    kind: str = "accounts.divisions",
    lines: dict[str, list[dict[str, str]]] | None = None,
    **fields: Any,
) -> Import:
    """Make a file that a person had checked, with its lines by sheet; operator staff's own belongs to no company."""
    lines = lines if lines is not None else {"divisions": [{"customer_number": "70000001", "name": "Garage"}]}
    company_id = owner.pk if owner else None
    with all_companies(reason="test data"):
        made = Import.objects.create(
            company_id=company_id,
            user=person,
            kind=kind,
            created_at=NOW,
            **{
                "file_name": "file.xlsx",
                "columns": {sheet: list(rows[0]) for sheet, rows in lines.items()},
                "total": sum(map(len, lines.values())),
                **fields,
            },
        )
        for sheet, rows in lines.items():
            for at, cells in enumerate(rows, 2):
                ImportLine.objects.create(company_id=company_id, upload=made, sheet=sheet, line=at, cells=cells)
    return made


def draft(owner: Company, by: User, body: str = "", **fields: Any) -> Draft:
    """Keep a form that somebody has begun, as its query string."""
    fields = {"kind": "cards.order", "created_at": NOW, "updated_at": NOW, **fields}
    fields = {"data": {"body": body}, **fields}
    with all_companies(reason="test data"):
        return Draft.objects.create(company=owner, user=by, **fields)


def saved_view(owner: Company | None, by: User, name: str = "", **fields: Any) -> SavedView:
    """Keep a view of a list for somebody; without a company, of one of the operator's lists."""
    name = name or f"View {following()}"
    fields = {"place": "cards:list" if owner else "operator:requests", "query": "q=1", "created_at": NOW, **fields}
    with all_companies(reason="test data"):
        return SavedView.objects.create(company=owner, user=by, name=name, key=plain(name), **fields)


def bulk_batch(owner: Company | None, by: User | None = None, **fields: Any) -> Batch:
    """Make a bulk action that is done, without rows."""
    fields = {"kind": "cards.block_many", "total": 7, "done": 7, "status": "done", "created_at": NOW, **fields}
    with all_companies(reason="test data"):
        return Batch.objects.create(company=owner, requested_by=by, **fields)


def work_item(owner: Company | None, **fields: Any) -> WorkItem:
    """Write down work that waits."""
    fields = {"kind": "core.send_mail", "key": f"test:{following()}", "due_at": NOW, "created_at": NOW, **fields}
    with all_companies(reason="test data"):
        return WorkItem.objects.create(company=owner, **fields)


def outgoing_mail(owner: Company | None, **fields: Any) -> OutgoingMail:
    """Write down a mail that waits."""
    fields = {
        "to": "somebody@people.example",
        "language": "en",
        "template": "password_changed",
        "key": f"test:{following()}",
        "created_at": NOW,
        **fields,
    }
    with all_companies(reason="test data"):
        return OutgoingMail.objects.create(company=owner, **fields)


def stored_file(owner: Company, **fields: Any) -> StoredFile:
    """Write down an uploaded file; its bytes are nowhere."""
    fields = {
        "storage_name": f"aa/{following():032d}",
        "original_name": "letter.pdf",
        "content_type": "application/pdf",
        "size": 1,
        "sha256": "0" * 64,
        "uploaded_at": NOW,
        **fields,
    }
    with all_companies(reason="test data"):
        return StoredFile.objects.create(company=owner, **fields)


def download(owner: Company, by: User, **fields: Any) -> Download:
    """Make a list of that company's requests that is ready for somebody to fetch, its bytes included."""
    content = b"Request\r\n"
    fields = {
        "path": f"/{owner.identifier}/requests/",
        "kind": "csv",
        "language": "en",
        "rows": 1,
        "limits": {"customer_numbers": None, "divisions": None},
        "created_at": NOW,
        "made_at": NOW,
        "ends_at": timezone.now() + timedelta(days=7),
        **fields,
    }
    name = default_storage.save(f"test/{following()}", ContentFile(content))
    stored = stored_file(owner, storage_name=name, original_name="requests.csv", size=len(content))
    with all_companies(reason="test data"):
        return Download.objects.create(company=owner, user=by, file=stored, **fields)


def search_entry(owner: Company, text: str = "test", **fields: Any) -> SearchEntry:
    """Write searchable text of something that need not exist."""
    fields = {"kind": "test.thing", "object_id": following(), **fields}
    with all_companies(reason="test data"):
        return SearchEntry.objects.create(company=owner, text=text, **fields)


def audit_entry(owner: Company | None, **fields: Any) -> AuditEntry:
    """Note something that happened."""
    fields = {"at": NOW, "actor_label": "Ada", "verb": "test.done", "kind": "test.thing", "object_id": 1, **fields}
    with all_companies(reason="test data"):
        return AuditEntry.objects.create(company=owner, **fields)
