"""The demonstration: who can sign in, with which password, and the card maker's keys."""

from __future__ import annotations

import base64
from pathlib import Path

from fleetportal.engines import system

# Known to everyone who reads this, so demo data refuses to load where PORTAL_DEMO is not set.
DEMO_PASSWORD = "Vloot-2026!"  # noqa: S105  # meant to be known

SIGN_IN_NAMES = {
    "principal@acme.example": "Acme, principal user",
    "administrator@acme.example": "Acme, administrator",
    "management@acme.example": "Acme, management",
    "consultation@acme.example": "Acme, consultation",
    "accounting@acme.example": "Acme, accounting",
    "principal@borea.example": "Borea, principal user",
    "principal@cedar.example": "Cedar, principal user before the first connection",
    "staff@dealer.example": "dealer staff",
    "staff@operator.example": "operator staff",
}


def welcome(url: str) -> str:
    """Return what a person needs to begin: the address, the names and the password."""
    width = max(map(len, SIGN_IN_NAMES))
    names = "\n".join(f"    {name:<{width}}   {who}" for name, who in SIGN_IN_NAMES.items())
    lines = ["", f"  The portal runs at {url}", "", f"  Sign in with the password {DEMO_PASSWORD} as", names, ""]
    return "\n".join([*lines, "  Ctrl-C ends it.", ""])


def card_maker_key(folder: Path) -> str:
    """Return the card maker's public key (Curve25519, base64); the pair is made once and kept in `folder`.

    The portal only ever gets the public half (GEN-12). The private half stands beside it as the card maker would keep
    it, so that the demonstration can show that a sealed code can be opened there.
    """
    from nacl.public import PrivateKey

    system.make_directory(folder, 0o700)
    private_file = folder / "private.key"
    if not private_file.exists():
        system.write_private(private_file, base64.b64encode(bytes(PrivateKey.generate())).decode() + "\n")
    private = PrivateKey(base64.b64decode(private_file.read_text()))
    public = base64.b64encode(bytes(private.public_key)).decode()
    system.write_private(folder / "public.key", public + "\n")
    return public
