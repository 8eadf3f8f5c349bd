"""The card maker by files: orders go out whole, answers are taken once, and bad ones are set aside (FUL-2, FUL-3)."""

from __future__ import annotations

import base64
import csv
import hashlib
import os
from datetime import date, timedelta

import pytest
from nacl.public import PrivateKey, SealedBox

from cards.codes import seal
from cards.models import Batch, MakerFile
from cards.production import answers
from cards.production.format import COLUMNS
from fleetportal.core.audit import AuditEntry
from fleetportal.core.scope import all_companies
from fleetportal.core.timetable import run_job
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome
from tests import factories
from tests.cards.production import tools
from tests.cards.production.tools import answer, dispatched, issue_of, last_file, made, reload, request_of, rows, take
from tests.factories import NOW

SECOND = timedelta(seconds=1)


def sent_file(directory):
    [name] = directory.names("out")
    return name, (directory.root / "out" / name).read_bytes()


def order_file_again(batch):
    """Send a batch again, as a worker does that was killed before it could note that it had."""
    with all_companies(reason="test"):
        Batch.objects.filter(pk=batch.pk).update(sent_at=None)
        WorkItem.objects.filter(kind="cards.send_batch").update(status="waiting")
    return tools.work(NOW + SECOND)


@pytest.mark.rule("FUL-3")
def test_where_the_answer_goes_is_there_with_the_first_order(ordered, otto, directory):
    take(otto)
    assert tools.work(NOW) == [Outcome.DONE]
    assert (directory.root / "in").is_dir()


@pytest.mark.rule("FUL-1")
@pytest.mark.rule("FUL-3")
def test_a_batch_becomes_one_whole_file_with_a_checksum(ordered, otto, directory):
    batch = take(otto)
    assert tools.work(NOW) == [Outcome.DONE]
    name, content = sent_file(directory)
    lines = list(csv.reader(content.decode().splitlines(), delimiter=";"))
    assert lines[0] == ["H", "FLEETPORTAL-CARDS", "1", f"B{batch.pk:06d}", "2026-11-04T10:00:00Z", "1"]
    assert lines[1] == list(COLUMNS)
    row = dict(zip(COLUMNS, lines[2], strict=True))
    assert (row["number"], row["embossing_1"]) == (reload(ordered).number, "1-ABC-123")
    assert (row["products"], row["code"], row["expected_expiry"]) == ("diesel adblue", "calculated", "2030-11")
    assert (row["town"], row["code_town"]) == ("Brussel", "Bruxelles")
    before_the_end = content[: content.rindex(b"T;")]
    assert lines[3] == ["T", "1", hashlib.sha256(before_the_end).hexdigest()]
    batch = reload(batch)
    assert (batch.file_name, batch.checksum, batch.sent_at) == (name, hashlib.sha256(content).hexdigest(), NOW)


@pytest.mark.rule("FUL-3")
def test_a_file_written_again_is_the_same_file(ordered, otto, directory):
    batch = take(otto)
    tools.work(NOW)
    before = sent_file(directory)
    assert order_file_again(batch) == [Outcome.DONE]
    assert sent_file(directory) == before


def test_a_batch_that_was_sent_is_not_sent_again(ordered, otto, directory):
    take(otto)
    tools.work(NOW)
    name, _content = sent_file(directory)
    (directory.root / "out" / name).unlink()  # the card maker has fetched it
    with all_companies(reason="test"):
        WorkItem.objects.filter(kind="cards.send_batch").update(status="waiting")
    assert tools.work(NOW + SECOND) == [Outcome.DONE]
    assert directory.names("out") == []


def test_a_name_with_semicolons_quotes_or_line_breaks_stays_in_its_cell(number, ada, otto, directory):
    factories.card(number, status="new", requested_by=ada, street='Hof "Ter\nLinde"; 3', printed_as="O'NEILL-1")
    take(otto)
    tools.work(NOW)
    lines = list(csv.reader(sent_file(directory)[1].decode().splitlines(), delimiter=";"))
    assert len(lines) == 4
    assert dict(zip(COLUMNS, lines[2], strict=True))["street"] == 'Hof "Ter Linde"; 3'


