"""Statuses and their transitions, declared as data, and the one place where a status changes (GEN-3).

A table of transitions is read by the page's buttons, the server's check, the bulk action, the tests and the diagram.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.utils.translation import gettext as _

from fleetportal.core.access import Actor, known
from fleetportal.core.audit import AuditEntry

LIFECYCLES: dict[str, Lifecycle] = {}


class TransitionLost(Exception):
    """The status does not allow the transition (any more): somebody else was first, or it was never possible.

    Its text is the sentence for the user.
    """


@dataclass(frozen=True, slots=True)
class Status:
    """A status: its stored value, its word on screen, and whether it is final."""

    value: str
    label: Any
    final: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """One way from one of the `sources` to `target`; a `target` of None leaves the status as it is.

    `refusals` gives, for a status that does not allow it, a sentence better than the general one.
    """

    name: str
    label: Any
    sources: frozenset[str]
    target: str | None
    permission: str
    tone: str = "secondary"
    icon: str = ""
    bulk: bool = False
    offered: bool = True
    refusals: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The statuses of one model and the transitions between them.

    `kind` names the model (its label in lower case), or what of it has this status where `column` is not `status`;
    `noted` are columns that stand in the audit entry beside the status; `settle` is called with the ids that moved, in
    the same transaction, to bring what mirrors them up to date.
    """

    kind: str
    statuses: tuple[Status, ...]
    transitions: tuple[Transition, ...]
    noted: tuple[str, ...] = ()
    settle: Callable[[list[int]], None] | None = None
    column: str = "status"

    def __post_init__(self) -> None:
        """Check the table: every status it names exists, no name stands twice."""
        values = {status.value for status in self.statuses}
        names = [transition.name for transition in self.transitions]
        for transition in self.transitions:
            if not transition.sources <= values or transition.target not in values | {None}:
                raise ValueError(f"{self.kind}: the transition {transition.name} names an unknown status.")
        if len(names) != len(set(names)):
            raise ValueError(f"{self.kind}: a transition stands twice.")
        LIFECYCLES[self.kind] = self

    def transition(self, name: str) -> Transition:
        """Return the transition of that name; raises LookupError for another."""
        for transition in self.transitions:
            if transition.name == name:
                return transition
        raise LookupError(f"{self.kind} has no transition {name!r}.")

    def label(self, value: str) -> str:
        """Return the word for a status."""
        return next((str(status.label) for status in self.statuses if status.value == value), value)

    def choices(self) -> list[tuple[str, Any]]:
        """Return value and word of each status, for a model field or a filter."""
        return [(status.value, status.label) for status in self.statuses]

    def allows(self, name: str, status: str) -> bool:
        """Say whether that status allows the transition."""
        return status in self.transition(name).sources

    def offered(self, status: str, actor: Actor) -> list[Transition]:
        """Return the transitions a page offers this person for this status (ACC-13, GEN-3)."""
        return [
            transition
            for transition in self.transitions
            if transition.offered and status in transition.sources and actor.may(transition.permission)
        ]

    def refusal(self, name: str, status: str) -> str:
        """Return the sentence that says why the status does not allow the transition."""
        transition = self.transition(name)
        if status in transition.refusals:
            return str(transition.refusals[status])
        return _("“%(action)s” is not possible while the status is “%(status)s”.") % {
            "action": transition.label,
            "status": self.label(status),
        }


@dataclass(slots=True)
class Outcome:
    """What a set-based transition did: ids that moved with the status they had, and why the others could not."""

    moved: dict[int, str]
    refused: dict[int, str]


def perform(
    lifecycle: Lifecycle,
    row: models.Model,
    name: str,
    actor: Actor,
    *,
    now: datetime,
    sets: dict[str, Any] | None = None,
) -> None:
    """Carry out one transition of one row, with its audit entry, or raise `TransitionLost` with the sentence why not.

    The right is checked here once more (raises PermissionDenied); the status is compared and changed in one statement,
    so of two people acting at once one wins. `row` is refreshed.
    """
    queryset = type(row)._base_manager.filter(pk=row.pk)
    outcome = perform_many(lifecycle, queryset, name, actor, now=now, sets=sets)
    if not outcome.moved:
        sentence = next(iter(outcome.refused.values()), "")
        raise TransitionLost(sentence or _("This is not there any more."))
    row.refresh_from_db()


