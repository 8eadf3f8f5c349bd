"""The operator's queue of requests, what is in production, and the card maker's files (FUL-1, FUL-2)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from cards.filters import QueueFilter
from cards.history import request_history
from cards.lifecycle import CARD, IN_PRODUCTION, RECEIVED, REQUEST
from cards.models import Batch, MakerFile, Request
from cards.numbers import RangeUsedUp
from cards.production.batches import TAKE_AT_ONCE, batch_issues, progress, queue, take_batch
from cards.views.requests import STATUSES, documents_of, moment
from fleetportal.core.pages import Badge, Choice, Due, FormPage, Link, ListPage, Moment, OperatorPage, Text
from fleetportal.core.pages.base import act, as_id
from fleetportal.core.pages.detail import ObjectMixin
from fleetportal.core.pages.forms import Refused
from fleetportal.core.pages.listing import Found
from fleetportal.core.work_models import WorkItem

# How the card maker is reached, by the name of the setting (CARD_MAKER).
MAKERS = {"files": lazy("By files"), "simulator": lazy("Simulator")}


class OperatorHome(OperatorPage):
    """What waits for operator staff."""

    permission = "operator.see"
    template_name = "home.html"
    title = lazy("Overview")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it."""
        requests = self.url("operator:requests")
        waiting = Request.objects.filter(status__in=[RECEIVED, IN_PRODUCTION]).aggregate(
            received=Count("pk", filter=Q(status=RECEIVED)),
            making=Count("pk", filter=Q(status=IN_PRODUCTION)),
            late=Count("pk", filter=Q(due_at__lt=self.now)),
        )
        stopped = WorkItem.objects.aggregate(
            failed=Count("pk", filter=Q(status="failed")), held=Count("pk", filter=Q(status="held"))
        )
        aside = MakerFile.objects.filter(MakerFile.OPEN).count()
        todo = [
            {"label": label, "count": number_format(count, force_grouping=True), "url": url, "tone": tone, "text": text}
            for label, count, url, tone, text in (
                (
                    ngettext("request is late", "requests are late", waiting["late"]),
                    waiting["late"],
                    f"{requests}?late=on",
                    "danger",
                    _("The promised 24 hours are over."),
                ),
                (
                    ngettext("request waits for production", "requests wait for production", waiting["received"]),
                    waiting["received"],
                    f"{requests}?status={RECEIVED}",
                    "info",
                    _("Take them into production, the oldest first."),
                ),
                (
                    ngettext("work item has failed", "work items have failed", stopped["failed"]),
                    stopped["failed"],
                    f"{self.url('operator:work')}?status=failed",
                    "warning",
                    _("See why, and try again."),
                ),
                (
                    ngettext("work item is held", "work items are held", stopped["held"]),
                    stopped["held"],
                    f"{self.url('operator:work')}?status=held",
                    "warning",
                    _("See what each waits for."),
                ),
                (
                    ngettext(
                        "file of the card maker has something set aside",
                        "files of the card maker have something set aside",
                        aside,
                    ),
                    aside,
                    f"{self.url('operator:files')}?aside=on",
                    "warning",
                    _("See the reason of each, and say what was done about it."),
                ),
            )
            if count
        ]
        figures = [
            {"label": label, "value": number_format(count, force_grouping=True), "url": f"{requests}?status={status}"}
            for label, count, status in (
                (_("Waiting"), waiting["received"], RECEIVED),
                (_("In production"), waiting["making"], IN_PRODUCTION),
            )
        ]
        home = {"todo": todo, "figures_title": _("Production"), "figures": figures, "recent": []}
        return self.show(home=home)