@pytest.mark.rule("FUL-2")
@pytest.mark.rule("FUL-3")
def test_a_card_is_followed_from_order_to_dispatch(ordered, otto, directory):
    take(otto)
    tools.work(NOW)
    card = reload(ordered)
    directory.take(made(card), name="made.csv")
    issue = issue_of(card)
    assert (issue.status, issue.made_on, issue.expires_on) == ("in_creation", date(2026, 11, 4), date(2030, 11, 30))
    assert (reload(card).expires_on, reload(card).status) == (date(2030, 11, 30), "in_creation")
    assert request_of(card).status == "in_production"
    later = NOW + timedelta(hours=5)
    directory.take(dispatched(card, "3SABC1"), name="sent.csv", now=later)
    issue, request = issue_of(card), request_of(card)
    assert (issue.status, issue.dispatched_at, issue.tracking) == ("in_creation", later, "3SABC1")
    assert (request.status, request.ended_at) == ("dispatched", later)
    assert reload(card).dispatched_at == later
    assert {one.split("-", 1)[1] for one in directory.names("in/done")} == {"made.csv", "sent.csv"}
    assert directory.names("in") == directory.names("in/taking") == directory.names("in/set-aside") == []
    file = last_file()
    assert (file.name, file.state, file.lines, file.applied, file.reason) == ("sent.csv", "taken", 1, 1, "")


def changed(content: bytes) -> dict[str, tuple[bytes, str]]:
    """Bad files of every kind, and why each is set aside."""
    lines = content.split(b"\n")
    last_row_gone = b"\n".join(lines[:-3])
    one_byte = content.replace(b"2030-11", b"2031-11")
    body = b"\n".join(lines[:2]) + b"\n"
    miscounted = body + b"T;2;" + hashlib.sha256(body).hexdigest().encode() + b"\n"
    not_text = b"H;FLEETPORTAL-ANSWER;1\nmade;\xff\xfe;1\n"
    not_text += b"T;1;" + hashlib.sha256(not_text).hexdigest().encode() + b"\n"
    nul = not_text.split(b"\n")[0] + b"\nmade;\x00;1\n"
    nul += b"T;1;" + hashlib.sha256(nul).hexdigest().encode() + b"\n"
    return {
        "cut after a row": (content[: content.rindex(b"T;")], "truncated"),
        "cut inside the end line": (content[:-9], "truncated"),
        "cut inside a row": (last_row_gone + b"\nmade;70", "truncated"),
        "header alone": (lines[0] + b"\n", "truncated"),
        "unknown version": (content.replace(b"ANSWER;1;", b"ANSWER;2;"), "version of the file is unknown"),
        "no version": (b"H;FLEETPORTAL-ANSWER\n", "version of the file is unknown"),
        "one byte changed": (one_byte, "checksum is wrong"),
        "wrong checksum": (content[:-10] + b"000000000\n", "checksum is wrong"),
        "wrong count": (miscounted, "differs from the count"),
        "an order, not an answer": (content.replace(b"ANSWER", b"CARDS"), "no answer"),
        "something else": (b"PK\x03\x04 a spreadsheet", "no answer"),
        "empty": (b"", "no answer"),
        "not UTF-8": (not_text, "not UTF-8"),
        "NUL": (nul, "not UTF-8"),
    }


@pytest.mark.rule("FUL-3")
@pytest.mark.parametrize("fault", changed(answer(("made",))).keys())
def test_a_file_that_cant_be_believed_is_set_aside_whole(fault, in_production, directory):
    content, reason = changed(answer(made(in_production)))[fault]
    path = directory.deliver(content)
    os.utime(path, (NOW.timestamp() - 61, NOW.timestamp() - 61))
    assert directory.collect() == [Outcome.DONE]
    file = last_file()
    assert (file.state, file.applied) == ("set_aside", 0)
    assert reason in file.reason
    assert issue_of(in_production).made_on is None
    [kept] = directory.names("in/set-aside")
    assert (directory.root / "in/set-aside" / kept).read_bytes() == content
    assert directory.names("in") == directory.names("in/taking") == directory.names("in/done") == []
    assert directory.collect() == []  # and it stays aside


@pytest.mark.rule("FUL-3")
def test_a_file_delivered_twice_is_applied_once(in_production, directory):
    content = answer(made(in_production), dispatched(in_production))
    directory.deliver(content, "first.csv")
    directory.collect()
    entries = len(rows(AuditEntry))
    for name in ("first.csv", "second.csv"):
        directory.deliver(content, name)
        assert directory.collect(NOW + timedelta(days=1)) == [Outcome.DONE]
        assert (last_file().state, last_file().reason) == ("set_aside", answers.ALREADY_TAKEN)
    assert issue_of(in_production).dispatched_at == NOW
    assert len(rows(AuditEntry)) == entries
    assert len(directory.names("in/done")) == 1
    assert len(directory.names("in/set-aside")) == 2
    assert len(tools.mails("card_dispatched")) == 1


