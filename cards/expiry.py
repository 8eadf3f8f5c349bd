"""Until when a plastic is valid: a month is printed on it, and it works through that month's last day (facts 4.2)."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


def expiry_after(made_on: date, months: int) -> date:
    """Return the last day of the month that lies `months` after the month of production (FUL-2).

    The day of production does not matter: 31 October and 1 October give the same.
    """
    return month_end(made_on.year + (made_on.month - 1 + months) // 12, (made_on.month - 1 + months) % 12 + 1)


def month_end(year: int, month: int) -> date:
    """Return the last day of a month, 29 February included."""
    return date(year, month, monthrange(year, month)[1])


def month_text(day: date) -> str:
    """Write the month of a day as production files do: 2030-10."""
    return f"{day:%Y-%m}"


def read_day(text: str) -> date | None:
    """Read a day written as 2026-10-31, and nothing else; None for any other text."""
    return _iso(text) if _DAY.fullmatch(text) else None


def read_month_end(text: str) -> date | None:
    """Read a month written as 2030-10 and return its last day; None for any other text."""
    first = _iso(f"{text}-01") if _MONTH.fullmatch(text) else None
    return month_end(first.year, first.month) if first else None


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:  # 31 February, month 13, year 0
        return None
