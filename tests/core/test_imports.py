"""Files that are not what they should be: each gets a clear sentence, and nothing is written (GEN-7)."""

from __future__ import annotations

import csv
import resource
import time
import zipfile
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO

import pytest
from openpyxl import Workbook

from fleetportal.core.scope import all_companies
from fleetportal.core.timetable import run_job
from fleetportal.imports.models import Import, ImportLine
from tests.accounts.loading.conftest import AN, HEADINGS, acme, errors_of, file_errors, members
from tests.factories import NOW
from tests.sheets import part, with_part, workbook

pytestmark = [pytest.mark.django_db, pytest.mark.rule("GEN-7")]
__all__ = ["acme"]
CSV_HEAD = ";".join(HEADINGS)
CSV_LINE = "Peeters;An;an@client.example;0470123456;nl;Consultation;Cards and OBU"
NO_TABLE = "By its content, this is neither an Excel workbook (.xlsx) nor a CSV file."
BROKEN = "This workbook can't be read. Open it in your spreadsheet and save it again as .xlsx."


def refused(acme, data: bytes, name: str = "users.xlsx") -> list[str]:
    """Upload a file that can't be read and return what is said; nothing was written."""
    answer = acme.send(data, name)
    assert answer.status_code == 200
    with all_companies(reason="a test looks"):
        assert not Import.objects.exists()
    assert members(acme.company) == 1
    return file_errors(answer)


def encrypted() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")


def latin(text: str) -> bytes:
    return f"{CSV_HEAD}\n{text};An;an@client.example;0470123456;;Consultation;all\n".encode("cp1252")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"", "This file is empty.", id="empty"),
        pytest.param(b"%PDF-1.7\n%\xe2\xe3\n", NO_TABLE, id="a PDF renamed"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00", NO_TABLE, id="a picture"),
        pytest.param(encrypted(), "This workbook is protected by a password. Save it without one.", id="encrypted"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
            "This is an old Excel file (.xls). Save it as an Excel workbook (.xlsx).",
            id="old Excel",
        ),
        pytest.param(b"PK\x03\x04" + bytes(80), BROKEN, id="a broken archive"),
        pytest.param(with_part(workbook({"x": [["a"]]}), "xl/workbook.xml", b"<workbook"), BROKEN, id="broken XML"),
        pytest.param(bytes(11 * 1024 * 1024), "This file is larger than 10 MB.", id="11 MB"),
        pytest.param(
            latin("Wałęsa".replace("ł", "\u0192").replace("ę", "e")),
            "Line 2 holds letters in an unknown encoding. Save the file as “CSV UTF-8”.",
            id="an unknown encoding",
        ),
        pytest.param(
            f"{CSV_HEAD}\nHél".encode() + b"\xe8;An;;;;;\n",
            "Line 2 holds letters in an unknown encoding. Save the file as “CSV UTF-8”.",
            id="two encodings",
        ),
        pytest.param(f"{CSV_HEAD}\n\n ; ;\n".encode(), "This file has no lines below its headings.", id="no lines"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(acme, data, sentence):
    assert any(sentence in said or said in sentence for said in refused(acme, data)), refused(acme, data)


@pytest.mark.parametrize(
    ("headings", "sentences"),
    [
        ([*HEADINGS[:3], *HEADINGS[4:]], ["The column “Phone” is missing."]),
        ([*HEADINGS, "Shoe size"], ["The column “Shoe size” is not known."]),
        ([*HEADINGS, "PHONE *"], ["The column “PHONE *” is there twice."]),
        ([*HEADINGS[:6], ""], ["Column G holds values and has no heading.", "The column “Applications” is missing."]),
    ],
)
def test_columns_are_all_there_known_and_there_once(acme, headings, sentences):
    assert refused(acme, workbook({"Users": [headings, AN]})) == sentences


def test_columns_are_known_by_name_in_every_language_and_whatever_their_order(acme):
    headings = ["PROFIEL", "téléphone", "e_mail", "Email", "first_name", "Nom *"]
    assert "The column “e_mail” is not known." in refused(acme, workbook({"Feuille 1": [headings]}))
    headings = ["profile", "phone", "email", "first_name", "LAST NAME *", "applications"]
    answer = acme.lines(
        ["Consultation", "0470123456", "an@client.example", "An", "Peeters", "cards"], headings=headings
    )
    assert answer.context["can_apply"]


def test_a_formula_is_refused_at_its_cell(acme):
    answer = acme.lines((*AN[:1], '=UPPER("an")', *AN[2:]))
    assert errors_of(answer) == {(2, "First name"): ["This is a formula. Write its result here instead."]}
    answer = acme.send(f"{CSV_HEAD}\n{CSV_LINE.replace('An;', '=1+1;', 1)}\n".encode(), "users.csv")
    assert errors_of(answer).keys() == {(2, "First name")}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (470123456, "zeros in front may be lost"),
        (32470123456789012, "which has rounded it"),
        (3.2470123456789e18, "which has rounded it"),
        ("3,24701E+18", "which has rounded it"),
        ("12345678901234567890", "which has rounded it"),
    ],
)
def test_digits_that_a_spreadsheet_took_for_a_number_are_refused(acme, value, words):
    answer = acme.lines((*AN[:3], value, *AN[4:]))
    assert words in errors_of(answer)[2, "Phone"][0]


