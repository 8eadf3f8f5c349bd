"""The general conditions: their versions, and which company accepted which of them (ONB-1)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import get_language

from fleetportal.core.tenancy import TenantModel


class ConditionsVersion(models.Model):
    """A published version of the general conditions; the portal's roles may add one and change none.

    `conditions` lists what has to be accepted one by one: {"title": {language: words}, "text": {language: words}}.
    """

    number = models.PositiveIntegerField(unique=True)
    conditions = models.JSONField()
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return str(self.number)

    def spoken(self, language: str | None = None) -> list[dict[str, str]]:
        """Return title and text of each condition in that language, or in the one that is spoken now."""
        spoken = language or get_language() or settings.LANGUAGE_CODE
        conditions: list[dict[str, dict[str, Any]]] = self.conditions
        return [{part: one[part][spoken] for part in ("title", "text")} for one in conditions]


class Acceptance(TenantModel):
    """A version of the conditions that a company accepted: by whom and when. Written once, never altered."""

    version = models.ForeignKey(ConditionsVersion, on_delete=models.PROTECT, related_name="+")
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "version"], name="accounts_acceptance_once")]

    def __str__(self) -> str:
        return f"{self.version_id} by {self.company_id}"
