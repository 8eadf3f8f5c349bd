"""Vehicles, drivers, and cards in any status with the requests that they were ordered by."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import CustomerNumber, User
from cards.catalogue import Category, CodeType
from cards.lifecycle import ACTIVE, BLOCKED, DISPATCHED, EXPIRED, IN_CREATION, IN_PRODUCTION, NEW, RECEIVED, WITHDRAWN
from cards.mirror import refresh_cards
from cards.models import Batch as ProductionBatch
from cards.models import Card, CardLimit, CardProduct, Issue, MakerFile, Request, RequestDocument, SetAsideLine
from cards.numbers import allocate
from cards.production.answers import NOBODYS
from fleetportal.core.files import StoredFile
from fleetportal.core.scope import all_companies
from tests.factories.basis import NOW, following
from vehicles.models import Driver, Vehicle

_REQUEST_FOR = {NEW: RECEIVED, IN_CREATION: IN_PRODUCTION, WITHDRAWN: WITHDRAWN}


def card_product(**fields: Any) -> CardProduct:
    """Return the first card product; with `fields`, make another one."""
    if not fields and (found := CardProduct.objects.order_by("pk").first()):
        return found
    fields = {"code": f"fleet-{following()}", "name": "Fleet card", "issuer_number": "700200", **fields}
    return CardProduct.objects.create(**fields)


def vehicle(number: CustomerNumber, plate: str = "", **fields: Any) -> Vehicle:
    """Make a vehicle under a customer number."""
    plate = plate or f"1-TST-{following():03d}"
    fields = {"plate_key": plate.replace("-", ""), **fields}
    with all_companies(reason="test data"):
        return Vehicle.objects.create(company_id=number.company_id, customer_number=number, plate=plate, **fields)


def driver(number: CustomerNumber, first_name: str = "Dirk", **fields: Any) -> Driver:
    """Make a driver under a customer number."""
    fields = {"last_name": f"Driver {following()}", **fields}
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
            "printed_as": f"1-TST-{following():03d}",
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
                "tracking": f"TRACK{following():06d}",
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


def production_batch(**fields: Any) -> ProductionBatch:
    """Make a batch that went to the card maker."""
    with all_companies(reason="test data"):
        return ProductionBatch.objects.create(**{"created_at": NOW, "size": 1, "maker": "simulator", **fields})


def maker_file(**fields: Any) -> MakerFile:
    """Keep a file of the card maker that was set aside."""
    fields = {
        "name": "answer.csv",
        "checksum": f"{following():064d}",
        "received_at": NOW,
        "state": MakerFile.State.SET_ASIDE,
        "reason": "The file has no end line.",
        "content": "",
        **fields,
    }
    with all_companies(reason="test data"):
        return MakerFile.objects.create(**fields)


def aside_line(file: MakerFile | None = None, line: int = 2) -> SetAsideLine:
    """Set a line of a file of the card maker aside; of one that was taken, unless it is given."""
    file = file or maker_file(state=MakerFile.State.TAKEN, reason="", lines=4, applied=3)
    with all_companies(reason="test data"):
        return SetAsideLine.objects.create(file=file, line=line, text=f"made;x;{line}", reason=NOBODYS)


def document(request: Request, name: str = "order.pdf") -> RequestDocument:
    """Add a document to a request, its bytes included."""
    content = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
    with all_companies(reason="test data"):
        stored = StoredFile.objects.create(
            company_id=request.company_id,
            storage_name=default_storage.save(f"test/{following()}", ContentFile(content)),
            original_name=name,
            content_type="application/pdf",
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            uploaded_at=NOW,
        )
        return RequestDocument.objects.create(company_id=request.company_id, request=request, file=stored, added_at=NOW)
