"""Sessions of people who get in nowhere any more: they end (ACC-22, ACC-27)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.actors import active_memberships
from accounts.models import Membership, User
from fleetportal.core.scope import person_scope


def end_sessions_of_who_is_out(user_ids: Iterable[int], now: datetime) -> int:
    """End all sessions of those client users who get in to no company today and wait for none; return how many ended.

    A company's pages are closed to them in any case, since each request asks anew; this signs them out as well.
    """
    ended = 0
    for user in User.objects.filter(pk__in=list(user_ids), kind=User.Kind.CLIENT):
        with person_scope(user.pk):
            if active_memberships(user.pk, timezone.localdate(now)) or _waits(user.pk):
                continue
            sessions = UserSession.objects.filter(user=user)
            keys = list(sessions.values_list("session_key", flat=True))
            Session.objects.filter(session_key__in=keys).delete()
            sessions.delete()
            ended += len(keys)
    return ended


def _waits(user_id: int) -> bool:
    """Say whether an invitation waits for that person, who may be signed in to take it up."""
    return Membership.objects.filter(user_id=user_id, is_active=True, invited_at__isnull=False).exists()
