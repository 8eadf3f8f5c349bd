"""What Activity asks of the audit: entries about what some words find, and what an entry is about in words."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Case, CharField, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, NullIf

from fleetportal.core import search
from fleetportal.core.activity import Subject


def entries_about(subjects: list[Subject], entries: models.QuerySet[Any], wanted: str) -> Q:
    """Return the condition that an entry is about something that these words find.

    What is found is asked for first, and the `entries` by it, kind by kind: a condition on what entries say themselves
    would be asked of each of a million, since row-level security lets no index answer it. Only the kinds that no
    search knows, of which there are few, are found by what their entries say.
    """
    arms = []
    for subject in subjects:
        arm = entries.filter(kind=subject.kind).order_by()
        if not subject.search_kind:
            arms.append(arm.filter(object_label__icontains=wanted))
            continue
        found: Any = search.find(subject.search_kind, wanted)
        if found.array == "{}":
            continue
        if subject.key != "pk":
            rows = subject.rows().filter(**{f"{subject.key}__anyof": found}).order_by("-pk")
            found = list(rows.values_list("pk", flat=True)[: search.LIST_CAP])
        arms.append(arm.filter(object_id__anyof=found))
    keys = [arm.values("pk") for arm in arms]
    # A union, and not one condition with many parts: of that, each row would be compared with thousands of keys.
    return Q(pk__in=keys[0].union(*keys[1:], all=True)) if keys else Q(pk__in=())


def name_of(subjects: list[Subject]) -> Any:
    """Return the expression of what an entry is about in words: what it says itself, else the row's name of today."""
    text = CharField()
    cases = [
        When(kind=one.kind, then=Subquery(_row(one).values(_name=Cast(one.label, text))[:1]))
        for one in subjects
        if one.label is not None
    ]
    today = Case(*cases, default=Value(""), output_field=text)
    return Coalesce(NullIf("object_label", Value("")), today, Value(""), output_field=text)


def place_of(subjects: list[Subject]) -> Any:
    """Return the expression of the key of an entry's page; null where the object is not there any more."""
    number = models.BigIntegerField()
    cases = [When(kind=one.kind, then=Subquery(_row(one).values(one.key)[:1])) for one in subjects if one.page]
    return Case(*cases, default=Value(None), output_field=number)


def _row(subject: Subject) -> models.QuerySet[Any]:
    return subject.rows().filter(pk=OuterRef("object_id")).order_by()
