"""Code letters printed from a sealed batch: once, with the right key, and with no trace of a code (PIN-5)."""

from __future__ import annotations

import base64
import io
import json
import logging
import stat
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from nacl.public import PrivateKey, SealedBox

from cards.letters import printing
from cards.models import CodeLetter, MakerFile, Request, SetAsideLine
from cards.production.format import codes_file
from fleetportal.core.audit import AuditEntry
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from fleetportal.core.timetable import run_job
from fleetportal.core.work_run import Outcome
from tests import factories
from tests.cards.production import tools
from tests.cards.tools import again, audit_of, change, issue_of, one, rows
from tests.factories import NOW

pytestmark = [pytest.mark.rule("PIN-5"), pytest.mark.django_db]


@pytest.fixture
def private():
    return PrivateKey.generate()


@pytest.fixture
def key(private, tmp_path):
    path = tmp_path / "printing.key"
    path.write_bytes(base64.b64encode(bytes(private)))
    return path


@pytest.fixture
def directory(settings, tmp_path, django_capture_on_commit_callbacks):
    settings.CARD_MAKER = "files"
    settings.PRODUCTION_DIR = tmp_path / "production"
    return tools.Directory(settings.PRODUCTION_DIR, django_capture_on_commit_callbacks)


@pytest.fixture
def output(tmp_path):
    folder = tmp_path / "printer"
    folder.mkdir()
    return folder


@pytest.fixture
def card(number):
    return factories.card(number, printed_as="1-ABC-123")


def sealed(private, card, code="7391", *, rank=1, **changes):
    """Seal a code as the card maker does, into one line."""
    inside = {"v": 1, "number": card.number, "rank": rank, "code": code, **changes}
    box = SealedBox(private.public_key).encrypt(json.dumps(inside).encode().ljust(128))
    return ("code", card.number, str(rank), base64.b64encode(box).decode())


def returned(directory, *lines, name="codes.csv", spoil=lambda text: text):
    """Let the card maker return a batch, and the portal read it."""
    directory.deliver(spoil(codes_file("C-1", NOW, lines)).encode(), name)
    assert directory.collect(timezone.now()) == [Outcome.DONE]
    return rows(MakerFile)[-1]


def print_letters(batch, key, output):
    said = io.StringIO()
    call_command("print_code_letters", str(batch.pk), key=key, output=output, stdout=said, stderr=said)
    return said.getvalue()


def test_a_batch_is_taken_and_its_letters_are_printed_in_the_companys_language(
    ada, number, card, private, key, directory, output, otto
):
    change(ada.person, language="fr")
    letter = factories.code_letter(
        card, requested_by=ada.person, batch_id=1, status="in_production", recipient="Acme, Parc",
        street="Rue Neuve 7", postal_code="1000", town="Bruxelles",
    )  # fmt: skip
    batch = returned(directory, sealed(private, card))
    assert (batch.kind, batch.state, batch.lines, batch.applied) == ("codes", "taken", 1, 1)
    assert f"print_code_letters {batch.pk}" in otto.get(f"files/{batch.pk}/").text
    path = output / f"code-letters-{batch.pk:06d}.pdf"
    assert print_letters(batch, key, output) == f"1 letters: {path}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(b"%PDF-")
    request = one(Request, subject_kind="cards.codeletter", subject_id=letter.pk)
    assert request.status == "dispatched"
    assert again(letter).ended_at is not None
    assert one(OutgoingMail, template="code_reissue").context["what"] == "sent"
    [entry] = [found for found in audit_of(issue_of(card)) if found.verb == "cards.letter_sent"]
    assert entry.after == {"rank": 1, "reference": f"F{batch.pk}"}
    assert "Printed" in otto.get(f"files/{batch.pk}/").facts
    # Nothing of it is kept, sealed or not.
    after = again(batch)
    assert (after.content, after.printed_at is not None) == ("", True)


def test_a_letter_says_its_card_its_address_and_its_code_and_not_the_number(number, card):
    page = printing.CodePage(issue_of(card), number, "fr", "7391")
    with all_companies(reason="test"):
        page.issue = type(page.issue).objects.select_related("card").get(pk=page.issue.pk)
    html = printing._html([page, page], NOW)
    assert html.count('<p class="code">7391</p>') == 2
    assert card.number not in html
    assert card.number[-4:] in html
    assert number.street in html
    assert 'lang="fr"' in html
    assert "7391" not in repr(page)


