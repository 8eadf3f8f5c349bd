"""Whose rows may be touched now: the scope that every company-owned query is cut down to (GEN-1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction


class ScopeMissing(RuntimeError):
    """A company's rows were asked for while no company is in scope; the code forgot to say whose."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One company, cut down to customer numbers and divisions; or one person; or, with a reason, everything.

    `customer_numbers` and `divisions` are ids; None means all of them. A scope limited to divisions does not
    see what has no division (decision 3).
    """

    company: int | None = None
    customer_numbers: tuple[int, ...] | None = None
    divisions: tuple[int, ...] | None = None
    person: int | None = None
    wide: bool = False
    reason: str = ""

    @property
    def limited(self) -> bool:
        """Say whether the scope is narrower than its company."""
        return self.customer_numbers is not None or self.divisions is not None


_current: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current_scope() -> Scope | None:
    """Return the scope in force, or None when no company is in scope."""
    return _current.get()


def require_scope(what: str) -> Scope:
    """Return the scope in force; raise `ScopeMissing`, naming `what` was asked for, when there is none."""
    scope = _current.get()
    if scope is None:
        raise ScopeMissing(f"{what} belongs to companies, and no company is in scope.")
    return scope


def _tell_database(scope: Scope | None) -> None:
    """Tell PostgreSQL the same until the transaction ends: row-level security reads these settings."""
    company = str(scope.company) if scope and scope.company is not None else ""
    person = str(scope.person) if scope and scope.person is not None else ""
    role = settings.WIDE_ROLE if scope and scope.wide else "none"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('app.company', %s, true), set_config('app.person', %s, true),"
            " set_config('role', %s, true)",
            [company, person, role],
        )


@contextmanager
def entered(scope: Scope) -> Iterator[Scope]:
    """Enter `scope` for a block, in a transaction of its own or a savepoint, and come back to the one before."""
    before = _current.get()
    token = _current.set(scope)
    try:
        nested = connection.in_atomic_block
        with transaction.atomic():
            _tell_database(scope)
            yield scope
            # A savepoint that is released leaves the setting behind; one that is rolled back takes it along.
            if nested and not connection.needs_rollback:
                _tell_database(before)
    finally:
        _current.reset(token)


@contextmanager
def one_transaction() -> Iterator[Callable[[Scope], None]]:
    """Open a transaction in which the scope is entered once or more, one after the other, without savepoints.

    For requests: whose rows they may touch is itself found in the database.
    """
    token = _current.set(None)
    try:
        with transaction.atomic():

            def enter(scope: Scope) -> None:
                _current.set(scope)
                _tell_database(scope)

            yield enter
    finally:
        _current.reset(token)


def company_scope(
    company: int, *, customer_numbers: tuple[int, ...] | None = None, divisions: tuple[int, ...] | None = None
) -> AbstractContextManager[Scope]:
    """Enter one company's scope, cut down to the given customer numbers and divisions (ids)."""
    return entered(Scope(company=company, customer_numbers=customer_numbers, divisions=divisions))


def person_scope(person: int) -> AbstractContextManager[Scope]:
    """Enter the scope of one signed-in person: only what is theirs in any company (their memberships)."""
    return entered(Scope(person=person))


def all_companies(*, reason: str) -> AbstractContextManager[Scope]:
    """Open the wide door: rows of every company, through a database role of its own. `reason` says why.

    Only the modules listed in tests/house/test_wide_door.py may call it.
    """
    if not reason:
        raise ValueError("The wide door needs a reason.")
    return entered(Scope(wide=True, reason=reason))
