"""The home page: what needs doing today, then the figures; each is a link to its list."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cards.lifecycle import ACTIVE, BLOCKED, IN_CREATION, IN_PRODUCTION, NEW, RECEIVED, REQUEST
from cards.models import Card, Request
from cards.views.held import held_work
from fleetportal.core.pages import CompanyPage
from fleetportal.core.pages.base import act


class Home(CompanyPage):
    """What waits for this person in this company."""

    permission = "home.see"
    template_name = "home.html"

    def acts(self) -> list[dict[str, Any]]:
        """Offer what most people come for."""
        acts = []
        if self.actor.may("cards.see"):
            acts.append(act("find", _("Find a card"), self.url("cards:list"), icon="search"))
        if self.actor.may("cards.order"):
            acts.append(act("new", _("Create a card"), self.url("cards:new"), icon="plus", tone="primary"))
        return acts

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it."""
        home: dict[str, Any] = {"todo": [], "figures": [], "recent": []}
        if self.actor.may("cards.see"):
            self.cards(home)
        if self.actor.may("requests.see"):
            self.requests(home)
        if self.actor.may("work.decide"):
            self.held(home)
        return self.show(title=self.company.legal_name, home=home)

    def cards(self, home: dict[str, Any]) -> None:
        """Count the cards by status, and for who may do it those whose receipt is to be confirmed."""
        cards = self.url("cards:list")
        counts = Card.objects.aggregate(
            **{status: Count("pk", filter=Q(status=status)) for status in (NEW, IN_CREATION, ACTIVE, BLOCKED)},
            arriving=Count("pk", filter=Q(status=IN_CREATION, dispatched_at__isnull=False)),
        )
        if counts["arriving"] and self.actor.may("cards.receive"):
            home["todo"].append(
                {
                    "label": ngettext("card under way", "cards under way", counts["arriving"]),
                    "count": number_format(counts["arriving"], force_grouping=True),
                    "url": f"{cards}?status={IN_CREATION}&dispatched=on",
                    "tone": "info",
                    "text": _("Confirm the receipt of those that have arrived."),
                }
            )
        labels = (
            (ACTIVE, _("Active cards")),
            (NEW, _("New cards")),
            (IN_CREATION, _("Cards in creation")),
            (BLOCKED, _("Blocked cards")),
        )
        home["figures"] += [
            {
                "label": label,
                "value": number_format(counts[status], force_grouping=True),
                "url": f"{cards}?status={status}",
            }
            for status, label in labels
        ]

    def held(self, home: dict[str, Any]) -> None:
        """Count what waits for an administrator's decision (GEN-13)."""
        if count := held_work().count():
            home["todo"].append(
                {
                    "label": ngettext("job is held", "jobs are held", count),
                    "count": number_format(count, force_grouping=True),
                    "url": self.url("cards:held"),
                    "tone": "warning",
                    "text": _("Who asked for it may not do it any more. Decide whether it runs."),
                }
            )

    def requests(self, home: dict[str, Any]) -> None:
        """Count what is open and what is late, and show the newest."""
        requests = self.url("cards:requests")
        waiting = Request.objects.filter(status__in=[RECEIVED, IN_PRODUCTION])
        counts = waiting.aggregate(open=Count("pk"), late=Count("pk", filter=Q(due_at__lt=self.now)))
        if counts["late"]:
            home["todo"].insert(
                0,
                {
                    "label": ngettext("request is late", "requests are late", counts["late"]),
                    "count": number_format(counts["late"], force_grouping=True),
                    "url": f"{requests}?late=on",
                    "tone": "warning",
                    "text": _("The promised 24 hours are over; we are on it."),
                },
            )
        home["figures"].append(
            {"label": _("Open requests"), "value": number_format(counts["open"], force_grouping=True), "url": requests}
        )
        home["recent"] = [
            {
                "title": f"{row.get_kind_display()} · {row.label}",
                "url": self.url("cards:request", row.pk),
                "at": row.accepted_at,
                "status": {"value": row.status, "label": REQUEST.label(row.status)},
            }
            for row in Request.objects.order_by("-pk")[:8]
        ]
