"""Test data in few words: companies, the named people, and cards in any status, written straight into the tables.

Each function enters the wide door itself, so that it can be called inside or outside of a scope. What a test does not
name is filled with something valid; a counter keeps numbers, plates and addresses apart.

The people: Ada administers Acme and is its principal user, Max manages, Cora consults, Fay keeps the books; Ben is the
principal user of Borea, a stranger; Vera is that of Cedar, which has not started yet; Otto is the operator.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models
from django.utils import timezone

from accounts.models import (
    Acceptance,
    Company,
    ConditionsVersion,
    CustomerNumber,
    FleetDivision,
    Invitation,
    Membership,
    MembershipDivision,
    MembershipNumber,
    MultipassRequest,
    Notice,
    NoticeChoice,
    NoticeRecipient,
    User,
)
from accounts.rights import APPLICATIONS, suggested_levels
from cards.catalogue import Category, CodeType
from cards.lifecycle import (
    ACTIVE,
    BLOCKED,
    DISPATCHED,
    EXPIRED,
    IN_CREATION,
    IN_PRODUCTION,
    NEW,
    RECEIVED,
    WITHDRAWN,
)
from cards.mirror import refresh_cards
from cards.models import Batch as ProductionBatch
from cards.models import Card, CardLimit, CardProduct, Issue, MakerFile, Request, RequestDocument, SetAsideLine
from cards.numbers import allocate
from fleetportal.core.audit import AuditEntry
from fleetportal.core.batches import Batch, BatchRow
from fleetportal.core.drafts import Draft
from fleetportal.core.files import StoredFile
from fleetportal.core.mail import CaughtMail, OutgoingMail
from fleetportal.core.scope import all_companies
from fleetportal.core.seals import AuditSeal
from fleetportal.core.search import SearchEntry, plain
from fleetportal.core.views_saved import SavedView
from fleetportal.core.work_models import JobRun, WorkItem
from fleetportal.downloads.models import Download
from fleetportal.imports.models import Import, ImportLine
from vehicles.models import Driver, Vehicle

# A moment in winter time, on a working day, far from midnight: tests that need another one say so.
NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)
PASSWORD = "Vloot-2026!"
IDENTIFIERS = {"Acme": "PRO-ACMEAA", "Borea": "PRO-BOREAA", "Cedar": "PRO-CEDARA"}
# profile, principal user
PEOPLE = {
    "Ada": (Membership.Profile.ADMINISTRATOR, True),
    "Max": (Membership.Profile.MANAGEMENT, False),
    "Cora": (Membership.Profile.CONSULTATION, False),
    "Fay": (Membership.Profile.ACCOUNTING, False),
    "Ben": (Membership.Profile.ADMINISTRATOR, True),
    "Vera": (Membership.Profile.ADMINISTRATOR, True),
}
_REQUEST_FOR = {NEW: RECEIVED, IN_CREATION: IN_PRODUCTION, WITHDRAWN: WITHDRAWN}
_next = itertools.count(1).__next__


def company(name: str = "Acme", **fields: Any) -> Company:
    """Make a company that counts as verified, or return the one of that name."""
    with all_companies(reason="test data"):
        if found := Company.objects.filter(legal_name=name).first():
            return found
        fields = {"verification": Company.Verification.LOADED, "initialised_at": NOW, **fields}
        if name in IDENTIFIERS:
            fields.setdefault("identifier", IDENTIFIERS[name])
        return Company.objects.create(legal_name=name, **fields)


def customer_number(owner: Company, number: str = "", **fields: Any) -> CustomerNumber:
    """Make a customer number with an address for code letters, or return the one of that number."""
    with all_companies(reason="test data"):
        if number and (found := CustomerNumber.objects.filter(number=number).first()):
            return found
        fields = {
            "name": f"{owner.legal_name} fleet",
            "recipient": f"{owner.legal_name}, fleet office",
            "street": "Rue du Dépôt 1",
            "postal_code": "1000",
            "town": "Bruxelles",
            **fields,
        }
        return CustomerNumber.objects.create(company=owner, number=number or f"70{_next():06d}", **fields)


def division(number: CustomerNumber, name: str = "", **fields: Any) -> FleetDivision:
    """Make a fleet division under a customer number."""
    with all_companies(reason="test data"):
        return FleetDivision.objects.create(
            company_id=number.company_id, customer_number=number, name=name or f"Division {_next()}", **fields
        )


def user(first_name: str = "Uma", *, password: str | None = None, **fields: Any) -> User:
    """Make a user; hashing a password takes time, so without one nobody can sign in by the form."""
    fields = {
        "email": f"{first_name.lower()}{_next()}@people.example",
        "last_name": "Person",
        "first_name": first_name,
        **fields,
    }
    return User.objects.create_user(password=password, **fields)


def operator(first_name: str = "Otto", **fields: Any) -> User:
    """Make a member of the operator's staff."""
    return user(first_name, kind=User.Kind.OPERATOR, **fields)


