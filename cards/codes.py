"""Chosen secret codes: refused when easy to guess, sealed at once, never read back (PIN-2, GEN-12)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import date
from itertools import pairwise

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from nacl.public import PublicKey, SealedBox

# One sentence for every reason: which list a code stands on would help who guesses.
TOO_EASY = _("This code is too easy to guess.")

_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_KEY_BYTES = 32
# Every sealed code is equally long, whatever is in it.
_SEALED_TEXT_BYTES = 64


class CardMakerKeyMissing(ImproperlyConfigured):
    """The card maker's public key is not set, or is none; a chosen code can't be taken without it."""


def can_seal() -> bool:
    """Say whether a chosen code can be taken: the card maker's public key is there."""
    return _key_bytes() is not None


def seal(code: str) -> bytes:
    """Seal a chosen code so that the card maker alone can open it; the portal can't (GEN-12).

    Two calls with the same code give different bytes of the same length. Raises `CardMakerKeyMissing` without a usable
    key; the code is in no message.
    """
    key = _key_bytes()
    if key is None:
        raise CardMakerKeyMissing(
            "CARD_MAKER_PUBLIC_KEY must hold the card maker's public key: 32 bytes (Curve25519) in base64."
        )
    text = json.dumps({"v": 1, "code": code}).encode()
    if len(text) > _SEALED_TEXT_BYTES:
        raise ValueError("The code is too long to be sealed.")
    return bytes(SealedBox(PublicKey(key)).encrypt(text.ljust(_SEALED_TEXT_BYTES)))


def trivial(code: str, *, expiry: date) -> bool:
    """Say whether a chosen code of four digits is too easy to guess (PIN-2).

    Easy are four equal digits, four in a row up or down (also round the 0: 7890, 2109), years of birth (19.., 20..),
    and the digits of the expiry printed on the card, of which `expiry` is any day. Raises ValueError for anything but
    four digits, without repeating it.
    """
    if not _FOUR_DIGITS.fullmatch(code):
        raise ValueError("A chosen code has four digits.")
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(code)}
    printed = {f"{expiry:%m%y}", f"{expiry:%y%m}", f"{expiry:%Y}"}
    return steps in ({0}, {1}, {9}) or code[:2] in {"19", "20"} or code in printed


def _key_bytes() -> bytes | None:
    try:
        key = base64.b64decode(settings.CARD_MAKER_PUBLIC_KEY, validate=True)
    except binascii.Error:
        return None
    return key if len(key) == _KEY_BYTES else None
