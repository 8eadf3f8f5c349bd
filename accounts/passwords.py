"""What a password must be (ACC-3): said before it is typed, ticked while it is typed, checked when it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import OldPassword, User

SHORTEST = 8
LONGEST = 128
# How many of a user's passwords, the present one among them, can't be taken again.
REMEMBERED = 4
# What is left of a password without its digits and signs says little when it is shorter than this.
SHORTEST_WORD = 4


@cache
def _common() -> frozenset[str]:
    """Django's list of some 20,000 common passwords, read once per process."""
    return frozenset(CommonPasswordValidator().passwords)


def is_common(password: str) -> bool:
    """Say whether a password is a common one, also once its digits and special characters are taken away."""
    word = "".join(character for character in password.lower() if character.isalpha())
    return password.lower() in _common() or (len(word) >= SHORTEST_WORD and word in _common())


def is_own_address(password: str, email: str) -> bool:
    """Say whether a password is the e-mail address or its local part, whatever the capitals."""
    address = email.casefold()
    return password.casefold() in {address, address.partition("@")[0]}


def is_remembered(password: str, user: User) -> bool:
    """Say whether a password is one of the user's last four. Each comparison costs a hash."""
    if user.pk is None:
        return False
    older = user.old_passwords.order_by("-replaced_at", "-pk").values_list("password", flat=True)
    return any(check_password(password, encoded) for encoded in [user.password, *older[: REMEMBERED - 1]])


def replace_password(user: User, password: str, now: datetime) -> None:
    """Give the user a new password and keep the hash of the one it replaces."""
    if user.password and user.has_usable_password():
        OldPassword.objects.create(user=user, password=user.password, replaced_at=now)
        kept = user.old_passwords.order_by("-replaced_at", "-pk").values("pk")[:REMEMBERED]
        user.old_passwords.exclude(pk__in=kept).delete()
    user.set_password(password)
    user.save(update_fields=["password"])


class PortalPasswordValidator:
    """The portal's password rule as one Django validator: one sentence for each condition that is not met."""

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError with all that is wrong; the history is looked at only when nothing else is."""
        wrong = list(_failed(password, user))
        if not wrong and user is not None and is_remembered(password, user):
            wrong = [ValidationError(_("This is one of your last four passwords."), code="remembered")]
        if wrong:
            raise ValidationError(wrong)

    def get_help_text(self) -> str:
        """Return the rule in one sentence."""
        return _(
            "At least 8 characters with a letter, a digit and a special character; not your e-mail address, not a"
            " common password and none of your last four."
        )


def _failed(password: str, user: User | None) -> Iterator[ValidationError]:
    if len(password) < SHORTEST:
        yield ValidationError(_("The password must have at least 8 characters."), code="short")
    if len(password) > LONGEST:
        yield ValidationError(_("The password can have at most 128 characters."), code="long")
    if not any(character.isalpha() for character in password):
        yield ValidationError(_("The password must have a letter."), code="letter")
    if not any(character.isdecimal() for character in password):
        yield ValidationError(_("The password must have a digit."), code="digit")
    if all(character.isalnum() or character.isspace() for character in password):
        yield ValidationError(_("The password must have a special character, such as ! or ?."), code="special")
    if user is not None and is_own_address(password, user.email):
        yield ValidationError(_("The password can't be your e-mail address or its first part."), code="address")
    if is_common(password):
        yield ValidationError(_("This password is a common one, easy to guess."), code="common")
