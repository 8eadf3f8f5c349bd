"""What people change about their own account: e-mail address and profile, each with its audit entry and its mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import EmailChange, MobileNumber, User
from accounts.safety import factors, mails, sessions
from accounts.work import queue_password_reset
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.mail import queue_mail
from fleetportal.core.scope import person_scope

CONFIRM, UNDO = "accounts.email.confirm", "accounts.email.undo"
# How often a user may ask for a link, so that the portal can't be used to fill somebody's mailbox.
ASKS, ASKS_IN = 5, timedelta(hours=1)


class LinkOver(Exception):
    """A link that was used, has ended or was never made; its text is the sentence for who holds it."""


# --- Another e-mail address ---------------------------------------------------------------------------------------


@transaction.atomic
def ask_email_change(*, user: User, new_email: str, actor: Actor, now: datetime) -> EmailChange:
    """Ask for another e-mail address: a link goes there, and until it is used the present one stays.

    A change that waits is dropped for this one. Whether the address is somebody else's is told nobody but its reader.
    Raises ValidationError for what is no address, for the present one, and after five questions in an hour.
    """
    email = new_email.strip().lower()
    validate_email(email)
    if email == user.email:
        raise ValidationError(_("This is your e-mail address already."), code="same")
    User.objects.select_for_update().get(pk=user.pk)  # one question at a time
    if EmailChange.objects.filter(user=user, asked_at__gt=now - ASKS_IN).count() >= ASKS:
        raise ValidationError(_("You asked for several changes just now. Try it again in an hour."), code="often")
    EmailChange.objects.filter(user=user, confirmed_at=None, dropped_at=None).update(dropped_at=now)
    change = EmailChange.objects.create(user=user, old_email=user.email, new_email=email, asked_at=now)
    with person_scope(user.pk):
        audit.record(actor, "accounts.email_change_asked", user, now=now, after={"email": email})
        queue_mail(
            "email_confirm",
            to=email,
            user=user,
            context={"change": change.pk},
            key=f"email_confirm:{change.pk}",
            now=now,
        )
    return change


def waiting_change(user: User, now: datetime) -> EmailChange | None:
    """Return the change of address that waits for its link to be used, or None."""
    since = now - timedelta(days=EmailChange.CONFIRM_DAYS)
    return EmailChange.objects.filter(user=user, confirmed_at=None, dropped_at=None, asked_at__gt=since).first()


@transaction.atomic
def drop_email_change(*, user: User, actor: Actor, now: datetime) -> bool:
    """Take back a change of address that waits; its link opens nothing any more. False when none waits."""
    dropped = EmailChange.objects.filter(user=user, confirmed_at=None, dropped_at=None).update(dropped_at=now)
    if dropped:
        with person_scope(user.pk):
            audit.record(actor, "accounts.email_change_dropped", user, now=now)
    return bool(dropped)


def token_for(change: EmailChange, purpose: str) -> str:
    """Return the token of a change's link; made anew for each mail, always the same."""
    return signing.Signer(salt=purpose).sign(f"{change.pk}-{change.nonce}")


def change_of(token: str, purpose: str, now: datetime, *, lock: bool = False) -> EmailChange:
    """Return the change that a link is about; raises `LinkOver` for one that opens nothing (any more)."""
    over = LinkOver(_("This link was used already, or has ended."))
    try:
        pk, _dash, nonce = signing.Signer(salt=purpose).unsign(token).partition("-")
    except signing.BadSignature:
        raise over from None
    rows = EmailChange.objects.select_for_update(of=("self",)) if lock else EmailChange.objects.all()
    change = rows.select_related("user").filter(pk=pk, nonce=nonce, undone_at=None, dropped_at=None).first()
    if change is None:
        raise over
    if purpose == CONFIRM:
        fits = change.confirmed_at is None and now < change.asked_at + timedelta(days=EmailChange.CONFIRM_DAYS)
    else:
        fits = change.confirmed_at is not None and now < change.confirmed_at + timedelta(days=EmailChange.UNDO_DAYS)
    if not fits or not change.user.is_active:
        raise over
    return change


