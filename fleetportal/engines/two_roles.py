"""The test database is made and migrated by the role that owns it, and used by the one that owns nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Sign in as the owner until the test database stands."""
    _sign_in("DATABASE_OWNER_URL")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Sign in as the portal does once the database stands, and as the owner again to remove it.

    The portal's role gets TRUNCATE here and nowhere else: that is how tests with real transactions clean up.
    """
    connection = _connection()
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            role = connection.ops.quote_name(conninfo_to_dict(os.environ["DATABASE_URL"])["user"])
            cursor.execute(f"GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO {role}")
        connection.close()
        _sign_in("DATABASE_URL")
    yield
    with django_db_blocker.unblock():
        connection.close()
        _sign_in("DATABASE_OWNER_URL")


def _connection() -> Any:
    """Return Django's connection; imported here, since the engines know nothing of Django (decision 0002)."""
    from django.db import connection

    return connection


def _sign_in(name: str) -> None:
    """Take user and password from the address `name`; every thread's later connections use the same dictionary."""
    parts = conninfo_to_dict(os.environ[name])
    _connection().settings_dict.update(USER=parts["user"], PASSWORD=parts.get("password", ""))
