"""Invitations: the way in for a colleague who was created and has not joined yet (ACC-23, ACC-24)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from fleetportal.core.tenancy import TenantForeignKey, TenantModel

# So many wrong answers end an invitation.
TRIES = 5


class Invitation(TenantModel):
    """What a colleague was invited with: names and phone exactly as entered, and the hash of the link's token.

    The token is made when the mail is sent and stands nowhere; until then there is no hash and no end. `nonce` is
    half of what it is made of, so that a mail that is sent twice holds the same link. One invitation of a membership
    is open at a time.
    """

    class Ending(models.TextChoices):
        USED = "used", _("used")
        REPLACED = "replaced", _("replaced by a newer one")
        WITHDRAWN = "withdrawn", _("withdrawn")
        TRIES = "tries", _("ended after too many wrong answers")

    membership = TenantForeignKey("accounts.Membership", on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    last_name = models.CharField(max_length=60)
    first_name = models.CharField(max_length=60)
    phone = models.CharField(max_length=20, blank=True)
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    nonce = models.CharField(max_length=64)
    token_hash = models.CharField(max_length=64, null=True, unique=True)  # unique where there is one
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    # When the mail was asked for; one that waits for the end of a first connection has none yet.
    queued_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ending = models.CharField(max_length=9, choices=Ending, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["membership"],
                condition=models.Q(ended_at__isnull=True),
                name="accounts_invitation_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(wrong_tries__lte=TRIES),
                name="accounts_invitation_tries",
            ),
        ]

    def __str__(self) -> str:
        return f"invitation {self.pk}"
