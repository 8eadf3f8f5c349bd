"""Dutch: short dates with two digits for day and month, so that those of a column stand below each other."""

from __future__ import annotations

SHORT_DATE_FORMAT = "d-m-Y"
SHORT_DATETIME_FORMAT = "d-m-Y H:i"
