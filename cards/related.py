"""What hangs on a vehicle or a driver: their cards, shown on pages that know no card (decision 21)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cards.lifecycle import ACTIVE, CARD, IN_CREATION, NEW
from cards.models import Card
from cards.services import find_again
from fleetportal.core.related import Relation, declare
from vehicles.models import Driver, Vehicle

# More are found in the list of cards.
MOST = 50
# Refused at terminals, or never made: nobody has to be told of these.
WORKING = (NEW, IN_CREATION, ACTIVE)


def _cards(column: str, row: Any) -> Any:
    return Card.objects.filter(**{column: row.pk})


def _table(column: str, row: Any) -> dict[str, Any]:
    shown = _cards(column, row).select_related("company").order_by("-pk")[:MOST]
    rows = [
        [
            format_html('<a href="{}">{}</a>', reverse("cards:card", args=[card.company.identifier, card.pk]), card),
            f"···· {card.last_digits}" if card.number else "",
            CARD.label(card.status),
        ]
        for card in shown
    ]
    return {"headers": [_("Card"), _("Number"), _("Status")], "rows": rows}


def _in_use(column: str, row: Any) -> list[str]:
    working = _cards(column, row).filter(status__in=WORKING).order_by("-pk")
    return list(working.values_list("printed_as", flat=True)[:MOST])


def _follow(column: str, row: Any) -> None:
    """Let the search find the cards that are in scope by the new name."""
    find_again(_cards(column, row).select_related("driver", "vehicle"))


def _declare(model: Any, column: str) -> None:
    declare(
        Relation(
            model=model,
            label=lazy("Cards"),
            permission="cards.see",
            empty=lazy("No card."),
            table=lambda row: _table(column, row),
            in_use=lambda row: _in_use(column, row),
            follow=lambda row: _follow(column, row),
        )
    )


_declare(Vehicle, "vehicle")
_declare(Driver, "driver")
