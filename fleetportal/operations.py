"""The operator's pages about the portal itself: promised work, timed jobs, outgoing mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from fleetportal.core.mail import CaughtMail, OutgoingMail
from fleetportal.core.named import WORK, kept_name, mail_words, said_name, work_word
from fleetportal.core.pages import ActionPage, Badge, Choice, ListPage, Moment, OperatorPage, Text, Translated
from fleetportal.core.pages.base import act
from fleetportal.core.pages.columns import EMPTY, Column, Writer
from fleetportal.core.timetable import last_starts
from fleetportal.core.work import KINDS, PERIODIC, retry
from fleetportal.core.work_models import JobRun, WorkItem


def _kinds_of_work() -> list[tuple[str, str]]:
    return _by_word({name: WORK.get(name, name) for name in KINDS})


def _by_word(words: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return names with their words, in the order of the words."""
    return sorted(((name, str(word)) for name, word in words.items()), key=lambda pair: pair[1].casefold())


@dataclass(frozen=True, slots=True)
class Named(Choice):
    """What a kind is called, and below it, for who asks for support, its name; a kind of former days has no word."""

    def writer(self) -> Writer:
        """Write both."""
        words = {name: escape(word) for name, word in self.words().items()}

        def write(name: str) -> str:
            shown = f'<small class="muted">{escape(name)}</small>'
            return f"{words[name]}<br>{shown}" if name in words else shown

        return write

    def exporter(self) -> Callable[..., Any]:
        """Return the word, or the name of what has none."""
        words = self.words()
        return lambda name: words.get(name, name)


@dataclass(frozen=True, slots=True)
class Subject(Column):
    """What work is about: of a bulk action its name; for a mail that is its template, which is said by its word."""

    def writer(self) -> Writer:
        """Write the words."""
        said = self.exporter()
        return lambda *values: escape(said(*values)) or EMPTY

    def exporter(self) -> Callable[..., Any]:
        """Return the words."""
        words = {name: str(word) for name, word in mail_words().items()}

        def write(subject: str, kind: str, count: int | None) -> str:
            if kind == "core.send_mail":
                return words.get(subject, subject)
            return said_name(kept_name(kind, count, subject))

        return write


class WorkFilter(filters.FilterSet):
    """Work by status and kind."""

    status = filters.ChoiceFilter(choices=WorkItem.Status.choices, label=lazy("Status"), empty_label=lazy("All"))
    kind = filters.ChoiceFilter(choices=_kinds_of_work, label=lazy("Kind"), empty_label=lazy("All"))

    class Meta:
        model = WorkItem
        fields: tuple[str, ...] = ()


class WorkList(ListPage, OperatorPage):
    """Promised work and timed jobs: what waits, runs, failed, and the way to try again."""

    permission = "operator.see"
    template_name = "operator/work.html"
    title = lazy("Work and jobs")
    model = WorkItem
    filterset_class = WorkFilter
    searchable = False
    default_order = "-created"
    act_fields = ("status",)
    empty_title = lazy("No work yet")
    empty_text = lazy("What the portal promised to do later stands here until it is done.")
    file_name = "work"
    columns = (
        Named("kind", lazy("Kind"), ("kind",), choices=WORK),
        Subject("subject", lazy("About"), ("subject", "kind", "batch__total")),
        Text("company", lazy("Company"), ("company__identifier",)),
        Badge("status", lazy("Status"), ("status",), choices=WorkItem.Status.choices),
        Moment("created", lazy("Created"), ("created_at",), sort="pk"),
        Moment("due", lazy("Due"), ("due_at",)),
        Moment("finished", lazy("Finished"), ("finished_at",)),
        Text("attempts", lazy("Attempts"), ("attempts",), numeric=True),
        Translated("error", lazy("Why it stopped"), ("error",)),
    )

    def row_prefix(self) -> str:
        """Return the beginning of an item's address."""
        return self.url("operator:work")

    def row_acts(self, *values: Any) -> list[tuple[str, str, str]]:
        """Offer to try stopped work again."""
        if values[0] in {WorkItem.Status.FAILED, WorkItem.Status.HELD} and self.actor.may("operator.work"):
            return [(_("Try again"), "retry/", "refresh")]
        return []

    def show(self, template: str | None = None, status: int = 200, **context: Any) -> HttpResponse:
        """Add the timed jobs to the page."""
        return super().show(template, status, jobs=self.jobs(), **context)

    def jobs(self) -> list[dict[str, Any]]:
        """Return the portal's timetable with the last run of each job."""
        starts = last_starts()
        newest = {
            run.name: run
            for run in JobRun.objects.filter(name__in=starts).order_by("name", "-started_at").distinct("name")
        }
        jobs = []
        for name, job in sorted(PERIODIC.items(), key=lambda pair: work_word(pair[0]).casefold()):
            run = newest.get(name)
            jobs.append(
                {
                    "name": name,
                    "word": work_word(name),
                    "every": _every(job.every),
                    "last": _moment(run.started_at) if run else "",
                    "seconds": f"{(run.finished_at - run.started_at).total_seconds():.1f}" if run else "",
                    "done": run.done if run else "",
                    "failed": run.failed if run else "",
                    "error": run.error if run else "",
                }
            )
        return jobs