@pytest.mark.parametrize("raw", [True, False])
def test_a_key_is_taken_raw_or_in_base64(private, card, directory, output, tmp_path, raw):
    key = tmp_path / "own.key"
    key.write_bytes(bytes(private) if raw else base64.b64encode(bytes(private)) + b"\n")
    print_letters(returned(directory, sealed(private, card)), key, output)
    assert len(list(output.iterdir())) == 1


def state():
    """Everything that a print could leave behind."""
    with all_companies(reason="test"):
        return (
            [(file.pk, file.content, file.printed_at) for file in MakerFile.objects.order_by("pk")],
            list(Request.objects.order_by("pk").values_list("status", "ended_at")),
            list(CodeLetter.objects.order_by("pk").values_list("ended_at", "reference")),
            AuditEntry.objects.count(),
            OutgoingMail.objects.count(),
        )


def refused(batch, key, output):
    """The one sentence of a print that is refused; nothing is written by it."""
    before, files = state(), sorted(output.iterdir()) if output.exists() else []
    with pytest.raises(CommandError) as caught:
        print_letters(batch, key, output)
    assert state() == before
    assert (sorted(output.iterdir()) if output.exists() else []) == files
    assert caught.value.__cause__ is None
    said = str(caught.value)
    assert "7391" not in said
    assert said.endswith(".")
    return said


def test_a_second_print_is_refused_and_noted(private, card, key, directory, output):
    batch = returned(directory, sealed(private, card))
    print_letters(batch, key, output)
    [printed] = output.iterdir()
    printed.unlink()  # as after it went to the printer
    with pytest.raises(CommandError, match=r"This batch was printed on .* a batch is printed once"):
        print_letters(batch, key, output)
    assert list(output.iterdir()) == []
    entries = rows(AuditEntry, kind="cards.makerfile", object_id=batch.pk)
    assert [(entry.verb, entry.after) for entry in entries] == [
        ("operator.letters_printed", {"letters": 1}),
        ("operator.letters_refused", {}),
    ]


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33, base64.b64encode(b"short")])
def test_what_is_no_key_is_one_sentence(private, card, directory, output, tmp_path, content):
    key = tmp_path / "wrong.key"
    key.write_bytes(content)
    batch = returned(directory, sealed(private, card))
    assert refused(batch, key, output).startswith("This file holds no key")


def test_a_key_that_is_not_there_and_one_that_does_not_fit_are_one_sentence(private, card, directory, output, tmp_path):
    batch = returned(directory, sealed(private, card))
    assert refused(batch, tmp_path / "none.key", output).startswith("The key can't be read")
    other = tmp_path / "other.key"
    other.write_bytes(bytes(PrivateKey.generate()))
    assert refused(batch, other, output) == "The key does not open this batch: it was sealed for another one."


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"v": 2}, "Line 2 is sealed in an unknown version; version 1 can be read."),
        ({"rank": 2}, "Line 2 was sealed for another card; nothing is printed."),
        ({"number": "7002000000000017"}, "Line 2 was sealed for another card; nothing is printed."),
        ({"code": "73a1"}, "Line 2 holds no code once it is opened; nothing is printed."),
        ({"code": 7391}, "Line 2 holds no code once it is opened; nothing is printed."),
    ],
)
def test_what_is_wrong_inside_a_seal_is_told_by_its_line_alone(
    private, card, key, directory, output, changes, sentence
):
    kind, number, rank, _seal = sealed(private, card)
    inside = {"v": 1, "number": card.number, "rank": 1, "code": "7391", **changes}
    box = SealedBox(private.public_key).encrypt(json.dumps(inside).encode())
    batch = returned(directory, (kind, number, rank, base64.b64encode(box).decode()))
    assert refused(batch, key, output) == sentence


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda text: text[: text.rindex("T;")], "The file is truncated: its end line is missing."),
        (lambda text: text.replace(";1;", ";2;", 1), "The version of the file is unknown; version 1 can be read."),
        (lambda text: text.replace("C-1", "C-2"), "The checksum is wrong: the file was changed on its way."),
    ],
)
def test_a_batch_that_cant_be_believed_is_set_aside_whole_and_not_printed(
    private, card, key, directory, output, spoil, sentence
):
    directory.deliver(spoil(codes_file("C-1", NOW, [sealed(private, card)])).encode())
    later = timezone.now() + timedelta(minutes=5)
    assert directory.collect(later) == [Outcome.DONE]
    batch = rows(MakerFile)[-1]
    assert (batch.kind, batch.state, batch.reason) == ("codes", "set_aside", sentence)
    assert refused(batch, key, output) == sentence


