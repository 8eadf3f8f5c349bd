"""What Activity asks of the audit: entries about what some words find, and what an entry is about in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast
from django.urls import reverse

from fleetportal.core import search
from fleetportal.core.activity import Subject

# More entries than this about what some words find are frequent: one of them comes soon, wherever one begins.
FREQUENT = 5_000


def entries_about(
    subjects: list[Subject], entries: models.QuerySet[Any], wanted: str, cap: int
) -> tuple[models.QuerySet[Any], int]:
    """Return those of `entries` that are about something that these words find, and how many, up to one over `cap`.

    What is found is asked for first, and the entries by it, kind by kind: a condition on what entries say themselves
    would be asked of each of a million, since row-level security lets no index answer it. Only the kinds that no
    search knows, of which there are few, are found by what their entries say.
    """
    arms, together = [], Q()
    # Several kinds are found as one thing: a card, and its plastics.
    hits: dict[str, Any] = {}
    for subject in subjects:
        arm = entries.filter(kind=subject.kind).order_by()
        if not subject.search_kind:
            own = Q(object_label__icontains=wanted)
            arms.append(arm.filter(own))
            together |= Q(own, kind=subject.kind)
            continue
        if subject.search_kind not in hits:
            hits[subject.search_kind] = search.find(subject.search_kind, wanted)
        found = hits[subject.search_kind]
        if found.array == "{}":
            continue
        if subject.key != "pk":
            rows = subject.rows().filter(**{f"{subject.key}__anyof": found}).order_by("-pk")
            keys = list(rows.values_list("pk", flat=True)[: search.LIST_CAP])
        else:
            keys = found.ids()
        arms.append(arm.filter(object_id__anyof=keys))
        together |= Q(kind=subject.kind, object_id__in=keys)
    ids = [arm.values("pk") for arm in arms]
    if not ids:
        return entries.none(), 0
    # A union, and not one condition with many parts: of that, each row would be compared with thousands of keys.
    union = ids[0].union(*ids[1:], all=True)
    count = union[: cap + 1].count()
    if count <= FREQUENT:
        return entries.filter(pk__in=union), count
    # Joining so many with their rows takes a second; read together, block by block, they take a tenth of it.
    return entries.filter(together), count


@dataclass(frozen=True, slots=True)
class Thing:
    """What entries are about: its name of today, and the address of its page, or an empty text."""

    name: str
    address: str


def things(subjects: list[Subject], wanted: Iterable[tuple[str, int]], company: str) -> dict[tuple[str, int], Thing]:
    """Return what is there, in scope, of these kinds and keys; one question for all of them.

    Entries of a page are about few kinds: asked for with the entries themselves, all kinds would have to be named.
    """
    keys = defaultdict(set)
    for kind, key in wanted:
        keys[kind].add(key)
    arms = []
    pages: dict[str, tuple[str, str]] = {}
    for one in subjects:
        if one.kind not in keys or (one.label is None and not one.page):
            continue
        if one.page:
            # One address for each kind, and each key put into it.
            start, _key, end = reverse(one.page, args=[company, 0]).rpartition("0")
            pages[one.kind] = start, end
        named = Value("", CharField()) if one.label is None else Cast(one.label, CharField())
        place = one.key if one.page else "pk"
        rows = one.rows().filter(pk__anyof=keys[one.kind]).order_by()
        arms.append(rows.values_list(Value(one.kind, CharField()), "pk", named, F(place)))
    if not arms:
        return {}
    found = {}
    for kind, key, name, place in arms[0].union(*arms[1:], all=True):
        start, end = pages.get(kind, ("", ""))
        found[kind, key] = Thing(name or "", f"{start}{place}{end}" if start else "")
    return found
