"""What was set aside of the card maker's answers stays to be done until operator staff settle it, once (FUL-3)."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from accounts.rights import operator_permissions
from cards.models import MakerFile, SetAsideLine
from cards.production.settling import settle_file, settle_line
from fleetportal.core.access import Actor
from fleetportal.core.pages import forms as form_pages
from fleetportal.core.scope import all_companies
from tests import factories
from tests.cards.browse import Browser
from tests.cards.tools import again, audit_of, counted

pytestmark = pytest.mark.rule("FUL-3", "GEN-2")

SETTLED = "This is settled already."


@pytest.fixture
def whole(otto):
    return factories.maker_file(name="whole.csv")


@pytest.fixture
def lines(otto):
    """Two lines of one file that was taken."""
    file = factories.maker_file(name="lines.csv", state="taken", reason="", lines=4, applied=2)
    return [factories.aside_line(file, 2), factories.aside_line(file, 3)]


def actor_of(person) -> Actor:
    return Actor(label="Olga", user=person.pk, permissions=operator_permissions(person))


def open_files(otto):
    return [row["File"] for row in otto.get("files/?aside=on").rows]


def test_a_file_that_was_set_aside_is_settled_with_a_note(otto, whole):
    assert "1 file of the card maker has something set aside" in otto.get("").text
    page = otto.get(f"files/{whole.pk}/settle/")
    assert page.title == "Mark the file whole.csv as settled"
    assert "Nothing of it is applied to any card" in page.text
    seen = otto.send(page, note="The card maker sent it again as whole-2.csv.")
    assert (seen.place, seen.messages) == (f"/operator/files/{whole.pk}/", ["The file whole.csv is settled."])
    assert otto.person.full_name in seen.facts["Settled"]
    assert seen.facts["Settled"].endswith("The card maker sent it again as whole-2.csv.")
    assert "settle/" not in seen.html
    assert seen.history == ["Settled"]
    assert "What was done about it: The card maker sent it again as whole-2.csv." in seen.text
    [entry] = audit_of(whole)
    assert (entry.verb, entry.actor_id) == ("cards.file_settled", otto.person.pk)
    assert entry.after == {"note": "The card maker sent it again as whole-2.csv."}
    assert (open_files(otto), "set aside" in otto.get("").text) == ([], False)
    assert [row["File"] for row in otto.get("files/").rows] == ["whole.csv"]


def test_each_line_is_settled_by_itself_and_the_last_one_settles_the_file(otto, lines):
    first, last = lines
    seen = otto.fill(f"lines/{first.pk}/settle/", note="Nobody's card: a test of theirs.")
    assert seen.messages == ["Line 2 is settled."]
    assert seen.place == f"/operator/files/{first.file_id}/"
    assert (again(first).settlement, again(last).settled_at) == ("Nobody's card: a test of theirs.", None)
    assert f"/operator/lines/{last.pk}/settle/" in seen.html
    assert f"/operator/lines/{first.pk}/settle/" not in seen.html
    assert open_files(otto) == ["lines.csv"]
    seen = otto.fill(f"lines/{last.pk}/settle/", note="Asked again.")
    assert open_files(otto) == []
    assert otto.person.full_name in seen.facts["Settled"]
    assert "Nobody's card: a test of theirs." in seen.text
    entries = audit_of(first.file)
    assert [entry.verb for entry in entries] == ["cards.line_settled"] * 2
    assert sorted(entry.after["line"] for entry in entries) == [2, 3]


def test_settling_a_file_settles_the_lines_that_are_open(otto, lines):
    first, last = lines
    otto.fill(f"lines/{first.pk}/settle/", note="By itself.")
    page = otto.get(f"files/{first.file_id}/settle/")
    assert "1 line that is still open is settled with it." in page.text
    otto.send(page, note="All of it.")
    assert [again(one).settlement for one in lines] == ["By itself.", "All of it."]
    assert open_files(otto) == []
    assert last.pk


@pytest.mark.parametrize("note", ["", "   ", "x" * 301, "a\x00b"])
def test_without_a_readable_note_nothing_is_settled(otto, whole, lines, note):
    before = counted()
    for path in (f"files/{whole.pk}/settle/", f"lines/{lines[0].pk}/settle/"):
        seen = otto.send(otto.get(path), note=note)
        assert set(seen.errors) == {"note"}
    assert counted() == before
    assert again(whole).settled_at is again(lines[0]).settled_at is None


@pytest.mark.rule("FUL-3", "GEN-3", "GEN-11")
def test_of_two_who_settle_the_second_is_told_and_changes_nothing(otto, whole, lines, monkeypatch):
    """Olga settles between Otto's check and his act."""
    olga = factories.operator("Olga")
    first = {"actor": actor_of(olga), "note": "First.", "now": factories.NOW}
    for path, settle in (
        (f"files/{whole.pk}/settle/", lambda: settle_file(file=whole, **first)),
        (f"lines/{lines[0].pk}/settle/", lambda: settle_line(line=lines[0], **first)),
    ):
        page = otto.get(path)

        def meanwhile(settle=settle):
            with all_companies(reason="somebody else settles it"):
                settle()

        monkeypatch.setattr(form_pages, "between_check_and_act", meanwhile)
        seen = otto.send(page, note="Second.")
        monkeypatch.undo()
        assert seen.messages == [SETTLED]
        assert otto.get(path).messages == [SETTLED]
    for row in (whole, lines[0]):
        assert (again(row).settlement, again(row).settled_by_id) == ("First.", olga.pk)
    assert len(audit_of(whole)) == len(audit_of(lines[0].file)) == 1


