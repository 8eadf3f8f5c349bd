"""Limits on guessing passwords (ACC-5): counters in the database, and the devices that a user has signed in from.

Three counters (decision 16): for an account from one known device, for an account from all unknown devices, and for
a network. An attacker uses up the second and the third; the owner, on a device known from an earlier sign-in, has the
first one for herself and still gets in.

The counters are written in the request's transaction. It commits, because a refused sign-in is an ordinary answer
(200 or 429) and no error; and until then a lock on the account makes attempts from elsewhere wait, so that no number of
parallel guesses gets past the limit.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.core.internal.httpkit import get_client_ip  # reads the trusted proxy count from the settings
from django.conf import settings
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import SignInCounter

ACCOUNT_FAILURES = 10
NETWORK_FAILURES = 100
WINDOW = BLOCK = timedelta(minutes=30)

DEVICE_SALT = "accounts.signin.device"
DEVICE_AGE = timedelta(days=180)
# A browser that several people share remembers this many of them.
DEVICE_ACCOUNTS = 5


@dataclass(frozen=True, slots=True)
class Attempt:
    """Where an attempt comes from and at whom it is aimed, as keys of counters."""

    account: str
    network: str
    known_device: bool


def attempt(request: HttpRequest, email: str) -> Attempt:
    """Describe this request's attempt at the account with that address, known to the portal or not."""
    device = _devices(request).get(_mark(email))
    return Attempt(
        account=_key("device", f"{_fold(email)} {device}") if device else _key("account", _fold(email)),
        network=_key("network", _network(get_client_ip(request))),
        known_device=device is not None,
    )


def second_attempt(request: HttpRequest, user: int) -> Attempt:
    """Describe an attempt at a person's second factor: who knows the password has ten, from wherever they come."""
    network = _key("network", _network(get_client_ip(request)))
    return Attempt(account=_key("factor", str(user)), network=network, known_device=True)


def way_over_attempt(request: HttpRequest, email: str) -> Attempt:
    """Describe a question for the way over from the old portal (ACC-8): ten for an address, a hundred for a network."""
    network = _key("way_over", _network(get_client_ip(request)))
    return Attempt(account=_key("way_over", _fold(email)), network=network, known_device=False)


def blocked_until(attempt: Attempt, now: datetime) -> datetime | None:
    """Return until when such attempts are refused, or None.

    Other attempts on the same account wait until this transaction ends: each finds the count of those before it.
    """
    with connection.cursor() as cursor:
        number = int.from_bytes(bytes.fromhex(attempt.account.partition(":")[2])[:8], signed=True)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
    keys = [attempt.account] if attempt.known_device else [attempt.account, attempt.network]
    blocks = SignInCounter.objects.filter(key__in=keys, blocked_until__gt=now).order_by("-blocked_until")
    return blocks.values_list("blocked_until", flat=True).first()


def count_failure(attempt: Attempt, now: datetime) -> SignInCounter:
    """Count a failed attempt for the account and for the network; return the account's counter."""
    # An account's window starts anew with each failure: ten failures are followed by thirty quiet minutes wherever
    # they fall, which keeps any hour at twenty guesses. A busy network's would then never end.
    counter = _count(attempt.account, ACCOUNT_FAILURES, now, sliding=True)
    _count(attempt.network, NETWORK_FAILURES, now, sliding=False)
    return counter


def _count(key: str, limit: int, now: datetime, *, sliding: bool) -> SignInCounter:
    SignInCounter.objects.bulk_create([SignInCounter(key=key, window_started_at=now)], ignore_conflicts=True)
    counter = SignInCounter.objects.select_for_update().get(key=key)
    block_over = counter.blocked_until is not None and counter.blocked_until <= now
    if block_over or counter.window_started_at <= now - WINDOW:
        counter.failures, counter.window_started_at, counter.blocked_until = 0, now, None
    counter.failures += 1
    if sliding:
        counter.window_started_at = now
    if counter.failures >= limit and counter.blocked_until is None:
        counter.blocked_until = now + BLOCK
    counter.save()
    return counter


def forgive(attempt: Attempt) -> None:
    """Forget the failures of a known device after a sign-in from it; the other counters run on."""
    if attempt.known_device:
        SignInCounter.objects.filter(key=attempt.account).delete()


def unblock(email: str) -> None:
    """Let the account be signed in to from unknown devices again: its owner has proven the address by a link."""
    SignInCounter.objects.filter(key=_key("account", _fold(email))).delete()


def forget_old(now: datetime) -> int:
    """Remove the counters that say nothing any more, and return how many; run once a day."""
    return SignInCounter.objects.filter(window_started_at__lt=now - timedelta(days=1)).delete()[0]


def refusal(until: datetime) -> str:
    """Return the sentence for an attempt that is refused until then; it tells nothing about the account."""
    minute = timezone.localtime(until + timedelta(seconds=59))  # a whole minute, never before the block ends
    return _("There were too many failed attempts. You can sign in again at %(time)s (Brussels time).") % {
        "time": date_format(minute, "H:i")
    }


def device_cookie_name() -> str:
    """Return the name of the cookie by which a device is known."""
    return "__Host-device" if settings.SESSION_COOKIE_SECURE else "device"


def remember_device(request: HttpRequest, response: HttpResponseBase, email: str) -> None:
    """Make the device known for this account by a signed cookie; it gives no rights, only a counter of its own."""
    devices = _devices(request)
    mark = _mark(email)
    mine = devices.pop(mark, None) or secrets.token_urlsafe(12)
    kept = dict(list(devices.items())[-(DEVICE_ACCOUNTS - 1) :])
    response.set_cookie(
        device_cookie_name(),
        signing.dumps({**kept, mark: mine}, salt=DEVICE_SALT),
        max_age=DEVICE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _devices(request: HttpRequest) -> dict[str, str]:
    """Return the accounts that this browser has signed in to, each with its own random device number."""
    try:
        found = signing.loads(request.COOKIES.get(device_cookie_name(), ""), salt=DEVICE_SALT, max_age=DEVICE_AGE)
    except signing.BadSignature:  # none, forged or too old: an unknown device
        return {}
    assert isinstance(found, dict)  # only `remember_device` signs with this salt
    return found


def _fold(email: str) -> str:
    return email.strip().lower()


def _mark(email: str) -> str:
    return salted_hmac(DEVICE_SALT, _fold(email), algorithm="sha256").hexdigest()[:16]


def _key(kind: str, value: str) -> str:
    """Return a counter's key: a keyed hash, so that the table tells no addresses."""
    return f"{kind}:{salted_hmac('accounts.signin', f'{kind} {value}', algorithm='sha256').hexdigest()}"


def _network(address: str | None) -> str:
    """Return the network of an address: /24, or /64 of IPv6; what one customer of a provider usually holds."""
    if address is None:
        return "unknown"
    ip = ipaddress.ip_address(address)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 64}", strict=False))
