"""What entries about cards and requests are called on *Activity*, and that both lie in divisions (ACC-32, GEN-2)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.finding import NUMBER
from accounts.models import CustomerNumber
from cards.models import Card, Issue, Request
from fleetportal.core.activity import Subject, declare_subject, declare_verbs
from fleetportal.core.contents import Content, declare_content
from fleetportal.core.named import declare_batches, declare_mails, declare_work

declare_content(Content(Card, _("Cards"), "cards.changed", "printed_as", "cards.card"))
# Who may see a card may see what was asked for it: its requests go with it.
declare_content(Content(Request, search_kind="cards.request"))

declare_subject(Subject(Card, _("Card"), "cards.see", label="printed_as", page="cards:card", search_kind="cards.card"))
declare_subject(
    Subject(
        Issue,
        _("Card"),
        "cards.see",
        label="card__printed_as",
        page="cards:card",
        key="card_id",
        search_kind="cards.card",
    )
)
declare_subject(
    Subject(Request, _("Request"), "requests.see", label="label", page="cards:request", search_kind="cards.request")
)
declare_subject(Subject(CustomerNumber, _("Customer number"), "cards.see", label="number", search_kind=NUMBER))
_PRODUCED, _WITHDRAWN = _("Taken into production"), _("Withdrawn before production")
declare_verbs(
    {
        "cards.ordered": _("Card ordered"),
        "cards.changed": _("Card changed"),
        "cards.plastic_ordered": _("Changed plastic ordered"),
        "cards.plastic_changed": _("Order of a changed plastic changed"),
        "cards.change_made": _("Card changed by its new plastic"),
        "cards.duplicate_ordered": _("Duplicate ordered"),
        "cards.block": _("Card blocked"),
        "cards.cancel": _("Renewal of a card cancelled"),
        "cards.take_back": _("Cancelling of a card taken back"),
        "cards.renew": _("Cancelling of a card taken back"),
        "cards.reissue": _("Secret code reissued"),
        "cards.code_address_changed": _("Address for secret codes changed"),
        "cards.letter_sent": _("Code letter sent"),
        "cards.letter_refused": _("Code letter refused by the card maker"),
        "cards.delete": _("Card deleted"),
        "cards.receive": _("Receipt of a card confirmed"),
        "cards.made": _("Card made"),
        "cards.dispatched": _("Card dispatched"),
        "cards.refused_after_block": _("Card refused by the card maker"),
        "cards.drop": _WITHDRAWN,
        "cards.stop": _WITHDRAWN,
        "cards.seeded": _("Taken over from the old portal"),
        "requests.accepted": _("Request accepted"),
        "requests.document_added": _("Document added"),
        "requests.withdraw": _("Request withdrawn"),
        "requests.seeded": _("Taken over from the old portal"),
        "operator.produce": _PRODUCED,
        "operator.activate": _("Card activated"),
        "operator.dispatch": _("Request dispatched"),
        "operator.refuse": _("Refused by the card maker"),
        "operator.expire": _("Card expired"),
        "operator.plastic_decided": _("What needs a new card decided"),
    }
)
declare_work(
    {
        "cards.activate_dispatched": _("Activate cards that were dispatched ten days ago"),
        "cards.block_many": _("Block cards"),
        "cards.cancel_many": _("Cancel the renewal of cards"),
        "cards.collect_answers": _("Collect the card maker's answers"),
        "cards.expire_issues": _("Expire cards that are past their date"),
        "cards.reissue_many": _("Reissue the secret codes of cards"),
        "cards.send_batch": _("Order a batch from the card maker"),
        "cards.simulate_dispatched": _("Demonstration: dispatch a batch"),
        "cards.simulate_letters": _("Demonstration: send the code letters of a batch"),
        "cards.simulate_made": _("Demonstration: make a batch"),
        "cards.take_answer": _("Read an answer of the card maker"),
        "cards.take_back_many": _("Take back the cancelling of cards"),
    }
)
declare_batches(
    {
        "cards.block_many": _("Block of %(count)s cards"),
        "cards.cancel_many": _("Cancelling of the renewal of %(count)s cards"),
        "cards.reissue_many": _("Reissue of the secret codes of %(count)s cards"),
        "cards.take_back_many": _("Taking back the cancelling of %(count)s cards"),
    }
)
# The notice of the same mail is called after the request; the mail tells of the card.
declare_mails({"card_dispatched": _("Card dispatched"), "card_refused": _("Card refused by the card maker")})
