"""What is refused at the start: a database role for which row-level security would not count (decision 11)."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
from celery.signals import beat_init, worker_init
from django.conf import settings
from django.db import connection

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 2

_role_checked = False


def refuse_owner_role(**_kwargs: Any) -> None:
    """End the process with one sentence when its database role could pass row-level security.

    A database that does not answer yet is no reason to end: `/healthz` asks again as soon as it does.
    """
    try:
        with connect() as own:
            complaint = role_complaint(own)
    except psycopg.OperationalError:
        logger.warning("The database does not answer; its role is checked when it does.")
        return
    if complaint:
        raise SystemExit(complaint)


def connect() -> psycopg.Connection[Any]:
    """Open a connection of one's own that gives up soon; raises psycopg.OperationalError when nobody answers."""
    parameters = {**connection.get_connection_params(), "connect_timeout": CONNECT_SECONDS}
    for ours in ("cursor_factory", "context", "server_side_binding", "prepare_threshold"):
        parameters.pop(ours, None)
    return psycopg.connect(**parameters, autocommit=True)


def role_complaint(own: psycopg.Connection[Any]) -> str:
    """Return why the runtime role is refused, or "" when it is fine; once fine, it is not asked again."""
    global _role_checked
    if _role_checked:
        return ""
    row = own.execute(
        "SELECT current_user, rolsuper OR rolbypassrls, EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid"
        " AND relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace),"
        " EXISTS (SELECT FROM pg_roles AS wide WHERE wide.rolname = %s AND pg_has_role(wide.oid, 'USAGE'))"
        " FROM pg_roles WHERE rolname = current_user",
        [settings.WIDE_ROLE],
    ).fetchone()
    assert row is not None
    name, passes, owns, inherits = row
    if passes or owns or inherits:
        why = "passes row-level security" if passes else "owns the tables" if owns else f"inherits {settings.WIDE_ROLE}"
        return f"DATABASE_URL names the role {name}, which {why}: the portal runs with a role that does not."
    _role_checked = True
    return ""


worker_init.connect(refuse_owner_role)
beat_init.connect(refuse_owner_role)
