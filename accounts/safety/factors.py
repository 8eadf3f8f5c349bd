"""The second factor (ACC-6): an authenticator app, passkeys, and recovery codes for the day these are lost.

allauth brings the table, the arithmetic of the app's codes, the passkeys' protocol and the stage of the sign-in. What
is decided here is decided in one transaction with its audit entry and its mail.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import active_memberships
from accounts.models import Company, Membership, User
from accounts.safety import mails, vault
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.scope import person_scope

Type = Authenticator.Type
RECOVERY_CODES = 10
PERIOD = 30
# A clock that is half a minute off, on the phone or here, is usual.
STEPS = (-1, 0, 1)
FACTORS = (Type.TOTP, Type.WEBAUTHN)


def new_secret() -> str:
    """Return a secret for an authenticator app (160 bits, base32)."""
    return str(totp.generate_totp_secret())


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the step of time to which a code of the app belongs, or None (RFC 6238)."""
    typed = "".join(code.split())
    current = int(now.timestamp()) // PERIOD
    right = (
        [
            current + step
            for step in STEPS
            if secrets.compare_digest(totp.format_hotp_value(totp.hotp_value(secret, current + step)), typed)
        ]
        if typed.isascii()
        else []
    )
    return right[-1] if right else None


def factors_of(user: User) -> list[Authenticator]:
    """Return the app and the passkeys of a person, oldest first; recovery codes are none of their own."""
    return list(Authenticator.objects.filter(user=user, type__in=FACTORS).order_by("created_at", "pk"))


def has_factor(user_id: int) -> bool:
    """Say whether that person has set up a second factor."""
    return Authenticator.objects.filter(user_id=user_id, type__in=FACTORS).exists()


def codes_left(user: User) -> int:
    """Return how many recovery codes are not used yet."""
    found = Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).first()
    return len(found.data["codes"]) if found else 0


# --- Setting up ---------------------------------------------------------------------------------------------------


@transaction.atomic
def add_app(*, user: User, secret: str, code: str, actor: Actor, now: datetime) -> list[str]:
    """Set up an authenticator app with a first code from it; return the recovery codes if these are the first.

    It takes the place of the app that is set up already: a new phone. Raises ValidationError for a code that is not
    the app's.
    """
    _lock(user)
    step = matching_step(secret, code, now)
    if step is None:
        raise ValidationError(_("This is not the code that the app shows now."), code="wrong")
    for earlier in Authenticator.objects.filter(user=user, type=Type.TOTP):
        earlier.delete()
        _record(actor, "accounts.second_factor_removed", user, now, earlier.type)
    # The code that proves the app is used up by that.
    row = Authenticator.objects.create(
        user=user, type=Type.TOTP, data={"secret": vault.lock(secret), "step": step}, created_at=now
    )
    return _added(user, row, actor, now)


@transaction.atomic
def add_passkey(*, user: User, name: str, credential: dict[str, Any], actor: Actor, now: datetime) -> list[str]:
    """Keep a passkey that the browser has made and `passkeys` has checked; return recovery codes if it is the first."""
    _lock(user)
    data = {"name": name, "credential": credential}
    row = Authenticator.objects.create(user=user, type=Type.WEBAUTHN, data=data, created_at=now)
    return _added(user, row, actor, now)


def _added(user: User, row: Authenticator, actor: Actor, now: datetime) -> list[str]:
    _record(actor, "accounts.second_factor_added", user, now, row.type)
    mails.tell(user, "second_factor_added", now, kind=row.type)
    return [] if codes_left(user) else _give_codes(user, now)


@transaction.atomic
def remove(*, user: User, pk: int, actor: Actor, now: datetime) -> None:
    """Take a second factor away; with the last one go the recovery codes.

    Raises ValidationError for the last one while a company or the operator requires one. Twice is once.
    """
    _lock(user)
    row = Authenticator.objects.filter(user=user, pk=pk, type__in=FACTORS).first()
    if row is None:
        return
    if len(factors_of(user)) == 1 and (who := required_by(user, now)):
        raise ValidationError(
            _("%(who)s requires a second factor: set up another one before you remove this one.") % {"who": who},
            code="required",
        )
    _remove(user, [row], actor, now)


@transaction.atomic
def remove_all(*, user: User, actor: Actor, now: datetime, since: datetime | None = None) -> int:
    """Take all second factors away, or those set up after `since`, for somebody who has lost them; returns how many."""
    _lock(user)
    rows = [row for row in factors_of(user) if since is None or row.created_at >= since]
    _remove(user, rows, actor, now)
    return len(rows)


