"""Writes .env for docker compose, with secrets of its own; an .env that exists is never touched."""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

TEXT = """# Secrets and settings for docker compose, explained in docs/operators/settings.md. Keep them to yourself.
PORTAL_URL=http://localhost:8000
PORTAL_NAME="Fleet Portal"
OPERATOR_NAME="Your mobility provider"
SECRET_KEY={secret_key}
# Locks the secrets of authenticator apps in the database; without it they can't be read again.
SECRETS_KEYS={secrets_key}
DB_SUPERUSER_PASSWORD={superuser}
DB_OWNER_PASSWORD={owner}
DB_APP_PASSWORD={app}
VALKEY_PASSWORD={valkey}
# 1 fills the portal with made-up companies that everyone may sign in to. Never with real data.
PORTAL_DEMO=0
# The public key (Curve25519, base64) of the card maker. Without it no secret code can be chosen.
CARD_MAKER_PUBLIC_KEY=
MAIL_FROM="Fleet Portal <no-reply@operator.example>"
# The mail catcher of docker-compose.yml (http://localhost:8025); name your own mail server here.
MAIL_HOST=mail
MAIL_PORT=1025
"""


def secret(length: int = 32) -> str:
    """Return random text that means nothing special in a shell, an address or a compose file."""
    return base64.b32encode(secrets.token_bytes(length)).decode().rstrip("=").lower()


def main(target: Path) -> int:
    """Write the file, readable by its owner only; return the exit code."""
    passwords = {name: secret() for name in ("superuser", "owner", "app", "valkey")}
    secrets_key = base64.b64encode(secrets.token_bytes(32)).decode()
    text = TEXT.format(secret_key=secret(40), secrets_key=secrets_key, **passwords)
    try:
        descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        print(f"{target} is there already and stays as it is; remove it to have a new one made.", file=sys.stderr)
        return 1
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    print(f"{target} was made, with new secrets. Next: docker compose up")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else BASE_DIR / ".env"))
