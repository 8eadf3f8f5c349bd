"""What a member may have in their own name: upper apps declare it, so that the page knows no driver and no card.

An app that links its rows to members declares these as a holding: who has one has an own view. What is shown there is
declared as parts. Both are asked in the scope of the whole company, since one's own is shown wherever it lies; so a
part reads rows of that member and no others, and asks `Reader.openable` before it leads to a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Model, Q, QuerySet

from accounts.models import Company
from fleetportal.core.access import Actor
from fleetportal.core.scope import Scope, company_scope, entered, require_scope


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose own view it is: `actor` with their rights, and `reach`, the rows that they may open on other pages."""

    actor: Actor
    reach: Scope

    @property
    def member(self) -> int:
        """The id of the membership; raises LookupError for who acts by none."""
        if self.actor.membership is None:
            raise LookupError(f"{self.actor.label} is no member.")
        return self.actor.membership

    def openable(self, model: type[Model], ids: Iterable[int], permission: str) -> set[int]:
        """Return which of these rows have a page that this person may open: right and reach are asked (ACC-13)."""
        if not self.actor.may(permission):
            return set()
        if not self.reach.limited:
            return set(ids)
        with entered(self.reach):
            return set(model._default_manager.filter(pk__in=list(ids)).values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing on the page; it goes with its application, which the operator may switch off (ACC-14).

    `sections` returns the sections as pages about one thing have them; none where there is nothing.
    """

    application: str
    place: int
    sections: Callable[[Reader], list[dict[str, Any]]]


_HOLDINGS: list[Callable[[int], QuerySet[Any]]] = []
_PARTS: list[Part] = []


def declare_holding(rows: Callable[[int], QuerySet[Any]]) -> None:
    """Give an own view to each member (by id) for whom `rows` finds something."""
    _HOLDINGS.append(rows)


def declare_part(part: Part) -> None:
    """Show one more kind of thing on the page."""
    _PARTS.append(part)
    _PARTS.sort(key=lambda one: one.place)


def holds(member: int) -> Q:
    """Return the condition that this member has something in their name, to be asked in the whole company's scope."""
    condition = Q(pk__in=[])
    for rows in _HOLDINGS:
        condition |= Q(Exists(rows(member)))
    return condition


def has_own(actor: Actor) -> bool:
    """Say whether who acts in the company in scope has something in their name, wherever in it that lies."""
    company = require_scope("A member's own").company or 0
    with company_scope(company):
        return Company.objects.filter(holds(actor.membership or 0), pk=company).exists()


def shown(reader: Reader, company: Company) -> list[dict[str, Any]]:
    """Return the sections of a member's own view; only here does a request look beyond what it has in reach (GEN-1)."""
    with company_scope(company.pk):
        return [
            section
            for part in _PARTS
            if part.application not in company.options_off
            for section in part.sections(reader)
        ]