def member(
    owner: Company,
    first_name: str = "Ada",
    *,
    profile: str | None = None,
    principal: bool | None = None,
    applications: list[str] | None = None,
    change_applications: list[str] | None = None,
    customer_numbers: list[CustomerNumber] | None = None,
    divisions: list[FleetDivision] | None = None,
    person: User | None = None,
    password: str | None = None,
    **fields: Any,
) -> Membership:
    """Make a membership (and its user, unless `person` is given) with the profile that the name stands for.

    All applications are open, and those of the card side may be changed as the profile suggests; `customer_numbers` or
    `divisions` take the Multipass away.
    """
    named_profile, named_principal = PEOPLE.get(first_name, PEOPLE["Max"])
    profile = profile or named_profile
    applications = [one.name for one in APPLICATIONS] if applications is None else applications
    if change_applications is None:
        change_applications = suggested_levels(profile, applications)
    person = person or user(first_name, password=password)
    with all_companies(reason="test data"):
        membership = Membership.objects.create(
            company=owner,
            user=person,
            profile=profile,
            is_principal=named_principal if principal is None else principal,
            applications=applications,
            change_applications=change_applications,
            all_customer_numbers=customer_numbers is None,
            all_divisions=divisions is None,
            **fields,
        )
        for number in customer_numbers or []:
            MembershipNumber.objects.create(company=owner, membership=membership, customer_number=number)
        for one in divisions or []:
            MembershipDivision.objects.create(company=owner, membership=membership, division=one)
    return membership


def invitation(of: Membership, **fields: Any) -> Invitation:
    """Invite a member; the mail was sent, and holds a link that nobody knows."""
    fields = {
        "email": of.user.email,
        "last_name": of.user.last_name,
        "first_name": of.user.first_name,
        "phone": of.user.phone,
        "nonce": f"{_next():064x}",
        "token_hash": f"{_next():064x}",
        "created_at": NOW,
        "queued_at": NOW,
        "expires_at": NOW + timedelta(days=7),
        **fields,
    }
    with all_companies(reason="test data"):
        return Invitation.objects.create(company_id=of.company_id, membership=of, **fields)


def multipass_request(of: Membership, **fields: Any) -> MultipassRequest:
    """Ask for a customer number as that member; for all of them, unless told otherwise."""
    fields = {"reason": "The depot is new.", "asked_at": NOW, **fields}
    with all_companies(reason="test data"):
        return MultipassRequest.objects.create(company_id=of.company_id, membership=of, **fields)


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


def card_product(**fields: Any) -> CardProduct:
    """Return the first card product; with `fields`, make another one."""
    if not fields and (found := CardProduct.objects.order_by("pk").first()):
        return found
    fields = {"code": f"fleet-{_next()}", "name": "Fleet card", "issuer_number": "700200", **fields}
    return CardProduct.objects.create(**fields)


def vehicle(number: CustomerNumber, plate: str = "", **fields: Any) -> Vehicle:
    """Make a vehicle under a customer number."""
    plate = plate or f"1-TST-{_next():03d}"
    fields = {"plate_key": plate.replace("-", ""), **fields}
    with all_companies(reason="test data"):
        return Vehicle.objects.create(company_id=number.company_id, customer_number=number, plate=plate, **fields)


def driver(number: CustomerNumber, first_name: str = "Dirk", **fields: Any) -> Driver:
    """Make a driver under a customer number."""
    fields = {"last_name": f"Driver {_next()}", **fields}
    with all_companies(reason="test data"):
        return Driver.objects.create(
            company_id=number.company_id, customer_number=number, first_name=first_name, **fields
        )


