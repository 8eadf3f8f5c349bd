"""Who acts, and what they may: permissions are declared once, and pages and transitions name one each (ACC-13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing a person may do; `application` is the part of the portal it belongs to.

    `change` says whether it alters data; `side` is where the level comes from: "card" (the application's own level),
    "fleet" (the profile), "whole" (the same, for who is not limited to divisions), "numbers" (being the principal user
    or limited to customer numbers), "settings" (the profile Administrator), "administrator" (deciding for the whole
    company), "principal" (being the principal user), "operator" (being operator staff) or "self" (being signed in).
    """

    name: str
    application: str = ""
    change: bool = False
    side: str = "card"


PERMISSIONS: dict[str, Permission] = {}


def declare(permissions: Iterable[Permission]) -> None:
    """Put permissions into the one table; a name declared twice is a mistake and raises ValueError."""
    for permission in permissions:
        if PERMISSIONS.setdefault(permission.name, permission) != permission:
            raise ValueError(f"The permission {permission.name} is declared twice.")


def known(name: str) -> Permission:
    """Return the permission of that name; a page or transition that names an undeclared one can't be used."""
    try:
        return PERMISSIONS[name]
    except KeyError:
        raise LookupError(f"The permission {name!r} is not declared in the rights table.") from None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is acting: built once per request or task, and passed down.

    `permissions` are the names of all that this person may do here, in this company, now.
    """

    label: str
    user: int | None = None
    company: int | None = None
    membership: int | None = None
    permissions: frozenset[str] = field(default_factory=frozenset)
    everything: bool = False
    address: str | None = None
    request_id: str = ""
    language: str = "en"

    @property
    def person(self) -> int:
        """The id of the user who acts; raises LookupError where the portal itself does."""
        if self.user is None:
            raise LookupError(f"{self.label} is no person.")
        return self.user

    def may(self, permission: str) -> bool:
        """Say whether this person may do that; raises LookupError for a permission nobody declared."""
        known(permission)
        return self.everything or permission in self.permissions

    def must(self, permission: str) -> None:
        """Raise PermissionDenied (403) unless this person may do that."""
        if not self.may(permission):
            raise PermissionDenied(permission)


def system(task: str) -> Actor:
    """Return the portal itself as actor, for what it does by its own timetable; `task` names the job in the audit."""
    return Actor(label=task, everything=True)
