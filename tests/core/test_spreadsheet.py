"""Excel and CSV: what was text stays text, numbers and dates are Excel's own, and memory does not grow (GEN-6)."""

from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import IntEnum

import openpyxl
import pytest
from django.db import models
from django.utils.translation import gettext_lazy
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from fleetportal.core import spreadsheet
from fleetportal.core.spreadsheet import stream_csv, stream_xlsx


class Word(models.TextChoices):
    ACTIVE = "active", "Active"


class Rank(IntEnum):
    FIRST = 1


def workbook(headers, rows, name="Cards"):
    return openpyxl.load_workbook(io.BytesIO(b"".join(stream_xlsx(headers, rows, name))))


def values(*row):
    sheet = workbook(["h"] * len(row), [row]).active
    return [cell.value for cell in sheet[2]]


def text(headers, rows, **options):
    return b"".join(stream_csv(headers, rows, **options)).decode()


@pytest.mark.rule("GEN-6")
@pytest.mark.parametrize("danger", ["=1+1", "+32 2 123", "-5", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "'=1"])
def test_a_text_that_looks_like_a_formula_stays_text_in_excel(danger):
    sheet = workbook(["h"], [[danger]]).active
    assert (sheet["A2"].value, sheet["A2"].data_type) == (danger, "s")


def test_each_type_is_excels_own():
    moment = datetime(2026, 6, 30, 22, 30, 15, tzinfo=UTC)
    row = [7, Decimal("12.50"), Decimal("0.125"), 1.5, True, date(2026, 2, 28), moment, None, "x"]
    sheet = workbook(["h"] * len(row), [row]).active
    cells = sheet[2]
    assert [cell.value for cell in cells] == [
        7, 12.5, 0.125, 1.5, True, datetime(2026, 2, 28), datetime(2026, 7, 1, 0, 30, 15), None, "x",
    ]  # fmt: skip
    assert cells[1].number_format == "#,##0.00"
    assert cells[5].number_format == "yyyy\\-mm\\-dd"
    assert cells[6].is_date


def test_what_excel_can_not_count_is_text():
    assert values(10**15, -(10**15), 10**15 - 1) == [str(10**15), str(-(10**15)), 10**15 - 1]
    assert values(float("nan"), float("inf"), Decimal("NaN")) == ["nan", "inf", "NaN"]
    assert values(date(1899, 5, 1), datetime(1850, 1, 1)) == ["1899-05-01", "1850-01-01 00:00:00"]


def test_choices_lazy_words_and_subclasses_are_their_values():
    assert values(Word.ACTIVE, gettext_lazy("Close"), Rank.FIRST, ["a"]) == ["active", "Close", 1, "['a']"]


def test_texts_come_back_as_they_were():
    texts = ["<b>&\"'", "  spaces  ", "two\nlines", "snake_case", "Ünïcødé 漢字 🚗", "x" * 40_000, ""]
    back = values(*texts)
    assert back[:5] == ["<b>&\"'", "  spaces  ", "two\nlines", "snake_case", "Ünïcødé 漢字 🚗"]
    assert len(back[5]) == spreadsheet.MAX_TEXT
    assert back[6] is None


def test_a_text_that_excel_would_decode_is_coded_first():
    """ECMA-376, 22.9.2.19: _x0041_ is an A; openpyxl leaves the decoding of cells to its caller."""
    (back,) = values("_x0041_ _x")
    assert back == "_x005F_x0041_ _x"
    assert unescape(back) == "_x0041_ _x"


def test_what_xml_can_not_hold_is_left_out():
    assert values("a\x00b\x0bc\x1fd\ufffee\ud800f") == ["abcdef"]


def test_the_header_is_bold_frozen_and_filters():
    sheet = workbook(["Plate", "=Status"], [["1-ABC-123", "x" * 30], ["2-ABC-123", "y"]]).active
    assert [cell.value for cell in sheet[1]] == ["Plate", "=Status"]
    assert all(cell.font.bold for cell in sheet[1])
    assert not sheet["A2"].font.bold
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B3"
    assert sheet.column_dimensions["B"].width > sheet.column_dimensions["A"].width > 5


def test_an_empty_list_is_a_sheet_with_its_header():
    sheet = workbook(["Plate"], []).active
    assert [[cell.value for cell in row] for row in sheet] == [["Plate"]]
    assert sheet.auto_filter.ref == "A1:A1"


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        ("Cards [1]: a/b\\c*?", "Cards  1   a b c"),
        ("", "Sheet"),
        ("'Q'", "Q"),
        ("x" * 40, "x" * 31),
        ("A & B", "A & B"),
    ],
)
def test_a_sheets_name_is_one_excel_takes(wanted, given):
    assert workbook(["h"], [], wanted).sheetnames == [given]


