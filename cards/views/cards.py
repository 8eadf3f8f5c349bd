"""Finding cards, and the page of one card."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.reach import DIVISIONS, NUMBERS
from cards.catalogue import BlockReason, Category, CodeType, RenewalStatus
from cards.describe import address_text, controls_of, country_of_plate, limit_text, products_text, under_way
from cards.exports import card_export
from cards.filters import PRODUCTS, CardFilter
from cards.history import card_history, setting_lines
from cards.letters.services import open_letters
from cards.lifecycle import ACTIVE, CANCELLED, CARD, CARD_STATUSES, IN_CREATION, NEW, REQUEST_STATUSES
from cards.models import Card, CardLimit, Issue, Request
from cards.overlay import differing, limits_with, with_changes
from cards.plastic import CODE
from cards.rules import offered
from cards.services import limits_of
from fleetportal.core.pages import Badge, Choice, CompanyPage, Date, DetailPage, Link, ListPage, Masked, Moment, Text
from fleetportal.core.pages.base import act
from fleetportal.core.pages.detail import ObjectMixin
from fleetportal.core.pages.exports import Export
from fleetportal.core.pages.listing import Found

STATUSES = [(status.value, status.label) for status in CARD_STATUSES]


class CardList(ListPage, CompanyPage):
    """*Find a card* (CRD-30 to CRD-33)."""

    permission = "cards.see"
    title = lazy("Cards")
    model = Card
    filterset_class = CardFilter
    beside = (PRODUCTS, NUMBERS, DIVISIONS)
    advanced = (
        "category",
        "fuel",
        "code_type",
        "renewal_status",
        "expires_on",
        "last_used_on",
        "dispatched",
    )
    search_kind = "cards.card"
    search_placeholder = lazy("Plate, name, number, driver or cost centre")
    default_order = "-created"
    act_fields = ("status", "live", "dispatched_at", "renewal_status", "code_type")
    empty_title = lazy("No cards yet")
    empty_text = lazy("The cards you order stand here, with their status and what you can do with them.")
    file_name = "cards"
    columns = (
        Link("printed", lazy("Plate or name"), ("printed_as", "pk"), sort="printed_as"),
        Masked("number", lazy("Number"), ("number",)),
        Badge("status", lazy("Status"), ("status",), choices=STATUSES),
        Choice("category", lazy("Category"), ("category",), choices=Category.choices, minor=True),
        Text("customer_number", lazy("Customer number"), ("customer_number__number",), minor=True),
        Text("division", lazy("Fleet division"), ("division__name",)),
        Text("driver", lazy("Driver"), ("driver__last_name",)),
        Text("cost_centre", lazy("Cost centre"), ("cost_centre",), minor=True),
        Date("expires", lazy("Expiry"), ("expires_on",), sort=Card.EXPIRY, month_only=False),
        Choice("code_type", lazy("Secret code"), ("code_type",), choices=CodeType.choices),
        Text("rank", lazy("Rank"), ("rank",), numeric=True),
        Choice("renewal", lazy("Renewal"), ("renewal_status",), choices=RenewalStatus.choices),
        Moment("created", lazy("Created"), ("created_at",), sort="pk"),
        Date("last_used", lazy("Last used"), ("last_used_on",), sort=Card.LAST_USE),
    )
    views = {
        "general": (
            lazy("General"),
            (
                "printed",
                "number",
                "status",
                "division",
                "driver",
                "customer_number",
                "cost_centre",
                "expires",
            ),
        ),
        "settings": (
            lazy("Card settings"),
            ("printed", "status", "category", "code_type", "rank", "renewal", "created", "last_used"),
        ),
    }

    def shown_filters(self, found: Found) -> forms.Form | None:
        """Leave out what would leave no choice: the number of who has one, the divisions of who has none."""
        form = super().shown_filters(found)
        if form is not None and isinstance(found.filters, CardFilter):
            for name in found.filters.pointless():
                form.fields.pop(name, None)
        return form

    def row_prefix(self) -> str:
        """Return the beginning of a card's address."""
        return self.url("cards:list")

    def act_state(self, *values: Any) -> tuple[Any, ...]:
        """Tell apart only whether a card was dispatched, not when."""
        status, live, dispatched_at, renewal, code = values
        return status, live, dispatched_at is not None, renewal, code

    def row_acts(self, *values: Any) -> list[tuple[str, str, str]]:
        """Return what this card offers now."""
        status, live, dispatched, renewal, code = values
        return [
            (str(transition.label), f"{transition.name}/", transition.icon)
            for transition in offered(self.actor, status, live=live, dispatched=dispatched, renewal=renewal, code=code)
        ]

    def acts(self) -> list[dict[str, Any]]:
        """Offer the order of a card."""
        if not self.actor.may("cards.order"):
            return []
        return [act("new", _("Create a card"), self.url("cards:new"), icon="plus", tone="primary")]

    def empty_act(self) -> dict[str, Any] | None:
        """Offer the first order."""
        return next(iter(self.acts()), None)

    def bulk(self) -> list[dict[str, Any]]:
        """Offer to block a selection, to cancel its renewal or take that back, to reissue its codes (CRD-53, PIN-4)."""
        acts: list[dict[str, Any]] = []
        if self.actor.may("cards.block"):
            acts.append({"name": "block", "label": _("Block"), "tone": "danger"})
        if self.actor.may("cards.cancel"):
            cancel, back = _("Cancel the renewal"), _("Take back the cancelling")
            acts.append({"name": "cancel", "label": cancel, "url": self.url("cards:cancel_many")})
            acts.append({"name": "take_back", "label": back, "url": self.url("cards:take_back_many")})
        if self.actor.may("cards.reissue"):
            url = self.url("cards:reissue_many")
            acts.append({"name": "reissue", "label": _("Reissue the secret code"), "url": url})
        return acts

    def bulk_url(self) -> str:
        """Return the page that confirms a block of many."""
        return self.url("cards:block_many")

    def export(self) -> Export:
        """Return general information, ceilings and controls (CRD-32)."""
        return card_export()


