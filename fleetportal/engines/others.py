"""Servers that somebody else runs: asked before anything is written, so that what is wrong with them is one sentence.

Django and Celery would say it too, but later, many times, and in the middle of other things. What could show one
company's rows to another is refused again by each process that starts without `manage.py up` (core/startup.py).
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

from fleetportal import env
from fleetportal.engines import roles
from fleetportal.engines.errors import EngineError
from fleetportal.engines.postgres import OLDEST_MAJOR

OLDEST_REDIS = 7
_SECONDS = 5
_SEE = "docs/operators/installing.md shows how to make the three roles."
_OTHER = f"the portal runs with a role of its own, which owns nothing. {_SEE}"

# Which database of which server this is: its number there, and when that server was started.
_WHERE = "SELECT oid, pg_postmaster_start_time() FROM pg_database WHERE datname = current_database()"
_OWNS = (
    "SELECT EXISTS (SELECT FROM pg_class WHERE relowner = current_user::regrole AND relkind IN ('r', 'p')"
    " AND relnamespace = 'public'::regnamespace)"
)


def check_database() -> None:
    """See that both addresses lead to one database that will do, and that their roles are what decision 0003 asks for.

    Raises EngineError with the first thing that is wrong; passwords are not in it.
    """
    with _connected("DATABASE_URL") as app, _connected("DATABASE_OWNER_URL") as owner:
        complaint = _server_complaint(app) or _role_complaint(app, owner) or _owner_complaint(owner)
        if not complaint and app.execute(_WHERE).fetchone() != owner.execute(_WHERE).fetchone():
            complaint = "DATABASE_URL and DATABASE_OWNER_URL lead to two databases: give both the same one."
    if complaint:
        raise EngineError(complaint)


def check_redis() -> str:
    """See that REDIS_URL leads to a server that will do; return what should be changed there, or "".

    Raises EngineError with one sentence where it will not do.
    """
    url = _address("REDIS_URL")
    try:
        with redis.Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS) as client:
            facts: dict[str, Any] = client.info("server") | client.info("memory")
    except (redis.RedisError, ValueError) as error:
        raise EngineError(f"The server in REDIS_URL ({urlsplit(url).hostname}) says: {error}") from error
    version = str(facts["redis_version"])  # Valkey names there the Redis that it can stand for
    if int(version.split(".")[0]) < OLDEST_REDIS:
        raise EngineError(
            f"The server in REDIS_URL is Redis {version}; the portal needs Redis {OLDEST_REDIS} or Valkey 8, or newer."
        )
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy == "noeviction":
        return ""
    return f"The server in REDIS_URL may throw reminders away (maxmemory-policy {policy}): set it to noeviction."


def _address(name: str) -> str:
    try:
        return env.readable(name, os.environ[name])
    except env.SettingError as error:
        raise EngineError(str(error)) from None


def _connected(name: str) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(_address(name), connect_timeout=_SECONDS, autocommit=True)
    except psycopg.Error as error:
        raise EngineError(f"The server in {name} does not let us in: {str(error).strip()}") from error


def _server_complaint(app: psycopg.Connection[Any]) -> str:
    found = app.info.server_version // 10_000
    if found < OLDEST_MAJOR:
        return f"The server in DATABASE_URL is PostgreSQL {found}; the portal needs {OLDEST_MAJOR} or newer."
    if (encoding := app.info.parameter_status("server_encoding")) != "UTF8":
        return f"The database in DATABASE_URL holds text as {encoding}; make it anew with ENCODING 'UTF8'."
    return ""


def _role_complaint(app: psycopg.Connection[Any], owner: psycopg.Connection[Any]) -> str:
    """Return why the role that runs the portal is not the one that it should be."""
    name, passes = _one(app, "SELECT current_user, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    if passes:
        return f"DATABASE_URL names the role {name}, which passes row-level security: {_OTHER}"
    if _one(owner, "SELECT current_user") == (name,):
        return f"DATABASE_URL and DATABASE_OWNER_URL name the same role, {name}: {_OTHER}"
    if _one(app, _OWNS) == (True,):
        return f"DATABASE_URL names the role {name}, which owns the tables: {_OTHER}"
    told = os.environ.get("PORTAL_APP_ROLE") or roles.APP
    if name != told:
        return f"DATABASE_URL names the role {name} and PORTAL_APP_ROLE is {told}: set it to {name}."
    wide = os.environ.get("PORTAL_WIDE_ROLE") or roles.WIDE
    if not app.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [wide]).fetchone():
        return f"There is no role {wide} on the server in DATABASE_URL. {_SEE}"
    if _one(app, "SELECT pg_has_role(%s, 'USAGE')", wide) == (True,):
        return (
            f"The role {name} inherits {wide}, so it would see every company's rows at any time: "
            f"GRANT {wide} TO {name} WITH INHERIT FALSE, SET TRUE."
        )
    if _one(app, "SELECT pg_has_role(%s, 'SET')", wide) == (False,):
        return f"The role {name} may not enter {wide}: GRANT {wide} TO {name} WITH INHERIT FALSE, SET TRUE."
    return ""


def _owner_complaint(owner: psycopg.Connection[Any]) -> str:
    name, database, may = _one(
        owner, "SELECT current_user, current_database(), has_schema_privilege('public', 'CREATE')"
    )
    if may:
        return ""
    return (
        f"The role {name} in DATABASE_OWNER_URL may not make tables in {database}: ALTER DATABASE {database} OWNER TO "
        f"{name}."
    )


def _one(connection: psycopg.Connection[Any], question: str, *values: str) -> tuple[Any, ...]:
    row = connection.execute(question.encode(), values or None).fetchone()
    assert row is not None
    return tuple(row)
