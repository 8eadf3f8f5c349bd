"""Cancelling the renewal of one card or many, and taking it back (CRD-53)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Min, Q
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from cards.lifecycle import ACTIVE, CANCELLED, RENEWAL
from cards.models import Card
from cards.services import cancel_card, cancel_cards, take_back_card, take_back_cards
from cards.views.acts import CardAct
from cards.views.bulk import AT_ONCE, SHOWN, ManyCards


def usable_text(card: Card) -> str:
    """Return how long a cancelled card can still be used."""
    if card.expires_on is None:
        return _("The card stays usable until its expiry date; it is just not renewed.")
    day = date_format(card.expires_on, "SHORT_DATE_FORMAT")
    return _("The card stays usable until %(day)s, its expiry date; it is just not renewed.") % {"day": day}


def _name(card: Card) -> str:
    """Return a card as a confirmation names it: what is printed on it, its last digits, how long it can be used."""
    parts = [card.printed_as]
    if card.number:
        parts.append(f"···· {card.last_digits}")
    if card.expires_on:
        parts.append(_("usable until %(day)s") % {"day": date_format(card.expires_on, "SHORT_DATE_FORMAT")})
    return " · ".join(parts)


class CardCancel(CardAct):
    """Cancel the renewal of a card: it stays usable until its expiry date (CRD-53)."""

    permission = "cards.cancel"
    action = "cancel"
    title = lazy("Cancel the renewal")

    def confirm(self, row: Card) -> dict[str, Any]:
        """Say how long the card stays usable, and that a lost or stolen one must be blocked instead."""
        block = format_html(
            '{} <a href="{}">{}</a>',
            _("The card is not blocked. A lost or stolen card must be blocked instead:"),
            self.url("cards:block", row.pk),
            _("Block this card"),
        )
        return {
            "title": _("Cancel the renewal of the card %(card)s") % {"card": row.printed_as},
            "submit_label": _("Cancel the renewal"),
            "happens": [
                usable_text(row),
                _("You can take the cancelling back as long as the card is active."),
            ],
            "not_happens": [block],
            "items": [_name(row)],
        }

    def act(self, form: forms.Form) -> str:
        """Cancel it."""
        cancel_card(actor=self.actor, card=self.object, now=self.now)
        text = _("The renewal of the card %(card)s is cancelled.") % {"card": self.object.printed_as}
        messages.success(self.request, f"{text} {usable_text(self.object)}")
        return self.refused_url()


class CardTakeBack(CardAct):
    """Take back the cancelling of a card's renewal (CRD-53)."""

    permission = "cards.cancel"
    action = "take_back"
    title = lazy("Take back the cancelling")

    def confirm(self, row: Card) -> dict[str, Any]:
        """Say that the card is like any other again."""
        return {
            "title": _("Take back the cancelling of the card %(card)s") % {"card": row.printed_as},
            "submit_label": _("Take back the cancelling"),
            "happens": [_("The card is not cancelled any more: it takes part in its renewal like any other.")],
            "not_happens": [_("Nothing is made or sent now, and no setting changes.")],
            "items": [_name(row)],
        }

    def act(self, form: forms.Form) -> str:
        """Take it back."""
        take_back_card(actor=self.actor, card=self.object, now=self.now)
        messages.success(
            self.request, _("The card %(card)s is not cancelled any more.") % {"card": self.object.printed_as}
        )
        return self.refused_url()


