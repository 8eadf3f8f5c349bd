"""Reading notices: which of a person's are there for them now, and what each says (ACC-41)."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.manager import Manager

from accounts.models import Notice
from fleetportal.core.access import Actor
from fleetportal.core.mail import headline
from fleetportal.core.notices import KINDS
from fleetportal.core.scope import require_scope


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


def said(kind: str, context: dict[str, Any]) -> str:
    """Return what a notice says in the language in force; the subject of its mail says the same."""
    return headline(KINDS[kind].template, context)
