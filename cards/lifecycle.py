"""The statuses of issues, requests and renewals, what moves them, and which actions a card offers (cards.md)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cards.catalogue import RenewalStatus
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
_NEVER_MADE = _("This card was withdrawn; it was never made.")
# The renewal status as it is stored.
NOT_ASKED, CANDIDATE, CANCELLED, IN_RENEWAL = (
    RenewalStatus.NONE.value,
    RenewalStatus.CANDIDATE.value,
    RenewalStatus.CANCELLED.value,
    RenewalStatus.IN_RENEWAL.value,
)
# While a card is In renewal nothing but a block is possible (cards.md).
BEING_RENEWED = _("This card is being renewed; until that is done it can only be blocked.")

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
            "cancel",
            _("Cancel the renewal"),
            frozenset({ACTIVE}),
            None,
            "cards.cancel",
            icon="calendar-off",
            bulk=True,
            refusals={
                NEW: _("Only an active card's renewal can be cancelled. Delete the order instead."),
                IN_CREATION: _("The card is being made; its renewal can be cancelled once it is active."),
                BLOCKED: _("A blocked card is not renewed; there is nothing to cancel."),
                EXPIRED: _("This card has expired; there is nothing to cancel."),
                WITHDRAWN: _NEVER_MADE,
            },
        ),
        Transition(
            "take_back",
            _("Take back the cancelling"),
            frozenset({ACTIVE}),
            None,
            "cards.cancel",
            icon="arrow-back-up",
            bulk=True,
            refusals={
                BLOCKED: _("A blocked card is not renewed; order a new card instead."),
                EXPIRED: _("This card has expired; order a new card instead."),
                WITHDRAWN: _NEVER_MADE,
            },
        ),
        Transition(
            "reissue",
            _("Reissue the secret code"),
            frozenset({ACTIVE}),
            None,
            "cards.reissue",
            icon="mail",
            bulk=True,
            refusals={
                NEW: _("This card is not made yet; its secret code can be reissued once it is active."),
                IN_CREATION: _("The card is being made; its secret code can be reissued once it is active."),
                BLOCKED: _("A blocked card is refused everywhere; its secret code is of no use any more."),
                EXPIRED: _("This card has expired; its secret code is of no use any more."),
                WITHDRAWN: _NEVER_MADE,
            },
        ),
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
                WITHDRAWN: _NEVER_MADE,
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

_NOT_CANCELLED = _("The renewal of this card is not cancelled.")

# Whether a card is renewed stands beside its status (CRD-53); that the card is Active is its services' business.
# What leads into a campaign and out of it comes with the campaigns (renewals.md): nothing makes a card In renewal yet.
RENEWAL = Lifecycle(
    kind="cards.renewal",
    column="renewal_status",
    statuses=tuple(Status(one.value, one.label) for one in RenewalStatus),
    transitions=(
        Transition(
            "cancel",
            _("Cancel the renewal"),
            frozenset({NOT_ASKED, CANDIDATE}),
            CANCELLED,
            "cards.cancel",
            refusals={
                CANCELLED: _("The renewal of this card is cancelled already."),
                IN_RENEWAL: BEING_RENEWED,
            },
        ),
        Transition(
            "take_back",
            _("Take back the cancelling"),
            frozenset({CANCELLED}),
            NOT_ASKED,
            "cards.cancel",
            refusals={
                NOT_ASKED: _NOT_CANCELLED,
                CANDIDATE: _NOT_CANCELLED,
                IN_RENEWAL: BEING_RENEWED,
            },
        ),
        # The same for a card that was a candidate when it was cancelled: it is one again (REN-3).
        Transition(
            "renew",
            _("Renew after all"),
            frozenset({CANCELLED}),
            CANDIDATE,
            "cards.cancel",
            offered=False,
            refusals={IN_RENEWAL: BEING_RENEWED},
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
