"""How names, phones and addresses of colleagues are kept and checked (ACC-20); pages and loaded files use the same."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from fleetportal.core import missing

LONGEST_NAME = 60
# Nine or ten national digits that begin with a zero, or an international number (decision 17).
_NATIONAL = re.compile(r"0[1-9][0-9]{7,8}\Z", re.ASCII)
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{6,14}\Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Who a colleague is: what is entered when they are created, and what they are asked for when they join."""

    last_name: str
    first_name: str
    email: str
    phone: str = ""
    language: str = "en"


def exact(text: str) -> str:
    """Return a text as it is compared at the first sign-in: composed and trimmed, capitals and accents kept."""
    return unicodedata.normalize("NFC", text).strip()


def clean_name(text: str) -> str:
    """Return a name as it is kept: composed, single spaces, capitals (ACC-20); raises ValidationError for no name."""
    name = " ".join(unicodedata.normalize("NFC", text).split()).upper()
    if not name:
        raise ValidationError(missing.sentence(_("Name")), code="required")
    if len(name) > LONGEST_NAME:
        raise ValidationError(_("A name has at most %(most)s characters.") % {"most": LONGEST_NAME}, code="max_length")
    if not name[0].isalpha() or not all(sign.isalpha() or sign in " '’.-" or _is_mark(sign) for sign in name):
        raise ValidationError(_("A name consists of letters, spaces, hyphens, apostrophes and dots."), code="name")
    return name


def _is_mark(sign: str) -> bool:
    """Say whether this is an accent that has no letter of its own to sit on."""
    return unicodedata.combining(sign) != 0


def clean_phone(text: str) -> str:
    """Return a phone number as it is kept; raises ValidationError unless it is national or international (ACC-20)."""
    phone = exact(text)
    if _NATIONAL.match(phone) or _INTERNATIONAL.match(phone):
        return phone
    raise ValidationError(
        _(
            "Enter ten digits without spaces (nine for a fixed line), such as 0470123456, or an international number"
            " such as +32470123456."
        ),
        code="phone",
    )


def clean_email(text: str) -> str:
    """Return an e-mail address as it is kept, in lower case; raises ValidationError for what is none."""
    email = exact(text).lower()
    validate_email(email)
    if len(email) > 254:
        raise ValidationError(_("This address is too long."), code="max_length")
    return email
