"""Strict readers for the environment: a setting is there and well formed, or the start stops with one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

BASE_DIR = Path(__file__).resolve().parent.parent


class SettingError(SystemExit):
    """A setting that is missing or can't be read; its text is the sentence shown to the operator."""


def text(name: str, default: str | None = None) -> str:
    """Return the setting `name`; without a default it must be there and not empty."""
    value = os.environ.get(name, default)
    if value is None or (value == "" and default is None):
        raise SettingError(f"The setting {name} is missing. See docs/operators/settings.md.")
    return value


def flag(name: str, default: bool = False) -> bool:
    """Return the setting `name` as yes or no; anything else stops the start."""
    raw = os.environ.get(name)
    if raw is None or raw == "":
        return default
    if raw.lower() in {"1", "true", "yes", "on"}:
        return True
    if raw.lower() in {"0", "false", "no", "off"}:
        return False
    raise SettingError(f"The setting {name} must be 1 or 0, not {raw!r}.")


def number(name: str, default: int) -> int:
    """Return the setting `name` as a whole number."""
    raw = os.environ.get(name)
    if raw is None or raw == "":
        return default
    try:
        return int(raw)
    except ValueError:
        raise SettingError(f"The setting {name} must be a whole number, not {raw!r}.") from None


def words(name: str, default: str = "") -> list[str]:
    """Return the setting `name`, a list separated by commas."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def var_dir() -> Path:
    """Return the directory for what running leaves behind (engines' data, files, logs)."""
    return Path(os.environ.get("PORTAL_VAR") or BASE_DIR / "var")


def engine(name: str) -> str:
    """Return an engine's address: from the environment, else from the engines that `manage.py up` started."""
    if value := os.environ.get(name):
        return readable(name, value)
    running = var_dir() / "engines" / "urls.json"
    if running.exists():
        urls: dict[str, str] = json.loads(running.read_text())
        if value := urls.get(name):
            return value
    raise SettingError(f"No {name}: start the portal with `make demo`, or set {name} to your own server.")


def readable(name: str, value: str) -> str:
    """Return the address of a server if it is one; the sentence that refuses it does not repeat its password."""
    if name == "REDIS_URL":
        try:
            parts = urlsplit(value)
            fine = parts.scheme in {"redis", "rediss"} and parts.path in {"", "/"} and not parts.query
            fine = fine and bool(parts.hostname) and parts.port != 0
        except ValueError:
            fine = False
        if not fine:
            raise SettingError(
                f"{name} must be an address such as redis://:password@redis.example.com:6379 (rediss:// for TLS), "
                "without a database number: the portal uses 0 and 1."
            )
        return value
    try:
        fine = {"user", "dbname"} <= set(conninfo_to_dict(value))
    except psycopg.ProgrammingError:
        fine = False
    if not fine:
        raise SettingError(
            f"{name} must be an address such as postgresql://portal_app:password@db.example.com/portal; in a password, "
            "write % and two hexadecimal digits for each character that is not a letter or a digit."
        )
    return value


# No parallel workers: a page's statement ends sooner than two processes are started to help it, and the planner, which
# can't see how many rows a policy lets through, would start them for each count.
_SESSION = ("statement_timeout=120000", "timezone=UTC", "max_parallel_workers_per_gather=0")


def database(url: str) -> dict[str, Any]:
    """Turn a PostgreSQL address (RFC 3986 form that libpq takes) into Django's settings for it."""
    parts = conninfo_to_dict(url)
    known = {key: parts.pop(key, "") for key in ("dbname", "user", "password", "host", "port")}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": known["dbname"],
        "USER": known["user"],
        "PASSWORD": known["password"],
        "HOST": known["host"],
        "PORT": known["port"],
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, "options": " ".join(f"-c {one}" for one in _SESSION), **parts},
    }
