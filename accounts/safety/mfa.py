"""Where the portal differs from allauth's second factor: secrets are locked, and passkeys are bound to PORTAL_URL."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from accounts.safety import vault


class PortalMFAAdapter(DefaultMFAAdapter):
    """allauth's decisions about the second factor, taken the portal's way."""

    def get_totp_issuer(self) -> str:
        """Name the portal in the authenticator app."""
        return str(settings.PORTAL_NAME)

    def encrypt(self, text: str) -> str:
        """Lock a secret before it is stored."""
        return vault.lock(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Unlock a stored secret."""
        return vault.unlock(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Bind passkeys to the host of PORTAL_URL, whatever host a request names."""
        return {"id": urlsplit(settings.PORTAL_URL).hostname or "localhost", "name": settings.PORTAL_NAME}

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Refuse: the portal's own services queue the mails about second factors."""
        raise LookupError("The portal's services send these mails.")
