"""A list as a file: streamed row by row from a cursor, in the scope it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import models
from django.http import StreamingHttpResponse
from django.utils import timezone, translation

from fleetportal.core.pages.columns import Column
from fleetportal.core.pages.paging import Order
from fleetportal.core.scope import entered, require_scope
from fleetportal.core.spreadsheet import stream_csv, stream_xlsx

CHUNK = 2000
# The first chunk is small, so that the file begins to arrive at once.
FIRST = 100
TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Export:
    """What a download holds: columns, and further cells looked up for a chunk of rows at a time.

    `attached` are the heads of these cells; `attach` takes the ids of a chunk and returns the cells by id. `complete`
    takes the names of what was read and a chunk of rows, as the list's own (`ListPage.complete`).
    """

    columns: tuple[Column, ...]
    attached: tuple[Any, ...] = ()
    attach: Callable[[list[int]], Mapping[int, Sequence[Any]]] | None = field(default=None)
    complete: Callable[[list[Any], list[tuple[Any, ...]]], list[tuple[Any, ...]]] | None = field(default=None)

    def heads(self) -> list[str]:
        """Return the heads of all columns."""
        return [str(column.label) for column in self.columns] + [str(head) for head in self.attached]

    def rows(
        self, queryset: models.QuerySet[Any], shown: models.QuerySet[Any], order: Order
    ) -> Generator[tuple[Any, ...]]:
        """Return the rows as spreadsheet values.

        Their keys come in order through a server-side cursor, by an index, so that the first row is there at once;
        what the columns need is read from `shown` for a chunk of keys at a time.
        """
        # What several columns need is read once.
        fields: dict[Any, int] = {"pk": 0}
        # Cells are made column by column, since a step for each row and column costs more than what it does.
        makers: list[tuple[Callable[..., Any] | None, list[int]]] = []
        for column in self.columns:
            places = [fields.setdefault(one, len(fields)) for one in column.read()]
            makers.append((column.exporter(), places))
        ordered = [column.desc() if order.descending else column.asc() for column in order.columns()]
        nothing = ("",) * len(self.attached)
        keys: Any = queryset.order_by(*ordered).values_list("pk", flat=True).iterator(chunk_size=CHUNK)
        with closing(keys):
            size = FIRST
            while chunk := list(islice(keys, size)):
                size = CHUNK
                more = self.attach(chunk) if self.attach else {}
                wanted = shown.filter(pk__anyof=set(chunk)).order_by()  # Django takes a list apart, and not a set
                read = list(wanted.values_list(*fields))
                rows = {row[0]: row for row in (self.complete(list(fields), read) if self.complete else read)}
                found = [key for key in chunk if key in rows]
                if not found:
                    continue  # all left the scope between the two reads
                values = list(zip(*[rows[key] for key in found], strict=True))
                cells: list[Any] = [
                    values[places[0]] if make is None else map(make, *[values[at] for at in places])
                    for make, places in makers
                ]
                cells += zip(*[more.get(key, nothing) for key in found], strict=True)
                yield from zip(*cells, strict=True)


def in_scope(chunks: Callable[[], Iterable[bytes]]) -> Iterator[bytes]:
    """Run a generator in the scope and language in force now, although the request around it is over by then.

    The server takes the chunks after the request's transaction has ended, so this opens one of its own; and it runs in
    a context of its own, so that the scope is not left behind in the thread between two chunks.
    """
    scope = require_scope("A download")
    language = translation.get_language()

    def run() -> Iterator[bytes]:
        with translation.override(language), entered(scope):
            yield from chunks()

    return _stepwise(run())


def _stepwise(source: Iterator[bytes]) -> Iterator[bytes]:
    """Take one chunk at a time from `source`, each time in the same context of its own."""
    context = copy_context()
    done = object()
    try:
        while (chunk := context.run(next, source, done)) is not done:
            yield chunk  # type: ignore[misc]  # the sentinel never gets here
    finally:
        context.run(source.close)  # type: ignore[attr-defined]  # a generator; a reader that went away ends it too


def download(
    queryset: models.QuerySet[Any],
    shown: models.QuerySet[Any],
    order: Order,
    export: Export,
    kind: str,
    name: str,
) -> StreamingHttpResponse:
    """Return the rows as a streamed file, `xlsx` or `csv`, under a name with today's date."""

    def chunks() -> Iterator[bytes]:
        # Closed at once when the reader goes away: the cursor ends before its transaction does.
        with closing(export.rows(queryset, shown, order)) as rows:
            yield from stream_xlsx(export.heads(), rows) if kind == "xlsx" else stream_csv(export.heads(), rows)

    response = StreamingHttpResponse(in_scope(chunks), content_type=TYPES[kind])
    day = timezone.localdate().isoformat()
    response["Content-Disposition"] = f'attachment; filename="{name}-{day}.{kind}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Encoding"] = (
        "identity"  # a spreadsheet is packed already; packing it twice costs and wins nothing
    )
    return response