def card(
    number: CustomerNumber,
    /,
    *,
    status: str = ACTIVE,
    ordered_at: datetime | None = None,
    requested_by: User | None = None,
    issue_fields: dict[str, Any] | None = None,
    request_fields: dict[str, Any] | None = None,
    **fields: Any,
) -> Card:
    """Make a card whose first plastic has that status, with the request it was ordered by.

    Dates fit the status: what is active was made and dispatched, what is new was not. `fields` are the card's,
    `issue_fields` the plastic's, `request_fields` the request's.
    """
    ordered_at = ordered_at or NOW - timedelta(days=30 if status in {ACTIVE, BLOCKED, EXPIRED} else 1)
    with all_companies(reason="test data"):
        product = fields.pop("product", None) or card_product()
        fields = {
            "category": Category.VEHICLE,
            "printed_as": f"1-TST-{_next():03d}",
            "plate_country": "BE",
            "products": ["diesel", "adblue"],
            "code_type": CodeType.CALCULATED,
            "recipient": "Acme, reception",
            "street": "Havenlaan 12",
            "postal_code": "1080",
            "town": "Brussel",
            "created_at": ordered_at,
            **fields,
        }
        if status not in {NEW, WITHDRAWN} and not fields.get("number"):
            fields["number"] = allocate(product, 1)[0]
        made = Card.objects.create(company_id=number.company_id, customer_number=number, product=product, **fields)
        issue(made, status=status, ordered_at=ordered_at, requested_by=requested_by, request_fields=request_fields,
              **(issue_fields or {}))  # fmt: skip
        made.refresh_from_db()
        return made


def issue(
    of: Card,
    *,
    rank: int = 1,
    status: str = ACTIVE,
    ordered_at: datetime = NOW,
    requested_by: User | None = None,
    request_fields: dict[str, Any] | None = None,
    **fields: Any,
) -> Issue:
    """Make one more plastic of a card, with its request, and bring the card up to date."""
    with all_companies(reason="test data"):
        if status in {ACTIVE, BLOCKED, EXPIRED}:
            sent_at = ordered_at + timedelta(days=1)
            fields = {
                "made_on": sent_at.date(),
                "expires_on": date(2020, 1, 31) if status == EXPIRED else date(2030, 11, 30),
                "dispatched_at": sent_at,
                "tracking": f"TRACK{_next():06d}",
                "activated_at": sent_at + timedelta(days=2),
                "blocked_at": sent_at + timedelta(days=3) if status == BLOCKED else None,
                **fields,
            }
        made = Issue.objects.create(
            company_id=of.company_id, card=of, rank=rank, status=status, ordered_at=ordered_at, **fields
        )
        request_status = _REQUEST_FOR.get(status, DISPATCHED)
        Request.objects.create(
            **{
                "company_id": of.company_id,
                "customer_number_id": of.customer_number_id,
                "division_id": of.division_id,
                "kind": Request.Kind.NEW_CARD if rank == 1 else Request.Kind.DUPLICATE,
                "label": of.printed_as,
                "card": of,
                "subject_kind": "cards.issue",
                "subject_id": made.pk,
                "status": request_status,
                "accepted_at": ordered_at,
                "due_at": ordered_at + timedelta(hours=24),
                "started_at": None if request_status in {RECEIVED, WITHDRAWN} else ordered_at + timedelta(hours=1),
                "ended_at": ordered_at + timedelta(days=1) if request_status in {DISPATCHED, WITHDRAWN} else None,
                "requested_by": requested_by,
                **(request_fields or {}),
            }
        )
        refresh_cards([made.pk])
        return made


def limit(of: Card, product: str = "diesel", **fields: Any) -> CardLimit:
    """Give a card a ceiling: 250 euro a month, unless told otherwise."""
    fields = {"amount": Decimal(250), "unit": "eur", "period": "month", "on_reach": "block", **fields}
    with all_companies(reason="test data"):
        return CardLimit.objects.create(company_id=of.company_id, card=of, product=product, **fields)


def conditions(number: int = 1, titles: tuple[str, ...] = ("Use", "Cards"), **fields: Any) -> ConditionsVersion:
    """Publish a version of the general conditions, with a title and text for each of `titles`."""
    made = [
        {
            "title": {"en": one, "fr": f"{one} (fr)", "nl": f"{one} (nl)"},
            "text": dict.fromkeys(("en", "fr", "nl"), f"{one} in full, version {number}."),
        }
        for one in titles
    ]
    fields = {"published_at": NOW, "published_by": fields.pop("published_by", None) or operator(), **fields}
    return ConditionsVersion.objects.create(number=number, conditions=made, **fields)


def acceptance(owner: Company, version: ConditionsVersion | None = None, by: User | None = None) -> Acceptance:
    """Let a company have accepted a version of the conditions."""
    version = version or conditions(_next() + 1000)
    with all_companies(reason="test data"):
        Company.objects.filter(pk=owner.pk).update(conditions_accepted=version.number)
        return Acceptance.objects.create(company=owner, version=version, accepted_by=by or user("Ada"), accepted_at=NOW)


def draft(owner: Company, by: User, body: str = "", **fields: Any) -> Draft:
    """Keep a form that somebody has begun, as its query string."""
    fields = {"kind": "cards.order", "created_at": NOW, "updated_at": NOW, **fields}
    fields = {"data": {"body": body}, **fields}
    with all_companies(reason="test data"):
        return Draft.objects.create(company=owner, user=by, **fields)