class ManyRenewals(ManyCards):
    """What both confirmations about the renewal of many cards have in common."""

    def refused_line(self) -> list[str]:
        """Say how many of the selection stay as they are."""
        refused = self.total - self.possible
        if not refused:
            return []
        said = ngettext(
            "%(count)s card stays as it is, because of its status or its renewal status; the result says why.",
            "%(count)s cards stay as they are, because of their status or renewal status; the result says why.",
            refused,
        )
        return [said % {"count": refused}]

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the confirmation, with exact counts and the dates of the cards that are named."""
        named = list(self.chosen.filter(self.able).order_by("-pk")[:SHOWN])
        return {
            "confirm": {
                "items": [_name(card) for card in named],
                "more": self.possible - len(named),
                "tone": "primary",
                "cancel_url": self.refused_url(),
                "form": None,
                **self.confirm(),
            },
            "title": self.title,
        }

    def confirm(self) -> dict[str, Any]:
        """Return title, button, what happens and what does not."""
        raise NotImplementedError

    def carry_out(self, ids: list[int]) -> dict[int, str]:
        """Do it for these cards at once, and return the sentence for each that could not be."""
        raise NotImplementedError

    def done(self, count: int) -> str:
        """Return the sentence that says for how many it is done."""
        raise NotImplementedError

    def act(self, form: forms.Form) -> str:
        """Do it for a few at once; more than five become a job."""
        if self.total > AT_ONCE:
            return self.promise({})
        names = dict(self.chosen.order_by("pk").values_list("pk", "printed_as"))
        refused = self.carry_out(list(names))
        for pk, why in refused.items():
            messages.error(self.request, f"{names[pk]}: {why}")
        if count := len(names) - len(refused):
            messages.success(self.request, self.done(count))
        return self.refused_url()


class CancelMany(ManyRenewals):
    """Confirm the cancelling of the renewal of a selection, or of all that match the filter (CRD-53)."""

    permission = "cards.cancel"
    title = lazy("Cancel the renewal of cards")
    able = Q(status=ACTIVE, renewal_status__in=RENEWAL.transition("cancel").sources)
    none_able = lazy("The renewal of none of these cards can be cancelled, because of their status or renewal status.")
    batch_kind = "cards.cancel_many"

    def confirm(self) -> dict[str, Any]:
        """Say how long the cards stay usable, and that lost or stolen ones must be blocked instead."""
        happens = [
            ngettext(
                "%(count)s card stays usable until its expiry date; it is just not renewed.",
                "%(count)s cards stay usable, each until its expiry date; they are just not renewed.",
                self.possible,
            )
            % {"count": self.possible},
        ]
        first = self.chosen.filter(self.able).aggregate(first=Min("expires_on"))["first"]
        if first and self.possible > 1:
            day = date_format(first, "SHORT_DATE_FORMAT")
            happens.append(_("The first of these dates is %(day)s.") % {"day": day})
        happens.append(_("You can take the cancelling back as long as a card is active."))
        block = format_html(
            '{} <a href="{}?{}">{}</a>',
            _("No card is blocked. Lost or stolen cards must be blocked instead:"),
            self.url("cards:block_many"),
            self.request.GET.urlencode(),
            _("Block these cards"),
        )
        return {
            "title": ngettext(
                "Cancel the renewal of %(count)s card", "Cancel the renewal of %(count)s cards", self.possible
            )
            % {"count": self.possible},
            "submit_label": ngettext(
                "Cancel the renewal of %(count)s card", "Cancel the renewal of %(count)s cards", self.possible
            )
            % {"count": self.possible},
            "happens": [*happens, *self.refused_line()],
            "not_happens": [block],
        }

    def carry_out(self, ids: list[int]) -> dict[int, str]:
        """Cancel them."""
        return cancel_cards(actor=self.actor, card_ids=ids, now=self.now)

    def done(self, count: int) -> str:
        """Say how many are cancelled, and that they stay usable."""
        return ngettext(
            "The renewal of %(count)s card is cancelled; it stays usable until its expiry date.",
            "The renewal of %(count)s cards is cancelled; each stays usable until its expiry date.",
            count,
        ) % {"count": count}


class TakeBackMany(ManyRenewals):
    """Confirm that the cancelling of a selection, or of all that match the filter, is taken back (CRD-53)."""

    permission = "cards.cancel"
    title = lazy("Take back the cancelling of cards")
    able = Q(status=ACTIVE, renewal_status=CANCELLED)
    none_able = lazy("None of these cards is active and cancelled, so there is nothing to take back.")
    batch_kind = "cards.take_back_many"

    def confirm(self) -> dict[str, Any]:
        """Say that the cards are like any other again."""
        happens = ngettext(
            "%(count)s card is not cancelled any more: it takes part in its renewal like any other.",
            "%(count)s cards are not cancelled any more: they take part in their renewal like any other.",
            self.possible,
        ) % {"count": self.possible}
        return {
            "title": ngettext(
                "Take back the cancelling of %(count)s card",
                "Take back the cancelling of %(count)s cards",
                self.possible,
            )
            % {"count": self.possible},
            "submit_label": ngettext(
                "Take back the cancelling of %(count)s card",
                "Take back the cancelling of %(count)s cards",
                self.possible,
            )
            % {"count": self.possible},
            "happens": [happens, *self.refused_line()],
            "not_happens": [_("Nothing is made or sent now, and no setting changes.")],
        }

    def carry_out(self, ids: list[int]) -> dict[int, str]:
        """Take it back."""
        return take_back_cards(actor=self.actor, card_ids=ids, now=self.now)

    def done(self, count: int) -> str:
        """Say how many are not cancelled any more."""
        return ngettext(
            "%(count)s card is not cancelled any more.", "%(count)s cards are not cancelled any more.", count
        ) % {"count": count}
