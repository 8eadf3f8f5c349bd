"""Passkeys (ACC-6): the two ceremonies of WebAuthn, with the browser on the other side (static/js/passkey.js).

The challenge travels in a hidden field as a ticket that only the portal can read, for one person and five minutes, and
is used up in the table of form keys. So looking at a page writes nothing.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from fido2.webauthn import ResidentKeyRequirement, UserVerificationRequirement

from accounts.models import User
from accounts.safety import vault
from fleetportal.core import formkeys

AGE = timedelta(minutes=5)
MAKE, USE = "passkey.make", "passkey.use"


def begin_making(user: User, now: datetime) -> tuple[str, str]:
    """Return what the browser is asked to make, as JSON, and the ticket to send along with it."""
    options, state = auth.get_server().register_begin(
        user=auth.build_user_payload(user),
        credentials=auth.get_credentials(user),
        resident_key_requirement=ResidentKeyRequirement.DISCOURAGED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return json.dumps(dict(options)), vault.ticket(MAKE, user.pk, state, now)


def finish_making(user: User, given: str, ticket: str, now: datetime) -> dict[str, Any]:
    """Check what the browser has made and return it as it is kept; raises ValidationError."""
    state = _redeem(MAKE, user, ticket, now)
    try:
        credential = _read(given)
        auth.get_server().register_complete(state, credential)
    except (ValueError, TypeError, KeyError) as error:
        raise ValidationError(_("The browser made no passkey. Try it once more."), code="wrong") from error
    return credential


def begin_using(user: User, now: datetime) -> tuple[str, str]:
    """Return what the browser is asked to prove, as JSON, and the ticket; both empty for who has no passkey."""
    known = auth.get_credentials(user)
    if not known:
        return "", ""
    options, state = auth.get_server().authenticate_begin(
        credentials=known, user_verification=UserVerificationRequirement.PREFERRED
    )
    return json.dumps(dict(options)), vault.ticket(USE, user.pk, state, now)


def finish_using(user: User, given: str, ticket: str, now: datetime) -> Authenticator:
    """Check the browser's proof and return the passkey; raises ValidationError."""
    state = _redeem(USE, user, ticket, now)
    refused = ValidationError(_("This passkey did not open the account. Try it once more."), code="wrong")
    try:
        proof = _read(given)
        known = auth.get_server().authenticate_complete(state, auth.get_credentials(user), proof)
    except (ValueError, TypeError, KeyError) as error:
        raise refused from error
    row = auth.get_authenticator_by_credential_id(user, known.credential_id)
    if row is None:
        raise refused
    row.last_used_at = now
    row.save(update_fields=["last_used_at"])
    return row


def _read(given: str) -> dict[str, Any]:
    """Return what the browser sent; raises ValueError or TypeError for what can be none."""
    answer = json.loads(given)
    if not isinstance(answer, dict) or not isinstance(answer.get("response"), dict):
        raise TypeError("A browser answers with an object that holds a response.")
    return answer


def _redeem(purpose: str, user: User, ticket: str, now: datetime) -> Any:
    """Return the state of a ceremony and use its ticket up."""
    sentence = ValidationError(_("This took too long. Try it once more."), code="old")
    try:
        state = vault.redeem(purpose, user.pk, ticket, now, age=AGE)
    except vault.Unopened as error:
        raise sentence from error
    key = hashlib.sha256(ticket.encode()).hexdigest()[:32]
    if not formkeys.take(user.pk, key, QueryDict(), now).first:
        raise sentence
    return state
