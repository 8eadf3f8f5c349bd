"""Open sessions (ACC-7): how long they last, which there are, and how they are ended on the server.

Django loads a session with each request anyway, so when it was last used stands in it. It is written once a minute,
together with the row that the list of open sessions reads; in between a request costs nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session

from accounts.models import User

BEGAN, SEEN, PROVEN = "began", "seen", "proven"
# The portal counts in minutes: what is written less often is not worth a write.
STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may be idle, and how long it may last at all."""

    idle: timedelta
    whole: timedelta


CLIENTS = Limits(idle=timedelta(minutes=30), whole=timedelta(hours=12))
STAFF = Limits(idle=timedelta(minutes=15), whole=timedelta(hours=8))


def limits_of(user: User) -> Limits:
    """Return how long that person's sessions last; staff see every company, so theirs are shorter."""
    return CLIENTS if user.kind == User.Kind.CLIENT else STAFF


def begin(session: SessionBase, now: datetime) -> None:
    """Start the clocks of a session in which somebody has just come in."""
    session[BEGAN] = session[SEEN] = session[PROVEN] = now.timestamp()


def prove(session: SessionBase, now: datetime) -> None:
    """Note that the person has just given their password again."""
    session[PROVEN] = now.timestamp()


def proven_at(session: SessionBase) -> datetime | None:
    """Return when the person last gave their password in this session."""
    stamp = session.get(PROVEN)
    return None if stamp is None else datetime.fromtimestamp(stamp, UTC)


def over(session: SessionBase, user: User, now: datetime) -> str:
    """Return why a session is over: "idle", "long", or an empty text while it is not; and note that it was used."""
    began, seen = session.get(BEGAN), session.get(SEEN)
    stamp = now.timestamp()
    if began is None or seen is None:  # made before sessions had clocks
        session[BEGAN] = session[SEEN] = stamp
        return ""
    limits = limits_of(user)
    if stamp - seen >= limits.idle.total_seconds():
        return "idle"
    if stamp - began >= limits.whole.total_seconds():
        return "long"
    if stamp - seen >= STEP.total_seconds():
        session[SEEN] = stamp
        UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=now)
    return ""


def open_sessions(user: User, now: datetime) -> list[UserSession]:
    """Return a person's open sessions, the one used last first."""
    limits = limits_of(user)
    rows = UserSession.objects.filter(
        user=user,
        last_seen_at__gt=now - limits.idle,
        session_key__in=Session.objects.filter(expire_date__gt=now).values("session_key"),
    )
    return list(rows.order_by("-last_seen_at", "-pk"))


def end(rows: Iterable[UserSession]) -> int:
    """End sessions on the server: whoever holds their cookie is signed out with the next request."""
    keys = [row.session_key for row in rows]
    Session.objects.filter(session_key__in=keys).delete()
    return UserSession.objects.filter(session_key__in=keys).delete()[0]


def end_all(user: User, *, but: str | None = None) -> int:
    """End all of a person's sessions, except the one with the key `but`; returns how many."""
    return end(UserSession.objects.filter(user=user).exclude(session_key=but or ""))


def forget_old(now: datetime) -> int:
    """Remove sessions that have ended by themselves, with their rows; run once a day."""
    Session.objects.filter(expire_date__lt=now).delete()
    return UserSession.objects.filter(last_seen_at__lt=now - timedelta(days=1)).delete()[0]


# What a browser says of itself, in the order in which it has to be looked for: Edge also calls itself Chrome.
_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """Return the browser and system of a device, such as "Firefox · Windows"; an empty text for what is unknown."""
    names = [next((name for sign, name in table if sign in user_agent), "") for table in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, names))
