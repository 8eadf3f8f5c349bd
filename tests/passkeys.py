"""A passkey in software, for tests: it makes a key and proves it, as an authenticator does (WebAuthn, ES256)."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Passkey:
    """One key of one authenticator, for pages of `origin`."""

    def __init__(self, origin: str = "http://localhost:8000") -> None:
        self.origin = origin
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)
        self.count = 0

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _state(self, host: str, flags: int) -> bytes:
        self.count += 1
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _answer(self, **response: bytes) -> str:
        return json.dumps(
            {
                "id": encoded(self.credential_id),
                "rawId": encoded(self.credential_id),
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {name: encoded(value) for name, value in response.items()},
            }
        )

    def make(self, options: str) -> str:
        """Answer what `navigator.credentials.create` is asked."""
        asked: dict[str, Any] = json.loads(options)["publicKey"]
        public = cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + public
        state = self._state(asked["rp"]["id"], USER_PRESENT | USER_VERIFIED | ATTESTED) + attested
        client_data = self._client_data("webauthn.create", asked["challenge"])
        made = cbor.encode({"fmt": "none", "attStmt": {}, "authData": state})
        return self._answer(clientDataJSON=client_data, attestationObject=made)

    def prove(self, options: str) -> str:
        """Answer what `navigator.credentials.get` is asked."""
        asked: dict[str, Any] = json.loads(options)["publicKey"]
        state = self._state(asked["rpId"], USER_PRESENT | USER_VERIFIED)
        client_data = self._client_data("webauthn.get", asked["challenge"])
        signature = self.key.sign(state + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client_data, authenticatorData=state, signature=signature)
