"""Amounts and whole numbers as people type them: with the signs of their language, and never by guessing (GEN-8)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import functional
from django.utils.formats import get_format, number_format
from django.utils.translation import gettext as _

# People and programs group with spaces of several kinds, in every language.
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2009\u202f", " "))


class TwoWays(ValueError):
    """A number that one reader takes for a thousand times what another does; `many` and `few` are what it may be."""

    def __init__(self, many: str, few: str) -> None:
        super().__init__(f"{many} or {few}")
        self.many, self.few = many, few


def neutral(text: str) -> str:
    """Return a number with a point and without grouping, as Python reads it; what is no number comes back as it is.

    Thousands are grouped by spaces or by the sign that is not the language's decimal one: `1.250,50` in French and
    Dutch, `1,250.50` in English. One such sign alone, with three digits behind it, is a thousand where the language
    groups with it (Dutch `1.250`, English `1,250`); elsewhere, as with the decimal sign itself, it could as well be a
    small number, and `TwoWays` is raised. French and Dutch read a point with one or two digits behind it as theirs:
    the keypad of a keyboard types it.
    """
    decimal = get_format("DECIMAL_SEPARATOR")
    group = "," if decimal == "." else "."
    typed = text.strip().translate(_SPACES)
    alone = re.fullmatch(r"[+-]?[1-9]\d{0,2}([.,])\d\d(\d)", typed)
    # Three decimals that don't end in a zero are too many, whatever is meant: that is said of them.
    if alone and alone[1] != get_format("THOUSAND_SEPARATOR") and (alone[1] == group or alone[2] == "0"):
        raise TwoWays(re.sub(r"[.,]", "", typed), typed.replace(",", "."))
    if re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}(?:[{group}]\d{{3}})+(?:[{decimal}]\d*)?", typed):
        return typed.replace(group, "").replace(decimal, ".")
    if re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}(?: \d{{3}})+(?:[{decimal}.]\d*)?", typed):
        return typed.replace(" ", "").replace(decimal, ".")
    return typed.replace(decimal, ".") if re.fullmatch(rf"[+-]?\d*[{decimal}]?\d*", typed) else text


def read(value: Any) -> Any:
    """Return what was typed as Django's own fields read it, or raise ValidationError where it could mean two things."""
    if not isinstance(value, str):
        return value
    try:
        return neutral(value)
    except TwoWays as either:
        few = number_format(Decimal(either.few).normalize())
        raise forms.ValidationError(
            _("Do you mean %(many)s or %(few)s? Write the number so."),
            code="two_ways",
            params={"many": either.many, "few": few},
        ) from either


def _amount_expected() -> str:
    return _("Enter an amount, such as %(example)s.") % {"example": number_format(Decimal("150.50"), 2)}


# Said when it is shown, in the reader's language and with that language's decimal sign.
AMOUNT = functional.lazy(_amount_expected, str)()


class AmountField(forms.DecimalField):
    """An amount of money or a quantity, with two decimals at most, as the reader's language writes it."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["error_messages"] = {"invalid": AMOUNT, **kwargs.get("error_messages", {})}
        widget = forms.TextInput(attrs={"inputmode": "decimal", "maxlength": 12})
        super().__init__(**{"localize": True, "decimal_places": 2, "widget": widget, **kwargs})

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # of a whole number, say the stubs
        """Return the amount."""
        return super().to_python(read(value))


class WholeField(forms.IntegerField):
    """A whole number, as the reader's language writes it."""

    def to_python(self, value: Any) -> int | None:
        """Return the number."""
        return super().to_python(read(value))
