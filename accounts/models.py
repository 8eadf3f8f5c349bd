"""Companies, customer numbers, divisions, users and memberships (domain/accounts.md)."""

from __future__ import annotations

import secrets
import string
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
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


class UserManager(BaseUserManager["User"]):
    """Makes users; they are known by their e-mail address, compared without regard to capitals."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user; without a password nobody can sign in as them until one is set."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Find a user by e-mail address, whatever its capitals."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """A person who signs in: a client's colleague, dealer staff, or operator staff."""

    class Kind(models.TextChoices):
        CLIENT = "client", _("Client")
        DEALER = "dealer", _("Dealer staff")
        OPERATOR = "operator", _("Operator staff")

    class Theme(models.TextChoices):
        AUTO = "auto", _("As the device")
        LIGHT = "light", _("Light")
        DARK = "dark", _("Dark")

    email = models.EmailField(_("e-mail address"), unique=True)
    last_name = models.CharField(_("last name"), max_length=60)
    first_name = models.CharField(_("first name"), max_length=60)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    mobile = models.CharField(_("mobile phone"), max_length=20, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=settings.LANGUAGES, default="en")
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.AUTO)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.CLIENT)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["last_name", "first_name"]

    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_any_case")]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """First and last name, or the address where neither is known."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def initials(self) -> str:
        """Two letters for the user's menu."""
        return (self.first_name[:1] + self.last_name[:1]).upper() or self.email[:2].upper()


class Company(models.Model):
    """A client company: the tenant."""

    class Verification(models.TextChoices):
        UNVERIFIED = "unverified", _("unverified")
        LOADED = "loaded", _("loaded by the operator")  # counts as verified for cards (CRD-10)
        VERIFIED = "verified", _("verified")

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
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

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
        constraints = [
            models.UniqueConstraint("customer_number", Lower("name"), name="accounts_fleetdivision_name_once"),
        ]

    def __str__(self) -> str:
        return self.name


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

    class Meta:
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
        return f"{self.user_id} in {self.company_id}"


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


class OldPassword(models.Model):
    """The hash of a password that was replaced; the last four can't be taken again (ACC-3)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="old_passwords")
    password = models.CharField(max_length=128)
    replaced_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["user", "-replaced_at"], name="accounts_oldpassword_newest")]

    def __str__(self) -> str:
        return f"{self.user_id} until {self.replaced_at:%Y-%m-%d}"


class SignInCounter(models.Model):
    """Failed sign-ins from one source: a known device, all unknown devices, or a network (decision 16).

    `key` says which, without the address in clear text; the counter starts again when its window has passed.
    """

    key = models.CharField(max_length=80, unique=True)
    failures = models.PositiveIntegerField(default=0)
    window_started_at = models.DateTimeField()
    blocked_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.key
