"""The addresses and numbers by which people are reached and known: their changes, and the names of the old portal."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.db import models
from django.utils import timezone


def new_nonce() -> str:
    """Return what makes a link one of its own; without the portal's secret key it opens nothing."""
    return secrets.token_urlsafe(16)


class EmailChange(models.Model):
    """Another e-mail address that a user asked for: it counts once a link sent there was used.

    The links are made from `nonce` when their mails are sent (decision 18), so nobody reads one from the table.
    """

    UNDO_DAYS = 7
    CONFIRM_DAYS = 2

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="email_changes")
    old_email = models.EmailField()
    new_email = models.EmailField()
    nonce = models.CharField(max_length=22, default=new_nonce)
    asked_at = models.DateTimeField()
    # At most one of a user's waits; a newer one takes its place.
    confirmed_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-asked_at"], name="accounts_emailchange_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(confirmed_at__isnull=True, dropped_at__isnull=True),
                name="accounts_emailchange_one_waits",
            )
        ]

    def __str__(self) -> str:
        return f"{self.old_email} to {self.new_email}"


class MobileNumber(models.Model):
    """A mobile number that its user confirmed by a code sent there; with it they can sign in as well (ACC-1)."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="confirmed_mobile")
    number = models.CharField(max_length=16, unique=True)
    confirmed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.number


class TextMessage(models.Model):
    """A text message with a code for a mobile number, sent by the worker; the code itself is never stored.

    `code_hash` is written when the message is sent; `tries` counts the wrong codes.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        USED = "used"
        ENDED = "ended"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="text_messages")
    number = models.CharField(max_length=16)
    language = models.CharField(max_length=2)
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    code_hash = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["user", "-asked_at"], name="accounts_textmessage_newest"),
            models.Index(fields=["number", "-asked_at"], name="accounts_textmessage_number"),
            models.Index(fields=["asked_at"], name="accounts_textmessage_age"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.asked_at:%Y-%m-%d %H:%M}"


class OldLogin(models.Model):
    """A user name of the portal before this one, and whose it was (ACC-8); kept as a keyed hash, compared folded."""

    name_hash = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="old_logins")
    loaded_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return str(self.user_id)
