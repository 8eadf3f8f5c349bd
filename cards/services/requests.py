"""What is done with requests: withdraw one, add a document (CRD-9)."""

from __future__ import annotations

from datetime import datetime

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from cards.lifecycle import IN_PRODUCTION, ISSUE, NEW, RECEIVED, REQUEST
from cards.models import Card, Issue, Request, RequestDocument
from cards.services.shared import forget_codes
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.files import store_upload
from fleetportal.core.lifecycle import TransitionLost, perform, perform_many


def withdraw_request(*, actor: Actor, request: Request, now: datetime) -> None:
    """Withdraw a request that has not been started, and with it what it would have made (CRD-9)."""
    actor.must("requests.withdraw")
    if request.card_id is not None:
        Card.objects.select_for_update().get(pk=request.card_id)
    perform(REQUEST, request, "withdraw", actor, now=now, sets={"ended_at": now})
    issue = Issue.objects.filter(pk=request.subject_id, status=NEW)
    if request.subject_kind == "cards.issue":
        perform_many(ISSUE, issue, "withdraw", actor, now=now)
        forget_codes([request.subject_id])


def may_attach(request: Request) -> bool:
    """Say whether a document can still be added: the request is open, so somebody will read it."""
    return request.status in {RECEIVED, IN_PRODUCTION}


def attach_document(*, actor: Actor, request: Request, upload: UploadedFile, now: datetime) -> RequestDocument:
    """Add a PDF to an open request; raises ValidationError with the sentence for a file that is none."""
    actor.must("requests.attach")
    if not may_attach(request):
        raise TransitionLost(_("This request has ended; no document can be added to it any more."))
    stored = store_upload(upload, allowed={"pdf"}, actor=actor, now=now)
    document = RequestDocument.objects.create(request=request, file=stored, added_at=now)
    audit.record(actor, "requests.document_added", request, now=now, after={"name": stored.original_name})
    return document