class OperatorRequests(ListPage, OperatorPage):
    """The queue of all companies' requests, the oldest due first (FUL-1)."""

    permission = "operator.see"
    title = lazy("Requests")
    model = Request
    filterset_class = QueueFilter
    advanced = ("kind", "customer_number", "accepted_at")
    search_kind = "cards.request"
    search_placeholder = lazy("Request number, plate or name")
    default_order = "due"
    act_fields = ()
    empty_title = lazy("No requests yet")
    empty_text = lazy("Orders of all companies stand here, the oldest due first.")
    file_name = "requests"
    columns = (
        Link("number", lazy("Number"), ("number_text", "pk")),
        Text("company", lazy("Company"), ("company__legal_name",)),
        Text("label", lazy("For"), ("label",)),
        Choice("kind", lazy("Type"), ("kind",), choices=Request.Kind.choices),
        Badge("status", lazy("Status"), ("status",), choices=STATUSES),
        Moment("accepted", lazy("Accepted"), ("accepted_at",)),
        Due("due", lazy("Promised for"), ("due_at", "ended_at"), sort="due_at"),
        Text("customer_number", lazy("Customer number"), ("customer_number__number",)),
    )

    def queryset(self) -> Any:
        """Return the requests of all companies, with their number as text."""
        return Request.objects.annotate(number_text=Request.NUMBER)

    def row_prefix(self) -> str:
        """Return the beginning of a request's address."""
        return self.url("operator:requests")

    def bulk(self) -> list[dict[str, Any]]:
        """Offer to take a selection into production."""
        if not self.actor.may("operator.produce"):
            return []
        return [{"name": "produce", "label": _("Take into production"), "tone": "primary"}]

    def bulk_url(self) -> str:
        """Return the page that confirms it."""
        return self.url("operator:produce")

    def acts(self) -> list[dict[str, Any]]:
        """Offer to take the oldest."""
        if not self.actor.may("operator.produce"):
            return []
        url = f"{self.url('operator:produce')}?oldest=1"
        return [act("produce", _("Take the oldest into production"), url, icon="package", tone="primary")]


class RequestOfAll(ObjectMixin, OperatorPage):
    """One request as operator staff see it."""

    permission = "operator.see"
    template_name = "pages/detail.html"
    model = Request
    related = ("company", "customer_number", "division", "card", "requested_by")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Requests"), self.url("operator:requests")), (self.object.number, None)]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it."""
        self.object = row = self.find(kwargs["pk"])
        acts = []
        if row.status == RECEIVED and self.actor.may("operator.produce"):
            url = f"{self.url('operator:produce')}?select={row.pk}"
            acts.append(act("produce", _("Take into production"), url, icon="package", tone="primary"))
        detail = {
            "title": _("Request %(number)s") % {"number": row.number},
            "subtitle": f"{row.company.legal_name} · {row.get_kind_display()} · {row.label}",
            "status": {"value": row.status, "label": REQUEST.label(row.status)},
            "notices": [],
            "acts": acts,
            "dangers": [],
            "sections": [
                {
                    "title": _("General"),
                    "facts": [
                        {"label": _("Company"), "value": f"{row.company.legal_name} · {row.company.identifier}"},
                        {"label": _("Customer number"), "value": str(row.customer_number)},
                        {"label": _("Asked by"), "value": str(row.requested_by or "")},
                        {"label": _("Accepted"), "value": moment(row.accepted_at)},
                        {"label": _("Promised for"), "value": moment(row.due_at)},
                        {"label": _("Production began"), "value": moment(row.started_at)},
                        {"label": _("Ended"), "value": moment(row.ended_at)},
                        {"label": _("Reason"), "value": _(row.reason) if row.reason else ""},
                    ],
                },
                documents_of(row, lambda document: self.url("operator:document", document.pk)),
            ],
            "timeline": request_history(row),
        }
        return self.show(title=detail["title"], detail=detail)