def test_dates_are_dates_or_written_as_one(acme):
    answer = acme.lines(
        *[
            (*AN[:2], f"an{at}@client.example", *AN[3:], "", "", "", "", value)
            for at, value in enumerate(
                [
                    date(2027, 12, 31),
                    datetime(2027, 12, 31),
                    "31/12/2027",
                    "2027-12-31",
                    "31.12.2027",
                    46000,
                    "31/2/2027",
                ]
            )
        ]
    )
    wrong = errors_of(answer)
    assert wrong.keys() == {(7, "Valid until"), (8, "Valid until")}
    assert "This is a number, not a date." in wrong[7, "Valid until"][0]


def test_a_date_in_a_column_of_text_is_refused(acme):
    assert "made a date of this" in errors_of(acme.lines((date(2027, 1, 2), *AN[1:])))[2, "Last name"][0]


def test_empty_lines_are_passed_over_and_lines_keep_their_numbers(acme):
    answer = acme.lines((), ("", "  "), (*AN[:3], "12", *AN[4:]))
    assert errors_of(answer).keys() == {(4, "Phone")}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_text_files_of_either_encoding_and_any_delimiter_are_read(acme, encoding, delimiter):
    written = StringIO()
    csv.writer(written, delimiter=delimiter).writerows([HEADINGS, (AN[0], "Hélène", *AN[2:])])
    answer = acme.send(written.getvalue().encode(encoding), "users.csv")
    assert answer.context["can_apply"]
    assert "Hélène" in answer.content.decode()


def test_two_hundred_thousand_lines_are_refused_at_once_and_in_little_memory(acme):
    book = Workbook(write_only=True)
    page = book.create_sheet("Users")
    page.append(HEADINGS)
    for _line in range(200_000):
        page.append(AN[:2])
    written = BytesIO()
    book.save(written)
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    assert refused(acme, written.getvalue()) == ["This file has more than 20,000 lines. Split it into several."]
    assert time.monotonic() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 * 1024
    text = CSV_HEAD + "\n" + f"{CSV_LINE[:10]}\n" * 200_000
    assert refused(acme, text.encode(), "users.csv") == ["This file has more than 20,000 lines. Split it into several."]


@pytest.mark.parametrize("name", ["xl/sharedStrings.xml", "xl/media/picture.png"])
def test_a_workbook_that_unpacks_to_far_more_is_not_opened(acme, name):
    bomb = with_part(workbook({"Users": [HEADINGS, AN]}), name, bytes(120 * 1024 * 1024))
    assert len(bomb) < 1024 * 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(acme, bomb) == ["This workbook holds far more than it seems to, and is not opened."]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024


def test_a_header_that_lies_about_the_size_is_found_out(acme):
    bomb = bytearray(with_part(workbook({"Users": [HEADINGS, AN]}), "xl/big.bin", bytes(120 * 1024 * 1024)))
    with zipfile.ZipFile(BytesIO(bytes(bomb))) as archive:
        size = archive.getinfo("xl/big.bin").file_size
    lying = bytes(bomb).replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert lying != bytes(bomb)
    assert refused(acme, lying) == [BROKEN]


def test_entities_are_not_expanded(acme):
    data = workbook({"Users": [HEADINGS, AN]})
    sheet = part(data, "xl/worksheets/sheet1.xml").decode()
    entity = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>'
    attacked = sheet.replace("<worksheet", f"{entity}<worksheet", 1).encode()
    assert refused(acme, with_part(data, "xl/worksheets/sheet1.xml", attacked)) == [BROKEN]


def test_a_cell_far_away_makes_no_room_for_all_between(acme):
    data = workbook({"Users": [HEADINGS, AN]})
    sheet = part(data, "xl/worksheets/sheet1.xml").decode()
    for place, sentence in (
        ("XFD2", "Line 2 has too many columns."),
        ("A1048576", "This file has more than 20,000 lines. Split it into several."),
    ):
        row = place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        far = sheet.replace("</sheetData>", f'<row r="{row}"><c r="{place}"><v>1</v></c></row></sheetData>')
        assert refused(acme, with_part(data, "xl/worksheets/sheet1.xml", far.encode())) == [sentence]


def test_a_workbook_of_several_sheets_says_which_is_not_known(acme):
    data = workbook({"Users": [HEADINGS, AN], "Prices": [["x"]], "Explanations": [["y"]]})
    assert refused(acme, data) == ["The sheet “Prices” is not known. Take it out."]


def test_five_thousand_lines_are_checked_in_five_seconds(acme, django_assert_max_num_queries):
    lines = [("Peeters", "An", f"an{at}@client.example", *AN[3:], "", "70000001", "North") for at in range(5000)]
    data = workbook({"Users": [HEADINGS, *lines]})
    # The processor's time: the machine may do other things meanwhile.
    began = time.process_time()
    with django_assert_max_num_queries(60):
        answer = acme.send(data)
    assert answer.context["can_apply"]
    assert time.process_time() - began < 5
    assert len(answer.context["tables"][0]["rows"]) == 100
    assert "?page=2" in answer.content.decode()


@pytest.mark.rule("GEN-14")
def test_a_checked_file_is_forgotten_after_two_weeks(acme):
    acme.lines(AN)
    with all_companies(reason="a test ages it"):
        Import.objects.update(created_at=NOW)
    run_job("imports.forget", NOW + timedelta(days=13))
    with all_companies(reason="a test looks"):
        assert ImportLine.objects.count() == 1
    run_job("imports.forget", NOW + timedelta(days=15))
    with all_companies(reason="a test looks"):
        assert not Import.objects.exists()
        assert not ImportLine.objects.exists()