def confirm_email_change(*, token: str, address: str | None, now: datetime) -> User:
    """Let the new address count, and tell the old one with a link that undoes it for seven days.

    Raises `LinkOver`, also when the address has become another user's in the meantime.
    """
    try:
        with transaction.atomic():
            change = change_of(token, CONFIRM, now, lock=True)
            user = change.user
            change.confirmed_at, change.old_email = now, user.email
            change.save(update_fields=["confirmed_at", "old_email"])
            _set_email(user, change.new_email)
            _record(user, "accounts.email_changed", address, now, before=change.old_email, after=change.new_email)
            with person_scope(user.pk):
                queue_mail(
                    "email_changed",
                    to=change.old_email,
                    user=user,
                    context={"change": change.pk, "new": change.new_email},
                    key=f"email_changed:{change.pk}",
                    now=now,
                )
    except IntegrityError:
        raise LinkOver(_("This address belongs to another account of the portal by now.")) from None
    return user


def undo_email_change(*, token: str, address: str | None, now: datetime) -> User:
    """Give the account back to who reads the old address: nobody else's way in remains.

    All sessions end, the password counts no more and a link for a new one is sent; second factors and mobile numbers
    that came after the change was asked for go. Later changes of the address fall with this one. Raises `LinkOver`.
    """
    try:
        with transaction.atomic():
            change = change_of(token, UNDO, now, lock=True)
            user = change.user
            before = user.email
            later = EmailChange.objects.filter(user=user, pk__gte=change.pk)
            later.filter(confirmed_at=None, dropped_at=None).update(dropped_at=now)
            later.filter(undone_at=None).update(undone_at=now)
            _set_email(user, change.old_email)
            user.set_unusable_password()
            user.save(update_fields=["password"])
            actor = Actor(label=user.full_name[:120], user=user.pk, address=address)
            factors.remove_all(user=user, actor=actor, now=now, since=change.asked_at)
            MobileNumber.objects.filter(user=user, confirmed_at__gte=change.asked_at).delete()
            sessions.end_all(user)
            _record(user, "accounts.email_change_undone", address, now, before=before, after=user.email)
            with person_scope(user.pk):
                queue_password_reset(user.email, language=user.language, now=now)
    except IntegrityError:
        raise LinkOver(_("This address belongs to another account of the portal by now.")) from None
    return user


def _set_email(user: User, email: str) -> None:
    """Change the address and allauth's copy of it; raises IntegrityError for another user's."""
    user.email = email
    user.save(update_fields=["email"])
    EmailAddress.objects.filter(user=user).exclude(primary=True).delete()
    EmailAddress.objects.filter(user=user).update(email=email, verified=True)


def _record(user: User, verb: str, address: str | None, now: datetime, *, before: str, after: str) -> None:
    actor = Actor(label=user.full_name[:120], user=user.pk, address=address)
    with person_scope(user.pk):
        audit.record(actor, verb, user, now=now, before={"email": before}, after={"email": after})


# --- Open sessions ------------------------------------------------------------------------------------------------


@transaction.atomic
def end_sessions(*, user: User, chosen: Q, here: str, actor: Actor, now: datetime) -> int:
    """End those of a person's sessions that are chosen, apart from the one with the key `here`; returns how many."""
    rows = list(UserSession.objects.filter(chosen, user=user).exclude(session_key=here))
    if not rows:
        return 0
    ended = sessions.end(rows)
    with person_scope(user.pk):
        audit.record(actor, "accounts.sessions_ended", user, now=now, after={"sessions": ended})
    return ended


# --- My profile ---------------------------------------------------------------------------------------------------

PROFILE = ("last_name", "first_name", "phone", "mobile", "language", "theme")
# What a mail tells of; how the portal looks to somebody is their own business.
TOLD = frozenset(PROFILE) - {"theme"}


@transaction.atomic
def change_profile(*, user: User, values: dict[str, Any], actor: Actor, now: datetime) -> list[str]:
    """Change one's own name, phones, language and theme; returns the names of what changed.

    Another mobile number is not confirmed, so the confirmed one is given up with it (ACC-1). Twice is once.
    """
    mine = User.objects.select_for_update().get(pk=user.pk)
    old = {name: getattr(mine, name) for name in PROFILE}
    before, after = audit.changes(old, {name: values[name] for name in PROFILE if name in values})
    if not after:
        return []
    for name, value in after.items():
        setattr(mine, name, value)
    mine.save(update_fields=list(after))
    with person_scope(user.pk):
        audit.record(actor, "accounts.profile_changed", mine, now=now, before=before, after=after)
    if "mobile" in after:
        MobileNumber.objects.filter(user=mine).delete()
    if TOLD & after.keys():
        mails.tell(mine, "profile_changed", now, path=reverse("safety:profile"), fields=sorted(TOLD & after.keys()))
    return sorted(after)
