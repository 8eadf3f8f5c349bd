"""Large lists as files: asked for by a person, made by a worker, kept for a few days for that person alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models

from fleetportal.core.scope import Scope
from fleetportal.core.tenancy import Tenancy, TenantForeignKey, TenantModel


class Download(TenantModel):
    """One list that somebody wants as a file: its address with filter and order, and what became of it.

    `limits` are the customer numbers and divisions that the person saw when the file was made; who sees others since
    does not get it. Neither `made_at` nor `stopped_at` says that it is being made.
    """

    tenancy = Tenancy(person="user")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    path = models.CharField(max_length=200)
    query = models.TextField(blank=True)
    kind = models.CharField(max_length=4)
    language = models.CharField(max_length=2)
    rows = models.PositiveIntegerField()
    limits = models.JSONField(default=dict)
    file = TenantForeignKey("core.StoredFile", null=True)
    created_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["ends_at"], name="downloads_download_ends")]

    def __str__(self) -> str:
        return f"{self.path} ({self.kind})"

    @property
    def open(self) -> bool:
        """Say whether it is still being made."""
        return self.made_at is None and self.stopped_at is None


def limits_of(scope: Scope) -> dict[str, Any]:
    """Return how a scope is cut down, as a row keeps it."""
    return {
        "customer_numbers": None if scope.customer_numbers is None else sorted(scope.customer_numbers),
        "divisions": None if scope.divisions is None else sorted(scope.divisions),
    }


def end_of(now: datetime) -> datetime:
    """Return until when a file made now is kept."""
    return now + timedelta(days=settings.DOWNLOAD_DAYS)
