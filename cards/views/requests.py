"""*My requests*: what was asked, how far it is, and until when it is promised (CRD-7, CRD-9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cards.describe import address_text, under_way
from cards.filters import RequestFilter
from cards.history import request_history
from cards.letters.services import LETTER
from cards.lifecycle import IN_PRODUCTION, RECEIVED, REQUEST, REQUEST_STATUSES
from cards.models import CodeLetter, Issue, Request, RequestDocument
from cards.rules import offered
from cards.services import may_attach, withdraw_request
from cards.views.cards import changes_to_come
from fleetportal.core.pages import ActionPage, Badge, Choice, CompanyPage, DetailPage, Due, Link, ListPage, Moment, Text
from fleetportal.core.pages.base import act

STATUSES = [(status.value, status.label) for status in REQUEST_STATUSES]


class RequestList(ListPage, CompanyPage):
    """All requests with type, object, date, status and due time (CRD-9)."""

    permission = "requests.see"
    title = lazy("My requests")
    model = Request
    filterset_class = RequestFilter
    advanced = ("kind", "customer_number", "accepted_at")
    search_kind = "cards.request"
    search_placeholder = lazy("Request number, plate or name")
    default_order = "-number"
    act_fields = ("status",)
    empty_title = lazy("No requests yet")
    empty_text = lazy("What you order or ask for stands here, with the time it is promised for.")
    file_name = "requests"
    columns = (
        Link("label", lazy("For"), ("label", "pk")),
        Text("number", lazy("Number"), ("number_text",), sort="pk"),
        Choice("kind", lazy("Type"), ("kind",), choices=Request.Kind.choices),
        Badge("status", lazy("Status"), ("status",), choices=STATUSES),
        Moment("accepted", lazy("Accepted"), ("accepted_at",)),
        Due("due", lazy("Promised for"), ("due_at", "ended_at")),
        Moment("ended", lazy("Ended"), ("ended_at",)),
        Text("customer_number", lazy("Customer number"), ("customer_number__number",), minor=True),
    )

    def queryset(self) -> Any:
        """Return the requests in scope, with their number as text."""
        return Request.objects.annotate(number_text=Request.NUMBER)

    def row_prefix(self) -> str:
        """Return the beginning of a request's address."""
        return self.url("cards:requests")

    def row_acts(self, *values: Any) -> list[tuple[str, str, str]]:
        """Offer to withdraw what has not been started."""
        (status,) = values
        return [
            (str(transition.label), f"{transition.name}/", transition.icon)
            for transition in REQUEST.offered(status, self.actor)
            if transition.name == "withdraw"
        ]

    def empty_act(self) -> dict[str, Any] | None:
        """Offer the first order."""
        if not self.actor.may("cards.order"):
            return None
        return act("new", _("Create a card"), self.url("cards:new"), icon="plus", tone="primary")


class RequestDetail(DetailPage):
    """One request: how far it is and when it is promised."""

    permission = "requests.see"
    model = Request
    related = ("customer_number", "division", "card", "requested_by")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("My requests"), self.url("cards:requests")), (self.object.number, None)]

    def detail(self, row: Request) -> dict[str, Any]:
        """Return the request's page."""
        dangers = [
            act(
                transition.name,
                transition.label,
                f"{self.url('cards:requests')}{row.pk}/{transition.name}/",
                icon=transition.icon,
                tone="danger",
            )
            for transition in REQUEST.offered(row.status, self.actor)
            if transition.name == "withdraw"
        ]
        issue = Issue.objects.filter(pk=row.subject_id).first() if row.subject_kind == "cards.issue" else None
        return {
            "title": _("Request %(number)s") % {"number": row.number},
            "subtitle": f"{row.get_kind_display()} · {row.label}",
            "status": {"value": row.status, "label": REQUEST.label(row.status)},
            "notices": [clock(row, self.now)] if row.status in {RECEIVED, IN_PRODUCTION} else self.arrival(row, issue),
            "acts": [*self.receive(row, issue), *self.attach(row)],
            "dangers": dangers,
            "sections": [
                {
                    "title": _("General"),
                    "facts": [
                        {"label": _("Type"), "value": row.get_kind_display()},
                        {"label": _("Card"), "value": self.card_link(row)},
                        {"label": _("Customer number"), "value": str(row.customer_number)},
                        {"label": _("Fleet division"), "value": str(row.division or "")},
                        {"label": _("Asked by"), "value": str(row.requested_by or "")},
                        {"label": _("Accepted"), "value": moment(row.accepted_at)},
                        {"label": _("Promised for"), "value": moment(row.due_at)},
                        {"label": _("Production began"), "value": moment(row.started_at)},
                        {"label": _("Ended"), "value": moment(row.ended_at)},
                        {"label": _("Reason"), "value": _(row.reason) if row.reason else ""},
                        {"label": _("Tracking"), "value": issue.tracking if issue else ""},
                        *letter_facts(row),
                    ],
                },
                *(changes_to_come(row.card, [issue]) if row.card is not None and issue is not None else []),
                documents_of(row, lambda document: self.url("cards:document", document.pk)),
            ],
            "timeline": request_history(row),
        }

    def arrival(self, row: Request, issue: Issue | None) -> list[dict[str, str]]:
        """Say what is left to do once the plastic is on its way."""
        text = under_way(row.card) if row.card is not None and _is_newest(row, issue) else ""
        return [{"tone": "info", "text": text}] if text else []

    def receive(self, row: Request, issue: Issue | None) -> list[dict[str, Any]]:
        """Offer to confirm the receipt where the request is followed (FUL-4)."""
        card = row.card
        if card is None or not _is_newest(row, issue):
            return []
        possible = offered(
            self.actor,
            card.status,
            live=card.live,
            dispatched=card.dispatched_at is not None,
            renewal=card.renewal_status,
            code=card.code_type,
        )
        return [
            act("receive", one.label, self.url("cards:receive", card.pk), icon=one.icon, tone="primary")
            for one in possible
            if one.name == "receive"
        ]

    def attach(self, row: Request) -> list[dict[str, Any]]:
        """Offer to add a document while the request is open."""
        if not (may_attach(row) and self.actor.may("requests.attach")):
            return []
        return [act("attach", _("Add a document"), self.url("cards:attach", row.pk), icon="plus")]

    def card_link(self, row: Request) -> Any:
        """Return the card, as a link for those who may open it."""
        if row.card_id is None or not self.actor.may("cards.see"):
            return row.label
        return format_html('<a href="{}">{}</a>', self.url("cards:card", row.card_id), row.label)


