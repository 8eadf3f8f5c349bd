"""Sign-ins, sign-outs and passwords in the audit (GEN-2). Such entries belong to a person and to no company."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.core.internal.httpkit import get_client_ip  # reads the trusted proxy count from the settings
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import models
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts import signin
from accounts.models import SignInCounter, User
from accounts.safety import oldportal, sessions
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.scope import person_scope

# Nobody has this id: the scope of an attempt at an address that is not an account's.
NOBODY = 0


def sign_in_failed(request: HttpRequest, user: User | None, counter: SignInCounter) -> None:
    """Keep a failed attempt; what was typed as an address is not kept, since it may be a password."""
    until = counter.blocked_until
    after = {"failures": counter.failures} | ({"blocked_until": until} if until else {})
    _record(request, "accounts.sign_in_failed", user or counter, user, after=after, label="" if user else "unknown")


def second_factor_failed(request: HttpRequest, user: User, counter: SignInCounter | None) -> None:
    """Keep a wrong code, or a passkey that proved nothing."""
    after: dict[str, Any] = {"failures": counter.failures} if counter else {"kind": "webauthn"}
    if counter and counter.blocked_until:
        after["blocked_until"] = counter.blocked_until
    _record(request, "accounts.second_factor_failed", user, user, after=after)


def second_factor_used(request: HttpRequest, user: User, kind: str) -> None:
    """Keep which second factor opened the account."""
    _record(request, "accounts.second_factor_used", user, user, after={"kind": kind})


def session_ended(request: HttpRequest, user: User, why: str) -> None:
    """End a session that was idle or open for too long, and keep that it ended."""
    _record(request, "accounts.session_ended", user, user, after={"why": why})
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    request.session.flush()
    request.user = AnonymousUser()


@receiver(user_logged_in)
def _signed_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    sessions.begin(request.session, getattr(request, "now", None) or timezone.now())
    _record(request, "accounts.signed_in", user, user)


@receiver(user_logged_out)
def _signed_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        _record(request, "accounts.signed_out", user, user)
        UserSession.objects.filter(session_key=request.session.session_key).delete()


@receiver(password_changed)
def _password_changed(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    sessions.end_all(user, but=request.session.session_key)
    _record(request, "accounts.password_changed", user, user)


@receiver(password_reset)
def _password_reset(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    sessions.end_all(user)
    oldportal.came_over(user, getattr(request, "now", None) or timezone.now())
    signin.unblock(user.email)  # the link proved that the owner reads this address
    _record(request, "accounts.password_reset", user, user)


def _record(
    request: HttpRequest,
    verb: str,
    subject: models.Model,
    user: User | None,
    *,
    after: dict[str, Any] | None = None,
    label: str = "",
) -> None:
    actor = Actor(
        label=user.full_name[:120] if user else "unknown",
        user=user.pk if user else None,
        address=get_client_ip(request),
        request_id=getattr(request, "request_id", ""),
    )
    now = getattr(request, "now", None) or timezone.now()
    with person_scope(user.pk if user else NOBODY):
        audit.record(actor, verb, subject, now=now, after=after, label=label)
