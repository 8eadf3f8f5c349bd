"""The search box: what can be found with it, declared by the apps, kind by kind.

What is found is in scope twice: `search.find` looks within the scope in force, and a kind reads its rows through their
own manager. A kind whose permission is missing is not searched at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fleetportal.core import search
from fleetportal.core.access import Actor, known

# While one types: so many of each kind, and one more to know whether there are more.
AT_ONCE = 6
# On the page of results.
ON_PAGE = 20


@dataclass(frozen=True, slots=True)
class Shown:
    """How one thing that was found is shown; `status` is its value and its word."""

    key: int
    title: str
    subtitle: str = ""
    status: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that the box finds.

    `name` is its kind in the search table; `label` its name in the plural; `permission` the right to see it; `show`
    takes what was found and returns how it is shown, in at most one query; `page` and `listed` are the names of the
    addresses of one of them and of their list, which takes the same words as `?q=`.
    """

    name: str
    label: Any
    permission: str
    page: str
    listed: str
    icon: str
    show: Callable[[search.Hits], Iterable[Shown]]
    order: int


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind: some of it, how many there are, and whether they are even more."""

    kind: Kind
    found: list[Shown]
    count: int
    cut_off: bool

    @property
    def more(self) -> bool:
        """Say whether there are more than are shown."""
        return self.cut_off or self.count > len(self.found)


_KINDS: dict[str, Kind] = {}


def declare(kind: Kind) -> Kind:
    """Let the box find a kind of thing; one that is declared twice is a mistake and raises ValueError."""
    if kind.name in _KINDS:
        raise ValueError(f"The kind {kind.name} is declared twice.")
    _KINDS[kind.name] = kind
    return kind


def kinds_for(actor: Actor) -> list[Kind]:
    """Return the kinds that somebody may see; raises LookupError for a permission that nobody declared."""
    return sorted(
        (kind for kind in _KINDS.values() if known(kind.permission) and actor.may(kind.permission)),
        key=lambda kind: kind.order,
    )


def find_all(actor: Actor, wanted: str, *, shown: int, cap: int) -> list[Group]:
    """Return what somebody may see of what holds every word of `wanted`, by kind, and at most `shown` of each.

    At most `cap` are counted. What begins with what was typed comes first; a kind of which nothing is found is left
    out. Two queries for each kind.
    """
    groups = []
    start = search.plain(wanted)
    for kind in kinds_for(actor):
        hits = search.find(kind.name, wanted, cap=cap)
        ids = hits.ids()
        if not ids:
            continue
        rows = list(kind.show(search.Hits(_array(ids[:shown]), cut_off=False)))
        rows.sort(key=lambda row: (not search.plain(row.title).startswith(start), row.title))
        if rows:
            groups.append(Group(kind, rows, len(ids), hits.cut_off))
    return groups


def _array(ids: list[int]) -> str:
    return f"{{{','.join(map(str, ids))}}}"
