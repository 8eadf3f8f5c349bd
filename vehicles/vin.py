"""Vehicle identification numbers: what is one, what was probably meant, and what is only doubtful (facts 4.8)."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

LONGEST = 25
_LENGTH = 17
_SIGNS = re.compile(r"[A-Z0-9]+")
_MEANT = str.maketrans("IOQ", "100")
# ISO 3779 as read in North America: the value of each letter, and the weight of each place.
_VALUES = {
    **{str(digit): digit for digit in range(10)},
    **dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True)),
}
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def normalise(text: str) -> str:
    """Return the number in capitals, without the spaces and dashes that people set to read it."""
    return re.sub(r"[\s.-]+", "", text.upper())


def refusal(vin: str, reason: str) -> str:
    """Return why this is not taken as it is, or an empty text; with a reason, an unusual one is (VEH-2).

    A wrong check digit is never a reason: European makers need not use it.
    """
    if not _SIGNS.fullmatch(vin):
        return _("A VIN has letters and digits only.")
    if reason:
        return ""
    if len(vin) != _LENGTH:
        return _("A VIN has 17 characters; this one has %(count)s. Old vehicles and trailers may: give the reason.") % {
            "count": len(vin)
        }
    if (meant := vin.translate(_MEANT)) != vin:
        return _("A VIN has no I, O or Q. Is it %(vin)s? If it is as you typed it, give the reason.") % {"vin": meant}
    return ""


def check_digit(vin: str) -> str:
    """Return a number of 17 good signs with the check digit it should have at its ninth place."""
    rest = sum(_VALUES[sign] * weight for sign, weight in zip(vin, _WEIGHTS, strict=True)) % 11
    return f"{vin[:8]}{'0123456789X'[rest]}{vin[9:]}"


def doubt(vin: str) -> str:
    """Return a warning where a North American number fails its check digit, or an empty text."""
    if len(vin) != _LENGTH or vin[0] not in "12345" or any(sign not in _VALUES for sign in vin):
        return ""
    if check_digit(vin) == vin:
        return ""
    return _("The check digit of the VIN does not fit. Compare it with the registration document.")