class Produce(FormPage, OperatorPage):
    """Confirm which orders go into production; the card maker's file is written by a worker (FUL-1)."""

    permission = "operator.produce"
    template_name = "pages/confirm.html"
    title = lazy("Take into production")
    form_class = forms.Form

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Requests"), self.url("operator:requests")), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the queue."""
        return self.url("operator:requests")

    def prepare(self) -> None:
        """Find what is meant: a selection, all that wait and match, or the oldest."""
        params = self.request.GET
        waiting = queue()
        self.ids: list[int] | None = None
        if not params.get("oldest") and not params.get("all"):
            chosen = [pk for one in params.getlist("select") if (pk := as_id(one)) is not None]
            if not chosen:
                raise Refused(_("Select at least one request."))
            self.ids = chosen
            waiting = waiting.filter(pk__anyof=chosen)
        elif params.get("all"):
            found = Found(OperatorRequests(request=self.request), params, cap=None)
            if found.unreadable:
                raise Refused(_("One of the filters can't be read. Set it again, then select."))
            waiting = waiting.filter(pk__in=found.queryset.values("pk"))
            self.ids = list(waiting.values_list("pk", flat=True)[:TAKE_AT_ONCE])
        self.waiting = list(waiting.select_related("company")[:TAKE_AT_ONCE])
        if not self.waiting:
            raise Refused(_("None of these requests waits for production."))

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the confirmation."""
        count = len(self.waiting)
        return {
            "confirm": {
                "title": ngettext(
                    "Take %(count)s request into production", "Take %(count)s requests into production", count
                )
                % {"count": count},
                "submit_label": ngettext("Produce %(count)s card", "Produce %(count)s cards", count) % {"count": count},
                "happens": [
                    _("The cards get their numbers and go to In creation."),
                    _("A production file is written for the card maker."),
                    _("What is taken can't be withdrawn by the customer any more."),
                ],
                "items": [f"{row.number} · {row.company.legal_name} · {row.label}" for row in self.waiting[:8]],
                "more": max(0, count - 8),
                "tone": "primary",
                "cancel_url": self.refused_url(),
                "form": None,
            },
            "title": self.title,
        }

    def act(self, form: forms.Form) -> str:
        """Take the batch."""
        try:
            batch = take_batch(actor=self.actor, request_ids=self.ids, now=self.now)
        except RangeUsedUp as used_up:
            raise forms.ValidationError(str(used_up)) from used_up
        if batch is None:
            raise Refused(_("None of these requests waits for production."))
        messages.success(
            self.request,
            ngettext(
                "%(count)s card is in production: batch %(batch)s.",
                "%(count)s cards are in production: batch %(batch)s.",
                batch.size,
            )
            % {"count": batch.size, "batch": batch},
        )
        return self.url("operator:batch", batch.pk)


class BatchList(ListPage, OperatorPage):
    """What went to the card maker."""

    permission = "operator.see"
    title = lazy("Batches")
    model = Batch
    searchable = False
    default_order = "-created"
    empty_title = lazy("No batches yet")
    empty_text = lazy("Orders that were taken into production together stand here.")
    file_name = "batches"
    columns = (
        Link("number", lazy("Batch"), ("number_text", "pk")),
        Text("size", lazy("Cards"), ("size",), numeric=True),
        Choice("maker", lazy("Card maker"), ("maker",), choices=MAKERS),
        Moment("created", lazy("Taken"), ("created_at",), sort="pk"),
        Moment("sent", lazy("Sent"), ("sent_at",)),
        Text("file", lazy("File"), ("file_name",)),
    )

    def queryset(self) -> Any:
        """Return the batches, with their number as text."""
        return Batch.objects.annotate(number_text=Batch.NUMBER)

    def row_prefix(self) -> str:
        """Return the beginning of a batch's address."""
        return self.url("operator:batches")


class BatchDetail(ObjectMixin, OperatorPage):
    """One batch and how far its cards are."""

    permission = "operator.see"
    template_name = "pages/detail.html"
    model = Batch
    related = ("created_by",)

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Batches"), self.url("operator:batches")), (str(self.object), None)]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it."""
        self.object = row = self.find(kwargs["pk"])
        counts = progress(row)
        issues = batch_issues(row).select_related("card", "card__company")[:200]
        detail = {
            "title": _("Batch %(number)s") % {"number": row},
            "subtitle": ngettext("%(count)s card", "%(count)s cards", row.size) % {"count": row.size},
            "notices": [],
            "acts": [],
            "dangers": [],
            "sections": [
                {
                    "title": _("General"),
                    "facts": [
                        {"label": _("Taken"), "value": moment(row.created_at)},
                        {"label": _("Taken by"), "value": str(row.created_by or "")},
                        {"label": _("Sent to the card maker"), "value": moment(row.sent_at)},
                        {"label": _("File"), "value": row.file_name},
                        {"label": _("Checksum"), "value": row.checksum},
                        {"label": _("Made"), "value": f"{counts['made']} / {counts['total']}"},
                        {"label": _("Dispatched"), "value": f"{counts['dispatched']} / {counts['total']}"},
                    ],
                },
                {
                    "title": _("Cards"),
                    "table": {
                        "headers": [_("Company"), _("Plate or name"), _("Rank"), _("Status"), _("Tracking")],
                        "rows": [
                            [
                                issue.card.company.legal_name,
                                issue.card.printed_as,
                                str(issue.rank),
                                format_html(
                                    '<span class="status status-{}">{}</span>', issue.status, CARD.label(issue.status)
                                ),
                                issue.tracking,
                            ]
                            for issue in issues
                        ],
                    },
                    "empty": _("No cards."),
                },
            ],
            "timeline": [],
        }
        return self.show(title=detail["title"], detail=detail)
