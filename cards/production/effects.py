"""What an answer changes, gathered first and then written in a few statements, however many lines it has (FUL-2)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from cards.letters.services import LETTER
from cards.lifecycle import ISSUE, REQUEST
from cards.mirror import refresh_cards
from cards.models import Issue, Request
from cards.notices import tell_reissue
from cards.production.batches import MADE_HERE
from cards.production.mails import tell
from cards.services import take_on
from cards.services.shared import forget_codes
from fleetportal.core.access import system
from fleetportal.core.audit import AuditEntry
from fleetportal.core.lifecycle import Lifecycle, perform_many

MAKER = "cards.maker"


class AnswerOvertaken(Exception):
    """A plastic that was locked has changed all the same; nothing of the answer is kept, and it is read again."""


@dataclass(slots=True)
class Plastic:
    """A plastic as an answer finds it; brought up to date as its lines are judged, before anything is written."""

    issue: int
    card: int
    company: int
    rank: int
    status: str
    ordered_on: date
    made_on: date | None
    dispatched: bool
    validity_months: int
    letter: int | None = None


class Effects:
    """The effects of one answer. `write` carries them out in the order made, refused, dispatched, used."""

    def __init__(self, source: str, now: datetime) -> None:
        self._source, self._now = source, now
        self._actor = system(MAKER)
        self._made: dict[int, tuple[date, date]] = {}
        self._refused: defaultdict[str, list[int]] = defaultdict(list)
        self._refused_blocked: list[int] = []
        self._dispatched: dict[int, str] = {}
        self._first_used: list[int] = []
        self._last_used: dict[int, date] = {}
        self._letters: dict[int, str] = {}
        self._letters_refused: defaultdict[str, list[int]] = defaultdict(list)
        self._notes: list[AuditEntry] = []

    def made(self, plastic: Plastic, made_on: date, expires_on: date) -> None:
        """A plastic was made."""
        self._made[plastic.issue] = (made_on, expires_on)
        self._note("cards.made", plastic, made_on=made_on, expires_on=expires_on)

    def refused(self, plastic: Plastic, reason: str) -> None:
        """A plastic will not be made; its request ends with the reason."""
        self._refused[reason].append(plastic.issue)

    def refused_after_block(self, plastic: Plastic, reason: str) -> None:
        """A plastic that was blocked meanwhile will not be made: that is noted, and nothing moves."""
        self._refused_blocked.append(plastic.issue)
        self._note("cards.refused_after_block", plastic, reason=reason)

    def dispatched(self, plastic: Plastic, tracking: str) -> None:
        """A plastic is on its way; a request that is still open ends."""
        self._dispatched[plastic.issue] = tracking
        self._note("cards.dispatched", plastic, tracking=tracking)

    def used(self, plastic: Plastic, day: date, *, first: bool) -> None:
        """A plastic was used on that day, perhaps for the first time."""
        if first:
            self._first_used.append(plastic.issue)
        self._last_used[plastic.card] = max(day, self._last_used.get(plastic.card, day))

    def letter_sent(self, plastic: Plastic, letter: int, reference: str) -> None:
        """A code letter is in the post; its request ends."""
        self._letters[letter] = reference
        self._note("cards.letter_sent", plastic, reference=reference)

    def letter_refused(self, plastic: Plastic, letter: int, reason: str) -> None:
        """A code letter won't be sent; its request ends with the reason."""
        self._letters_refused[reason].append(letter)
        self._note("cards.letter_refused", plastic, reason=reason)

    def write(self) -> None:
        """Write everything, with its audit entries and mails, in the current transaction."""
        AuditEntry.objects.bulk_create(self._notes, batch_size=1000)
        self._write_made()
        self._write_refused()
        self._write_dispatched()
        if self._first_used:
            self._move(ISSUE, "activate", self._first_used, activated_at=self._now)
        if self._last_used:
            _execute(
                "UPDATE cards_card c SET last_used_on = GREATEST(c.last_used_on, g.day)"
                " FROM unnest(%s::bigint[], %s::date[]) AS g (id, day) WHERE c.id = g.id",
                [list(self._last_used), list(self._last_used.values())],
            )
        self._write_letters()

    def _write_made(self) -> None:
        """The maker has the code now, so the sealed one is dropped (GEN-12); the status stays what it is."""
        if not self._made:
            return
        _execute(
            "UPDATE cards_issue i SET made_on = g.made_on, expires_on = g.expires_on, sealed_code = NULL"
            " FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS g (id, made_on, expires_on) WHERE i.id = g.id",
            [list(self._made), *map(list, zip(*self._made.values(), strict=True))],
        )
        refresh_cards(list(self._made))
        # A changed plastic is there now: its card is what it carries (decision 0041).
        take_on(actor=self._actor, issue_ids=list(self._made), now=self._now)

    def _write_refused(self) -> None:
        gone = [*self._refused_blocked, *(issue for issues in self._refused.values() for issue in issues)]
        if not gone:
            return
        # A code that no plastic will carry is of no use to anybody.
        Issue.objects.filter(pk__anyof=gone, sealed_code__isnull=False).update(sealed_code=None)
        ended: list[int] = []
        for reason, issues in self._refused.items():
            self._move(ISSUE, "refuse", issues)
            forget_codes(issues)
            ended += self._end_requests("refuse", issues, reason=reason)
        tell("card_refused", ended, source=self._source, now=self._now)

    def _write_dispatched(self) -> None:
        if not self._dispatched:
            return
        issues = list(self._dispatched)
        _execute(
            "UPDATE cards_issue i SET dispatched_at = %s, tracking = g.tracking"
            " FROM unnest(%s::bigint[], %s::text[]) AS g (id, tracking) WHERE i.id = g.id",
            [self._now, issues, list(self._dispatched.values())],
        )
        refresh_cards(issues)
        tell("card_dispatched", self._end_requests("dispatch", issues), source=self._source, now=self._now)

    def _write_letters(self) -> None:
        """End the letters, and their requests that are still open; a block has ended others before (PIN-4)."""
        refused = [letter for letters in self._letters_refused.values() for letter in letters]
        if not (self._letters or refused):
            return
        _execute(
            "UPDATE cards_codeletter l SET ended_at = %s, reference = g.reference"
            " FROM unnest(%s::bigint[], %s::text[]) AS g (id, reference) WHERE l.id = g.id",
            [self._now, [*self._letters, *refused], [*self._letters.values(), *("" for _letter in refused)]],
        )
        sent = self._end_requests("dispatch", list(self._letters), LETTER)
        ended: list[int] = []
        for reason, letters in self._letters_refused.items():
            ended += self._end_requests("refuse", letters, LETTER, reason=reason)
        for what, ids in (("sent", sent), ("refused", ended)):
            requests = Request.objects.filter(pk__anyof=ids).select_related("card__company").order_by("pk")
            tell_reissue(what, list(requests), source=self._source, now=self._now)

    def _move(self, lifecycle: Lifecycle, name: str, issues: list[int], **sets: Any) -> None:
        outcome = perform_many(
            lifecycle, Issue.objects.filter(pk__anyof=issues), name, self._actor, now=self._now, sets=sets
        )
        if len(outcome.moved) != len(issues):
            raise AnswerOvertaken(f"{name}: {len(issues) - len(outcome.moved)} plastics changed meanwhile.")

    def _end_requests(self, name: str, made: list[int], kind: str = MADE_HERE, **sets: Any) -> list[int]:
        """End the requests of these plastics that are still open, and return them; a block has ended others before."""
        requests = Request.objects.filter(subject_kind=kind, subject_id__anyof=made)
        moved = perform_many(
            REQUEST, requests, name, self._actor, now=self._now, sets={"ended_at": self._now, **sets}
        ).moved
        return list(moved)

    def _note(self, verb: str, plastic: Plastic, **after: Any) -> None:
        self._notes.append(
            AuditEntry(
                company_id=plastic.company,
                at=self._now,
                actor_label=self._actor.label,
                verb=verb,
                kind=MADE_HERE,
                object_id=plastic.issue,
                after={"rank": plastic.rank, **after},
            )
        )


def _execute(sql: str, params: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
