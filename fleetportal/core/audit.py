"""The audit: one entry for each change, in the transaction of the change, never altered (GEN-2)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from fleetportal.core.access import Actor
from fleetportal.core.scope import current_scope
from fleetportal.core.tenancy import Tenancy, TenantModel


class AuditEntry(TenantModel):
    """Who did what, when, from which address, on what, before and after. The application may insert and read only."""

    tenancy = Tenancy(optional=True)

    company = models.ForeignKey(  # type: ignore[assignment]  # a sign-in belongs to no company
        settings.TENANT_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    actor_label = models.CharField(max_length=120)
    address = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=36, blank=True)
    verb = models.CharField(max_length=60)
    kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    object_label = models.CharField(max_length=120, blank=True)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        app_label = "core"
        indexes = [
            models.Index(fields=["company", "kind", "object_id", "id"], name="core_auditentry_subject"),
            # What Activity is sorted by, for everybody's acts and for one person's.
            # With the kind, so that what a reader may see is counted from the index alone.
            models.Index(fields=["company", "at", "id"], include=["kind"], name="core_auditentry_when"),
            models.Index(fields=["company", "actor", "at", "id"], name="core_auditentry_actor"),
            # A rare act among a million others.
            models.Index(fields=["company", "verb", "at", "id"], name="core_auditentry_verb"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} on {self.kind} {self.object_id}"


def record(
    actor: Actor,
    verb: str,
    subject: models.Model,
    *,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    label: str = "",
) -> AuditEntry:
    """Write the entry of one change in the current transaction, as `entry` makes it."""
    made = entry(actor, verb, subject, now=now, before=before, after=after, label=label)
    made.save(force_insert=True)
    return made


def entry(
    actor: Actor,
    verb: str,
    subject: models.Model,
    *,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    label: str = "",
) -> AuditEntry:
    """Make the entry of one change without writing it: many changes at once write theirs in one statement.

    The entry belongs to the company of `subject`, or to none where the subject has none (a sign-in).
    Secrets never come here: neither `before` nor `after` may hold a code, a password or a token.
    """
    company = getattr(subject, "company_id", None)
    scope = current_scope()
    if company is None and scope is not None:
        company = scope.company
    return AuditEntry(
        company_id=company,
        at=now,
        actor_id=actor.user,
        actor_label=actor.label,
        address=actor.address,
        request_id=actor.request_id,
        verb=verb,
        kind=subject._meta.label_lower,
        object_id=subject.pk,
        object_label=label or str(subject)[:120],
        before=before or {},
        after=after or {},
    )


def changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return only what differs between two descriptions of the same thing."""
    keys = [key for key in after if before.get(key) != after[key]]
    return {key: before.get(key) for key in keys}, {key: after[key] for key in keys}
