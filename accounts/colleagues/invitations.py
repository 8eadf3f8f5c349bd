"""Invitations: opened, sent, matched, used once (ACC-23, ACC-24).

The token is made when the mail is sent, from a stored nonce and the portal's secret key, so that a mail sent twice
holds the same link and no table holds it. Only its hash is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.formats import date_format

from accounts.colleagues.contact import Contact
from accounts.colleagues.finding import follow_person
from accounts.models import Invitation, Membership, User
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.mail import OutgoingMail, mail_context, queue_mail

LASTS = timedelta(days=7)


def open_invitation(
    membership: Membership,
    contact: Contact,
    *,
    actor: Actor,
    now: datetime,
    send: bool,
    template: str = "colleague_invited",
) -> Invitation:
    """End the invitation that is open, make a new one and queue its mail; the older link works no more.

    `template` is the mail that holds the link: a colleague's, or a principal user's first connection (ONB-7).
    """
    end_open(membership, Invitation.Ending.REPLACED, actor=actor, now=now, note=False)
    invitation = Invitation.objects.create(
        company_id=membership.company_id,
        membership=membership,
        email=contact.email,
        last_name=contact.last_name,
        first_name=contact.first_name,
        phone=contact.phone,
        sender_id=actor.user,
        nonce=secrets.token_hex(32),
        created_at=now,
        queued_at=now if send else None,
    )
    if send:
        audit.record(actor, "accounts.invited", membership, now=now, after={"email": contact.email})
        queue_mail(
            template,
            user=membership.user,
            context={"invitation": invitation.pk, "by": actor.label},
            key=f"{template}:{invitation.pk}",
            now=now,
        )
    return invitation


def end_open(
    membership: Membership, ending: Invitation.Ending, *, actor: Actor, now: datetime, note: bool = True
) -> bool:
    """End the open invitation of a member, if there is one; say whether there was."""
    ended = Invitation.objects.filter(membership=membership, ended_at__isnull=True).update(ended_at=now, ending=ending)
    if ended and note:
        audit.record(actor, "accounts.invitation_ended", membership, now=now, after={"ending": str(ending.value)})
    return bool(ended)


def open_one(membership: Membership) -> Invitation | None:
    """Return the member's open invitation."""
    return Invitation.objects.filter(membership=membership, ended_at__isnull=True).first()


def contact_of(membership: Membership) -> Contact:
    """Return a member's contact data as this company knows them: as entered, until they have joined."""
    user = membership.user
    if membership.invited_at is not None:
        newest = Invitation.objects.filter(membership=membership).order_by("-pk").first()
        if newest is not None:
            return Contact(
                last_name=newest.last_name,
                first_name=newest.first_name,
                email=newest.email,
                phone=newest.phone,
                language=user.language,
            )
    return Contact(
        last_name=user.last_name,
        first_name=user.first_name,
        email=user.email,
        phone=user.phone,
        language=user.language,
    )


def take_contact(membership: Membership, known: Contact, contact: Contact, *, actor: Actor, now: datetime) -> None:
    """Write changed contact data: to the invitation of who has not joined, else to the person.

    An invitation to another address is a new one.
    """
    if membership.invited_at is None:
        User.objects.filter(pk=membership.user_id).update(
            last_name=contact.last_name, first_name=contact.first_name, phone=contact.phone
        )
        membership.user.refresh_from_db()
        follow_person(membership.user)
        return
    opened = open_one(membership)
    if opened is None or contact.email != known.email:
        queued = Invitation.objects.filter(membership=membership, queued_at__isnull=False).exists()
        open_invitation(membership, contact, actor=actor, now=now, send=queued)
        return
    Invitation.objects.filter(pk=opened.pk).update(
        last_name=contact.last_name, first_name=contact.first_name, phone=contact.phone
    )


# --- the link ---------------------------------------------------------------------------------------------------------


def token_of(invitation: Invitation) -> str:
    """Return the token of an invitation's link: 256 bits that need the portal's secret key."""
    return salted_hmac("accounts.invitation", invitation.nonce, algorithm="sha256").hexdigest()


def hash_of(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


_INVITED = ("recipient_name", "company", "until", "known")


@mail_context("first_connection", kept=_INVITED, link=True)
@mail_context("colleague_invited", kept=_INVITED, link=True)
def _invitation_mail(mail: OutgoingMail, now: datetime) -> dict[str, Any] | None:
    """Make the link when the mail is sent, and let the seven days begin; None for an invitation that has ended."""
    invitation = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("membership__company", "membership__user")
        .filter(pk=mail.context["invitation"], ended_at__isnull=True)
        .first()
    )
    if invitation is None:
        return None
    token = token_of(invitation)
    invitation.token_hash = hash_of(token)
    invitation.expires_at = invitation.expires_at or now + LASTS
    invitation.save(update_fields=["token_hash", "expires_at"])
    return {
        "button_url": settings.PORTAL_URL + reverse("accounts:invitation", args=[token]),
        "recipient_name": f"{invitation.last_name} {invitation.first_name}",
        "company": invitation.membership.company.legal_name,
        "until": date_format(timezone.localtime(invitation.expires_at), "DATETIME_FORMAT"),
        "known": invitation.membership.user.has_usable_password(),
    }
