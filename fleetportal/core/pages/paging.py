"""Paging by key: the next page begins behind the last row shown, so a page deep in a million costs no more."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F
from django.db.models.expressions import Expression

COUNT_CAP = 10_000


class RowCompare(Expression):
    """`(a, b) > (x, y)`: a comparison of whole rows, which an index on (a, b) answers in one step."""

    conditional = True
    output_field = models.BooleanField()

    def __init__(self, columns: list[Any], operator: str, values: list[Any]) -> None:
        super().__init__()
        self.columns, self.operator, self.values = columns, operator, values

    def get_source_expressions(self) -> list[Any]:
        """Return the columns, so that Django resolves them."""
        return self.columns

    def set_source_expressions(self, exprs: Any) -> None:
        """Take the resolved columns."""
        self.columns = exprs

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Write the comparison."""
        parts, params = [], []
        for column in self.columns:
            sql, column_params = compiler.compile(column)
            parts.append(sql)
            params.extend(column_params)
        marks = ", ".join(["%s"] * len(self.values))
        return f"({', '.join(parts)}) {self.operator} ({marks})", [*params, *self.values]


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted: by `expression` and then by key, both in one direction. Without one, by key alone."""

    name: str
    expression: Any
    descending: bool

    def columns(self) -> list[Any]:
        """Return the expressions that make up the place of a row."""
        key: list[Any] = [F("pk")]
        if self.expression is None:
            return key
        return [F(self.expression) if isinstance(self.expression, str) else self.expression, *key]


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one page, and the places from which the pages before and after begin."""

    rows: list[tuple[Any, ...]]
    previous: str
    next: str


def encode(order: Order, place: list[Any]) -> str:
    """Write a place in the list as text for an address."""
    raw = json.dumps([order.name, *place], default=str, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(order: Order, token: str, fields: list[models.Field]) -> list[Any] | None:
    """Read a place back; None for one that is not of this order or that nobody wrote."""
    try:
        raw = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        if not isinstance(raw, list) or len(raw) != len(fields) + 1 or raw[0] != order.name:
            return None
        place = [field.to_python(value) for field, value in zip(fields, raw[1:], strict=True)]
        if any(value is None or (isinstance(value, int) and abs(value) >= 2**63) for value in place):
            return None
    except (ValueError, TypeError, OverflowError, binascii.Error, ValidationError, RecursionError):
        return None
    return [value.replace("\x00", "") if isinstance(value, str) else value for value in place]


def page_of(
    queryset: models.QuerySet[Any],
    shown: models.QuerySet[Any],
    order: Order,
    fields: list[str],
    size: int,
    wanted: Mapping[str, str],
) -> Slice:
    """Return one page of `queryset` in that order: `after` or `before` a place, the `last` page, or the first.

    The rows are tuples of `fields`, which may follow relations, read from `shown` (the same model, unfiltered). The
    page's rows are found first, by an index and nothing else, and only they are joined: a planner that can't know how
    a company's numbers and divisions hang together would else join and sort all of them.
    An unreadable place gives the first page.
    """
    columns = order.columns()
    queryset = queryset.annotate(**{f"_place{at}": column for at, column in enumerate(columns)})
    marks = [f"_place{at}" for at in range(len(columns))]
    kinds = [queryset.query.annotations[mark].output_field for mark in marks]
    after = decode(order, wanted.get("after", ""), kinds) if wanted.get("after") else None
    before = decode(order, wanted.get("before", ""), kinds) if wanted.get("before") else None
    backwards = before is not None or (after is None and "last" in wanted)
    place = before if backwards else after
    down = order.descending != backwards
    if place is not None:
        queryset = queryset.filter(RowCompare(columns, "<" if down else ">", place))
    names = [f"-{mark}" if down else mark for mark in marks]
    page = queryset.order_by(*names).values("pk")[: size + 1]
    rows = shown.annotate(**{f"_place{at}": column for at, column in enumerate(columns)}).filter(pk__in=page)
    # What several columns need is read once: the database would work it out as often as it is named.
    read = list(dict.fromkeys(fields))
    found = list(rows.order_by(*names).values_list(*marks, *read))
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    width = len(marks)
    has_next, has_previous = (place is not None, more) if backwards else (more, place is not None)
    places = [width + read.index(name) for name in fields]
    return Slice(
        rows=[tuple([row[at] for at in places]) for row in found],
        previous=encode(order, list(found[0][:width])) if found and has_previous else "",
        next=encode(order, list(found[-1][:width])) if found and has_next else "",
    )


def capped_count(queryset: models.QuerySet[Any], cap: int = COUNT_CAP) -> int:
    """Count the rows, up to one more than `cap`, by their keys alone: what else they say is not worked out."""
    return queryset.order_by().values("pk")[: cap + 1].count()