def _remove(user: User, rows: Iterable[Authenticator], actor: Actor, now: datetime) -> None:
    for row in rows:
        row.delete()
        _record(actor, "accounts.second_factor_removed", user, now, row.type)
        mails.tell(user, "second_factor_removed", now, kind=row.type)
    if not factors_of(user):
        Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).delete()


@transaction.atomic
def renew_codes(*, user: User, actor: Actor, now: datetime) -> list[str]:
    """Make new recovery codes; the earlier ones count no more. Raises ValidationError without a second factor."""
    _lock(user)
    if not factors_of(user):
        raise ValidationError(_("Set up an authenticator app or a passkey first."), code="none")
    codes = _give_codes(user, now)
    _record(actor, "accounts.recovery_codes_renewed", user, now, Type.RECOVERY_CODES)
    mails.tell(user, "recovery_codes_renewed", now)
    return codes


def _give_codes(user: User, now: datetime) -> list[str]:
    """Replace the recovery codes; only their hashes are kept. Each has 80 random bits, so a plain hash is enough."""
    codes = [_new_code() for _number in range(RECOVERY_CODES)]
    Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).delete()
    data = {"codes": [_hash(user, code) for code in codes]}
    Authenticator.objects.create(user=user, type=Type.RECOVERY_CODES, data=data, created_at=now)
    return codes


def _new_code() -> str:
    word = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(word[start : start + 4] for start in range(0, 16, 4))


def _hash(user: User, code: str) -> str:
    word = "".join(character for character in code.lower() if character.isalnum())
    return hashlib.sha256(f"{user.pk} {word}".encode()).hexdigest()


# --- Using --------------------------------------------------------------------------------------------------------


@transaction.atomic
def use_code(*, user: User, code: str, now: datetime) -> str:
    """Use up a code of the app or a recovery code; return which it was, or an empty text for a wrong one.

    A code of the app counts once: neither it nor an earlier one is taken again, also by two requests at once.
    """
    rows = {row.type: row for row in Authenticator.objects.select_for_update().filter(user=user).order_by("pk")}
    if app := rows.get(Type.TOTP):
        step = matching_step(vault.unlock(app.data["secret"]), code, now)
        if step is not None and step > app.data["step"]:
            app.data["step"] = step
            _used(app, now)
            return str(Type.TOTP)
    recovery = rows.get(Type.RECOVERY_CODES)
    if recovery and (hashed := _hash(user, code)) in recovery.data["codes"]:
        recovery.data["codes"].remove(hashed)
        _used(recovery, now)
        mails.tell(user, "recovery_code_used", now, left=len(recovery.data["codes"]))
        return str(Type.RECOVERY_CODES)
    return ""


def _used(row: Authenticator, now: datetime) -> None:
    row.last_used_at = now
    row.save(update_fields=["data", "last_used_at"])


# --- Required -----------------------------------------------------------------------------------------------------


def required_by(user: User, now: datetime) -> str:
    """Return who requires a second factor of that person: the operator, the first such company, or nobody."""
    if user.kind != User.Kind.CLIENT:
        return str(settings.OPERATOR_NAME) if settings.STAFF_SECOND_FACTOR else ""
    companies = (one.company for one in active_memberships(user.pk, timezone.localdate(now)))
    return next((company.legal_name for company in companies if company.second_factor_required), "")


def how_many(company: Company) -> tuple[int, int]:
    """Return how many of those who work for a company have a second factor, and how many they are."""
    members = Membership.objects.filter(company=company, is_active=True, user__is_active=True)
    having = Authenticator.objects.filter(user=OuterRef("user"), type__in=FACTORS)
    return members.filter(Exists(having)).count(), members.count()


@transaction.atomic
def require(*, company: Company, required: bool, actor: Actor, now: datetime) -> bool:
    """Require a second factor of all members of a company, or no more; returns whether that is a change."""
    actor.must("company.settings")
    if Company.objects.select_for_update().get(pk=company.pk).second_factor_required == required:
        return False
    Company.objects.filter(pk=company.pk).update(second_factor_required=required)
    verb = "accounts.second_factor_required" if required else "accounts.second_factor_not_required"
    audit.record(actor, verb, company, now=now, before={"required": not required}, after={"required": required})
    return True


def _lock(user: User) -> None:
    """Let one request at a time change the second factors of a person: two would each see the other's as the last."""
    User.objects.select_for_update().get(pk=user.pk)


def _record(actor: Actor, verb: str, user: User, now: datetime, kind: str) -> None:
    with person_scope(user.pk):
        audit.record(actor, verb, user, now=now, after={"kind": str(kind)})