class CardDetail(DetailPage):
    """One card: what it is, what can be done, its plastics, its requests and its history."""

    permission = "cards.see"
    model = Card
    related = ("customer_number", "division", "product", "vehicle", "driver")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Cards"), self.url("cards:list")), (self.object.printed_as, None)]

    def detail(self, row: Card) -> dict[str, Any]:
        """Return the card's page."""
        issues = list(Issue.objects.filter(card=row).order_by("-rank"))
        requests = list(Request.objects.filter(card=row).order_by("-pk")[:20]) if self.actor.may("requests.see") else []
        underway = open_letters([row.pk]).get(row.pk)
        acts = [
            act(
                transition.name,
                transition.label,
                f"{self.url('cards:list')}{row.pk}/{transition.name}/",
                icon=transition.icon,
                tone=transition.tone,
            )
            for transition in offered(
                self.actor,
                row.status,
                live=row.live,
                dispatched=row.dispatched_at is not None,
                renewal=row.renewal_status,
                code=row.code_type,
            )
            # What is on its way already is told below instead of offered once more.
            if not (transition.name == "reissue" and underway)
        ]
        return {
            "title": row.printed_as,
            "subtitle": self.number(row),
            "status": {"value": row.status, "label": CARD.label(row.status)},
            "notices": [*self.notices(row, issues), *self.letter(underway)],
            "acts": [one for one in acts if one["tone"] != "danger"],
            "dangers": [one for one in acts if one["tone"] == "danger"],
            "sections": [
                *changes_to_come(row, issues),
                {"title": _("General"), "facts": self.facts(row)},
                self.products(row),
                {"title": _("Controls"), "facts": controls_of(row)},
                self.issues(issues),
                *([self.requests(requests)] if self.actor.may("requests.see") else []),
            ],
            "timeline": card_history(row, [issue.pk for issue in issues], [request.pk for request in requests]),
        }

    def number(self, row: Card) -> str:
        """Return the number: whole for those who may change cards, else four digits (CRD-33)."""
        if not row.number:
            return _("The number is given when the card is made.")
        if self.actor.may("cards.change"):
            return " ".join(row.number[at : at + 4] for at in range(0, len(row.number), 4))
        return f"···· {row.last_digits}"

    def notices(self, row: Card, issues: list[Issue]) -> list[dict[str, str]]:
        """Say what the reader should know before anything else."""
        if row.status == ACTIVE and row.renewal_status == CANCELLED:
            text = _("This card will not be renewed.")
            if row.expires_on:
                text = _("This card will not be renewed. It stays usable until %(day)s.") % {
                    "day": _day(row.expires_on)
                }
            return [{"tone": "info", "text": text}]
        if text := under_way(row):
            return [{"tone": "info", "text": text}]
        if row.status == CARD_STATUSES[0].value and row.rank > 1 and not row.live:
            said = _(
                "What was made of this card is blocked. Its duplicate, rank %(rank)s, is ordered and not made yet."
            )
            return [{"tone": "info", "text": said % {"rank": row.rank}}]
        used = next((issue for issue in issues if issue.status == ACTIVE), None)
        if used is not None and used.expires_on is not None and row.status in {NEW, IN_CREATION}:
            said = _(
                "A new card, rank %(rank)s, is ordered. The one in use, rank %(used)s, stays valid until %(day)s;"
                " destroy it when the new one arrives."
            )
            values = {"rank": row.rank, "used": used.rank, "day": _day(used.expires_on)}
            return [{"tone": "info", "text": said % values}]
        return []

    def letter(self, underway: Request | None) -> list[dict[str, str]]:
        """Say that a code letter is under way (PIN-4)."""
        if underway is None:
            return []
        text = _("The secret code is being reissued: request %(number)s.") % {"number": underway.number}
        return [{"tone": "info", "text": text}]

    def facts(self, row: Card) -> list[dict[str, Any]]:
        """Return the general facts."""
        return [
            {"label": _("Type of product"), "value": str(row.product)},
            {"label": _("Customer number"), "value": str(row.customer_number)},
            {"label": _("Fleet division"), "value": str(row.division or "")},
            {"label": _("Category"), "value": row.get_category_display()},
            {"label": _("Country of the plate"), "value": country_of_plate(row.plate_country)},
            {"label": _("Extra mention"), "value": row.extra_mention},
            {"label": _("Cost centre"), "value": row.cost_centre},
            {"label": _("Vehicle"), "value": str(row.vehicle or "")},
            {"label": _("Driver"), "value": str(row.driver or "")},
            {"label": _("Secret code"), "value": row.get_code_type_display()},
            {"label": _("Expiry"), "value": _day(row.expires_on)},
            {"label": _("Last used"), "value": _day(row.last_used_on)},
            {"label": _("Renewal"), "value": row.get_renewal_status_display()},
            {"label": _("Delivery address"), "value": address_text(row.lines)},
        ]

    def products(self, row: Card) -> dict[str, Any]:
        """Return what the card pays for, with the ceilings."""
        limits = {limit.product: limit for limit in CardLimit.objects.filter(card=row)}
        return {
            "title": _("Products, services and limits"),
            "table": {
                "headers": [_("Product or service"), _("Limit"), _("When it is reached")],
                "rows": [
                    [
                        label,
                        limit_text(limits[code]) if code in limits else _("no limit"),
                        limits[code].get_on_reach_display() if code in limits else "",
                    ]
                    for code, label in products_text(row.products)
                ],
            },
            "empty": _("The card pays for nothing."),
        }

    def issues(self, issues: list[Issue]) -> dict[str, Any]:
        """Return the plastics of the card."""
        reasons = dict(BlockReason.choices)
        headers = [_("Rank"), _("Status"), _("Made"), _("Expiry"), _("Dispatched")]
        rows = [
            [
                str(issue.rank),
                _badge(issue.status, CARD.label(issue.status)),
                _together(_day(issue.made_on)),
                _together(_day(issue.expires_on)),
                " · ".join(filter(None, (_moment(issue.dispatched_at), issue.tracking))),
            ]
            for issue in issues
        ]
        if any(issue.printed_as for issue in issues):
            headers.append(_("Printed"))
            for issue, row in zip(issues, rows, strict=True):
                row.append(issue.printed_as or self.object.printed_as)
        if any(issue.blocked_at for issue in issues):
            headers.append(_("Blocked"))
            for issue, row in zip(issues, rows, strict=True):
                reason = reasons.get(issue.block_reason, "")
                row.append(" · ".join(filter(None, (_moment(issue.blocked_at), str(reason)))))
        return {
            "title": _("Plastics"),
            "table": {"headers": headers, "rows": rows},
            "empty": "",
        }

    def requests(self, requests: list[Request]) -> dict[str, Any]:
        """Return the requests about the card."""
        words = {status.value: str(status.label) for status in REQUEST_STATUSES}
        return {
            "title": _("Requests"),
            "table": {
                "headers": [_("Number"), _("Type"), _("Status"), _("Accepted")],
                "rows": [
                    [
                        format_html('<a href="{}">{}</a>', self.url("cards:request", request.pk), request.number),
                        request.get_kind_display(),
                        _badge(request.status, words[request.status]),
                        _moment(request.accepted_at),
                    ]
                    for request in requests
                ],
            },
            "empty": _("No requests."),
        }


