"""The tables of work: what was promised, which timed jobs ran, and who is alive to carry it out (GEN-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from fleetportal.core.tenancy import OperatorModel, Tenancy, TenantForeignKey, TenantModel

if TYPE_CHECKING:
    from fleetportal.core.access import Actor


class WorkItem(TenantModel):
    """One thing that will be done later: written in the transaction that decides it, carried out once.

    `attempts` only ever grows: it names a claim, so a worker that was given up can't finish in place of its successor.
    `failures` counts the attempts that failed since somebody last asked; it says how long the next wait is.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        HELD = "held", _("Held")
        CANCELLED = "cancelled", _("Cancelled")

    tenancy = Tenancy(optional=True)

    company = models.ForeignKey(  # type: ignore[assignment]  # may be null here, where the tenancy is optional
        settings.TENANT_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=200, unique=True)
    subject = models.CharField(max_length=200, blank=True)
    payload = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    status = models.CharField(max_length=9, choices=Status, default=Status.WAITING)
    due_at = models.DateTimeField()
    # When the broker was last told; a reminder that got lost is sent again after a few seconds.
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    claimed_by = models.CharField(max_length=36, blank=True)
    claimed_pid = models.PositiveIntegerField(null=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    batch = TenantForeignKey("core.Batch", null=True, related_name="items")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()

    # Who acts while a handler runs: set by `work.run`, never stored.
    actor: Actor

    class Meta:
        app_label = "core"
        indexes = [
            # The sweeper walks it company by company; a million rows that are done are not in it.
            models.Index(
                fields=["company", "due_at", "id"], condition=models.Q(status="waiting"), name="core_workitem_waiting"
            ),
            models.Index(fields=["claimed_at"], condition=models.Q(status="running"), name="core_workitem_running"),
            models.Index(
                fields=["id"], condition=models.Q(status__in=["failed", "held"]), name="core_workitem_stopped"
            ),
            # Housekeeping takes the oldest: those that are done, and apart from them the few that stopped.
            models.Index(
                fields=["finished_at"],
                condition=models.Q(status__in=["done", "cancelled"]),
                name="core_workitem_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class JobRun(OperatorModel):
    """One run of a job of the portal's own timetable; operator staff read these rows."""

    name = models.CharField(max_length=60)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        app_label = "core"
        indexes = [
            models.Index(fields=["name", "-started_at"], name="core_jobrun_newest"),
            models.Index(fields=["-started_at"], name="core_jobrun_started"),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.started_at:%Y-%m-%d %H:%M}"


class Heartbeat(models.Model):
    """A worker or beat process that was alive at `at`, by the database's clock. Global: no company's data."""

    class Kind(models.TextChoices):
        WORKER = "worker", _("Worker")
        BEAT = "beat", _("Timetable")

    name = models.CharField(max_length=36, primary_key=True)
    kind = models.CharField(max_length=6, choices=Kind)
    at = models.DateTimeField()

    class Meta:
        app_label = "core"

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
