"""Seals over the audit: each holds the hash of a run of entries and of the seal before, so that none can be altered.

Entries are sealed in batches by a job, not row by row, so that set-based work stays one statement (decision 7). Ids are
given out before their transactions commit, so a mark is set first, and sealed only when every transaction that was
under way at that moment has ended: no entry can slip in below a seal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, models

from fleetportal.core.tenancy import OperatorModel
from fleetportal.core.work import periodic

# What a seal covers stands by name, so that a column added later does not break the seals before it.
_HASH = """
    SELECT encode(sha256(convert_to(%s || coalesce(string_agg(
            json_build_array(e.id, e.company_id, e.at, e.actor_id, e.actor_label, e.address, e.request_id, e.verb,
                e.kind, e.object_id, e.object_label, e.before, e.after)::text,
            E'\\n' ORDER BY e.id), ''), 'UTF8')), 'hex'), count(*)
    FROM core_auditentry e WHERE e.id BETWEEN %s AND %s
"""
# Entries under one seal: a bounded transaction however much has happened.
RUN = 20_000


class AuditSeal(OperatorModel):
    """The seal over the entries from `first` to `last`; without `hash` a mark that waits to be sealed.

    `horizon` is the transaction id that must be over before the mark may be sealed.
    """

    first = models.BigIntegerField()
    last = models.BigIntegerField()
    entries = models.PositiveIntegerField(default=0)
    horizon = models.BigIntegerField()
    hash = models.CharField(max_length=64, blank=True)
    marked_at = models.DateTimeField()
    sealed_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "core"
        constraints = [models.UniqueConstraint(fields=["first"], name="core_auditseal_first_once")]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class Broken:
    """A seal that does not fit what stands below it."""

    seal: AuditSeal
    found: str


@periodic("core.seal_audit", every=timedelta(minutes=10), quiet=True)
def seal_audit(now: datetime) -> int:
    """Seal what was marked the last time, and mark what has come since; returns how many entries were sealed."""
    sealed = 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        oldest_under_way = cursor.fetchone()[0]
    for mark in AuditSeal.objects.filter(hash="", horizon__lte=oldest_under_way).order_by("first"):
        before = AuditSeal.objects.filter(last__lt=mark.first).order_by("-last").first()
        mark.hash, mark.entries = _hash(mark, before.hash if before else "")
        mark.sealed_at = now
        mark.save(update_fields=["hash", "entries", "sealed_at"])
        sealed += mark.entries
    _mark(now)
    return sealed


def verify() -> list[Broken]:
    """Compare every seal with the entries below it; returns those that do not fit, none when all is as it was."""
    broken = []
    previous = ""
    for seal in AuditSeal.objects.exclude(hash="").order_by("first").iterator():
        found, _entries = _hash(seal, previous)
        if found != seal.hash:
            broken.append(Broken(seal, found))
        previous = seal.hash
    return broken


def _mark(now: datetime) -> None:
    """Set marks over all ids given out so far."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT last_value, pg_snapshot_xmax(pg_current_snapshot())::text::bigint FROM core_auditentry_id_seq"
            " WHERE is_called"
        )
        row = cursor.fetchone()
    if row is None:
        return
    newest, horizon = row
    first = (AuditSeal.objects.aggregate(last=models.Max("last"))["last"] or 0) + 1
    while first <= newest:
        last = min(first + RUN - 1, newest)
        AuditSeal.objects.create(first=first, last=last, horizon=horizon, marked_at=now)
        first = last + 1


def _hash(seal: AuditSeal, previous: str) -> tuple[str, int]:
    """Return the hash over the seal before and the entries of this one, and how many they are."""
    with connection.cursor() as cursor:
        cursor.execute(_HASH, [previous, seal.first, seal.last])
        hashed, entries = cursor.fetchone()
    return hashed, entries