def perform_many(
    lifecycle: Lifecycle,
    rows: models.QuerySet[Any],
    name: str,
    actor: Actor,
    *,
    now: datetime,
    sets: dict[str, Any] | None = None,
) -> Outcome:
    """Carry out one transition of a set of rows in one statement, audit included; nothing else writes a status column.

    `sets` are further columns to write. Rows whose status does not allow it stay as they are and come back with the
    sentence why; so do rows that another transaction moved first. Raises PermissionDenied without the right.
    """
    transition = lifecycle.transition(name)
    actor.must(transition.permission)
    if transition.target is None:
        raise ValueError(f"{name} changes no status; its service does what it does.")
    seen: dict[int, str] = dict(rows.values_list("pk", lifecycle.column))
    moved = _move(lifecycle, rows, transition, actor, now, sets or {})
    if moved and lifecycle.settle is not None:
        lifecycle.settle(list(moved))
    lost = [pk for pk in seen if pk not in moved]
    if lost:
        seen |= dict(rows.model._base_manager.filter(pk__in=lost).values_list("pk", lifecycle.column))
    return Outcome(moved=moved, refused={pk: lifecycle.refusal(name, seen[pk]) for pk in lost})


def _move(
    lifecycle: Lifecycle,
    rows: models.QuerySet[Any],
    transition: Transition,
    actor: Actor,
    now: datetime,
    sets: dict[str, Any],
) -> dict[int, str]:
    """Compare, change and note in one statement; return the ids that moved with the status they had."""
    model = rows.model
    meta = model._meta
    quote = connection.ops.quote_name
    column = lifecycle.column
    ready = rows.filter(**{f"{column}__in": transition.sources}).order_by("pk").select_for_update(of=("self",))
    candidates, candidate_params = ready.values("pk", column).query.sql_with_params()
    fields = [meta.get_field(name) for name in sets]
    assignments = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    values = [field.get_db_prep_save(sets[field.name], connection) for field in fields]
    noted = "".join(f", '{name}', t.{quote(name)}" for name in lifecycle.noted)
    after = json.dumps({name: value for name, value in sets.items() if name in _telling(sets)}, cls=DjangoJSONEncoder)
    sql = f"""
        WITH candidate (id, status) AS ({candidates}),
        moved AS (
            UPDATE {quote(meta.db_table)} t SET {column} = %s{", " + assignments if assignments else ""}
            FROM candidate c WHERE t.id = c.id AND t.{column} = c.status
            RETURNING t.id, t.company_id, c.status AS was, jsonb_build_object('{column}', t.{column}{noted}) AS now
        ),
        noted AS (
            INSERT INTO {quote(AuditEntry._meta.db_table)} (company_id, at, actor_id, actor_label, address, request_id,
                verb, kind, object_id, object_label, before, after)
            SELECT company_id, %s, %s, %s, %s::inet, %s, %s, %s, id, '', jsonb_build_object('{column}', was),
                now || %s::jsonb
            FROM moved
        )
        SELECT id, was FROM moved ORDER BY id
    """  # noqa: S608  # table and column names come from the models, values are parameters
    params = [
        *candidate_params,
        transition.target,
        *values,
        now,
        actor.user,
        actor.label,
        actor.address,
        actor.request_id,
        known(transition.permission).name.split(".")[0] + "." + transition.name,
        meta.label_lower,
        after,
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return dict(cursor.fetchall())


def _telling(sets: dict[str, Any]) -> Iterable[str]:
    """Name the columns whose new value belongs in the audit: no bytes (sealed codes), no moments (it has its own)."""
    return [name for name, value in sets.items() if not isinstance(value, (bytes, memoryview, datetime))]
