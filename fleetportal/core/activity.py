"""Words for the audit: each app declares what its entries are about and what its verbs are called (GEN-2).

*My account → Activity* reads this table; a house test finds the verb that nobody has a word for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q

from fleetportal.core.scope import current_scope


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of object that entries are about.

    Who may not do `permission` is shown none of its entries. `label` is the expression that names a row, for entries
    that don't; `page` the name of the address of a row, which takes the company's identifier and the value of `key`.
    `search_kind` is what the thing on that page is found as.
    """

    model: type[models.Model]
    word: Any
    permission: str
    label: Any = None
    page: str = ""
    key: str = "pk"
    search_kind: str = ""

    @property
    def kind(self) -> str:
        """The kind as the audit writes it."""
        return str(self.model._meta.label_lower)

    def rows(self) -> models.QuerySet[Any]:
        """Return the rows in scope."""
        return self.model._default_manager.all()

    @property
    def fenced(self) -> bool:
        """Say whether rows of this kind belong to a customer number or a division, themselves or through another."""
        tenancy = getattr(self.model, "tenancy", None)
        return bool(tenancy and (tenancy.customer_number or tenancy.division or tenancy.through))


SUBJECTS: dict[str, Subject] = {}
VERBS: dict[str, Any] = {}


def declare_subject(subject: Subject) -> None:
    """Put a kind of object into the table; raises ValueError for one that is declared twice."""
    if SUBJECTS.setdefault(subject.kind, subject) is not subject:
        raise ValueError(f"{subject.kind} is declared twice.")


def declare_verbs(words: Mapping[str, Any]) -> None:
    """Put the words of verbs into the table; raises ValueError for a verb that is declared twice."""
    for verb, word in words.items():
        if verb in VERBS:
            raise ValueError(f"{verb} is declared twice.")
        VERBS[verb] = word


def seen_by(actor: Any) -> list[Subject]:
    """Return the kinds of which that person may see entries."""
    return [subject for subject in SUBJECTS.values() if actor.may(subject.permission)]


def in_reach(actor: Any) -> Q:
    """Return the condition that an entry is about something the actor may see now, in the scope in force (GEN-1).

    Where the scope is a whole company, the kind decides. Where it is cut down, what belongs to a number or a division
    has to be in reach itself: an entry about something of another division, or about what is not there any more,
    does not show.
    """
    subjects = seen_by(actor)
    scope = current_scope()
    if scope is None or not scope.limited:
        return Q(kind__in=[subject.kind for subject in subjects])
    reached = Q(kind__in=[subject.kind for subject in subjects if not subject.fenced])
    for subject in subjects:
        if subject.fenced:
            reached |= Q(kind=subject.kind, object_id__in=subject.rows().values("pk"))
    return reached
