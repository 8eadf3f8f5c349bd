"""How a sign-in is checked against what is stored."""

from __future__ import annotations

from threading import BoundedSemaphore
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

# One Argon2 hash takes 100 MB and a core: a rush of sign-ins waits its turn instead of taking the machine's memory.
_HASHING = BoundedSemaphore(4)


class PortalBackend(AuthenticationBackend):
    """Checks e-mail address and password; an unknown address costs one hash as well, so that time tells nothing."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> AbstractBaseUser | None:
        """Return the user whose address and password these are, or None; at most four hashes run at once (ACC-1)."""
        with _HASHING:
            return super().authenticate(request, **credentials)
