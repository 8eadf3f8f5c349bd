"""Code letters at the card maker's: a batch and a file of their own, and the answers read back (PIN-4, FUL-3)."""

from __future__ import annotations

import csv
import hashlib
from datetime import timedelta

import pytest

from cards.letters.orders import take_letters
from cards.lifecycle import ISSUE, REQUEST
from cards.models import Batch, CodeLetter, Request
from fleetportal.core.access import system
from fleetportal.core.lifecycle import perform
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome
from tests import factories
from tests.cards.browse import Browser
from tests.cards.production import tools
from tests.cards.production.tools import audit_of, issue_of, last_file, mails, reload, rows, set_aside
from tests.factories import NOW

pytestmark = [pytest.mark.rule("PIN-4"), pytest.mark.django_db]

SECOND = timedelta(seconds=1)


@pytest.fixture
def card(number, ada):
    return factories.card(number, printed_as="1-ABC-123")


@pytest.fixture
def letter(card, ada):
    return factories.code_letter(card, requested_by=ada)


@pytest.fixture
def operator(otto):
    return Browser(otto)


def request_of(letter):
    return rows(Request, subject_kind="cards.codeletter", subject_id=letter.pk)[0]


def take(operator, *letters):
    """Take letters into production as operator staff do; return their batch."""
    query = "&".join(f"select={request_of(one).pk}" for one in letters)
    operator.do(f"produce/?{query}")
    return rows(Batch)[-1]


def sent(card, reference="L-1", *, rank=1):
    return ("letter_sent", card.number, str(rank), reference)


def refused(card, reason="The address can't be found", *, rank=1):
    return ("letter_rejected", card.number, str(rank), reason)


@pytest.mark.rule("FUL-1")
@pytest.mark.rule("FUL-3")
def test_letters_are_taken_into_production_and_travel_in_a_file_of_their_own(operator, letter, card, number, directory):
    page = operator.get(f"produce/?select={request_of(letter).pk}")
    assert "1 code letter is ordered from the card maker" in page.text
    assert "The cards get their numbers" not in page.text
    seen = operator.send(page)
    [batch] = rows(Batch)
    assert seen.messages == [f"1 code letter is in production: batch {batch}."]
    assert (batch.kind, batch.size) == ("letters", 1)
    assert request_of(letter).status == "in_production"
    later = batch.created_at + SECOND
    assert tools.work(later) == [Outcome.DONE]
    [name] = directory.names("out")
    content = (directory.root / "out" / name).read_bytes()
    lines = list(csv.reader(content.decode().splitlines(), delimiter=";"))
    assert name.startswith(f"letters-{batch}-")
    assert lines[0][:4] == ["H", "FLEETPORTAL-LETTERS", "1", str(batch)]
    head = ["number", "rank", "code_recipient", "code_street", "code_postal_code", "code_town", "code_country"]
    assert lines[1] == head
    assert lines[2] == [card.number, "1", number.recipient, number.street, number.postal_code, number.town, "BE"]
    assert lines[3] == ["T", "1", hashlib.sha256(content[: content.rindex(b"T;")]).hexdigest()]
    text = operator.get(f"batches/{batch.pk}/").text
    assert "Code letters" in text
    assert "1-ABC-123" in text
    # Nothing happened to the plastic.
    assert (issue_of(card).status, issue_of(card).batch_id) == ("active", None)


def test_cards_and_letters_taken_together_become_a_batch_of_each(operator, letter, ordered, directory):
    seen = operator.do("produce/?oldest=1")
    assert [batch.kind for batch in rows(Batch)] == ["cards", "letters"]
    assert seen.place == "/operator/batches/"
    assert len(seen.messages) == 2
    tools.work(rows(Batch)[0].created_at)
    assert [name.split("-")[0] for name in directory.names("out")] == ["cards", "letters"]


def test_the_letter_goes_to_the_address_of_the_day_it_is_taken(operator, letter, number, directory):
    with all_companies(reason="test"):
        type(number).objects.filter(pk=number.pk).update(street="Nieuwstraat 7", town="Gent")
    take(operator, letter)
    taken = reload(letter)
    assert (taken.street, taken.town) == ("Nieuwstraat 7", "Gent")
    with all_companies(reason="test"):
        type(number).objects.filter(pk=number.pk).update(street="Later 1")
    tools.work(rows(Batch)[0].created_at)
    [name] = directory.names("out")
    assert "Nieuwstraat 7" in (directory.root / "out" / name).read_text()


