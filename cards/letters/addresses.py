"""The one address for secret codes of a customer number: operator staff change it, on a written request (PIN-6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from accounts.models import CustomerNumber, Membership
from cards.models import CodeAddressChange
from cards.notices import tell_code_address
from cards.services import ADDRESS
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.files import store_upload
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.scope import company_scope

# What a written request may be: the letter itself, scanned or photographed.
WRITTEN = {"pdf", "jpeg", "png"}


def numbers_with_since() -> QuerySet[Any]:
    """Return the customer numbers in scope, each with the moment since which its address is what it is, or None."""
    changes = CodeAddressChange.objects.filter(customer_number=OuterRef("pk")).order_by("-pk")
    return CustomerNumber.objects.annotate(since=Subquery(changes.values("changed_at")[:1]))


def version_of(number: CustomerNumber) -> int:
    """Return what a form carries to notice another change: the number of the newest one."""
    newest = CodeAddressChange.objects.filter(customer_number=number).order_by("-pk").values_list("pk", flat=True)
    return newest.first() or 0


def change_code_address(
    *,
    number: CustomerNumber,
    address: Mapping[str, str],
    written: UploadedFile,
    version: int,
    actor: Actor,
    now: datetime,
) -> CodeAddressChange:
    """Change where the secret codes of a customer number go, with the written request that asks for it (PIN-6).

    The principal user of the company is told. Letters that wait for production go to the new address; those that the
    card maker has been asked for keep theirs. Raises `TransitionLost` where somebody else changed the address meanwhile
    or it is the one that is there already, and ValidationError with the sentence for a file that is none of `WRITTEN`.
    """
    actor.must("operator.companies")
    with company_scope(number.company_id):
        locked = CustomerNumber.objects.select_for_update(of=("self",)).select_related("company").get(pk=number.pk)
        if version != version_of(locked):
            raise TransitionLost(
                _("Somebody else has changed this address meanwhile. Look again and repeat your change.")
            )
        before = _described(locked)
        for name in ADDRESS:
            setattr(locked, name, address[name])
        after = _described(locked)
        if before == after:
            raise TransitionLost(_("This is the address already; nothing was changed."))
        stored = store_upload(written, allowed=WRITTEN, actor=actor, now=now)
        locked.save(update_fields=list(ADDRESS))
        change = CodeAddressChange.objects.create(
            customer_number=locked,
            file=stored,
            changed_at=now,
            changed_by_id=actor.user,
            **{name: address[name] for name in ADDRESS},
        )
        audit.record(
            actor, "cards.code_address_changed", locked, now=now,
            before={"code_address": before}, after={"code_address": after, "written_request": stored.original_name},
        )  # fmt: skip
        principal = Membership.objects.filter(is_principal=True).select_related("user").first()
        tell_code_address(number=locked, principal=principal, change=change.pk, before=before, after=after, now=now)
    return change


def _described(number: CustomerNumber) -> str:
    return ", ".join(number.lines)