def saved_view(owner: Company | None, by: User, name: str = "", **fields: Any) -> SavedView:
    """Keep a view of a list for somebody; without a company, of one of the operator's lists."""
    name = name or f"View {_next()}"
    fields = {"place": "cards:list" if owner else "operator:requests", "query": "q=1", "created_at": NOW, **fields}
    with all_companies(reason="test data"):
        return SavedView.objects.create(company=owner, user=by, name=name, key=plain(name), **fields)


def bulk_batch(owner: Company | None, by: User | None = None, **fields: Any) -> Batch:
    """Make a bulk action that is done, without rows."""
    fields = {"kind": "cards.block_many", "label": "Block of 7 cards", "status": "done", "created_at": NOW, **fields}
    with all_companies(reason="test data"):
        return Batch.objects.create(company=owner, requested_by=by, **fields)


def notice(of: Membership, **fields: Any) -> Notice:
    """Tell a member of a bulk action that is done; nobody is mailed."""
    fields = {
        "kind": "core.batch_done",
        "context": {"label": "Block of 7 cards", "done": 7, "failed": 0, "path": f"/{of.company.identifier}/"},
        "key": f"test:{_next()}",
        "created_at": NOW,
        **fields,
    }
    with all_companies(reason="test data"):
        return Notice.objects.create(company_id=of.company_id, user=of.user, **fields)


def work_item(owner: Company | None, **fields: Any) -> WorkItem:
    """Write down work that waits."""
    fields = {"kind": "core.send_mail", "key": f"test:{_next()}", "due_at": NOW, "created_at": NOW, **fields}
    with all_companies(reason="test data"):
        return WorkItem.objects.create(company=owner, **fields)


def outgoing_mail(owner: Company | None, **fields: Any) -> OutgoingMail:
    """Write down a mail that waits."""
    fields = {
        "to": "somebody@people.example",
        "language": "en",
        "template": "password_changed",
        "key": f"test:{_next()}",
        "created_at": NOW,
        **fields,
    }
    with all_companies(reason="test data"):
        return OutgoingMail.objects.create(company=owner, **fields)


