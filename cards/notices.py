"""What is told of cards and requests: the kinds of notices, and who blocked what (ACC-40)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from accounts.models import CustomerNumber, Membership
from cards.catalogue import BlockReason
from cards.models import Card, Request
from fleetportal.core.access import Actor
from fleetportal.core.mail import queue_mail
from fleetportal.core.notices import NoticeKind, Subject, declare_notice, notify

# More cards than this are counted in a mail, not listed.
LISTED = 20

CARD_BLOCKED = declare_notice(
    NoticeKind("cards.blocked", _("Card blocked"), "card_blocked", "cards.see", model="cards.card", chosen=True)
)
REQUEST_DONE = declare_notice(
    NoticeKind("cards.request_done", _("Request done"), "card_dispatched", "cards.see", model="cards.card", chosen=True)
)
REQUEST_REFUSED = declare_notice(
    NoticeKind("cards.request_refused", _("Request refused"), "card_refused", "cards.see", model="cards.card")
)
CODE_REISSUE = declare_notice(
    NoticeKind("cards.code_reissue", _("Reissue of a secret code"), "code_reissue", "cards.see", model="cards.card")
)
# Told to the principal user in any case, and to whom else the company chooses; always by mail.
CODE_ADDRESS = declare_notice(
    NoticeKind(
        "cards.code_address", _("Address for secret codes changed"), "code_address_changed", "cards.see", chosen=True
    )
)


def _in_english(label: Any) -> str:
    """Return a label as it is stored: in English, to be translated where it is read."""
    with override("en"):
        return str(label)


def tell_blocked(
    *, actor: Actor, cards: Sequence[Card], reason: str, now: datetime, confirm: bool = False, request: str = ""
) -> None:
    """Tell whom the company chose that these cards of it are blocked; with `confirm` also who did it (CRD-51).

    `request` is the number of a duplicate that was ordered with it.
    """
    if not cards:
        return
    company = cards[0].company

    def context(subjects: Sequence[Subject], user: int) -> dict[str, Any]:
        one = subjects[0].facts if len(subjects) == 1 else {}
        return {
            **one,
            "cards": [subject.facts for subject in subjects[:LISTED]] if not one else [],
            "count": len(subjects),
            "more": max(0, len(subjects) - LISTED),
            "by": "" if user == actor.user else actor.label,
            "reason": reason,
            "reason_word": _in_english(BlockReason(reason).label),
            "at": now.isoformat(),
            "request": request,
            "path": reverse("cards:card", args=[company.identifier, one["card"]])
            if one
            else reverse("cards:list", args=[company.identifier]),
        }

    notify(
        CARD_BLOCKED,
        company_id=company.pk,
        subjects=_subjects(cards, actor.user if confirm else None),
        context=context,
        key=f"card_blocked:{cards[0].pk}:{now.isoformat()}",
        now=now,
    )


def tell_reissue(what: str, requests: Sequence[Request], *, source: str, now: datetime) -> None:
    """Tell who asked for code letters what became of them: `ordered`, `sent` or `refused` (PIN-4).

    `source` names what it follows from, an answer of the card maker for one: with it each is told once. The requests
    may be several companies'; their cards are named by print and last digits (CRD-33).
    """
    by_company: defaultdict[Any, list[Request]] = defaultdict(list)
    for request in requests:
        if request.card is not None:
            by_company[request.card.company].append(request)
    for company, theirs in by_company.items():

        def context(subjects: Sequence[Subject], user: int, company: Any = company) -> dict[str, Any]:
            one = subjects[0].facts if len(subjects) == 1 else {}
            return {
                "what": what,
                "cards": [subject.facts for subject in subjects[:LISTED]],
                "count": len(subjects),
                "more": max(0, len(subjects) - LISTED),
                "path": reverse("cards:card", args=[company.identifier, one["card"]])
                if one
                else reverse("cards:requests", args=[company.identifier]),
            }

        notify(
            CODE_REISSUE,
            company_id=company.pk,
            subjects=[
                Subject(
                    one.card_id,
                    one.customer_number_id,
                    one.division_id,
                    one.requested_by_id,
                    {
                        "card": one.card_id,
                        "printed_as": one.label,
                        "last_digits": one.card.last_digits if one.card else "",
                        "request": one.number,
                        "reason": one.reason,
                    },
                )
                for one in theirs
            ],
            context=context,
            key=f"code_reissue:{what}:{theirs[0].pk}:{source}",
            now=now,
        )


def tell_code_address(
    *, number: CustomerNumber, principal: Membership | None, change: int, before: str, after: str, now: datetime
) -> None:
    """Tell the principal user, and whom the company chose, that secret codes go to another address from now on (PIN-6).

    Until the first connection has ended nobody has notices; then the principal user gets the mail alone.
    """
    company = number.company
    key = f"code_address:{change}"
    facts = {
        "company": company.legal_name,
        "number": number.number,
        "old_address": before,
        "new_address": after,
        "at": now.isoformat(),
        "path": reverse("cards:code_addresses", args=[company.identifier]),
    }
    if company.initialised_at is None:
        if principal is not None:
            queue_mail("code_address_changed", user=principal.user, context=facts, key=key, now=now)
        return
    notify(
        CODE_ADDRESS,
        company_id=company.pk,
        subjects=[Subject(number.pk, number.pk, None, principal.user_id if principal else None)],
        context=lambda _subjects, _user: facts,
        key=key,
        now=now,
    )


def _subjects(cards: Iterable[Card], owner: int | None) -> list[Subject]:
    return [
        Subject(
            card.pk,
            card.customer_number_id,
            card.division_id,
            owner,
            {"card": card.pk, "printed_as": card.printed_as, "last_digits": card.last_digits},
        )
        for card in cards
    ]
