"""Postal codes as each country writes them; a country that is not named here takes any text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


@dataclass(frozen=True, slots=True)
class _Form:
    """How a country writes its postal codes: as typed without spaces and hyphens, as kept, and one to show."""

    typed: re.Pattern[str]
    kept: str
    example: str


def _form(typed: str, example: str, kept: str = r"\1") -> _Form:
    return _Form(re.compile(typed, re.ASCII), kept, example)


# The countries of the card network and their neighbours. What can't begin a code is said here too: no 0999 in Belgium.
_FORMS = {
    "AT": _form(r"([1-9]\d{3})", "1010"),
    "BE": _form(r"([1-9]\d{3})", "1000"),
    "CH": _form(r"([1-9]\d{3})", "3000"),
    "CZ": _form(r"([1-7]\d{2})(\d{2})", "110 00", r"\1 \2"),
    "DE": _form(r"(\d{5})", "10115"),
    "DK": _form(r"(\d{4})", "1050"),
    "ES": _form(r"((?:0[1-9]|[1-4]\d|5[0-2])\d{3})", "28001"),
    "FR": _form(r"(\d{5})", "75001"),
    "HU": _form(r"([1-9]\d{3})", "1011"),
    "IT": _form(r"(\d{5})", "00118"),
    "LU": _form(r"(\d{4})", "1111"),
    "NL": _form(r"([1-9]\d{3})([A-Z]{2})", "1012 AB", r"\1 \2"),
    "PL": _form(r"(\d{2})(\d{3})", "00-001", r"\1-\2"),
    "PT": _form(r"(\d{4})(\d{3})", "1000-001", r"\1-\2"),
    "SK": _form(r"([089]\d{2})(\d{2})", "811 01", r"\1 \2"),
}
# What people put before a code for abroad: B-1000, BE-1000, L-1111.
_BEFORE = re.compile(r"[A-Z]{1,3}\s*-\s*(?=\d)")


def clean_postal_code(text: str, country: str) -> str:
    """Return a postal code as that country (two capitals) writes it; of an unknown country, as it was typed.

    Raises ValidationError for what can be none there, with one that can.
    """
    form = _FORMS.get(country)
    if form is None:
        return text
    typed = re.sub(r"[\s-]", "", _BEFORE.sub("", text.strip().upper(), count=1))
    found = form.typed.fullmatch(typed)
    if found is None:
        sentence = _("In %(country)s a postal code is written as %(example)s.")
        raise ValidationError(sentence % {"country": country, "example": form.example}, code="postal_code")
    return found.expand(form.kept)


def check(form: forms.Form) -> None:
    """Check and write out the postal code of a form that has fields of an address, from within its `clean`."""
    data = form.cleaned_data
    if data.get("postal_code") and data.get("country"):
        try:
            data["postal_code"] = clean_postal_code(data["postal_code"], data["country"])
        except ValidationError as error:
            form.add_error("postal_code", error)
