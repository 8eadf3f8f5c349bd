"""Reading notices: which of a person's are there for them now, what each says, how many are unread (ACC-41)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.manager import Manager

from accounts.models import Company, CustomerNumber, Notice
from accounts.own.declaring import has_own, holds
from fleetportal.core.access import Actor
from fleetportal.core.mail import headline
from fleetportal.core.notices import KINDS
from fleetportal.core.scope import require_scope

# The bell counts up to here, and then says that there are more.
MOST = 99


def visible(actor: Actor) -> QuerySet[Notice]:
    """Return the notices of who acts in the company in scope, without those about what they can't see any more (GEN-1).

    A kind whose right they lost is gone with it; for who is limited, the object is looked for in their scope.
    """
    shown = [kind for kind in KINDS.values() if actor.may(kind.permission)]
    rows: QuerySet[Notice] = Notice.objects.filter(user=actor.person, kind__in=[kind.name for kind in shown])
    if not require_scope("A notice").limited:
        return rows
    about: defaultdict[str, list[str]] = defaultdict(list)
    for kind in shown:
        about[kind.model].append(kind.name)
    there = Q(object_id=None)
    for model, names in about.items():
        if model:
            objects: Manager[Any] = apps.get_model(model)._default_manager
            there |= Q(Exists(objects.filter(pk=OuterRef("object_id"))), kind__in=names)
    return rows.filter(there)


class Counted(Subquery):
    """How many rows a queryset finds, as a part of another question."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around every page of a company: how many notices are unread, the first two customer numbers.

    `own` says whether something is in the member's own name, so that they have an own view (ACC-9).
    """

    unread: int
    numbers: list[str]
    own: bool


def around(request: Any) -> Around:
    """Return what the frame of this request says, asked once for it: the bell and the user's menu share a question.

    Of unread notices it counts one more than `MOST` at the most.
    """
    if not hasattr(request, "around"):
        waiting = visible(request.actor).filter(unread=True).order_by()[: MOST + 1]
        numbers = CustomerNumber.objects.order_by("number").values("number")[:2]
        # One's own is looked for in the whole company: who is limited asks for it apart, in that scope.
        actor: Actor = request.actor
        scope = require_scope("What stands around a page")
        own = (
            Value(has_own(actor)) if scope.limited else ExpressionWrapper(holds(actor.membership or 0), BooleanField())
        )
        # The company's row carries all: who has no number at all yet has no other.
        all_of_it = Company.objects.filter(pk=scope.company or 0).values_list(
            Counted(waiting.values("pk")), ArraySubquery(numbers), own
        )
        request.around = Around(*all_of_it.get())
    found: Around = request.around
    return found


def said(kind: str, context: dict[str, Any]) -> str:
    """Return what a notice says in the language in force; the subject of its mail says the same."""
    return headline(KINDS[kind].template, context)
