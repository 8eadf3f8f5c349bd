"""What hangs on a thing: upper apps add to what the pages of lower apps show, so that a vehicle knows no card.

An app declares for which model it has something to show; a page of that model asks here, and whoever changes one of
its rows says so here, so that the others' search can follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models

from fleetportal.core.access import Actor


@dataclass(frozen=True, slots=True)
class Relation:
    """One kind of thing that hangs on rows of `model`.

    `permission` is the right to see it. `table` takes a row and returns `headers` and `rows` of a section; `in_use`
    returns the names of what still works with the row, for who is about to end it; `follow` is called after the row
    has changed, in the same transaction.
    """

    model: type[models.Model]
    label: Any
    permission: str
    empty: Any
    table: Callable[[Any], dict[str, Any]]
    in_use: Callable[[Any], list[str]]
    follow: Callable[[Any], None]


_RELATIONS: list[Relation] = []


def declare(relation: Relation) -> None:
    """Let the pages of a model show what hangs on its rows."""
    _RELATIONS.append(relation)


def sections(row: models.Model, actor: Actor) -> list[dict[str, Any]]:
    """Return the sections of a page with what hangs on that row, as far as the actor may see it."""
    return [{"title": one.label, "table": one.table(row), "empty": one.empty} for one in _of(row, actor)]


def in_use(row: models.Model, actor: Actor) -> list[tuple[Any, list[str]]]:
    """Return what still works with that row, by kind, as far as the actor may see it."""
    return [(one.label, names) for one in _of(row, actor) if (names := one.in_use(row))]


def follow(row: models.Model) -> None:
    """Tell all that hangs on that row that it has another name, whoever changed it."""
    for one in _RELATIONS:
        if isinstance(row, one.model):
            one.follow(row)


def _of(row: models.Model, actor: Actor) -> Iterator[Relation]:
    return (one for one in _RELATIONS if isinstance(row, one.model) and actor.may(one.permission))
