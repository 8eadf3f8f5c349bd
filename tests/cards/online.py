"""Somebody at a browser without JavaScript, before a real server."""

from __future__ import annotations

from typing import Any

import requests
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts.models import User
from accounts.safety.sessions import begin
from tests.cards.browse import Seen

LONGEST = 30


class Person:
    """Reads and sends pages of the server at `address`; signed in by a session made in its database."""

    def __init__(self, address: str, user: User, home: str) -> None:
        self.user, self.home, self.address = user, home, address
        self.session = requests.Session()
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        begin(session, timezone.now())  # they have just come in
        session.create()
        self.session.cookies.set(settings.SESSION_COOKIE_NAME, session.session_key)

    def get(self, path: str) -> Seen:
        return self._seen(self.session.get(self._url(path), timeout=LONGEST))

    def send(self, seen: Seen, **changes: Any) -> Seen:
        """Send the form of a page as it stands, with what is typed over it."""
        data = {**seen.values, **changes}
        data["csrfmiddlewaretoken"] = seen.form.first("input", name="csrfmiddlewaretoken").attrs["value"]
        headers = {"Referer": self._url(seen.path)}
        return self._seen(self.session.post(self._url(seen.path), data, headers=headers, timeout=LONGEST))

    def fill(self, path: str, **changes: Any) -> Seen:
        """Open a form, type, and send it."""
        return self.send(self.get(path), **changes)

    def _url(self, path: str) -> str:
        if path.startswith("http"):
            return path
        return self.address + (path if path.startswith("/") else self.home + path)

    def _seen(self, answer: requests.Response) -> Seen:
        answer.streaming = False
        return Seen(answer, answer.url)
