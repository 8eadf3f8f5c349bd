"""Sessions of people who get in nowhere any more: they end (ACC-22, ACC-27)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.utils import timezone

from accounts.actors import active_memberships
from accounts.models import Membership, User
from accounts.safety import sessions
from fleetportal.core.scope import person_scope
from fleetportal.core.work import periodic


def end_sessions_of_who_is_out(user_ids: Iterable[int], now: datetime) -> int:
    """End all sessions of those client users who get in to no company today and wait for none; return how many ended.

    A company's pages are closed to them in any case, since each request asks anew; this signs them out as well.
    """
    ended = 0
    for user in User.objects.filter(pk__in=list(user_ids), kind=User.Kind.CLIENT):
        with person_scope(user.pk):
            out = not active_memberships(user.pk, timezone.localdate(now)) and not _waits(user.pk)
        if out:
            ended += sessions.end_all(user)
    return ended


def _waits(user_id: int) -> bool:
    """Say whether an invitation waits for that person, who may be signed in to take it up."""
    return Membership.objects.filter(user_id=user_id, is_active=True, invited_at__isnull=False).exists()


@periodic("accounts.end_sessions", every=timedelta(minutes=1), quiet=True)
def end_sessions(now: datetime) -> int:
    """Sign out who is signed in and whose validity has ended since; at most a minute after midnight (ACC-22)."""
    today = timezone.localdate(now)
    welcome = (
        Membership.objects.filter(is_active=True)
        .exclude(valid_until__lt=today)
        .exclude(valid_from__gt=today, invited_at__isnull=True)
    )
    signed_in = UserSession.objects.filter(user__kind=User.Kind.CLIENT).exclude(user__in=welcome.values("user"))
    return end_sessions_of_who_is_out(set(signed_in.values_list("user_id", flat=True)[:1000]), now)