def test_columns_have_names_beyond_z():
    assert [spreadsheet._letters(number) for number in (1, 26, 27, 52, 53, 702, 703)] == [
        "A", "Z", "AA", "AZ", "BA", "ZZ", "AAA",
    ]  # fmt: skip


def test_more_rows_than_a_sheet_holds_are_refused(monkeypatch):
    monkeypatch.setattr(spreadsheet, "MAX_ROWS", 601)
    assert len(list(workbook(["h"], ([n] for n in range(600))).active)) == 601
    with pytest.raises(ValueError, match="600 rows"):
        workbook(["h"], ([n] for n in range(601)))


def test_it_is_written_while_it_is_read():
    read = []

    def rows():
        for number in range(20_000):
            read.append(number)
            yield [f"{number * 7919 % 104729}-{number}"] * 5

    stream = stream_xlsx(["h"] * 5, rows())
    next(stream)
    assert len(read) < 20_000


def test_memory_does_not_grow_with_the_rows():
    def peak(count):
        tracemalloc.start()
        for _part in stream_xlsx(["h"] * 10, ([f"row {n}", n] * 5 for n in range(count))):
            pass
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(1000)
    assert peak(20_000) < peak(2000) * 1.5


def test_csv_has_a_mark_and_semicolons():
    assert text(["Plate", "Rank"], [["1-ABC-123", 1], ["a;b", None]]) == '\ufeffPlate;Rank\r\n1-ABC-123;1\r\n"a;b";\r\n'
    assert text(["a", "b"], [], delimiter=",") == "\ufeffa,b\r\n"


@pytest.mark.parametrize("danger", ["=1+1", "+32 2 123", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_text_that_looks_like_a_formula_gets_an_apostrophe_in_csv(danger):
    back = list(csv.reader(io.StringIO(text(["h"], [[danger]])[1:], newline=""), delimiter=";"))
    assert back[1] == ["'" + danger]
    assert text([danger], [])[1:].lstrip('"').startswith("'")


def test_numbers_and_dates_are_not_texts_in_csv():
    row = [-5, Decimal("-12.50"), date(2026, 2, 28), datetime(2026, 6, 30, 22, 30, tzinfo=UTC), True]
    assert text(["h"] * 5, [row]).splitlines()[1] == "-5;-12.50;2026-02-28;2026-07-01 00:30:00;True"


def test_a_long_csv_comes_in_parts():
    parts = list(stream_csv(["h"], ([n] for n in range(1200))))
    assert [part.count(b"\n") for part in parts] == [51, 500, 500, 150]  # a small one first
    assert len(b"".join(parts).splitlines()) == 1201


CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=False, places=2),
    st.dates(),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["=1+1", "-5", "a;b", 'say "so"', "two\r\nlines", "", "x", "x", "x"]),
)


def before(cell):
    return "'" if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r", "\n"} else ""


@given(st.integers(1, 3).flatmap(lambda width: st.lists(st.tuples(*[CELLS] * width), min_size=1, max_size=60)))
@example([("",), (None,), ("x",)])
@example([(Decimal("1.0"), 1), (Decimal("1.00"), True)] * 3)
def test_csv_is_read_back_cell_by_cell(rows):
    """However often a value stands in its column, and whatever stands beside it."""
    back = csv.reader(io.StringIO(text(["h"] * len(rows[0]), rows)[1:], newline=""), delimiter=";")
    expected = [["" if cell is None else f"{before(cell)}{cell}" for cell in row] for row in rows]
    assert list(back)[1:] == expected


def test_equal_values_that_are_written_differently_stay_apart():
    column = [Decimal("1.0"), Decimal("1.00"), Decimal("1.0"), Decimal("1.00"), Decimal("1")] * 4
    assert text(["h"], ([one] for one in column)).split("\r\n")[1:-1] == [str(one) for one in column]
    assert text(["h"], ([one] for one in [1, True, 1, True, 1, True])).split("\r\n")[1:4] == ["1", "True", "1"]
    cells = workbook(["h"], ([one] for one in [1, True, 1, True, 1, True])).active["A"][1:]
    assert [cell.data_type for cell in cells] == ["n", "b"] * 3


def test_a_value_that_comes_again_and_again_is_as_safe_as_one_that_comes_once():
    assert text(["h"], ([one] for one in ["=1+1"] * 9)).split("\r\n")[1:-1] == ["'=1+1"] * 9
    assert {cell.data_type for cell in workbook(["h"], ([one] for one in ["=1+1"] * 9)).active["A"][1:]} == {"s"}
