"""The statuses of issues and requests, what moves them, and which actions a card offers (cards.md)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cards.mirror import refresh_cards
from fleetportal.core.lifecycle import Lifecycle, Status, Transition

NEW, IN_CREATION, ACTIVE, BLOCKED, EXPIRED, WITHDRAWN = (
    "new",
    "in_creation",
    "active",
    "blocked",
    "expired",
    "withdrawn",
)

# French and Dutch adjectives agree with the thing: these are the words for a card.
CARD_STATUSES = (
    Status(NEW, pgettext_lazy("card", "New")),
    Status(IN_CREATION, pgettext_lazy("card", "In creation")),
    Status(ACTIVE, pgettext_lazy("card", "Active")),
    Status(BLOCKED, pgettext_lazy("card", "Blocked"), final=True),
    Status(EXPIRED, pgettext_lazy("card", "Expired"), final=True),
    Status(WITHDRAWN, pgettext_lazy("card", "Withdrawn"), final=True),
)

ISSUE = Lifecycle(
    kind="cards.issue",
    statuses=CARD_STATUSES,
    noted=("rank",),
    settle=refresh_cards,
    transitions=(
        Transition("produce", _("Take into production"), frozenset({NEW}), IN_CREATION, "operator.produce"),
        Transition("refuse", _("Refuse"), frozenset({IN_CREATION}), WITHDRAWN, "operator.produce", offered=False),
        Transition("receive", _("Confirm receipt"), frozenset({IN_CREATION}), ACTIVE, "cards.receive", "primary"),
        Transition("activate", _("Activate"), frozenset({IN_CREATION}), ACTIVE, "operator.produce", offered=False),
        Transition("block", _("Block"), frozenset({IN_CREATION, ACTIVE}), BLOCKED, "cards.block", "danger"),
        Transition("delete", _("Delete"), frozenset({NEW}), WITHDRAWN, "cards.delete", "danger"),
        Transition("withdraw", _("Withdraw"), frozenset({NEW}), WITHDRAWN, "requests.withdraw", offered=False),
        # A block ends what is only ordered, too: a plastic that nobody has made yet can't be blocked (CRD-51, CRD-52).
        Transition("stop", _("Stop"), frozenset({NEW}), WITHDRAWN, "cards.block", offered=False),
        Transition("expire", _("Expire"), frozenset({ACTIVE}), EXPIRED, "operator.produce", offered=False),
    ),
)

_EVERY = frozenset({NEW, IN_CREATION, ACTIVE, BLOCKED, EXPIRED, WITHDRAWN})
_BLOCKED_STAYS = _("A blocked card can't be changed. Make a copy of it instead.")

# What a card's page offers for the status it shows. Which plastics move is the services' business; the status of a
# card is the one of its newest issue.
CARD = Lifecycle(
    kind="cards.card",
    statuses=CARD_STATUSES,
    transitions=(
        Transition(
            "change",
            _("Change"),
            frozenset({NEW, ACTIVE}),
            None,
            "cards.change",
            icon="edit",
            refusals={
                BLOCKED: _BLOCKED_STAYS,
                IN_CREATION: _("The card is being made; it can be changed once it is active."),
            },
        ),
        Transition(
            "receive", _("Confirm receipt"), frozenset({IN_CREATION}), None, "cards.receive", "primary", "check"
        ),
        Transition("copy", _("Create a copy"), _EVERY, None, "cards.order", icon="copy"),
        Transition(
            "block",
            _("Block"),
            frozenset({IN_CREATION, ACTIVE}),
            None,
            "cards.block",
            "danger",
            "lock",
            bulk=True,
            refusals={
                NEW: _("A new card can't be blocked: nothing has been made yet. Delete it instead."),
                BLOCKED: _("This card is blocked already."),
                EXPIRED: _("This card has expired; it is refused everywhere."),
                WITHDRAWN: _("This card was withdrawn; it was never made."),
            },
        ),
        Transition(
            "delete",
            _("Delete"),
            frozenset({NEW}),
            None,
            "cards.delete",
            "danger",
            "trash",
            refusals={
                IN_CREATION: _("Production has begun; the card can be blocked, not deleted."),
                ACTIVE: _("An active card can be blocked, not deleted."),
            },
        ),
    ),
)

RECEIVED, IN_PRODUCTION, DISPATCHED, REFUSED = "received", "in_production", "dispatched", "refused"

REQUEST_STATUSES = (
    Status(RECEIVED, pgettext_lazy("request", "Received")),
    Status(IN_PRODUCTION, pgettext_lazy("request", "In production")),
    Status(DISPATCHED, pgettext_lazy("request", "Dispatched"), final=True),
    Status(REFUSED, pgettext_lazy("request", "Refused"), final=True),
    Status(WITHDRAWN, pgettext_lazy("request", "Withdrawn"), final=True),
)

REQUEST = Lifecycle(
    kind="cards.request",
    statuses=REQUEST_STATUSES,
    transitions=(
        Transition("produce", _("Take into production"), frozenset({RECEIVED}), IN_PRODUCTION, "operator.produce"),
        Transition(
            "dispatch", _("Dispatch"), frozenset({IN_PRODUCTION}), DISPATCHED, "operator.produce", offered=False
        ),
        Transition("refuse", _("Refuse"), frozenset({IN_PRODUCTION}), REFUSED, "operator.produce", offered=False),
        Transition(
            "withdraw",
            _("Withdraw"),
            frozenset({RECEIVED}),
            WITHDRAWN,
            "requests.withdraw",
            "danger",
            "trash",
            refusals={IN_PRODUCTION: _("Production has begun; the request can't be withdrawn any more.")},
        ),
        # The card was deleted or blocked: what was asked for it has no object any more.
        Transition("drop", _("Drop"), frozenset({RECEIVED}), WITHDRAWN, "cards.delete", offered=False),
        Transition("stop", _("Stop"), frozenset({RECEIVED, IN_PRODUCTION}), WITHDRAWN, "cards.block", offered=False),
    ),
)
