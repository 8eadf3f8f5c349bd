"""Work that is held because who asked for it lost the right: the company's administrators decide on it (GEN-13)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Exists, F, OuterRef, QuerySet, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from fleetportal.core.batches import drop_held, take_over_held
from fleetportal.core.named import kept_name, said_name, work_word
from fleetportal.core.pages import ActionPage, CompanyPage, ListPage, Moment, Text, Translated
from fleetportal.core.pages.columns import Column, Writer
from fleetportal.core.work import KINDS, kind_of
from fleetportal.core.work_models import WorkItem


def held_work() -> QuerySet[WorkItem]:
    """Return the held work in scope; of a bulk action its first held chunk stands for all."""
    held = WorkItem.objects.filter(status=WorkItem.Status.HELD)
    earlier = held.filter(batch_id=OuterRef("batch_id"), pk__lt=OuterRef("pk"))
    return held.exclude(Exists(earlier))


@dataclass(frozen=True, slots=True)
class Called(Column):
    """What held work is called: a bulk action by its name, other work by its subject, else by the word for its kind."""

    def writer(self) -> Writer:
        """Write it."""
        said = self.exporter()
        return lambda *values: escape(said(*values))

    def exporter(self) -> Callable[..., Any]:
        """Return it."""
        return lambda subject, kind, count: said_name(kept_name(kind, count, subject)) or work_word(kind)


def _called(row: WorkItem) -> str:
    kept = kept_name(row.kind, row.batch.total if row.batch else None, row.subject)
    return said_name(kept) or work_word(row.kind)


class HeldList(ListPage, CompanyPage):
    """What is held, who asked for it and why it did not run."""

    permission = "work.decide"
    title = lazy("Held work")
    lead = lazy(
        "It did not run, because who asked for it may not do it any more. Let it run under your name, or drop it."
    )
    model = WorkItem
    searchable = False
    default_order = "-asked"
    act_fields = ("kind",)
    empty_title = lazy("Nothing is held")
    empty_text = lazy("Work stands here when who asked for it lost the right before it ran.")
    file_name = "held-work"
    columns = (
        Called("what", lazy("What"), ("subject", "kind", "batch__total")),
        Text("who", lazy("Asked by"), ("who",)),
        Moment("asked", lazy("Asked"), ("created_at",), sort="pk"),
        Moment("held", lazy("Held since"), ("finished_at",)),
        Translated("error", lazy("Why"), ("error",), minor=True),
    )

    def queryset(self) -> Any:
        """Return the held work, with the name of who asked for it."""
        name = Concat(F("requested_by__last_name"), Value(" "), F("requested_by__first_name"))
        return held_work().annotate(who=name)

    def row_prefix(self) -> str:
        """Return the beginning of an item's address."""
        return self.url("cards:held")

    def row_acts(self, *values: Any) -> list[tuple[str, str, str]]:
        """Offer to let it run, to who could ask for it themselves, and to drop it."""
        kind = KINDS.get(values[0])
        may = kind is not None and (not kind.permission or self.actor.may(kind.permission))
        return [
            *([(_("Let it run"), "run/", "check")] if may else []),
            (_("Drop"), "drop/", "trash"),
        ]


class HeldAction(ActionPage):
    """A decision on held work."""

    permission = "work.decide"
    model = WorkItem
    related = ("requested_by", "batch")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Held work"), self.url("cards:held")), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to what is held."""
        return self.url("cards:held")

    def refusal(self, row: WorkItem) -> str:
        """Only held work is decided on."""
        return "" if row.status == WorkItem.Status.HELD else _("This work is not held (any more).")

    def about(self, row: WorkItem) -> list[str]:
        """Return what it is about: the work, who asked for it and when."""
        if row.requested_by is None:
            return [_called(row)]
        asked = date_format(timezone.localtime(row.created_at), "SHORT_DATETIME_FORMAT")
        said = _("asked by %(who)s on %(when)s") % {"who": row.requested_by.full_name, "when": asked}
        return [_called(row), said]

    def lost(self) -> str:
        """Say that somebody else decided first."""
        messages.error(self.request, _("This work is not held (any more)."))
        return self.refused_url()


class HeldRun(HeldAction):
    """Let held work run under one's own name."""

    title = lazy("Let it run")

    def refusal(self, row: WorkItem) -> str:
        """Nobody lets run what they may not do themselves."""
        if sentence := super().refusal(row):
            return sentence
        permission = kind_of(row.kind).permission
        if permission and not self.actor.may(permission):
            return _("You may not do this yourself, so it can't run under your name.")
        return ""

    def confirm(self, row: WorkItem) -> dict[str, Any]:
        """Say under whose name it runs."""
        return {
            "title": _("Let run: %(what)s") % {"what": _called(row)},
            "submit_label": _("Let it run under my name"),
            "happens": [
                _("It runs at once, under your name and with your rights. What was done before is not done twice.")
            ],
            "items": self.about(row),
        }

    def act(self, form: forms.Form) -> str:
        """Take it over."""
        if not take_over_held(self.object, self.actor, now=self.now):
            return self.lost()
        messages.success(self.request, _("It runs now, under your name."))
        return self.url("cards:job", self.object.batch_id) if self.object.batch_id else self.refused_url()


class HeldDrop(HeldAction):
    """Decide that held work is never done."""

    title = lazy("Drop")
    tone = "danger"

    def confirm(self, row: WorkItem) -> dict[str, Any]:
        """Say that nothing of it happens."""
        return {
            "title": _("Drop: %(what)s") % {"what": _called(row)},
            "submit_label": _("Drop it"),
            "happens": [_("It is never done. What was done of it before stays done.")],
            "items": self.about(row),
        }

    def act(self, form: forms.Form) -> str:
        """Drop it."""
        if not drop_held(self.object, self.actor, now=self.now):
            return self.lost()
        messages.success(self.request, _("It is dropped and is never done."))
        return self.refused_url()
