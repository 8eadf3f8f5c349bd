"""Code letters in the demonstration's history: one that was sent, one that waits, and an address that was changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import CustomerNumber
from cards.catalogue import CodeType
from cards.demo.fates import in_office
from cards.demo.story import MAKER, OPERATOR, PEOPLE, Life, Story, card_of
from cards.letters.addresses import change_code_address, version_of
from cards.letters.orders import letter_rows, take_letters
from cards.letters.services import open_letters, reissue_code
from cards.production import format as maker_format
from cards.services import ADDRESS
from fleetportal.core.access import Actor

# The written request, as small as a PDF can be.
_LETTER = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
_MOVED = {"recipient": "Acme Logistics, mail room", "street": "Noorderlaan 149"}
_OLD_ENOUGH = timedelta(days=90)


def letters(story: Story, lives: Sequence[Life]) -> None:
    """Put them into the story: of the first cards by name that were active all the time, with a calculated code."""
    able = [
        life
        for life in lives
        if life.fate.name == "active"
        and life.settings.code_type == CodeType.CALCULATED
        and life.fate.cancelled_at is None
        and life.fate.plastics[0].ordered_at < story.now - _OLD_ENOUGH
    ]
    sent, waits = sorted(able, key=lambda life: life.settings.printed_as)[:2]
    number = next(iter(lives[0].cast.numbers.values()))
    story.at(in_office(60, 11 * 60, story.now), OPERATOR, None, partial(_move, story, number))
    asked_at = in_office(20, 9 * 60 + 40, story.now)
    for life, moment in ((sent, asked_at), (waits, story.now - timedelta(hours=3))):
        who = life.cast.people["principal"]
        story.at(moment, PEOPLE, who.scope, partial(_ask, life, who.actor))
    taken_at = asked_at + timedelta(hours=2)
    story.at(taken_at, OPERATOR, None, partial(_take, story, sent))
    story.at(taken_at + timedelta(hours=19), MAKER, None, partial(_answer, story, sent))


def _ask(life: Life, actor: Actor, now: datetime) -> None:
    reissue_code(actor=actor, card=card_of(life), now=now)


def _take(story: Story, life: Life, now: datetime) -> None:
    """Take the letter into production; its file went to the card maker at once."""
    request = open_letters([card_of(life).pk])[card_of(life).pk]
    batch = take_letters(actor=story.operator, request_ids=[request.pk], now=now)
    if batch is None:
        raise RuntimeError("The code letter could not be taken into production.")
    text = maker_format.letter_file(str(batch), now, letter_rows(batch))
    batch.checksum, batch.sent_at = maker_format.checksum(text.encode()), now + timedelta(seconds=2)
    batch.save(update_fields=["checksum", "sent_at"])


def _answer(story: Story, life: Life, now: datetime) -> None:
    card = card_of(life)
    card.refresh_from_db()
    story.hand_in(f"letters-{now:%Y%m%d-%H%M}", [["letter_sent", card.number, str(card.rank), "L-000017"]], now)


def _move(story: Story, number: CustomerNumber, now: datetime) -> None:
    """Let operator staff change where the codes of a customer number go."""
    change_code_address(
        number=number,
        address={**{name: getattr(number, name) for name in ADDRESS}, **_MOVED},
        written=SimpleUploadedFile("written-request.pdf", _LETTER, "application/pdf"),
        version=version_of(number),
        actor=story.operator,
        now=now,
    )
