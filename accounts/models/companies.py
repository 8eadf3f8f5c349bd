"""Companies, their customer numbers and their fleet divisions (domain/accounts.md)."""

from __future__ import annotations

import secrets
import string

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from fleetportal.core.policies import COMPANY_SQL, PERSON_SQL, RowPolicy
from fleetportal.core.tenancy import Tenancy, TenantForeignKey, TenantModel

IDENTIFIER = RegexValidator(r"^PRO-[A-Z]{6}\Z", _("An identifier is PRO- and six capital letters."))


def new_identifier() -> str:
    """Return a portal identifier that can't be guessed from the company's name (CMP-3): PRO- and six letters."""
    return "PRO-" + "".join(secrets.choice(string.ascii_uppercase) for _letter in range(6))


class Company(models.Model):
    """A client company: the tenant."""

    class Verification(models.TextChoices):
        UNVERIFIED = "unverified", _("unverified")
        LOADED = "loaded", _("loaded by the operator")  # counts as verified for cards (CRD-10)
        VERIFIED = "verified", _("verified")

    class Origin(models.TextChoices):
        LOADED = "loaded", _("loaded by the operator")
        DEALER = "dealer", _("registered by a dealer")
        OWN = "own", _("registered by its own user")

    identifier = models.CharField(max_length=10, unique=True, default=new_identifier, validators=[IDENTIFIER])
    legal_name = models.CharField(max_length=120)
    vat_number = models.CharField(max_length=20, blank=True)
    address = models.CharField(max_length=120, blank=True)
    postal_code = models.CharField(max_length=10, blank=True)
    town = models.CharField(max_length=60, blank=True)
    country = models.CharField(max_length=2, default="BE")
    phone = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    legal_representative = models.CharField(max_length=120, blank=True)
    verification = models.CharField(max_length=10, choices=Verification, default=Verification.UNVERIFIED)
    # Applications that operator staff switched off for this company (ACC-14).
    options_off = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    # Whether who works for the company must have a second factor (ACC-6).
    second_factor_required = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    # How the company came here: who registered it has given its data, so its first connection is short (ONB-5).
    origin = models.CharField(max_length=6, choices=Origin, default=Origin.LOADED)
    # When its principal user ended the first connection; until then nobody works for it (ONB-5).
    initialised_at = models.DateTimeField(null=True, blank=True)
    # The number of the newest general conditions that were accepted for it: asked for with each request (ONB-1).
    conditions_accepted = models.PositiveIntegerField(default=0)

    class Meta:
        swappable = "TENANT_MODEL"
        verbose_name_plural = "companies"
        constraints = [
            RowPolicy(name="accounts_company_tenant", using=f"id = {COMPANY_SQL}"),
            RowPolicy(
                name="accounts_company_person",
                using=f"id IN (SELECT m.company_id FROM accounts_membership m WHERE m.user_id = {PERSON_SQL})",  # noqa: S608
                command="SELECT",
            ),
            RowPolicy(name="accounts_company_wide", using="true", role="wide"),
        ]

    def __str__(self) -> str:
        return self.legal_name


class Address(models.Model):
    """A postal address, as columns of the row that has it."""

    recipient = models.CharField(_("recipient"), max_length=80)
    street = models.CharField(_("street and number"), max_length=80)
    postal_code = models.CharField(_("postal code"), max_length=10)
    town = models.CharField(_("town"), max_length=60)
    country = models.CharField(_("country"), max_length=2, default="BE")

    class Meta:
        abstract = True

    @property
    def lines(self) -> list[str]:
        """The address as it stands on an envelope."""
        return [self.recipient, self.street, f"{self.postal_code} {self.town}", self.country]


class CustomerNumber(TenantModel, Address):
    """A billing account of a company with the operator; its address is where secret codes are sent (PIN-6)."""

    tenancy = Tenancy(customer_number="id")

    number = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} · {self.name}"


class FleetDivision(TenantModel):
    """A named part of the fleet under one customer number."""

    tenancy = Tenancy(customer_number="customer_number", division="id")

    customer_number = TenantForeignKey("accounts.CustomerNumber", related_name="divisions")
    name = models.CharField(max_length=60)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["company", "name", "id"], name="accounts_division_name")]
        constraints = [
            models.UniqueConstraint("customer_number", Lower("name"), name="accounts_fleetdivision_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
