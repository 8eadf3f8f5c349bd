"""The three database roles: one owns and migrates, one runs the portal, one is the wide door (decision 0003)."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

DATABASE = "portal"
OWNER = "portal_owner"
APP = "portal_app"
WIDE = "portal_wide"


def ensure(connection: Connection[Any], *, owner_password: str, app_password: str) -> None:
    """Make what is missing of the roles and the database; `connection` is a superuser's, in autocommit. Repeatable.

    The application's role owns nothing and may not pass row-level security; it enters the wide role only by asking for
    it (`SET LOCAL ROLE`), never by inheriting its rights.
    """
    known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    for name, rights, password in (
        (OWNER, "LOGIN CREATEDB", owner_password),
        (APP, "LOGIN NOCREATEDB", app_password),
        (WIDE, "NOLOGIN NOCREATEDB", None),
    ):
        if name in known:
            continue
        connection.execute(
            sql.SQL("CREATE ROLE {name} NOSUPERUSER NOBYPASSRLS NOCREATEROLE {rights} PASSWORD {password}").format(
                name=sql.Identifier(name), rights=sql.SQL(rights), password=sql.Literal(password)
            )
        )
    connection.execute(
        sql.SQL("GRANT {wide} TO {app} WITH INHERIT FALSE, SET TRUE").format(
            wide=sql.Identifier(WIDE), app=sql.Identifier(APP)
        )
    )
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
        connection.execute(
            sql.SQL("CREATE DATABASE {database} OWNER {owner}").format(
                database=sql.Identifier(DATABASE), owner=sql.Identifier(OWNER)
            )
        )
