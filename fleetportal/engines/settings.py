"""What the supervisor reads from the environment, and what it makes up where nothing is said."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from fleetportal.engines import demo, system
from fleetportal.engines.errors import EngineError
from fleetportal.engines.portal import BASE_DIR


@dataclass(frozen=True)
class Plan:
    """One start: where it listens, where it keeps things, which servers are someone else's."""

    port: int
    var: Path
    demo: bool
    own_database: bool
    own_redis: bool

    @property
    def engines(self) -> Path:
        """Return the directory with the engines' files."""
        return self.var / "engines"

    @property
    def logs(self) -> Path:
        """Return the directory with one log for each process."""
        return self.var / "log"


def read() -> Plan:
    """Read the environment.

    Raises EngineError with one sentence for what can't be used.
    """
    return Plan(
        port=_port(),
        var=Path(os.environ.get("PORTAL_VAR") or BASE_DIR / "var").absolute(),
        demo=_flag("PORTAL_DEMO"),
        own_database=own_database(),
        own_redis=not os.environ.get("REDIS_URL"),
    )


def own_database() -> bool:
    """Say whether the database is to be ours: no address is given. One address of the two is an error."""
    named = [bool(os.environ.get(name)) for name in ("DATABASE_URL", "DATABASE_OWNER_URL")]
    if any(named) and not all(named):
        raise EngineError(
            "DATABASE_URL (the role that runs the portal) and DATABASE_OWNER_URL (the role that owns the tables) "
            "go together: set both, or neither."
        )
    return not any(named)


def _port() -> int:
    """Return the port to listen on (PORT, 8000); it must be a port, and free."""
    raw = os.environ.get("PORT") or "8000"
    if not raw.isdigit() or not 0 < int(raw) < 65_536:
        raise EngineError(f"PORT must be a number from 1 to 65535, not {raw!r}.")
    port = int(raw)
    if port < 1024 and os.geteuid() != 0:
        raise EngineError(
            f"Port {port} is kept for the machine's administrator: choose one from 1024 on, as PORT=8000."
        )
    if not system.port_is_free(port):
        raise EngineError(f"Port {port} is taken by another program: choose another, as PORT={port + 1} make demo.")
    return port


def _flag(name: str) -> bool:
    raw = os.environ.get(name, "").lower()
    if raw in {"", "0", "false", "no", "off"}:
        return False
    if raw in {"1", "true", "yes", "on"}:
        return True
    raise EngineError(f"{name} must be 1 or 0, not {raw!r}.")


def environment(plan: Plan, urls: dict[str, str]) -> dict[str, str]:
    """Return the environment of the portal's processes.

    What the person set stands. A secret key is made once and kept in var/ (0600); in the demonstration so are the card
    maker's keys, of which the portal gets the public one.
    """
    result = dict(os.environ) | urls | {"PORTAL_VAR": str(plan.var), "PORT": str(plan.port)}
    result.setdefault("SECRET_KEY", _secret_key(plan.var / "secret.key"))
    result.setdefault("PORTAL_URL", f"http://localhost:{plan.port}")
    result.pop("PORTAL_DB_ROLE", None)
    if plan.demo and not result.get("CARD_MAKER_PUBLIC_KEY"):
        result["CARD_MAKER_PUBLIC_KEY"] = demo.card_maker_key(plan.var / "maker")
    return result


def _secret_key(file: Path) -> str:
    if not file.exists():
        system.write_private(file, secrets.token_urlsafe(50) + "\n")
    return file.read_text().strip()
