"""Requests for a customer number that somebody does not work for yet (ACC-31)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

from fleetportal.core.tenancy import TenantForeignKey, TenantModel


class MultipassRequest(TenantModel):
    """A member asks for one more customer number, or for all of their company's (the Multipass).

    The principal user decides; where `for_operator`, it is the principal user who asks for a number that is not yet
    their company's, and operator staff decide. `outcome` is empty until then.
    """

    class Outcome(models.TextChoices):
        WAITING = "", pgettext_lazy("multipass", "Waiting")
        APPROVED = "approved", pgettext_lazy("multipass", "Approved")
        REFUSED = "refused", pgettext_lazy("multipass", "Refused")

    membership = TenantForeignKey("accounts.Membership", on_delete=models.CASCADE, related_name="+")
    # As it was typed; empty for all numbers. Whether there is such a number is for who decides to see.
    number = models.CharField(max_length=12, blank=True)
    reason = models.CharField(max_length=300)
    for_operator = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome, default="", blank=True)
    answer = models.CharField(max_length=300, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["for_operator", "outcome", "id"], name="accounts_multipass_queue")]
        constraints = [
            models.UniqueConstraint(
                fields=["membership"], condition=Q(outcome=""), name="accounts_multipass_one_waits"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership}: {self.number or '*'}"
