"""Memberships: a user in a company, with what they may open and which part of it they see (ACC-10 to ACC-13)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from fleetportal.core.policies import PERSON_SQL, RowPolicy
from fleetportal.core.tenancy import Tenancy, TenantForeignKey, TenantModel


class Membership(TenantModel):
    """A user in a company: profile, applications, customer numbers, divisions, validity dates (ACC-10 to ACC-13)."""

    class Profile(models.TextChoices):
        ADMINISTRATOR = "administrator", _("Administrator")
        MANAGEMENT = "management", _("Management")
        CONSULTATION = "consultation", _("Consultation")
        ACCOUNTING = "accounting", _("Accounting")

    tenancy = Tenancy(person="user")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    profile = models.CharField(max_length=15, choices=Profile)
    is_principal = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True, help_text="The last day on which the user gets in.")
    # Parts of the portal the member may open, and those of the card side where they may also change (ACC-11).
    applications = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    change_applications = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    # The Multipass (ACC-30); without it, the numbers and divisions listed below and no others.
    all_customer_numbers = models.BooleanField(default=True)
    all_divisions = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    # Since when the member is invited and has not joined; they get in once they did (ACC-24).
    invited_at = models.DateTimeField(null=True, blank=True)
    # Last name and first name as this company knows them, for its lists; who is invited is called as they were entered.
    name = models.CharField(max_length=121, blank=True)
    # Counts the changes: a form carries the one it was made from (decision 0023).
    version = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["company", "name", "id"], name="accounts_membership_name")]
        constraints = [
            models.UniqueConstraint(fields=["company", "user"], name="accounts_membership_once"),
            models.UniqueConstraint(
                fields=["company"], condition=models.Q(is_principal=True), name="accounts_membership_one_principal"
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_from__isnull=True)
                | models.Q(valid_until__gte=models.F("valid_from")),
                name="accounts_membership_valid_dates",
            ),
            RowPolicy(name="accounts_membership_person", using=f"user_id = {PERSON_SQL}", command="SELECT"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.user_id} in {self.company_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a member without a name of their own in this company is called as the user is."""
        if not self.name and self.user_id is not None:
            self.name = self.user.list_name
        super().save(*args, **kwargs)


class MembershipNumber(TenantModel):
    """A customer number that a member without the Multipass may work for."""

    tenancy = Tenancy(through="membership")

    membership = TenantForeignKey("accounts.Membership", on_delete=models.CASCADE, related_name="numbers")
    customer_number = TenantForeignKey("accounts.CustomerNumber", related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "customer_number"], name="accounts_membershipnumber_once"),
        ]


class MembershipDivision(TenantModel):
    """A fleet division that a member limited to divisions may work for."""

    tenancy = Tenancy(through="membership")

    membership = TenantForeignKey("accounts.Membership", on_delete=models.CASCADE, related_name="divisions")
    division = TenantForeignKey("accounts.FleetDivision", related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "division"], name="accounts_membershipdivision_once"),
        ]