class WorkRetry(ActionPage, OperatorPage):
    """Let stopped work run again."""

    permission = "operator.work"
    model = WorkItem
    title = lazy("Try again")

    def url(self, name: str, *args: Any) -> str:
        """Return an address in the operator's area."""
        return OperatorPage.url(self, name, *args)

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Work and jobs"), self.url("operator:work")), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the list."""
        return self.url("operator:work")

    def refusal(self, row: WorkItem) -> str:
        """Only stopped work is tried again."""
        stopped = {WorkItem.Status.FAILED, WorkItem.Status.HELD}
        return "" if row.status in stopped else _("This work is not stopped (any more).")

    def confirm(self, row: WorkItem) -> dict[str, Any]:
        """Say what runs again."""
        return {
            "title": _("Try again: %(kind)s") % {"kind": work_word(row.kind)},
            "submit_label": _("Try again now"),
            "happens": [_("The work is handed to a worker at once. What was done before is not done twice.")],
            "items": [said_name(kept_name(row.kind, row.batch.total if row.batch else None, row.subject)) or row.key],
        }

    def act(self, form: forms.Form) -> str:
        """Hand it out again."""
        if retry(self.object, self.actor, now=self.now):
            messages.success(self.request, _("The work is handed out again."))
        else:
            messages.error(self.request, _("This work is not stopped (any more)."))
        return self.refused_url()


def _kinds_of_mail() -> list[tuple[str, str]]:
    return _by_word(mail_words())


class MailFilter(filters.FilterSet):
    """Mail by status and kind."""

    status = filters.ChoiceFilter(choices=OutgoingMail.Status.choices, label=lazy("Status"), empty_label=lazy("All"))
    template = filters.ChoiceFilter(choices=_kinds_of_mail, label=lazy("Kind"), empty_label=lazy("All"))

    class Meta:
        model = OutgoingMail
        fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedMail(Named):
    """What a mail is called."""

    def words(self) -> dict[Any, str]:
        """Return the words that the apps declared."""
        return {name: str(word) for name, word in mail_words().items()}


class MailList(ListPage, OperatorPage):
    """Outgoing mail: to whom, what about, and whether it was sent."""

    permission = "operator.see"
    title = lazy("Outgoing mail")
    model = OutgoingMail
    filterset_class = MailFilter
    searchable = False
    default_order = "-created"
    empty_title = lazy("No mail yet")
    empty_text = lazy("E-mails stand here from the moment they are decided on.")
    file_name = "mail"
    columns = (
        Text("to", lazy("To"), ("to",)),
        Text("subject", lazy("Subject"), ("subject",)),
        NamedMail("template", lazy("Kind"), ("template",)),
        Text("language", lazy("Language"), ("language",)),
        Badge("status", lazy("Status"), ("status",), choices=OutgoingMail.Status.choices),
        Moment("created", lazy("Created"), ("created_at",), sort="pk"),
        Moment("sent", lazy("Sent"), ("sent_at",)),
        Text("tries", lazy("Tries"), ("tries",), numeric=True),
    )

    def row_prefix(self) -> str:
        """Return the beginning of a mail's address."""
        return self.url("operator:mail")

    def acts(self) -> list[dict[str, Any]]:
        """Lead to the mail that the demonstration kept."""
        if not CaughtMail.objects.exists():
            return []
        return [act("caught", _("Mail of the demonstration"), self.url("operator:caught"), icon="mail")]


class CaughtMailList(OperatorPage):
    """The e-mails that the demonstration kept instead of sending them, the newest first (decision 38)."""

    permission = "operator.see"
    template_name = "operator/caught.html"
    title = lazy("Mail of the demonstration")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Outgoing mail"), self.url("operator:mail")), (self.title, None)]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the newest hundred."""
        return self.show(mails=CaughtMail.objects.order_by("-at", "-pk")[:100])


def _every(rhythm: Any) -> str:
    """Say how often a job runs: a length of time in words, or the fields of a crontab."""
    if not isinstance(rhythm, timedelta):
        return str(rhythm)
    seconds = int(rhythm.total_seconds())
    if seconds % 86400 == 0:
        return ngettext("%(count)s day", "%(count)s days", seconds // 86400) % {"count": seconds // 86400}
    if seconds % 3600 == 0:
        return ngettext("%(count)s hour", "%(count)s hours", seconds // 3600) % {"count": seconds // 3600}
    if seconds % 60 == 0:
        return ngettext("%(count)s minute", "%(count)s minutes", seconds // 60) % {"count": seconds // 60}
    return ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}


def _moment(at: Any) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT") if at else ""
