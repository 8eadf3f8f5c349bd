"""People who sign in, and what is remembered of their sign-ins (domain/accounts.md)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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
        """Last and first name as lists show them, or the address where neither is known."""
        return self.list_name or self.email

    @property
    def list_name(self) -> str:
        """Last and first name, as lists of people are sorted."""
        return f"{self.last_name} {self.first_name}".strip()

    @property
    def initials(self) -> str:
        """Two letters for the user's menu."""
        return (self.first_name[:1] + self.last_name[:1]).upper() or self.email[:2].upper()


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