class RequestWithdraw(ActionPage):
    """Withdraw a request that has not been started (CRD-9)."""

    permission = "requests.withdraw"
    model = Request
    title = lazy("Withdraw")
    tone = "danger"

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [
            (_("My requests"), self.url("cards:requests")),
            (self.object.number, self.refused_url()),
            (self.title, None),
        ]

    def refused_url(self) -> str:
        """Go back to the request."""
        return self.url("cards:request", self.kwargs["pk"])

    def refusal(self, row: Request) -> str:
        """Return why its status does not allow it."""
        return "" if REQUEST.allows("withdraw", row.status) else REQUEST.refusal("withdraw", row.status)

    def confirm(self, row: Request) -> dict[str, Any]:
        """Say what is not made."""
        return {
            "title": _("Withdraw the request %(number)s") % {"number": row.number},
            "submit_label": _("Withdraw the request"),
            "happens": [_("What you asked for is not made.")],
            "not_happens": [_("A plastic that is in use stays as it is.")],
            "items": [f"{row.get_kind_display()} · {row.label}"],
        }

    def act(self, form: forms.Form) -> str:
        """Withdraw it."""
        withdraw_request(actor=self.actor, request=self.object, now=self.now)
        messages.success(self.request, _("The request %(number)s is withdrawn.") % {"number": self.object.number})
        return self.refused_url()


def letter_facts(row: Request) -> list[dict[str, str]]:
    """Say where a code letter went, once it is in production (PIN-4)."""
    if row.subject_kind != LETTER:
        return []
    letter = CodeLetter.objects.filter(pk=row.subject_id, batch_id__isnull=False).first()
    if letter is None:
        return []
    return [
        {"label": _("Address"), "value": address_text(letter.lines)},
        {"label": _("Reference"), "value": letter.reference},
    ]


def _is_newest(row: Request, issue: Issue | None) -> bool:
    """Say whether the request's plastic is the card's newest: what is said of the card is then said of it."""
    return row.card is not None and issue is not None and issue.rank == row.card.rank


def documents_of(row: Request, url: Callable[[RequestDocument], str]) -> dict[str, Any]:
    """Return the documents of a request as a section of its page."""
    documents = RequestDocument.objects.filter(request=row).select_related("file")
    return {
        "title": _("Documents"),
        "table": {
            "headers": [_("Document"), _("Added")],
            "rows": [
                [
                    format_html('<a href="{}">{}</a>', url(document), document.file.original_name),
                    moment(document.added_at),
                ]
                for document in documents
            ],
        },
        "empty": _("No documents."),
    }


def clock(row: Request, now: Any) -> dict[str, str]:
    """Return the sentence that counts the 24 hours (CRD-7)."""
    if row.is_late(now):
        text = _("This request is late: it was promised for %(when)s, %(ago)s ago.")
        return {"tone": "warning", "text": text % {"when": moment(row.due_at), "ago": timesince(row.due_at, now)}}
    text = _("Promised for %(when)s: %(left)s left.")
    return {"tone": "info", "text": text % {"when": moment(row.due_at), "left": timeuntil(row.due_at, now)}}


def moment(at: Any) -> str:
    """Return day and time in Brussels."""
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT") if at else ""
