"""Secrets that the portal must be able to read again, locked with a key that is not in the database (ACC-6)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from fleetportal.env import SettingError


class Unopened(ValueError):
    """What was to be opened was locked with another key, was altered, is too old or is meant for something else."""


def lock(text: str) -> str:
    """Return `text` so that only who has the portal's key can read it."""
    return base64.urlsafe_b64encode(_boxes()[0].encrypt(text.encode())).decode()


def unlock(locked: str) -> str:
    """Return what `lock` was given, also when the key has changed since and the earlier one is still listed.

    Raises `Unopened`.
    """
    try:
        raw = base64.urlsafe_b64decode(locked.encode())
    except (binascii.Error, ValueError):
        raise Unopened("This is not what the vault makes.") from None
    for box in _boxes():
        try:
            return box.decrypt(raw).decode()
        except (CryptoError, ValueError):  # another key's, or too short to be one's
            continue
    raise Unopened("None of the portal's keys opens this.")


def ticket(purpose: str, person: int, content: Any, now: datetime) -> str:
    """Return something for a hidden field of a form: readable by the portal alone, for one person and one purpose."""
    return lock(json.dumps([purpose, person, now.timestamp(), content]))


def redeem(purpose: str, person: int, given: str, now: datetime, *, age: timedelta) -> Any:
    """Return the content of a ticket; raises `Unopened` for one of another purpose, person or time."""
    found_purpose, found_person, made, content = json.loads(unlock(given))
    if (found_purpose, found_person) != (purpose, person) or not 0 <= now.timestamp() - made < age.total_seconds():
        raise Unopened("This ticket is for something else, or too old.")
    return content


def _boxes() -> list[SecretBox]:
    return list(_made(tuple(settings.SECRETS_KEYS), settings.SECRET_KEY, tuple(settings.SECRET_KEY_FALLBACKS)))


@cache
def _made(keys: tuple[str, ...], secret_key: str, fallbacks: tuple[str, ...]) -> tuple[SecretBox, ...]:
    """Return a box for each key: the settings' own, then those derived from the secret keys, which lock without one."""
    boxes = []
    for key in keys:
        try:
            boxes.append(SecretBox(base64.b64decode(key, validate=True)))
        except (ValueError, TypeError) as error:
            raise SettingError("Each of SECRETS_KEYS must be 32 bytes in base64.") from error
    for secret in (secret_key, *fallbacks):
        boxes.append(SecretBox(hashlib.blake2b(secret.encode(), digest_size=32, person=b"portal.secrets").digest()))
    return tuple(boxes)