@pytest.mark.rule("FUL-2")
def test_sent_ends_the_request_and_tells_who_asked(operator, acme, ada, number, letter, card, directory):
    take(operator, letter)
    later = NOW + timedelta(hours=5)
    directory.take(sent(card, "L-2026-17"), now=later)
    request, after = request_of(letter), reload(letter)
    assert (request.status, request.ended_at) == ("dispatched", later)
    assert (after.ended_at, after.reference) == (later, "L-2026-17")
    [entry] = [one for one in audit_of(issue_of(card)) if one.verb == "cards.letter_sent"]
    assert entry.after == {"rank": 1, "reference": "L-2026-17"}
    assert [entry.verb for entry in audit_of(request)] == ["operator.produce", "operator.dispatch"]
    page = Browser(ada, acme).get(f"requests/{request.pk}/")
    assert page.facts["Reference"] == "L-2026-17"
    assert number.street in page.facts["Address"]
    [mail] = mails("code_reissue")
    assert (mail.context["what"], mail.context["count"]) == ("sent", 1)
    assert mails("card_dispatched") == []


@pytest.mark.rule("FUL-2")
def test_rejected_ends_the_request_with_the_reason(operator, letter, card, directory):
    take(operator, letter)
    directory.take(refused(card))
    request = request_of(letter)
    assert (request.status, request.reason) == ("refused", "The address can't be found")
    [mail] = mails("code_reissue")
    assert (mail.context["what"], mail.context["cards"][0]["reason"]) == ("refused", "The address can't be found")
    assert issue_of(card).status == "active"


def test_an_answer_that_fits_no_letter_is_set_aside(operator, letter, card, directory):
    directory.take(sent(card), name="early.csv")
    assert [reason for _line, reason in set_aside()] == [
        "No code letter of this plastic is ordered, or its answer came before."
    ]
    take(operator, letter)
    directory.take(sent(card), sent(card, "L-2"), ("letter_sent", card.number, "1", ""), name="twice.csv")
    assert (last_file().lines, last_file().applied) == (3, 1)
    assert reload(letter).reference == "L-1"
    directory.take(sent(card, "L-3"), name="again.csv")
    assert last_file().applied == 0


def test_a_letter_in_the_post_after_a_block_revives_nothing(operator, letter, card, directory):
    take(operator, letter)
    with all_companies(reason="test"):
        perform(ISSUE, issue_of(card), "block", system("test"), now=NOW)
        perform(REQUEST, request_of(letter), "stop", system("test"), now=NOW)
    directory.take(sent(card))
    assert (request_of(letter).status, reload(card).status) == ("withdrawn", "blocked")
    assert reload(letter).ended_at is not None
    assert mails("code_reissue") == []


def test_a_letter_that_was_stopped_before_its_file_was_written_is_not_ordered(
    operator, letter, card, number, directory
):
    other = factories.code_letter(factories.card(number))
    batch = take(operator, letter, other)
    with all_companies(reason="test"):
        perform(REQUEST, request_of(letter), "stop", system("test"), now=NOW)
    tools.work(batch.created_at)
    [name] = directory.names("out")
    content = (directory.root / "out" / name).read_text()
    assert card.number not in content
    assert reload(other).batch_id == batch.pk


def test_what_was_withdrawn_or_taken_meanwhile_stays_out(operator, letter, otto):
    page = operator.get(f"produce/?select={request_of(letter).pk}")
    with all_companies(reason="test"):
        perform(REQUEST, request_of(letter), "withdraw", system("test"), now=NOW)
    assert operator.send(page).messages == ["None of these requests waits for production."]
    assert rows(Batch) == []


@pytest.mark.rule("FUL-3")
def test_the_simulator_sends_them_within_a_minute(operator, letter, card, settings):
    settings.CARD_MAKER = "simulator"
    batch = take(operator, letter)
    for second in range(61):
        tools.work(batch.created_at + second * SECOND)
    assert request_of(letter).status == "dispatched"
    assert reload(letter).reference == f"SIM-L{letter.pk:08d}"
    before = len(mails("code_reissue"))
    with all_companies(reason="test"):
        WorkItem.objects.filter(kind__startswith="cards.").update(status="waiting")
    tools.work(batch.created_at + timedelta(minutes=5))
    assert len(mails("code_reissue")) == before == 1


def test_only_operator_staff_take_them(ada, acme, letter):
    assert Browser(ada, acme).get("/operator/produce/?oldest=1").status == 404
    with pytest.raises(Exception, match=r"operator\.produce"), all_companies(reason="test"):
        take_letters(actor=system("").__class__(label="Nobody"), now=NOW)
    assert rows(CodeLetter, batch_id__isnull=False) == []
