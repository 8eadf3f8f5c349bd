"""A form sent twice does its work once: the second answer is the first one's receipt (GEN-11)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection, models
from django.http import QueryDict

FIELD = "form_key"


class FormKey(models.Model):
    """The key of a form that was sent: made when the form is shown, taken in the transaction of its act."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=32)
    body = models.CharField(max_length=64)
    receipt = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        app_label = "core"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="core_formkey_once")]
        indexes = [models.Index(fields=["at"], name="core_formkey_age")]

    def __str__(self) -> str:
        return self.key


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a key: taken `first`, or before: then the receipt of that, and whether the same was sent."""

    first: bool
    receipt: str = ""
    same: bool = True


def new_key() -> str:
    """Return a key for a form that is about to be shown (128 random bits)."""
    return secrets.token_hex(16)


def body_hash(data: QueryDict) -> str:
    """Return a fingerprint of what was sent, keys and tokens apart; secret fields do not come into it."""
    skipped = {FIELD, "csrfmiddlewaretoken"}
    pairs = sorted((name, value) for name in data if name not in skipped for value in data.getlist(name))
    pairs = [(name, "" if "code" in name and name.startswith("secret") else value) for name, value in pairs]
    return hashlib.sha256(repr(pairs).encode()).hexdigest()


def take(user_id: int, key: str, data: QueryDict, now: datetime) -> Taken:
    """Take the key in the current transaction; waits for another request that is taking the same one now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_formkey (user_id, key, body, receipt, at) VALUES (%s, %s, %s, '', %s)"
            " ON CONFLICT (user_id, key) DO NOTHING",
            [user_id, _stored(key), body_hash(data), now],
        )
        if cursor.rowcount:
            return Taken(first=True)
    earlier = FormKey.objects.get(user_id=user_id, key=_stored(key))
    return Taken(first=False, receipt=earlier.receipt, same=earlier.body == body_hash(data))


def receipt_of(user_id: int, key: str) -> str:
    """Return where an earlier sending of that form led, or an empty text."""
    earlier = FormKey.objects.filter(user_id=user_id, key=_stored(key)).first()
    return earlier.receipt if earlier else ""


def write_receipt(user_id: int, key: str, receipt: str) -> None:
    """Keep where the first sending led, so that a second one is led there too."""
    FormKey.objects.filter(user_id=user_id, key=_stored(key)).update(receipt=receipt[:300])


def _stored(key: str) -> str:
    """Return the key as a column can hold it; a browser sends only what `new_key` made."""
    return key.replace("\x00", "")[:32]
