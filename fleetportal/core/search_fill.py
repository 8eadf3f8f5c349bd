"""Search entries that are missing: rows older than the search of their kind are found, too, without anybody's doing.

Once a day, and when the portal starts for the first time with this, a job asks each kind whether a row has no entry;
where one has none, promised work writes what is missing, a chunk at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import models

from fleetportal.core.search import Entry, SearchEntry, put
from fleetportal.core.work import handler, periodic, promise
from fleetportal.core.work_models import WorkItem

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Source:
    """Where the entries of one kind come from: every row of `model`, described by `entries`, which takes their keys.

    `company` is the field that holds a row's company. `entries` asks at most two queries, however many keys.
    """

    kind: str
    model: type[models.Model]
    entries: Callable[[list[int]], Iterable[Entry]]
    company: str = "company_id"

    def missing(self, after: int = 0) -> models.QuerySet[Any, int]:
        """Return the keys of rows without an entry, behind one key and in their order."""
        there = SearchEntry.objects.filter(
            company_id=models.OuterRef(self.company), kind=self.kind, object_id=models.OuterRef("pk")
        )
        rows = self.model._default_manager.filter(~models.Exists(there), pk__gt=after)
        return rows.order_by("pk").values_list("pk", flat=True)


SOURCES: dict[str, Source] = {}


def declare_source(source: Source) -> None:
    """Have the entries of a kind looked after; raises ValueError for a kind that is declared twice."""
    if source.kind in SOURCES:
        raise ValueError(f"The source of {source.kind} is declared twice.")
    SOURCES[source.kind] = source


@periodic("core.look_for_gaps", every=timedelta(days=1), quiet=True)
def look_for_gaps(now: datetime) -> int:
    """Promise to fill each kind that lacks an entry; returns how many kinds these are."""
    gaps = [source.kind for source in SOURCES.values() if source.missing().exists()]
    for kind in gaps:
        _promise(kind, after=0, begun=now.isoformat(), now=now)
    return len(gaps)


@handler("core.fill_search")
def fill_search(item: WorkItem, now: datetime) -> None:
    """Write the missing entries of the next rows of a kind, and promise those that follow; what is there stays.

    Somebody may change a row at the same moment: their entry is newer than what was read here, so it wins.
    """
    source, after = SOURCES[item.payload["kind"]], item.payload["after"]
    keys = list(source.missing(after)[:CHUNK])
    put(source.kind, source.entries(keys), missing_only=True)
    if len(keys) == CHUNK:
        _promise(source.kind, after=keys[-1], begun=item.payload["begun"], now=now)


def _promise(kind: str, *, after: int, begun: str, now: datetime) -> None:
    promise(
        "core.fill_search",
        key=f"core.fill_search:{kind}:{begun}:{after}",
        subject=kind,
        payload={"kind": kind, "after": after, "begun": begun},
        due_at=now,
        now=now,
    )
