"""Reissuing the secret code of one card or of many: what will happen, and to which address the letter goes (PIN-4)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from accounts.models import CustomerNumber
from cards.catalogue import CodeType
from cards.describe import address_text
from cards.letters.services import already, open_letters, reissue_code, reissue_codes
from cards.lifecycle import ACTIVE, IN_PRODUCTION, IN_RENEWAL, RECEIVED
from cards.models import Card, Request
from cards.views.acts import CardAct
from cards.views.bulk import AT_ONCE, SHOWN, ManyCards

# More addresses than this are counted, not written out.
ADDRESSES = 5


def _name(card: Card) -> str:
    """Return a card as a confirmation names it: what is printed on it, and its last digits."""
    return f"{card.printed_as} · ···· {card.last_digits}"


def _address(number: CustomerNumber) -> str:
    """Say where the letters of a customer number go."""
    return _("It goes to the address for secret codes of customer number %(number)s: %(address)s.") % {
        "number": number.number,
        "address": address_text(number.lines),
    }


def _not_happens() -> list[str]:
    return [
        _("The code stays the same, no new card is made, and the card can be used all the time."),
        _("Nobody can read the code here: the portal does not have it."),
        _("The address can't be changed here: that needs a written request to your usual contact."),
    ]


def _times() -> str:
    return _("The card maker sends it within 24 hours; the post takes a few days more.")


class CardReissue(CardAct):
    """Order the letter with the secret code of one card, with the password given once more a short while ago."""

    permission = "cards.reissue"
    fresh = True
    action = "reissue"
    title = lazy("Reissue the secret code")
    related = ("customer_number",)

    def refusal(self, row: Card) -> str:
        """Return why the card does not allow it; a letter that is under way is not ordered once more."""
        if why := super().refusal(row):
            return why
        # Asked only before the confirmation: a form sent twice finds its own order, and gets its receipt.
        underway = open_letters([row.pk]).get(row.pk) if self.request.method == "GET" else None
        return already(underway) if underway else ""

    def confirm(self, row: Card) -> dict[str, Any]:
        """Say what is sent, where, and within which time."""
        return {
            "title": _("Reissue the secret code of the card %(card)s") % {"card": row.printed_as},
            "submit_label": _("Reissue the secret code"),
            "happens": [
                _("The secret code of the card is sent by post, in a code letter."),
                _address(row.customer_number),
                _times(),
                _("You get a notice that confirms it, and follow it under My requests."),
            ],
            "not_happens": _not_happens(),
            "items": [_name(row)],
        }

    def act(self, form: forms.Form) -> str:
        """Order the letter."""
        request = reissue_code(actor=self.actor, card=self.object, now=self.now)
        text = _("The secret code of the card %(card)s is reissued: request %(number)s.")
        messages.success(self.request, text % {"card": self.object.printed_as, "number": request.number})
        return self.refused_url()


class ReissueMany(ManyCards):
    """Confirm the reissue of the codes of a selection, or of all that match the filter (PIN-4)."""

    permission = "cards.reissue"
    fresh = True
    title = lazy("Reissue secret codes")
    able = (
        Q(status=ACTIVE)
        & ~Q(code_type=CodeType.PERSONAL)
        & ~Q(renewal_status=IN_RENEWAL)
        & ~Q(
            Exists(
                Request.objects.filter(
                    card=OuterRef("pk"), kind=Request.Kind.CODE_LETTER, status__in=[RECEIVED, IN_PRODUCTION]
                )
            )
        )
    )
    none_able = lazy(
        "The secret code of none of these cards can be reissued, because of their status or type of code,"
        " or because it is being reissued already."
    )
    batch_kind = "cards.reissue_many"

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the confirmation, with exact counts and the addresses."""
        named = list(self.chosen.filter(self.able).order_by("-pk")[:SHOWN])
        possible, refused = self.possible, self.total - self.possible
        happens = [
            ngettext(
                "The secret code of %(count)s card is sent by post, in a code letter.",
                "The secret codes of %(count)s cards are sent by post, each in a code letter of its own.",
                possible,
            )
            % {"count": possible},
            *self.addresses(),
            _times(),
            _("You get a notice that confirms it, and follow it under My requests."),
        ]
        not_happens = _not_happens()
        if refused:
            said = ngettext(
                "%(count)s card stays as it is, because of its status, its type of code, or a letter that is on its"
                " way; the result says why.",
                "%(count)s cards stay as they are, because of their status, their type of code, or a letter that is on"
                " its way; the result says why.",
                refused,
            )
            not_happens.insert(0, said % {"count": refused})
        return {
            "confirm": {
                "title": ngettext(
                    "Reissue the secret code of %(count)s card", "Reissue the secret codes of %(count)s cards", possible
                )
                % {"count": possible},
                "submit_label": ngettext(
                    "Reissue the secret code of %(count)s card", "Reissue the secret codes of %(count)s cards", possible
                )
                % {"count": possible},
                "happens": happens,
                "not_happens": not_happens,
                "items": [_name(card) for card in named],
                "more": possible - len(named),
                "tone": "primary",
                "cancel_url": self.refused_url(),
                "form": None,
            },
            "title": self.title,
        }

    def addresses(self) -> list[str]:
        """Say where the letters go: the address of each customer number, or how many there are."""
        numbers = CustomerNumber.objects.filter(pk__in=self.chosen.filter(self.able).values("customer_number"))
        count = numbers.count()
        if count > ADDRESSES:
            said = _("Each goes to the address for secret codes of its customer number; these are %(count)s numbers.")
            return [said % {"count": count}]
        said = _("Those of customer number %(number)s go to its address for secret codes: %(address)s.")
        return [said % {"number": one.number, "address": address_text(one.lines)} for one in numbers]

    def act(self, form: forms.Form) -> str:
        """Order a few at once; more than five become a job."""
        if self.total > AT_ONCE:
            return self.promise({})
        names = dict(self.chosen.order_by("pk").values_list("pk", "printed_as"))
        refused = reissue_codes(actor=self.actor, card_ids=list(names), now=self.now)
        for pk, why in refused.items():
            messages.error(self.request, f"{names[pk]}: {why}")
        if done := len(names) - len(refused):
            text = ngettext(
                "The secret code of %(count)s card is reissued; follow it under My requests.",
                "The secret codes of %(count)s cards are reissued; follow them under My requests.",
                done,
            )
            messages.success(self.request, text % {"count": done})
        return self.refused_url()