def test_a_batch_that_was_altered_in_the_database_is_not_printed(private, card, key, directory, output):
    batch = returned(directory, sealed(private, card))
    change(batch, content=batch.content[:-80])
    assert refused(batch, key, output) == "The file is truncated: its end line is missing."


def test_a_number_that_is_no_batch_and_an_answer_are_refused(card, key, output):
    batch = factories.maker_file()
    assert refused(batch, key, output) == f"There is no sealed batch with the number {batch.pk}."


def test_lines_that_fit_no_plastic_are_set_aside_without_their_seal(private, number, card, key, directory, output):
    blocked = factories.card(number, status="blocked")
    stranger = type("Card", (), {"number": "7002000000000017"})
    good = sealed(private, card)
    lines = [
        good, good, sealed(private, card, rank=9), sealed(private, stranger), sealed(private, blocked),
        ("code", card.number, "x", good[3]), ("code", card.number, "1", "no seal"), ("pin", card.number, "1", good[3]),
        ("code", card.number),
    ]  # fmt: skip
    batch = returned(directory, *lines)
    assert (batch.lines, batch.applied) == (9, 1)
    aside = rows(SetAsideLine)
    assert [line.line for line in aside] == list(range(3, 11))
    assert not any(good[3][:20] in line.text for line in aside)
    assert "8 lines of the batch were left out" in print_letters(batch, key, output)


def test_a_card_blocked_since_gets_no_letter(private, number, card, key, directory, output):
    other = factories.card(number)
    batch = returned(directory, sealed(private, card), sealed(private, other))
    change(issue_of(other), status="blocked")
    assert print_letters(batch, key, output).startswith("1 letters")
    second = returned(directory, sealed(private, other), name="again.csv")
    assert second.applied == 0
    assert refused(second, key, output).startswith("None of the codes in this batch is of any use")


def test_the_same_batch_delivered_twice_is_kept_and_printed_once(private, card, key, directory, output):
    line = sealed(private, card)
    batch = returned(directory, line)
    print_letters(batch, key, output)
    twice = returned(directory, line, name="twice.csv")
    assert (twice.state, twice.content) == ("set_aside", "")
    assert refused(twice, key, output).startswith("A file with the same content was taken already")


def test_a_file_that_is_there_is_not_written_over_and_nothing_counts_as_printed(private, card, key, directory, output):
    batch = returned(directory, sealed(private, card))
    (output / f"code-letters-{batch.pk:06d}.pdf").write_text("other")
    assert "already; move it away first." in refused(batch, key, output)
    assert "can't be written" in refused(batch, key, output / "missing")
    assert print_letters(batch, key, output.parent).startswith("1 letters")


def test_a_commit_that_fails_leaves_neither_file_nor_note(private, card, key, directory, output, monkeypatch):
    batch = returned(directory, sealed(private, card))
    before = state()
    atomic = printing.transaction.atomic

    @contextmanager
    def failing():
        with atomic():
            yield
            assert len(list(output.iterdir())) == 1
            raise RuntimeError("The database is gone.")

    monkeypatch.setattr(printing, "transaction", SimpleNamespace(atomic=failing))
    with pytest.raises(RuntimeError, match="The database is gone"):
        print_letters(batch, key, output)
    assert (list(output.iterdir()), state()) == ([], before)


def test_no_log_and_no_output_holds_a_code(private, card, key, directory, output, caplog, capfd, settings):
    settings.DEBUG = False
    batch = returned(directory, sealed(private, card, "73918264"))
    with caplog.at_level(logging.DEBUG):
        said = print_letters(batch, key, output)
    told = said + caplog.text + "".join(capfd.readouterr())
    assert "73918264" not in told
    assert "73918264" not in str(state())


def test_the_timetable_alone_prints_nothing(private, card, directory, output):
    returned(directory, sealed(private, card))
    run_job("cards.collect_answers", NOW)
    assert list(output.iterdir()) == []
