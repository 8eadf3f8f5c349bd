"""What the tests of an account's safety share: an authenticator app of their own, and pages as a person sees them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
from datetime import datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.accounts.conftest import sign_in


def app_code(secret: str, at: datetime) -> str:
    """Return what an authenticator app shows (RFC 6238), computed without the portal's own arithmetic."""
    key = base64.b32decode(secret.replace(" ", ""))
    digest = hmac.new(key, struct.pack(">Q", int(at.timestamp()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06}"


def hidden(content: str, name: str) -> str:
    """Return the value of a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]*)"', content)
    assert found, f"no {name} on the page"
    return unescape(found[1])


def page(client: Client, path: str, **extra: Any) -> str:
    """Return a page that is answered with 200."""
    answer = client.get(path, **extra)
    assert answer.status_code == 200, (answer.status_code, answer.headers.get("Location"))
    return str(answer.content.decode())


def set_up_app(client: Client, at: datetime) -> tuple[str, list[str]]:
    """Set up an authenticator app as its user does; return its secret and the recovery codes."""
    path = "/accounts/security/second-factor/app/"
    content = page(client, path)
    secret = re.search(r'class="qr-key">([A-Z2-7 ]+)<', content)[1]
    answer = client.post(path, {"ticket": hidden(content, "ticket"), "code": app_code(secret, at)})
    assert answer.status_code == 302, answer.content.decode()
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", page(client, "/accounts/security/second-factor/codes/"))
    client.post("/accounts/security/second-factor/codes/", {"what": "kept"})
    return secret, codes


@pytest.fixture
def own(client: Client, person: Any) -> Client:
    """A browser in which An Peeters is signed in."""
    user = person()
    assert sign_in(client, user.email).status_code == 302
    client.user = user  # type: ignore[attr-defined]
    return client
