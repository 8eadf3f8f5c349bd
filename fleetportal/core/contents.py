"""What lies in a division of the fleet: each app declares its kinds of objects, and they are counted and moved alike.

The kernel knows no division; a kind names the column that holds it (`Tenancy.division`). Moving is set-based: one
statement for each kind changes the rows and notes each of them in the audit, and the search follows (ACC-32).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models.functions import Cast

from fleetportal.core.access import Actor
from fleetportal.core.audit import AuditEntry
from fleetportal.core.search import SearchEntry


@dataclass(frozen=True, slots=True)
class Content:
    """A kind of object that lies in divisions.

    `verb` is what the audit says of one that is moved, `label` the expression by which the entry names it. A kind that
    goes with another one (a request with its card) has neither: it is moved, and not counted or noted by itself.
    """

    model: type[models.Model]
    plural: Any = ""
    verb: str = ""
    label: Any = None
    search_kind: str = ""

    @property
    def name(self) -> str:
        """The kind as the audit writes it."""
        return str(self.model._meta.label_lower)

    @property
    def column(self) -> str:
        """The foreign key that holds the division."""
        return str(self.model.tenancy.division)  # type: ignore[attr-defined]  # checked when it is declared

    def within(self, division_id: int) -> models.QuerySet[Any]:
        """Return the rows that lie in that division."""
        return self.model._default_manager.filter(**{f"{self.column}_id": division_id})


CONTENTS: dict[str, Content] = {}


def declare_content(content: Content) -> None:
    """Put a kind into the table; raises ValueError for one that has no division, or is declared twice."""
    tenancy = getattr(content.model, "tenancy", None)
    if tenancy is None or tenancy.division in {"", "id"}:
        raise ValueError(f"{content.model._meta.label} lies in no division.")
    if CONTENTS.setdefault(content.name, content) is not content:
        raise ValueError(f"{content.name} is declared twice.")


def counted() -> list[Content]:
    """Return the kinds that are counted and noted by themselves, in the order in which they were declared."""
    return [content for content in CONTENTS.values() if content.verb]


def counts(division_id: int) -> dict[str, int]:
    """Return how many of each kind lie in that division, in one query; the kinds that go with another one, too."""
    parts = [
        content.within(division_id)
        .order_by()
        .values(content.column)
        .annotate(_kind=models.Value(content.name), _many=models.Count("pk"))
        .values_list("_kind", "_many")
        for content in CONTENTS.values()
    ]
    found = dict(parts[0].union(*parts[1:], all=True)) if parts else {}
    return {name: found.get(name, 0) for name in CONTENTS}


def move(*, source: models.Model, target: models.Model, actor: Actor, now: datetime) -> dict[str, int]:
    """Move all that lies in one division into another, and return how many of each counted kind were moved.

    The caller has checked the right, holds both divisions locked, and made sure that they belong to one customer
    number: a row that changes its number would leave its invoices behind.
    """
    moved: dict[str, int] = {}
    for content in CONTENTS.values():
        ids = _move(content, source, target, actor, now)
        if content.verb:
            moved[content.name] = len(ids)
        if content.search_kind and ids:
            found = SearchEntry.objects.filter(kind=content.search_kind, object_id__anyof=ids)
            found.update(division_id=target.pk)
    return moved


def _move(content: Content, source: models.Model, target: models.Model, actor: Actor, now: datetime) -> list[int]:
    """Change the rows of one kind and note each in one statement; return their ids."""
    quote = connection.ops.quote_name
    meta: Any = content.model._meta
    table, column = quote(meta.db_table), quote(meta.get_field(content.column).column)
    label = content.label if content.label is not None else models.Value("")
    rows = content.within(source.pk).order_by("pk").select_for_update(of=("self",))
    rows = rows.annotate(_label=Cast(label, models.TextField())).values("pk", "_label")
    candidates, params = rows.query.sql_with_params()
    # A form that was opened before must notice that the row has changed.
    version = ", version = t.version + 1" if any(one.name == "version" for one in meta.fields) else ""
    noted = ""
    noted_params: list[Any] = []
    if content.verb:
        noted = f""", noted AS (
            INSERT INTO {quote(AuditEntry._meta.db_table)} (company_id, at, actor_id, actor_label, address, request_id,
                verb, kind, object_id, object_label, before, after)
            SELECT company_id, %s, %s, %s, %s::inet, %s, %s, %s, id, left(label, 120),
                jsonb_build_object('division', %s::text), jsonb_build_object('division', %s::text) FROM moved)"""  # noqa: S608  # names of our own
        noted_params = [
            *(now, actor.user, actor.label, actor.address, actor.request_id, content.verb, content.name),
            *(str(source), str(target)),
        ]
    sql = f"""
        WITH candidate (id, label) AS ({candidates}),
        moved AS (
            UPDATE {table} t SET {column} = %s{version} FROM candidate c WHERE t.id = c.id AND t.{column} = %s
            RETURNING t.id, t.company_id, c.label
        ){noted}
        SELECT id FROM moved
    """  # noqa: S608  # as above
    with connection.cursor() as cursor:
        cursor.execute(sql, [*params, target.pk, source.pk, *noted_params])
        return [pk for (pk,) in cursor.fetchall()]
