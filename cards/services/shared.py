"""What the verbs of cards share: settings in plain values, ceilings, what a card is found by, requests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from cards.lifecycle import RECEIVED, WITHDRAWN
from cards.models import Card, CardLimit, Issue, Request
from fleetportal.core import audit, search
from fleetportal.core.access import Actor

# What the operator promises: from acceptance to dispatch (CRD-7, decision 9).
PROMISED = timedelta(hours=24)

CONTROLS = (
    "vehicle_type",
    "tank_capacity",
    "forbidden_days",
    "hours_from",
    "hours_until",
    "area",
    "countries",
    "max_transactions",
    "max_transactions_period",
    "max_amount",
    "min_minutes_between",
)
ADDRESS = ("recipient", "street", "postal_code", "town", "country")


def forget_codes(issue_ids: list[int]) -> None:
    """Drop what only plastics needed that will never be made: their sealed codes (GEN-12), and what they would change.

    A ceiling that was set for what only the changed plastic would have paid for goes too.
    """
    gone = Issue.objects.filter(pk__anyof=issue_ids, status=WITHDRAWN)
    changed = list(gone.filter(changes__isnull=False).values_list("card_id", flat=True))
    gone.update(sealed_code=None, changes=None)
    if changed:
        unpaid = CardLimit.objects.filter(card_id__anyof=changed).exclude(card__products__contains=[F("product")])
        unpaid.delete()


def write_limits(card: Card, limits: list[dict[str, Any]]) -> None:
    """Write the ceilings of a card."""
    CardLimit.objects.bulk_create([CardLimit(company_id=card.company_id, card=card, **limit) for limit in limits])


def limits_of(card: Card) -> list[dict[str, Any]]:
    """Return the ceilings of a card as the forms hold them."""
    return list(
        CardLimit.objects.filter(card=card)
        .order_by("product")
        .values("product", "amount", "unit", "period", "on_reach")
    )


def describe(card: Card, limits: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the settings of a card for the audit: plain values, no secret."""
    values: dict[str, Any] = {
        name: getattr(card, name)
        for name in (
            "category",
            "printed_as",
            "plate_country",
            "extra_mention",
            "cost_centre",
            "products",
            "code_type",
            "odometer_entry",
            *CONTROLS,
            *ADDRESS,
        )
    }
    values |= {name: str(getattr(card, name) or "") for name in ("customer_number", "division", "vehicle", "driver")}
    ordered = sorted(limits, key=lambda limit: str(limit["product"]))
    values["limits"] = [
        f"{limit['product']} {limit['amount']:.2f} {limit['unit']} {limit['period']} {limit['on_reach']}"
        for limit in ordered
    ]
    return {name: str(value) if name == "max_amount" and value is not None else value for name, value in values.items()}


def find_again(cards: Iterable[Card]) -> None:
    """Write what these cards and their requests are found by: plate or name, number, driver, cost centre."""
    by_id = {card.pk: card for card in cards}
    requests = Request.objects.filter(card_id__anyof=list(by_id))
    search.put("cards.request", [_request_entry(request, by_id[request.card_id]) for request in requests])
    search.put(
        "cards.card",
        [
            search.Entry(
                company=card.company_id,
                object_id=card.pk,
                customer_number=card.customer_number_id,
                division=card.division_id,
                words=card_words(card),
            )
            for card in by_id.values()
        ],
    )


def card_words(card: Card) -> str:
    """Return the searchable text of one card; what is printed stands first, so that two letters find it."""
    joined = "".join(letter for letter in card.printed_as if letter.isalnum())
    driver = str(card.driver) if card.driver_id else ""
    vehicle = str(card.vehicle) if card.vehicle_id else ""
    parts = [card.printed_as, joined, card.number, driver, vehicle, card.cost_centre, card.extra_mention]
    return " ".join(dict.fromkeys(part for part in parts if part))


def open_request(actor: Actor, card: Card, issue: Issue, kind: str, now: datetime, *, label: str = "") -> Request:
    """Open the request for a plastic, with its 24 hours, and make it findable (CRD-7).

    `label` is what will be printed, where it is something else than the card says.
    """
    request = Request.objects.create(
        customer_number_id=card.customer_number_id,
        division_id=card.division_id,
        kind=kind,
        label=label or card.printed_as,
        card=card,
        subject_kind="cards.issue",
        subject_id=issue.pk,
        accepted_at=now,
        due_at=now + PROMISED,
        requested_by_id=actor.user,
    )
    audit.record(actor, "requests.accepted", request, now=now, after={"status": RECEIVED, "due_at": request.due_at})
    search.put("cards.request", [_request_entry(request, card)])
    return request


def _request_entry(request: Request, card: Card) -> search.Entry:
    return search.Entry(
        company=card.company_id,
        object_id=request.pk,
        customer_number=request.customer_number_id,
        division=request.division_id,
        words=" ".join(dict.fromkeys([request.number, request.label, *card_words(card).split()])),
    )
