"""Code letters in the operator's area: what a batch of them shows, and the words around taking them (PIN-4)."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cards.describe import address_text
from cards.letters.orders import batch_letters
from cards.letters.services import LETTER
from cards.lifecycle import REQUEST
from cards.models import Batch, MakerFile, Request
from cards.views.requests import moment


def letters_section(batch: Batch) -> dict[str, Any]:
    """Return the letters of a batch, each with the status of its request."""
    letters = list(batch_letters(batch).select_related("card", "card__company")[:200])
    asked = Request.objects.filter(subject_kind=LETTER, subject_id__anyof=[letter.pk for letter in letters])
    status = dict(asked.values_list("subject_id", "status"))
    return {
        "title": _("Code letters"),
        "table": {
            "headers": [_("Company"), _("Plate or name"), _("Rank"), _("Address"), _("Status"), _("Reference")],
            "rows": [
                [
                    letter.card.company.legal_name,
                    letter.card.printed_as,
                    str(letter.rank),
                    address_text(letter.lines),
                    format_html(
                        '<span class="status status-{}">{}</span>',
                        status.get(letter.pk, ""),
                        REQUEST.label(status.get(letter.pk, "")),
                    ),
                    letter.reference,
                ]
                for letter in letters
            ],
        },
        "empty": _("No code letters."),
    }


def size_text(batch: Batch) -> str:
    """Return how many things a batch orders, in words."""
    if batch.kind == Batch.Kind.LETTERS:
        return ngettext("%(count)s code letter", "%(count)s code letters", batch.size) % {"count": batch.size}
    return ngettext("%(count)s card", "%(count)s cards", batch.size) % {"count": batch.size}


def what_happens(cards: int, letters: int) -> list[str]:
    """Say what taking so many cards and code letters into production does."""
    said = []
    if cards:
        said.append(_("The cards get their numbers and go to In creation."))
        said.append(_("A production file is written for the card maker."))
    if letters:
        order = ngettext(
            "%(count)s code letter is ordered from the card maker, to its customer number's address of this moment.",
            "%(count)s code letters are ordered from the card maker, to their customer numbers' addresses of this"
            " moment.",
            letters,
        )
        said.append(order % {"count": letters})
    return [*said, _("What is taken can't be withdrawn by the customer any more.")]


def button(cards: int, letters: int) -> str:
    """Return what the button of the confirmation says."""
    if not letters:
        return ngettext("Produce %(count)s card", "Produce %(count)s cards", cards) % {"count": cards}
    if not cards:
        said = ngettext("Order %(count)s code letter", "Order %(count)s code letters", letters)
        return said % {"count": letters}
    return _("Take into production")


def taken(batch: Batch) -> str:
    """Say that a batch was taken."""
    if batch.kind == Batch.Kind.LETTERS:
        said = ngettext(
            "%(count)s code letter is in production: batch %(batch)s.",
            "%(count)s code letters are in production: batch %(batch)s.",
            batch.size,
        )
    else:
        said = ngettext(
            "%(count)s card is in production: batch %(batch)s.",
            "%(count)s cards are in production: batch %(batch)s.",
            batch.size,
        )
    return said % {"count": batch.size, "batch": batch}


def print_facts(file: MakerFile) -> list[dict[str, str]]:
    """Say of a batch of sealed codes whether its letters were printed, and how they are (PIN-5)."""
    if file.kind != MakerFile.Kind.CODES or file.state != MakerFile.State.TAKEN:
        return []
    if file.printed_at is not None:
        return [{"label": _("Printed"), "value": moment(file.printed_at)}]
    command = f"manage.py print_code_letters {file.pk} --key FILE --output FOLDER"
    said = _("Not yet. Where the private key is: %(command)s") % {"command": command}
    return [{"label": _("Printed"), "value": said}]
