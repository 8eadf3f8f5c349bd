"""*My account → Activity*: who did what, when, within what the reader may see (GEN-2).

Administrators see what everybody did, others what they did themselves; of neither more than their customer numbers,
divisions and applications let them see (`fleetportal.core.activity.in_reach`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Membership
from accounts.settings.acts import Thing, entries_about, things
from accounts.widgets import LongSelect, Pairs
from fleetportal.core import activity
from fleetportal.core.audit import AuditEntry
from fleetportal.core.pages import Choice, CompanyPage, ListPage, Moment
from fleetportal.core.pages.columns import EMPTY, Column, Writer
from fleetportal.core.pages.listing import MOST_COUNTED

# Who may see what others did.
EVERYBODYS = "company.settings"


def _verbs() -> list[tuple[str, str]]:
    """Return the kinds of act by their words; verbs of the same word are one choice, named by the first of them."""
    by_word: dict[str, str] = {}
    for verb, word in activity.VERBS.items():
        by_word.setdefault(str(word), verb)
    return sorted(((verb, word) for word, verb in by_word.items()), key=lambda pair: pair[1].casefold())


class ActivityFilter(filters.FilterSet):
    """Person, kind of act, kind of object, object, days; `counted` is how many are found, where that is known."""

    counted: int | None = None

    person = filters.ChoiceFilter(
        field_name="actor_id", label=lazy("Person"), empty_label=lazy("All"), widget=LongSelect
    )
    act = filters.ChoiceFilter(
        method="of_that_kind", label=lazy("What was done"), empty_label=lazy("All"), widget=LongSelect
    )
    kind = filters.ChoiceFilter(field_name="kind", label=lazy("About"), empty_label=lazy("All"), widget=LongSelect)
    object = filters.CharFilter(method="afterwards", label=lazy("Plate, name or number"), max_length=60)
    at = filters.DateFromToRangeFilter(
        label=lazy("Days"), widget=filters.widgets.DateRangeWidget(attrs={"type": "date"})
    )

    class Meta:
        model = AuditEntry
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        actor: Any = self.request.actor
        self.subjects = activity.seen_by(actor)
        # Functions, not lists: asked only when the field is drawn or its value is looked up.
        self.filters["person"].extra["choices"] = lambda: Pairs(self.people)
        self.filters["act"].extra["choices"] = _verbs
        self.filters["kind"].extra["choices"] = [(one.kind, one.word) for one in self.subjects]
        if not actor.may(EVERYBODYS):
            del self.filters["person"]

    @cached_property
    def people(self) -> list[tuple[int, str]]:
        """The members of the company, by name."""
        return list(Membership.objects.order_by("name", "pk").values_list("user_id", "name"))

    def of_that_kind(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep the acts of that word."""
        word = str(activity.VERBS[value])
        return queryset.filter(verb__in=[verb for verb, one in activity.VERBS.items() if str(one) == word])

    def afterwards(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Leave the words to the end, when all else has been filtered."""
        return queryset

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what the filters let through, and of that what is about something that the words find."""
        found = super().filter_queryset(queryset)
        if wanted := self.form.cleaned_data.get("object"):
            found, self.counted = entries_about(self.subjects, found, wanted, MOST_COUNTED)
        return found


@dataclass(frozen=True, slots=True)
class Who(Column):
    """Who acted; where no person did, the portal."""

    def writer(self) -> Writer:
        """Write the name."""
        portal = escape(_("The portal"))
        return lambda person, label: escape(label) if person is not None else portal

    def exporter(self) -> Callable[..., Any]:
        """Return the name."""
        portal = _("The portal")
        return lambda person, label: label if person is not None else portal


@dataclass(frozen=True, slots=True)
class Kind(Choice):
    """The kind of object that an entry is about."""

    def words(self) -> dict[Any, str]:
        """Return the words that the apps declared."""
        return {one.kind: str(one.word) for one in activity.SUBJECTS.values()}


@dataclass(frozen=True, slots=True)
class About(Column):
    """What the entry is about, as a link where it has a page that is still there.

    Its fields are what the entry says; `ActivityList.complete` puts the name and the address in their places.
    """

    def writer(self) -> Writer:
        """Write the name, and the way to the object."""

        def write(name: str, address: str, _kind: str) -> str:
            if not name:
                return EMPTY
            return f'<a href="{escape(address)}">{escape(name)}</a>' if address else escape(name)

        return write

    def exporter(self) -> Callable[..., Any]:
        """Return the name."""
        return lambda name, _address, _kind: name


class ActivityList(ListPage, CompanyPage):
    """What was done, the newest first."""

    permission = "activity.see"
    title = lazy("Activity")
    model = AuditEntry
    filterset_class = ActivityFilter
    searchable = False
    default_order = "-at"
    empty_title = lazy("Nothing was done yet")
    empty_text = lazy("What you and your colleagues do in the portal stands here.")
    file_name = "activity"
    columns = (
        Moment("at", lazy("When"), ("at",), sort="at"),
        Who("who", lazy("Who"), ("actor_id", "actor_label")),
        Choice("act", lazy("What was done"), ("verb",), choices=activity.VERBS),
        Kind("kind", lazy("About"), ("kind",)),
        About("object", lazy("Plate, name or number"), ("object_label", "object_id", "kind")),
        Column("address", lazy("From"), ("address",), minor=True),
    )

    @cached_property
    def advanced(self) -> tuple[str, ...]:  # type: ignore[override]  # decided for each reader
        """Return the filter of people: there may be thousands, so their names are read when they are asked for."""
        return ("person",) if self.actor.may(EVERYBODYS) else ()

    @property
    def lead(self) -> Any:
        """Say whose acts these are."""
        if self.actor.may(EVERYBODYS):
            return _("Who did what in your company, within the customer numbers and divisions that you see.")
        return _("What you did in the portal for this company.")

    def queryset(self) -> QuerySet[Any]:
        """Return the entries in reach."""
        reach = activity.in_reach(self.actor)
        if not self.actor.may(EVERYBODYS):
            reach &= Q(actor_id=self.actor.user)
        return AuditEntry.objects.filter(reach)

    def complete(self, fields: list[Any], rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Put what an entry is about in the place of its key: the name where it says none, the address of its page."""
        if "object_id" not in fields:
            return rows  # the reader left that column out
        label, key, kind = (fields.index(name) for name in ("object_label", "object_id", "kind"))
        wanted = {(row[kind], row[key]) for row in rows}
        found = things(activity.seen_by(self.actor), wanted, self.company.identifier)
        nothing = Thing("", "")
        completed = []
        for row in rows:
            cells, thing = list(row), found.get((row[kind], row[key]), nothing)
            cells[label], cells[key] = row[label] or thing.name, thing.address
            completed.append(tuple(cells))
        return completed

    def row_prefix(self) -> str:
        """Return nothing: an entry has no page of its own, what it is about has."""
        return ""

    def label_fields(self) -> tuple[str, ...]:
        """Name a row by what was done."""
        return ("verb",)
