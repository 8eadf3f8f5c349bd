"""What is done with cards: order, change, block, cancel, delete, receive; and with requests: withdraw.

Each verb runs in the caller's transaction and scope, checks the right, and leaves one audit entry (GEN-2). The card's
row is locked before its issues, everywhere, so that no two verbs wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import F, Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import CustomerNumber
from cards.catalogue import BlockReason, CodeType
from cards.lifecycle import (
    ACTIVE,
    CANDIDATE,
    CARD,
    IN_CREATION,
    IN_PRODUCTION,
    IN_RENEWAL,
    ISSUE,
    NEW,
    RECEIVED,
    RENEWAL,
    REQUEST,
    WITHDRAWN,
)
from cards.mirror import refresh_cards
from cards.models import Card, CardLimit, Issue, Request, RequestDocument
from cards.notices import tell_blocked
from cards.rules import sentence
from fleetportal.core import audit, search
from fleetportal.core.access import Actor
from fleetportal.core.files import store_upload
from fleetportal.core.lifecycle import TransitionLost, perform, perform_many

# What the operator promises: from acceptance to dispatch (CRD-7, decision 9).
PROMISED = timedelta(hours=24)
# Stored in English and translated when shown; a card maker's own words are shown as they came.
CARD_WAS_BLOCKED = gettext_noop("The card was blocked.")
CARD_WAS_DELETED = gettext_noop("The card was deleted.")

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


@dataclass(slots=True)
class Order:
    """A checked order of one card. `sealed_code` is the chosen code, sealed for the card maker, or None."""

    product: Any
    customer_number: CustomerNumber
    division: Any
    category: str
    printed_as: str
    plate_country: str
    extra_mention: str
    cost_centre: str
    vehicle: Any
    driver: Any
    products: list[str]
    limits: list[dict[str, Any]]
    controls: dict[str, Any]
    odometer_entry: bool
    address: dict[str, str]
    code_type: str
    sealed_code: bytes | None = field(default=None, repr=False)


def place_order(*, actor: Actor, order: Order, now: datetime) -> Request:
    """Accept the order of a card: the card, its first issue and the request with its 24 hours (CRD-7).

    The card has no number yet; it gets one when its batch goes into production (decision 8).
    """
    actor.must("cards.order")
    if order.code_type == CodeType.CHOSEN and order.sealed_code is None:
        raise ValueError("A chosen code comes sealed with the order.")
    card = Card.objects.create(
        customer_number=order.customer_number,
        division=order.division,
        product=order.product,
        category=order.category,
        printed_as=order.printed_as,
        plate_country=order.plate_country,
        extra_mention=order.extra_mention,
        cost_centre=order.cost_centre,
        vehicle=order.vehicle,
        driver=order.driver,
        products=order.products,
        odometer_entry=order.odometer_entry,
        code_type=order.code_type,
        created_at=now,
        **order.controls,
        **order.address,
    )
    write_limits(card, order.limits)
    issue = Issue.objects.create(card=card, rank=1, ordered_at=now, sealed_code=order.sealed_code)
    after = describe(card, order.limits)
    audit.record(actor, "cards.ordered", card, now=now, after=after)
    find_again([card])
    return _request(actor, card, issue, Request.Kind.NEW_CARD, now)


def change_card(
    *,
    actor: Actor,
    card: Card,
    version: int,
    values: dict[str, Any],
    limits: list[dict[str, Any]] | None,
    now: datetime,
) -> bool:
    """Change settings that take effect at once (CRD-42); returns whether anything was different.

    `version` is the one the form was made from: raises `TransitionLost` when somebody else changed the card meanwhile,
    and when its status does not allow a change any more (CRD-41).
    """
    actor.must("cards.change")
    before = describe(card, limits_of(card))
    free = Card.objects.exclude(renewal_status=IN_RENEWAL)
    changed = free.filter(pk=card.pk, version=version, status__in=CARD.transition("change").sources).update(
        version=F("version") + 1, **values
    )
    if not changed:
        current = Card.objects.get(pk=card.pk)
        if why := sentence("change", current):
            raise TransitionLost(why)
        raise TransitionLost(_("Somebody else changed this card meanwhile. Look at it again before you change it."))
    card.refresh_from_db()
    if limits is not None:
        CardLimit.objects.filter(card=card).delete()
        write_limits(card, limits)
    old, new = audit.changes(before, describe(card, limits_of(card)))
    if new:
        audit.record(actor, "cards.changed", card, now=now, before=old, after=new)
        # Who may see a card may see what was asked for it: its requests go with it into another division.
        Request.objects.filter(card=card).update(division=card.division)
        find_again([card])
    return bool(new)


def block_card(*, actor: Actor, card: Card, reason: str, duplicate: bool, now: datetime) -> Request | None:
    """Block every plastic of the card that exists, at once; with a duplicate, return its request (CRD-51).

    Raises `TransitionLost` with the sentence when there is nothing to block (CRD-52) or somebody was first.
    """
    actor.must("cards.block")
    refused = _block([card.pk], actor, reason, now)
    if refused:
        raise TransitionLost(refused[card.pk])
    card.refresh_from_db()
    request = order_duplicate(actor=actor, card=card, now=now) if duplicate else None
    number = request.number if request else ""
    tell_blocked(actor=actor, cards=[card], reason=reason, now=now, confirm=True, request=number)
    return request


def block_cards(*, actor: Actor, card_ids: Iterable[int], reason: str, now: datetime) -> dict[int, str]:
    """Block many cards in a handful of statements; return for each that could not be blocked the sentence why.

    An order that waits for production is withdrawn with it: a plastic that nobody has made can't be blocked. Whom the
    company chose is told of all of them at once (ACC-40).
    """
    actor.must("cards.block")
    wanted = sorted(set(card_ids))
    refused = _block(wanted, actor, reason, now)
    blocked = Card.objects.filter(pk__anyof=[pk for pk in wanted if pk not in refused]).select_related("company")
    tell_blocked(actor=actor, cards=list(blocked.order_by("pk")), reason=reason, now=now)
    return refused


def _block(wanted: list[int], actor: Actor, reason: str, now: datetime) -> dict[int, str]:
    if reason not in BlockReason.values:
        raise ValueError(f"{reason!r} is no reason for a block.")
    cards = {card.pk: card for card in Card.objects.select_for_update().filter(pk__anyof=wanted).order_by("pk")}
    issues = Issue.objects.filter(card_id__anyof=list(cards))
    states = list(issues.values_list("pk", "card_id", "status"))
    live = [pk for pk, _card, status in states if status in {IN_CREATION, ACTIVE}]
    outcome = perform_many(
        ISSUE,
        Issue.objects.filter(pk__anyof=live),
        "block",
        actor,
        now=now,
        sets={"blocked_at": now, "block_reason": reason},
    )
    card_of = {pk: card_id for pk, card_id, _status in states}
    blocked = {card_of[pk] for pk in outcome.moved}
    ordered = [pk for pk, card_id, status in states if status == NEW and card_id in blocked]
    if ordered:
        perform_many(ISSUE, Issue.objects.filter(pk__anyof=ordered), "stop", actor, now=now)
        _forget_codes(ordered)
    open_requests = Request.objects.filter(card_id__anyof=list(blocked), status__in=[RECEIVED, IN_PRODUCTION])
    perform_many(REQUEST, open_requests, "stop", actor, now=now, sets={"ended_at": now, "reason": CARD_WAS_BLOCKED})
    return {
        pk: (sentence("block", cards[pk]) if pk in cards else _("This card is not there any more."))
        for pk in wanted
        if pk not in blocked
    }


def order_duplicate(*, actor: Actor, card: Card, now: datetime) -> Request:
    """Order the next rank of the same card with the same settings, as a request of its own (CRD-51)."""
    rank = (Issue.objects.filter(card=card).aggregate(highest=Max("rank"))["highest"] or 0) + 1
    issue = Issue.objects.create(card=card, rank=rank, ordered_at=now)
    refresh_cards([issue.pk])
    card.refresh_from_db()
    audit.record(actor, "cards.duplicate_ordered", card, now=now, after={"rank": rank})
    return _request(actor, card, issue, Request.Kind.DUPLICATE, now)


def cancel_card(*, actor: Actor, card: Card, now: datetime) -> None:
    """Cancel the renewal of a card: it stays usable until its expiry date and is just not renewed (CRD-53).

    Raises `TransitionLost` with the sentence when the card is not Active, is cancelled already or In renewal.
    """
    actor.must("cards.cancel")
    _decide_renewal("cancel", card, actor, now)


def cancel_cards(*, actor: Actor, card_ids: Iterable[int], now: datetime) -> dict[int, str]:
    """Cancel the renewal of many cards in a handful of statements; return for each that could not be the sentence why.

    May be called twice: what is cancelled already stays as it is and comes back with its sentence (CRD-53).
    """
    actor.must("cards.cancel")
    return _renewals("cancel", card_ids, actor, now)


def take_back_card(*, actor: Actor, card: Card, now: datetime) -> None:
    """Take back the cancelling of a card; a former candidate for renewal is one again (CRD-53).

    Raises `TransitionLost` with the sentence when the card is not Active or not cancelled.
    """
    actor.must("cards.cancel")
    _decide_renewal("take_back", card, actor, now)


def take_back_cards(*, actor: Actor, card_ids: Iterable[int], now: datetime) -> dict[int, str]:
    """Take back the cancelling of many cards; return for each that could not be the sentence why (CRD-53)."""
    actor.must("cards.cancel")
    return _renewals("take_back", card_ids, actor, now)


def _decide_renewal(name: str, card: Card, actor: Actor, now: datetime) -> None:
    refused = _renewals(name, [card.pk], actor, now)
    if refused:
        raise TransitionLost(refused[card.pk])
    card.refresh_from_db()


def _renewals(name: str, card_ids: Iterable[int], actor: Actor, now: datetime) -> dict[int, str]:
    """Cancel or take back, for all of these cards that allow it.

    The cards are locked before they are looked at: of a block and a cancelling at once, the one that comes second sees
    what the first one did, and no blocked card is cancelled.
    """
    wanted = sorted(set(card_ids))
    cards = {card.pk: card for card in Card.objects.select_for_update().filter(pk__anyof=wanted).order_by("pk")}
    refused = {
        pk: (sentence(name, cards[pk]) if pk in cards else _("This card is not there any more.")) for pk in wanted
    }
    able = [cards[pk] for pk in wanted if not refused[pk]]
    for candidate in (False, True):
        if name == "cancel":
            chosen = [card.pk for card in able if (card.renewal_status == CANDIDATE) is candidate]
            move, sets = "cancel", {"was_candidate": candidate}
        else:
            chosen = [card.pk for card in able if card.was_candidate is candidate]
            move, sets = ("renew" if candidate else "take_back"), {"was_candidate": False}
        if chosen:
            perform_many(RENEWAL, Card.objects.filter(pk__anyof=chosen), move, actor, now=now, sets=sets)
    return {pk: why for pk, why in refused.items() if why}


def delete_card(*, actor: Actor, card: Card, now: datetime) -> None:
    """Delete a card while it is New: its order is withdrawn and nothing is made (CRD-52)."""
    Card.objects.select_for_update().get(pk=card.pk)
    issue = Issue.objects.filter(card=card, status=NEW).order_by("-rank").first()
    if issue is None or card.status != NEW:
        card.refresh_from_db()
        raise TransitionLost(CARD.refusal("delete", card.status))
    perform(ISSUE, issue, "delete", actor, now=now)
    _forget_codes([issue.pk])
    requests = Request.objects.filter(subject_kind="cards.issue", subject_id=issue.pk, status=RECEIVED)
    perform_many(REQUEST, requests, "drop", actor, now=now, sets={"ended_at": now, "reason": CARD_WAS_DELETED})
    card.refresh_from_db()


def receive_card(*, actor: Actor, card: Card, now: datetime) -> None:
    """Confirm that the dispatched card has arrived: it becomes Active (FUL-4)."""
    Card.objects.select_for_update().get(pk=card.pk)
    issue = Issue.objects.filter(card=card, status=IN_CREATION, dispatched_at__isnull=False).order_by("-rank").first()
    if issue is None:
        card.refresh_from_db()
        if card.status == IN_CREATION:
            raise TransitionLost(_("This card has not been dispatched yet."))
        raise TransitionLost(CARD.refusal("receive", card.status))
    perform(ISSUE, issue, "receive", actor, now=now, sets={"activated_at": now})
    card.refresh_from_db()


def withdraw_request(*, actor: Actor, request: Request, now: datetime) -> None:
    """Withdraw a request that has not been started, and with it what it would have made (CRD-9)."""
    actor.must("requests.withdraw")
    if request.card_id is not None:
        Card.objects.select_for_update().get(pk=request.card_id)
    perform(REQUEST, request, "withdraw", actor, now=now, sets={"ended_at": now})
    issue = Issue.objects.filter(pk=request.subject_id, status=NEW)
    if request.subject_kind == "cards.issue":
        perform_many(ISSUE, issue, "withdraw", actor, now=now)
        _forget_codes([request.subject_id])


def may_attach(request: Request) -> bool:
    """Say whether a document can still be added: the request is open, so somebody will read it."""
    return request.status in {RECEIVED, IN_PRODUCTION}


def attach_document(*, actor: Actor, request: Request, upload: UploadedFile, now: datetime) -> RequestDocument:
    """Add a PDF to an open request; raises ValidationError with the sentence for a file that is none."""
    actor.must("requests.attach")
    if not may_attach(request):
        raise TransitionLost(_("This request has ended; no document can be added to it any more."))
    stored = store_upload(upload, allowed={"pdf"}, actor=actor, now=now)
    document = RequestDocument.objects.create(request=request, file=stored, added_at=now)
    audit.record(actor, "requests.document_added", request, now=now, after={"name": stored.original_name})
    return document


# --- what these share -------------------------------------------------------------------------------------------------


def _forget_codes(issue_ids: list[int]) -> None:
    """Drop the sealed codes of plastics that will never be made: nobody needs them any more (GEN-12)."""
    Issue.objects.filter(pk__anyof=issue_ids, status=WITHDRAWN).update(sealed_code=None)


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


def _request(actor: Actor, card: Card, issue: Issue, kind: str, now: datetime) -> Request:
    request = Request.objects.create(
        customer_number_id=card.customer_number_id,
        division_id=card.division_id,
        kind=kind,
        label=card.printed_as,
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
        words=f"{request.number} {card_words(card)}",
    )
