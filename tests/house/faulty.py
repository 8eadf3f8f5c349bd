"""The portal with one fault that time tells, for the controls of tests that measure it; `FAULT` names it."""

from __future__ import annotations

import os
import time
from typing import Any

from fleetportal.wsgi import application as portal

SECONDS = 0.03
PATH = os.environ.get("FAULT_PATH", "")

if os.environ.get("FAULT") == "no hash for strangers":
    from accounts.backends import PortalBackend
    from accounts.models import User

    real = PortalBackend.authenticate

    def hasty(self: Any, request: Any, **credentials: Any) -> Any:
        """Look at the password of a known address only."""
        known = User.objects.filter(email=credentials.get("email")).exists()
        return real(self, request, **credentials) if known else None

    PortalBackend.authenticate = hasty


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """Think longer about one address."""
    if environ["PATH_INFO"] == PATH:
        time.sleep(SECONDS)
    return portal(environ, start_response)
