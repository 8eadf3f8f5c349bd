"""What is done with cards: order, change, block, cancel, delete, receive; and with requests: withdraw.

Each verb runs in the caller's transaction and scope, checks the right, and leaves one audit entry (GEN-2). The card's
row is locked before its issues, everywhere, so that no two verbs wait for each other.
"""

from cards.services.arriving import delete_card, receive_card
from cards.services.blocking import block_card, block_cards
from cards.services.changing import Changed, change_card
from cards.services.ordering import Order, order_duplicate, place_order
from cards.services.plan import Change, Plan, as_ordered, plan_change, waiting_order
from cards.services.renewing import cancel_card, cancel_cards, take_back_card, take_back_cards
from cards.services.requests import attach_document, may_attach, withdraw_request
from cards.services.shared import ADDRESS, CONTROLS, PROMISED, card_words, describe, find_again, limits_of, write_limits
from cards.services.taking_on import take_on

__all__ = [
    "ADDRESS",
    "CONTROLS",
    "PROMISED",
    "Change",
    "Changed",
    "Order",
    "Plan",
    "as_ordered",
    "attach_document",
    "block_card",
    "block_cards",
    "cancel_card",
    "cancel_cards",
    "card_words",
    "change_card",
    "delete_card",
    "describe",
    "find_again",
    "limits_of",
    "may_attach",
    "order_duplicate",
    "place_order",
    "plan_change",
    "receive_card",
    "take_back_card",
    "take_back_cards",
    "take_on",
    "waiting_order",
    "withdraw_request",
    "write_limits",
]