def stored_file(owner: Company, **fields: Any) -> StoredFile:
    """Write down an uploaded file; its bytes are nowhere."""
    fields = {
        "storage_name": f"aa/{_next():032d}",
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
    name = default_storage.save(f"test/{_next()}", ContentFile(content))
    stored = stored_file(owner, storage_name=name, original_name="requests.csv", size=len(content))
    with all_companies(reason="test data"):
        return Download.objects.create(company=owner, user=by, file=stored, **fields)


def search_entry(owner: Company, text: str = "test", **fields: Any) -> SearchEntry:
    """Write searchable text of something that need not exist."""
    fields = {"kind": "test.thing", "object_id": _next(), **fields}
    with all_companies(reason="test data"):
        return SearchEntry.objects.create(company=owner, text=text, **fields)


def audit_entry(owner: Company | None, **fields: Any) -> AuditEntry:
    """Note something that happened."""
    fields = {"at": NOW, "actor_label": "Ada", "verb": "test.done", "kind": "test.thing", "object_id": 1, **fields}
    with all_companies(reason="test data"):
        return AuditEntry.objects.create(company=owner, **fields)


def production_batch(**fields: Any) -> ProductionBatch:
    """Make a batch that went to the card maker."""
    with all_companies(reason="test data"):
        return ProductionBatch.objects.create(**{"created_at": NOW, "size": 1, "maker": "simulator", **fields})


def maker_file(**fields: Any) -> MakerFile:
    """Keep a file of the card maker that was set aside."""
    fields = {
        "name": "answer.csv",
        "checksum": f"{_next():064d}",
        "received_at": NOW,
        "state": MakerFile.State.SET_ASIDE,
        "reason": "The file has no end line.",
        "content": "",
        **fields,
    }
    with all_companies(reason="test data"):
        return MakerFile.objects.create(**fields)


def _of(kind: type[models.Model], **fields: Any) -> models.Model:
    with all_companies(reason="test data"):
        return kind._default_manager.create(**fields)


def _issue(owner: Company) -> models.Model:
    of = card(customer_number(owner))
    with all_companies(reason="test data"):
        return Issue.objects.get(card=of)


def _request(owner: Company) -> models.Model:
    of = card(customer_number(owner), status=NEW)
    with all_companies(reason="test data"):
        return Request.objects.get(card=of)


def _membership_number(owner: Company) -> models.Model:
    number = customer_number(owner)
    someone = member(owner, "Nora", principal=False)
    return _of(MembershipNumber, company=owner, membership=someone, customer_number=number)


def _membership_division(owner: Company) -> models.Model:
    someone = member(owner, "Dina", principal=False)
    return _of(MembershipDivision, company=owner, membership=someone, division=division(customer_number(owner)))


def _notice_choice(owner: Company) -> models.Model:
    with all_companies(reason="test data"):
        return NoticeChoice.objects.create(company=owner, user=user("Nell"), kind="core.batch_done", channel="daily")


def _notice_recipient(owner: Company) -> models.Model:
    someone = member(owner, "Rex", principal=False)
    with all_companies(reason="test data"):
        return NoticeRecipient.objects.create(company=owner, membership=someone, kind="cards.blocked")


def _batch_row(owner: Company) -> models.Model:
    return _of(BatchRow, company=owner, batch=bulk_batch(owner), chunk=0, object_id=_next())


def _job_run(owner: Company) -> models.Model:
    return _of(JobRun, name="test.job", started_at=NOW, finished_at=NOW)


# How a row of each company-owned and each operator-owned model is made for a company; a model without one fails in
# tests/house/test_tenancy.py.
def document(request: Request, name: str = "order.pdf") -> RequestDocument:
    """Add a document to a request, its bytes included."""
    content = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
    with all_companies(reason="test data"):
        stored = StoredFile.objects.create(
            company_id=request.company_id,
            storage_name=default_storage.save(f"test/{_next()}", ContentFile(content)),
            original_name=name,
            content_type="application/pdf",
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            uploaded_at=NOW,
        )
        return RequestDocument.objects.create(company_id=request.company_id, request=request, file=stored, added_at=NOW)


def _first_line(owner: Company) -> ImportLine:
    made = import_file(owner, user("Drew"))
    with all_companies(reason="test data"):
        return ImportLine.objects.filter(upload=made)[0]


EXAMPLES: dict[str, Callable[[Company], models.Model]] = {
    "accounts.Acceptance": lambda owner: acceptance(owner),
    "accounts.CustomerNumber": lambda owner: customer_number(owner),
    "accounts.FleetDivision": lambda owner: division(customer_number(owner)),
    "accounts.Invitation": lambda owner: invitation(member(owner, "Ivy", principal=False, invited_at=NOW)),
    "accounts.Membership": lambda owner: member(owner, "Mia", principal=False),
    "accounts.MembershipDivision": _membership_division,
    "accounts.MembershipNumber": _membership_number,
    "accounts.Notice": lambda owner: notice(member(owner, "Nora", principal=False)),
    "accounts.NoticeChoice": _notice_choice,
    "accounts.NoticeRecipient": _notice_recipient,
    "accounts.MultipassRequest": lambda owner: multipass_request(member(owner, "Mona", principal=False)),
    "cards.Batch": lambda owner: production_batch(),
    "cards.Card": lambda owner: card(customer_number(owner)),
    "cards.CardLimit": lambda owner: limit(card(customer_number(owner))),
    "cards.Issue": _issue,
    "cards.MakerFile": lambda owner: maker_file(),
    "cards.Request": _request,
    "cards.RequestDocument": lambda owner: document(_request(owner)),
    "cards.SetAsideLine": lambda owner: _of(SetAsideLine, file=maker_file(), line=2, text="made;x", reason="Why."),
    "core.AuditEntry": lambda owner: audit_entry(owner),
    "core.AuditSeal": lambda owner: _of(AuditSeal, first=_next(), last=9, horizon=1, marked_at=NOW),
    "core.Batch": lambda owner: bulk_batch(owner),
    "core.BatchRow": _batch_row,
    "core.CaughtMail": lambda owner: _of(CaughtMail, to="a@people.example", subject="Test", text="Test", at=NOW),
    "downloads.Download": lambda owner: download(owner, user("Dora")),
    "core.Draft": lambda owner: draft(owner, user("Drew")),
    "imports.Import": lambda owner: import_file(owner, user("Drew")),
    "imports.ImportLine": lambda owner: _first_line(owner),
    "core.JobRun": _job_run,
    "core.OutgoingMail": lambda owner: outgoing_mail(owner),
    "core.SavedView": lambda owner: saved_view(owner, user("Drew")),
    "core.SearchEntry": lambda owner: search_entry(owner),
    "core.StoredFile": lambda owner: stored_file(owner),
    "core.WorkItem": lambda owner: work_item(owner),
    "vehicles.Driver": lambda owner: driver(customer_number(owner)),
    "vehicles.Vehicle": lambda owner: vehicle(customer_number(owner)),
}
