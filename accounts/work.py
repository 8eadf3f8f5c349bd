"""What the accounts do outside of requests: mails about passwords and held work, and forgetting old failures."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import signin
from accounts.actors import administrators
from accounts.colleagues.joining import only_invited
from accounts.models import Company, User
from fleetportal.core.mail import OutgoingMail, mail_context, queue_mail
from fleetportal.core.named import kept_name
from fleetportal.core.notices import NoticeKind, Subject, declare_notice, notify
from fleetportal.core.work import ADMINISTRATOR_PERMISSION, held_hook, periodic
from fleetportal.core.work_models import WorkItem

MAIL = "work_held"
WORK_HELD = declare_notice(NoticeKind("accounts.work_held", _("Held work"), MAIL, ADMINISTRATOR_PERMISSION))


def _user_of(address: str) -> User | None:
    return User.objects.filter(email=address.strip().lower(), is_active=True).first()


def queue_password_reset(email: str, *, language: str, now: datetime) -> None:
    """Queue the mail with a reset link for an address (ACC-2), in its user's language or else in the given one.

    Known and unknown addresses cost the same: a row is queued for either, and only when it comes to sending it is it
    decided whether there is somebody to send it to.
    """
    user = _user_of(email)
    queue_mail(
        "password_reset",
        to=email,
        language=user.language if user else language,
        key=f"password_reset:{uuid.uuid4()}",
        now=now,
    )


@mail_context("password_reset", kept=("recipient_name", "chosen"), link=True)
def _reset_link(mail: OutgoingMail, now: datetime) -> dict[str, Any] | None:
    """Make the link of a reset mail; None for an address that is no active user's.

    Who was invited and never came in has the invitation for it, which asks for more than an address (ACC-24).
    """
    user = _user_of(mail.to)
    if user is None or only_invited(user):
        return None
    mail.recipient = user  # whose address it is, is known from here on: they may read it in the browser (ACC-42)
    return {
        "button_url": reset_link(user),
        "recipient_name": user.full_name,
        # After an undone change of address there is none that could stay as it is.
        "chosen": user.has_usable_password(),
    }


def reset_link(user: User) -> str:
    """Return a link by which this person chooses a password, once and for an hour; for a mail that is being sent."""
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": token})
    return f"{settings.PORTAL_URL}{path}"


def queue_password_changed(user: User, now: datetime) -> None:
    """Queue the mail that tells a user of a new password, with the way to choose another one if it was not them."""
    queue_mail(
        "password_changed",
        user=user,
        context={"path": reverse("account_reset_password")},
        key=f"password_changed:{uuid.uuid4()}",
        now=now,
    )


@periodic("accounts.forget_failures", every=timedelta(days=1), quiet=True)
def forget_failures(now: datetime) -> int:
    """Remove the counters of failed sign-ins that say nothing any more."""
    return signin.forget_old(now)


@held_hook
def tell_administrators(item: WorkItem, now: datetime) -> None:
    """Tell who can decide on held work, once for a bulk action of many chunks (GEN-13).

    For a company they are its administrators, each of whom chose how notices of it come and has it under the bell in
    any case (ACC-41); for work of the operator's own all operator staff, by mail. Not who asked for it.
    """
    work = f"batch {item.batch_id}" if item.batch_id else f"item {item.pk}"
    key = f"work_held:{work}:{item.requested_by_id}"
    what = kept_name(item.kind, item.batch.total if item.batch else None, item.subject)
    about = {"what": what, "who": item.requested_by.full_name if item.requested_by else ""}
    if item.company_id is None:
        about["path"] = f"{reverse('operator:work')}?status={WorkItem.Status.HELD}"
        for person in User.objects.filter(kind=User.Kind.OPERATOR, is_active=True).order_by("pk"):
            if person.pk != item.requested_by_id:
                queue_mail(MAIL, user=person, context=about, key=f"{key}:{person.pk}", now=now)
        return
    about["path"] = reverse("cards:held", args=[Company.objects.get(pk=item.company_id).identifier])
    people = [one.pk for one in administrators(item.company_id, timezone.localdate(now))]
    notify(
        WORK_HELD,
        company_id=item.company_id,
        subjects=[Subject(owner=person) for person in people if person != item.requested_by_id],
        context=lambda _subjects, _user: about,
        key=key,
        now=now,
    )
