"""Expiry: four years after the month of production, through the month's last day."""

from __future__ import annotations

from datetime import date

import pytest

from cards.expiry import expiry_after, month_text, read_day, read_month_end


@pytest.mark.parametrize(
    ("made_on", "months", "expires_on"),
    [
        (date(2026, 10, 1), 48, date(2030, 10, 31)),
        (date(2026, 10, 31), 48, date(2030, 10, 31)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2027, 2, 28), 48, date(2031, 2, 28)),
        (date(2026, 12, 5), 48, date(2030, 12, 31)),
        (date(2026, 12, 5), 1, date(2027, 1, 31)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
    ],
)
def test_expiry_is_the_last_day_of_the_month(made_on, months, expires_on):
    assert expiry_after(made_on, months) == expires_on


def test_days_and_months_are_read_in_one_form_only():
    assert read_day("2026-10-31") == date(2026, 10, 31)
    assert read_month_end("2030-02") == date(2030, 2, 28)
    assert month_text(date(2030, 2, 28)) == "2030-02"
    for wrong in ["", "2026-02-30", "20261031", "31-10-2026", "2026-W44-6", "2026-13-01", " 2026-10-31", "0000-01-01"]:
        assert read_day(wrong) is None
    for wrong in ["", "2030-13", "2030-2", "203002", "2030-02-01", "02-2030"]:
        assert read_month_end(wrong) is None
