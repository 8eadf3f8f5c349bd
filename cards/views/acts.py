"""What is done with one card: block, delete, confirm receipt."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cards.catalogue import BlockReason
from cards.lifecycle import NEW
from cards.models import Card
from cards.rules import sentence
from cards.services import block_card, delete_card, receive_card
from fleetportal.core.pages import ActionPage


class CardAct(ActionPage):
    """An action on one card; what its status does not allow leads back to its page with the sentence why."""

    model = Card
    action = ""

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Cards"), self.url("cards:list")), (self.object.printed_as, self.refused_url()), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the card."""
        return self.url("cards:card", self.kwargs["pk"])

    def refusal(self, row: Card) -> str:
        """Return why the card's state does not allow it."""
        return sentence(self.action, row)


class BlockForm(forms.Form):
    """Why the card is blocked, and whether another is wanted (CRD-50)."""

    use_required_attribute = False

    reason = forms.ChoiceField(
        choices=BlockReason.choices,
        label=lazy("Reason"),
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Choose a reason.")},
    )
    duplicate = forms.ChoiceField(
        choices=[("yes", lazy("Yes, send a duplicate")), ("no", lazy("No, no duplicate"))],
        label=lazy("Do you want a duplicate?"),
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Choose whether you want a duplicate.")},
    )


class CardBlock(CardAct):
    """Block a card for theft, loss, not received or defective (CRD-50 to CRD-52)."""

    permission = "cards.block"
    action = "block"
    title = lazy("Block")
    form_class = BlockForm
    tone = "danger"

    def confirm(self, row: Card) -> dict[str, Any]:
        """Say what a block does and what it does not."""
        return {
            "title": _("Block the card %(card)s") % {"card": row.printed_as},
            "submit_label": _("Block the card now"),
            "happens": [
                _("The card is refused at every terminal, at once: every plastic of it that exists."),
                _("A block can't be undone."),
                _("You get an e-mail that confirms it."),
                *self.ordered(row),
                _("With a duplicate, a new plastic with the same number and settings is made within 24 hours."),
            ],
            "not_happens": [_("Driver codes are not blocked.")],
            "items": [f"{row.printed_as} · ···· {row.last_digits}" if row.number else row.printed_as],
        }

    def ordered(self, row: Card) -> list[str]:
        """Say what becomes of a changed plastic that is ordered beside the one in use (CRD-43)."""
        if row.status != NEW or not row.live:
            return []
        return [
            _("The new card that is ordered, rank %(rank)s, is not made, and nothing it was to change changes.")
            % {"rank": row.rank}
        ]

    def act(self, form: forms.Form) -> str:
        """Block the card and order the duplicate."""
        data = form.cleaned_data
        request = block_card(
            actor=self.actor,
            card=self.object,
            reason=data["reason"],
            duplicate=data["duplicate"] == "yes",
            now=self.now,
        )
        text = _("The card %(card)s is blocked.") % {"card": self.object.printed_as}
        if request is not None:
            text += " " + _("The duplicate is ordered: request %(number)s.") % {"number": request.number}
        messages.success(self.request, text)
        return self.refused_url()


class CardDelete(CardAct):
    """Delete a card while it is New (CRD-52)."""

    permission = "cards.delete"
    action = "delete"
    title = lazy("Delete")
    tone = "danger"

    def confirm(self, row: Card) -> dict[str, Any]:
        """Say what is withdrawn: the whole card, or the next plastic of one that was made."""
        if row.rank > 1:
            return {
                "title": _("Delete the new plastic of the card %(card)s") % {"card": row.printed_as},
                "submit_label": _("Delete the new plastic"),
                "happens": [
                    _("The order of the plastic of rank %(rank)s is withdrawn: it is not made.") % {"rank": row.rank}
                ],
                "not_happens": [_("A plastic that is in use stays as it is.")],
                "items": [row.printed_as],
            }
        return {
            "title": _("Delete the card %(card)s") % {"card": row.printed_as},
            "submit_label": _("Delete the card"),
            "happens": [_("The order is withdrawn and the card is not made.")],
            "not_happens": [_("Other cards stay as they are.")],
            "items": [row.printed_as],
        }

    def act(self, form: forms.Form) -> str:
        """Withdraw the order."""
        text = (
            _("The card %(card)s is deleted.")
            if self.object.rank == 1
            else _("The new plastic of %(card)s is deleted.")
        )
        delete_card(actor=self.actor, card=self.object, now=self.now)
        messages.success(self.request, text % {"card": self.object.printed_as})
        return self.refused_url()


class CardReceive(CardAct):
    """Confirm that a dispatched card has arrived (FUL-4)."""

    permission = "cards.receive"
    action = "receive"
    title = lazy("Confirm receipt")

    def confirm(self, row: Card) -> dict[str, Any]:
        """Say that the card becomes usable."""
        return {
            "title": _("Confirm receipt of the card %(card)s") % {"card": row.printed_as},
            "submit_label": _("I have the card"),
            "happens": [_("The card becomes active: it can be used at once.")],
            "not_happens": [_("A card that has not arrived must be blocked instead.")],
            "items": [f"{row.printed_as} · ···· {row.last_digits}"],
        }

    def act(self, form: forms.Form) -> str:
        """Make the card active."""
        receive_card(actor=self.actor, card=self.object, now=self.now)
        messages.success(self.request, _("The card %(card)s is active.") % {"card": self.object.printed_as})
        return self.refused_url()