def test_a_file_that_is_still_coming_is_left_until_it_is_whole(in_production, directory):
    content = answer(made(in_production))
    path = directory.deliver(content[:40])
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    assert directory.collect(NOW + 5 * SECOND) == []
    assert directory.names("in") == ["answer.csv"]
    path.write_bytes(content)
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    assert directory.collect(NOW + 10 * SECOND) == [Outcome.DONE]
    assert last_file().state == "taken"


def test_what_is_no_answer_is_not_looked_at(directory, in_production, tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_bytes(answer(made(in_production)))
    directory.deliver(b"half", "answer.csv.part")
    (directory.root / "in" / "link.csv").symlink_to(secret)
    (directory.root / "in" / "folder.csv").mkdir()
    assert directory.collect() == []
    assert rows(MakerFile) == []


def test_a_directory_that_is_not_there_yet_is_no_error(directory, db):
    assert directory.collect() == []


def test_the_names_of_answers_can_be_anything(in_production, directory):
    directory.deliver(answer(made(in_production)), "été; rm -rf '$HOME' <b>.CSV")
    assert directory.collect() == [Outcome.DONE]
    assert last_file().name == "_t___rm_-rf___HOME___b_.CSV"


@pytest.mark.rule("FUL-3")
def test_a_worker_killed_before_reading_leaves_the_answer_for_the_next(in_production, directory):
    """The answer was claimed, but the promise to read it was rolled back with the job's transaction."""
    directory.deliver(answer(made(in_production)))
    (directory.root / "in/taking").mkdir()
    (directory.root / "in/answer.csv").rename(directory.root / "in/taking/0123456789ab-answer.csv")
    assert directory.collect() == [Outcome.DONE]
    assert issue_of(in_production).made_on is not None
    assert len(directory.names("in/done")) == 1


@pytest.mark.rule("FUL-3")
def test_a_worker_killed_between_reading_and_moving_has_it_moved_and_not_read_again(in_production, directory):
    directory.deliver(answer(made(in_production)))
    run_job("cards.collect_answers", NOW)  # without the moves that wait for the commit
    assert tools.work(NOW) == [Outcome.DONE]
    assert len(directory.names("in/taking")) == 1
    assert directory.collect(NOW + SECOND) == []
    assert (directory.names("in/taking"), len(directory.names("in/done"))) == ([], 1)
    assert [file.state for file in rows(MakerFile)] == ["taken"]


def test_reading_the_same_claimed_file_again_does_nothing(in_production, directory):
    directory.take(made(in_production))
    with all_companies(reason="test"):
        WorkItem.objects.filter(kind="cards.take_answer").update(status="waiting")
    assert tools.work(NOW + SECOND) == [Outcome.DONE]
    assert len(rows(MakerFile)) == 1


@pytest.mark.rule("GEN-12")
def test_a_chosen_code_travels_sealed_and_is_dropped_once_the_card_is_made(
    number, ada, otto, directory, settings, caplog
):
    caplog.set_level("DEBUG")
    key = PrivateKey.generate()
    settings.CARD_MAKER_PUBLIC_KEY = base64.b64encode(bytes(key.public_key)).decode()
    sealed = seal("7391")
    card = factories.card(
        number, status="new", requested_by=ada, code_type="chosen", issue_fields={"sealed_code": sealed}
    )
    take(otto)
    tools.work(NOW)
    name, content = sent_file(directory)
    row = dict(zip(COLUMNS, list(csv.reader(content.decode().splitlines(), delimiter=";"))[2], strict=True))
    assert row["code"] == "sealed"
    assert b"7391" in SealedBox(key).decrypt(base64.b64decode(row["sealed_code"]))
    card = reload(card)
    directory.take(made(card), dispatched(card))
    assert issue_of(card).sealed_code is None
    forms = {base64.b64encode(sealed).decode(), sealed.hex(), '"7391"', str(sealed)}
    told = [name, caplog.text, *(str(entry.before) + str(entry.after) for entry in rows(AuditEntry))]
    told += [str(item.payload) + item.error + item.key for item in rows(WorkItem)]
    told += [str(mail.context) for mail in tools.mails("card_dispatched")] + [file.content for file in rows(MakerFile)]
    assert not [text for text in told if any(form in text for form in forms)]
