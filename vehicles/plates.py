"""Number plates: a form to compare, a form to print, and whether the form is one that is known (facts 4.13)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

# Compared on A-Z and 0-9 only.
_NOT_COMPARED = re.compile(r"[^A-Z0-9]")
_MARKS = re.compile(r"[^A-Z0-9]+")
# Letters of a French plate: no I, O, U.
_FRENCH = "[A-HJ-NP-TV-Z]"


def _form(printed: str, *parts: str, told_apart: bool = False) -> tuple[re.Pattern[str], str]:
    """Make one form of a plate from its parts; marks between them may be left out.

    With `told_apart` the first mark must be there, since without it the letters read as another form.
    """
    first, *others = (f"({part})" for part in parts)
    return re.compile(first + ("-" if told_apart else "-?") + "-?".join(others)), printed


_DASHED = "{0}-{1}-{2}"
# Country -> forms with the way to print each, the likelier ones first. In Belgium the index 1-7 is ordinary, 8
# international, 9 personalised; letters take its place for taxis, motorcycles, farms, old-timers, trailers, dealers and
# tests.
_KNOWN: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "BE": (
        _form(_DASHED, "[1-9]", "[A-Z]{3}", r"\d{3}"),
        _form(_DASHED, "TX|ZZ", "[A-Z]{2,3}", r"\d{3}", told_apart=True),
        _form(_DASHED, "CD", "[A-Z]{2,3}", r"\d{3}"),
        _form(_DASHED, "[TMWSGOQUZAPE]", "[A-Z]{2}", r"\d{3}", told_apart=True),
        _form(_DASHED, "[TMWSGOQUZAPE]", "[A-Z]{3}", r"\d{3}"),
        _form("{0}-{1}", "[A-Z]{3}", r"\d{3}"),
        _form("{0}-{1}", r"\d{3}", "[A-Z]{3}"),
    ),
    "FR": (
        _form(_DASHED, f"(?!SS|WW){_FRENCH}{{2}}", r"\d{3}", f"(?!SS){_FRENCH}{{2}}"),
        _form(_DASHED, "WW", r"\d{3}", f"{_FRENCH}{{2}}"),
        _form(_DASHED, "W", r"\d{3}", f"{_FRENCH}{{2}}"),
        _form("{0} {1} {2}", r"\d{1,4}", f"{_FRENCH}{{1,3}}", r"0[1-9]|[1-8]\d|9[0-5]|2A|2B|97\d"),
    ),
    "NL": (
        _form(_DASHED, "[A-Z]{2}", r"\d{3}", "[A-Z]"),
        _form(_DASHED, "[A-Z]", r"\d{3}", "[A-Z]{2}"),
        _form(_DASHED, r"\d", "[A-Z]{3}", r"\d{2}"),
        _form(_DASHED, r"\d{2}", "[A-Z]{3}", r"\d"),
        _form(_DASHED, "[A-Z]{3}", r"\d{2}", "[A-Z]"),
        _form(_DASHED, "[A-Z]", r"\d{2}", "[A-Z]{3}"),
        _form(_DASHED, r"\d{2}", "[A-Z]{2}", "[A-Z]{2}"),
        _form(_DASHED, "[A-Z]{2}", "[A-Z]{2}", r"\d{2}"),
    ),
    "LU": (
        _form("{0} {1}", "[A-Z]{2}", r"\d{4}"),
        (re.compile(r"(\d{4,5})"), "{0}"),
    ),
    # Where the district ends can't be seen without the mark: M-AB 12 and MA-B 12 are two cars.
    "DE": (_form("{0}-{1} {2}", "[A-Z]{1,3}", "[A-Z]{1,2}", r"\d{1,4}[EH]?", told_apart=True),),
}
COUNTRIES = tuple(_KNOWN)


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate as somebody typed it: the form to compare, the country's printed form, and a warning or an empty text."""

    key: str
    printed: str
    warning: str


def plate_key(text: str) -> str:
    """Return the form in which plates are compared: capitals A-Z and digits only."""
    return _NOT_COMPARED.sub("", text.upper())


def read_plate(text: str, country: str) -> Plate:
    """Read a plate of `country` (ISO 3166-1 alpha-2). An unknown form is a warning, never an error (CRD-3).

    Marks that somebody typed are heeded where they tell two forms apart; wrong ones are passed over.
    """
    typed = " ".join(text.upper().split())
    key = plate_key(typed)
    forms = _KNOWN.get(country)
    if forms is None:
        return Plate(key, typed, _("The form of plates of this country is not known here."))
    # Letters beyond A to Z belong to the plate: it is none of these forms without them.
    if not any(letter.isalnum() and not letter.isascii() for letter in text):
        for reading in (_MARKS.sub("-", typed).strip("-"), key):
            for pattern, printed in forms:
                if match := pattern.fullmatch(reading):
                    return Plate(key, printed.format(*match.groups()), "")
    return Plate(key, typed, _("This does not look like a plate of the country chosen."))