def test_there_is_nothing_to_settle_in_a_file_that_was_applied(otto):
    good = factories.maker_file(name="good.csv", state="taken", reason="", lines=4, applied=4)
    assert "settle/" not in otto.get(f"files/{good.pk}/").html
    seen = otto.get(f"files/{good.pk}/settle/")
    assert (seen.messages, seen.place) == (["Nothing of this file was set aside."], f"/operator/files/{good.pk}/")


def test_a_line_of_a_settled_file_is_settled(otto, lines):
    otto.fill(f"files/{lines[0].file_id}/settle/", note="All of it.")
    assert otto.get(f"lines/{lines[0].pk}/settle/").messages == [SETTLED]


@pytest.mark.rule("GEN-1")
def test_nobody_but_operator_staff_settles(ada, ben, whole, lines):
    before = counted()
    for person in (ada, ben):
        for path in (f"/operator/files/{whole.pk}/settle/", f"/operator/lines/{lines[0].pk}/settle/"):
            assert person.get(path).status == person.post(path, {"note": "Mine."}).status == 404
    assert counted() == before


def test_who_may_not_produce_sees_the_file_and_is_offered_nothing(otto, whole, lines, monkeypatch):
    fewer = operator_permissions(otto.person) - {"operator.produce"}
    monkeypatch.setattr("accounts.actors.operator_permissions", lambda user: fewer)
    for file in (whole, lines[0].file):
        seen = otto.get(f"files/{file.pk}/")
        assert (seen.status, "settle/" in seen.html) == (200, False)
    for path in (f"files/{whole.pk}/settle/", f"lines/{lines[0].pk}/settle/"):
        assert otto.get(path).status == otto.post(path, {"note": "Mine."}).status == 403
    with all_companies(reason="what was settled"):
        assert not MakerFile.objects.exclude(settled_at=None).exists()
        assert not SetAsideLine.objects.exclude(settled_at=None).exists()


@pytest.mark.rule("ACC-13")
def test_nothing_is_settled_below_the_pages_without_the_right(otto, whole, lines):
    nobody = Actor(label="Nobody", user=otto.person.pk)
    with all_companies(reason="somebody without the right"):
        with pytest.raises(PermissionDenied):
            settle_file(actor=nobody, file=whole, note="Mine.", now=factories.NOW)
        with pytest.raises(PermissionDenied):
            settle_line(actor=nobody, line=lines[0], note="Mine.", now=factories.NOW)
    assert again(whole).settled_at is again(lines[0]).settled_at is None


def test_a_reader_reads_it_in_french(otto, whole):
    otto.fill(f"files/{whole.pk}/settle/", note="Renvoyé.")
    olga = Browser(factories.operator("Odile", language="fr"))
    assert "Renvoyé." in olga.get(f"files/{whole.pk}/").facts["Réglé"]
