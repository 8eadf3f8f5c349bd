"""What safety does outside of requests: the links of its mails, and forgetting what has ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.models import EmailChange, User
from accounts.safety import gateway, mobile, oldportal, services, sessions  # noqa: F401  # they register handlers
from accounts.safety.forms import ProfileForm
from fleetportal.core.mail import OutgoingMail, mail_context
from fleetportal.core.work import periodic


# Kept alike whether the address is another user's or free: who asked for it reads the same in the browser.
@mail_context("email_confirm", link=True)
def _confirm_link(mail: OutgoingMail, now: datetime) -> dict[str, Any] | None:
    """Make the link to the new address; to an address that is another user's, only the sentence that it is."""
    change = EmailChange.objects.filter(pk=mail.context["change"], confirmed_at=None, dropped_at=None).first()
    if change is None:
        return None
    if User.objects.filter(email=change.new_email).exists():
        return {"taken": True, "browser_url": ""}  # its reader is not who asked, and has no such page
    path = reverse("safety:email_confirm", args=[services.token_for(change, services.CONFIRM)])
    return {"button_url": f"{settings.PORTAL_URL}{path}"}


@mail_context("email_changed", link=True)
def _undo_link(mail: OutgoingMail, now: datetime) -> dict[str, Any] | None:
    """Make the link by which the reader of the old address undoes the change."""
    change = EmailChange.objects.get(pk=mail.context["change"])
    path = reverse("safety:email_undo", args=[services.token_for(change, services.UNDO)])
    return {"button_url": f"{settings.PORTAL_URL}{path}"}


@mail_context("profile_changed", kept=("changed",))
def _changed_fields(mail: OutgoingMail, now: datetime) -> dict[str, Any]:
    """Name what changed, in the reader's language."""
    return {"changed": [str(ProfileForm.base_fields[name].label) for name in mail.context["fields"]]}


@periodic("accounts.forget_sessions", every=timedelta(days=1), quiet=True)
def forget_sessions(now: datetime) -> int:
    """Remove sessions that have ended by themselves, and text messages of earlier days."""
    return sessions.forget_old(now) + mobile.forget_old(now)
