"""How a row of each company-owned and each operator-owned model is made for a company."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models

from accounts.models import Company, MembershipDivision, MembershipNumber, NoticeChoice, NoticeRecipient
from cards.lifecycle import NEW
from cards.models import Issue, Request
from fleetportal.core.batches import BatchRow
from fleetportal.core.mail import CaughtMail
from fleetportal.core.scope import all_companies
from fleetportal.core.seals import AuditSeal
from fleetportal.core.work_models import JobRun
from fleetportal.imports.models import ImportLine
from tests.factories.basis import NOW, following
from tests.factories.fleet import aside_line, card, document, driver, limit, maker_file, production_batch, vehicle
from tests.factories.kernel import (
    audit_entry,
    bulk_batch,
    download,
    draft,
    import_file,
    outgoing_mail,
    saved_view,
    search_entry,
    stored_file,
    work_item,
)
from tests.factories.people import (
    acceptance,
    customer_number,
    division,
    invitation,
    member,
    multipass_request,
    notice,
    user,
)


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
    return _of(BatchRow, company=owner, batch=bulk_batch(owner), chunk=0, object_id=following())


def _job_run(owner: Company) -> models.Model:
    return _of(JobRun, name="test.job", started_at=NOW, finished_at=NOW)


def _first_line(owner: Company) -> ImportLine:
    made = import_file(owner, user("Drew"))
    with all_companies(reason="test data"):
        return ImportLine.objects.filter(upload=made)[0]


# A model without a line here fails in tests/house/test_tenancy.py.
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
    "cards.SetAsideLine": lambda owner: aside_line(),
    "core.AuditEntry": lambda owner: audit_entry(owner),
    "core.AuditSeal": lambda owner: _of(AuditSeal, first=following(), last=9, horizon=1, marked_at=NOW),
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
