"""Notices: what the people of a company were told, who receives which kind, and how (ACC-40, ACC-41)."""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from fleetportal.core.notices import Channel
from fleetportal.core.tenancy import Tenancy, TenantForeignKey, TenantModel


class Notice(TenantModel):
    """One thing that one person was told. `context` is what its mail was written from: ids and plain values.

    `object_id` is set where it is about one object of its kind's model: who can't see that any more, doesn't see this.
    """

    tenancy = Tenancy(person="user")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=60)
    context = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    object_id = models.BigIntegerField(null=True)
    key = models.CharField(max_length=190, unique=True)
    channel = models.CharField(max_length=6, choices=Channel, default=Channel.MAIL)
    unread = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    # When a daily summary took it up, whether or not it had something to say of it.
    summarised_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            # The bell and the list of one person in one company, unread first.
            models.Index(fields=["company", "user", "unread", "id"], name="accounts_notice_reader"),
            models.Index(
                fields=["user"],
                condition=models.Q(channel="daily", summarised_at=None),
                name="accounts_notice_waiting",
            ),
            models.Index(fields=["created_at"], name="accounts_notice_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}"


class NoticeChoice(TenantModel):
    """How one person wants one kind of notice of one company; without a row as the kind says (ACC-41)."""

    tenancy = Tenancy(person="user")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)
    channel = models.CharField(max_length=6, choices=Channel)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "user", "kind"], name="accounts_noticechoice_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.user_id}: {self.channel}"


class NoticeRecipient(TenantModel):
    """A member whom the company chose to receive one kind of notice (ACC-40)."""

    membership = TenantForeignKey("accounts.Membership", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=60)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "kind"], name="accounts_noticerecipient_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.membership_id}"