class CardCopy(ObjectMixin, CompanyPage):
    """*Create a copy*: the order form with everything but plate or name and secret code (CRD-20)."""

    permission = "cards.order"
    model = Card

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Open the order form."""
        return redirect(f"{self.url('cards:new')}?copy={self.find(kwargs['pk']).pk}")


def changes_to_come(card: Card, issues: Iterable[Issue]) -> list[dict[str, Any]]:
    """Return what an ordered plastic of these will change once it is made, as a section; none where nothing will."""
    issue = next((one for one in issues if one.changes is not None and one.status in {NEW, IN_CREATION}), None)
    if issue is None:
        return []
    limits = limits_of(card)
    after, after_limits = with_changes(card, issue.changes), limits_with(limits, issue.changes)
    settings = tuple(differing(card, limits, after, after_limits))
    code = after.code_type != card.code_type
    lines = setting_lines(card, limits, after, after_limits, (*settings, CODE) if code else settings)
    rows = [[line["label"], line["before"], line["after"]] for line in lines]
    if issue.new_code:
        rows.append([_("Secret code"), _("as it is"), _("another one")])
    return [
        {
            "title": _("Changed by the new card, rank %(rank)s") % {"rank": issue.rank},
            "table": {"headers": [_("Setting"), _("Now"), _("Once it is made")], "rows": rows},
        }
    ]


def _badge(value: str, label: str) -> Any:
    return format_html('<span class="status status-{}">{}</span>', value, label)


def _together(text: str) -> Any:
    """Keep a text on one line; a table would break a day at its hyphens."""
    return format_html('<span class="together">{}</span>', text) if text else ""


def _day(day: Any) -> str:
    return date_format(day, "SHORT_DATE_FORMAT") if day else ""


def _moment(at: Any) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATETIME_FORMAT") if at else ""
