"""Text messages out of the portal: the gateway that `SMS_BACKEND` names, a class with one method."""

from __future__ import annotations

import json
from urllib.request import Request, urlopen

from django.conf import settings
from django.utils import timezone

from fleetportal.core.mail import CaughtMail
from fleetportal.core.scope import all_companies

SECONDS = 10


class CatcherGateway:
    """Keeps text messages beside the mails that the demonstration caught (decision 38)."""

    def send(self, number: str, text: str) -> None:
        """Keep the message; it is there once the caller's transaction commits."""
        with all_companies(reason="the demonstration's mail catcher"):
            CaughtMail.objects.create(to=number, subject=text[:250], text=text, at=timezone.now())


class HttpGateway:
    """Gives text messages to a gateway that takes JSON over HTTPS: `{"to", "text", "from"}`, with a bearer token."""

    def send(self, number: str, text: str) -> None:
        """Send the message; raises OSError when the gateway refuses or is away, and the worker tries again."""
        if not settings.SMS_URL.startswith("https://"):
            raise OSError("SMS_URL must be an https address.")
        body = json.dumps({"to": number, "text": text, "from": settings.PORTAL_NAME}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {settings.SMS_TOKEN}"}
        with urlopen(Request(settings.SMS_URL, data=body, headers=headers), timeout=SECONDS) as answer:  # noqa: S310  # https is checked above
            answer.read()
