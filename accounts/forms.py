"""The forms of signing in, in the portal's own words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.passwords import LONGEST
from accounts.safety import mobile
from accounts.work import queue_password_reset
from fleetportal.core.missing import NamesWhatIsMissing


def _word(field: forms.Field, label: Any, **attributes: Any) -> None:
    """Give a field of allauth's our label, and take away its help and the placeholder that repeats the label."""
    field.label = label
    field.help_text = ""
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs.update(attributes)


def _word_new_password(form: Any, user: User | None) -> None:
    """Name the two fields of a new password, and tell the page which address it must differ from (ACC-3)."""
    _word(form.fields["password1"], _("New password"), maxlength=LONGEST)
    _word(form.fields["password2"], _("New password once more"), maxlength=LONGEST)
    if user is not None:
        form.fields["password1"].widget.attrs["data-address"] = user.email


class LoginForm(NamesWhatIsMissing, allauth_forms.LoginForm):
    """E-mail address or confirmed mobile number, and password (ACC-1)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(max_length=254)
        self.order_fields(["login", "password"])
        _word(
            self.fields["login"],
            _("E-mail address or mobile number"),
            autocomplete="username",
            autocapitalize="none",
            spellcheck="false",
        )
        _word(self.fields["password"], _("Password"))

    def clean_login(self) -> str:
        """Return the address whose password is checked: the one typed, or that of the number's owner.

        A number that is nobody's goes on as it is and fails like an address that is nobody's, at the same cost.
        """
        typed: str = self.cleaned_data["login"].strip()
        if "@" in typed:
            validate_email(typed)
            return typed
        number = mobile.normal(typed)
        if not number:
            raise ValidationError(_("Enter your e-mail address, or a mobile number that you have confirmed."))
        owner = mobile.owner_of(number)
        return owner.email if owner else number

    @property
    def blocked(self) -> bool:
        """Say whether the attempt was refused without a look at the password (ACC-5)."""
        return self.has_error(NON_FIELD_ERRORS, "blocked")


class ResetPasswordForm(NamesWhatIsMissing, allauth_forms.ResetPasswordForm):
    """The address to which a link is sent, if it is a user's (ACC-2)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self.fields["email"], _("E-mail address"))

    def clean_email(self) -> str:
        """Take any address: whose it is, is looked up when the mail is sent."""
        email: str = self.cleaned_data["email"]
        return email.lower()

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Queue the mail and return the address."""
        email: str = self.cleaned_data["email"]
        now = getattr(request, "now", None) or timezone.now()
        queue_password_reset(email, language=translation.get_language() or "en", now=now)
        return email


class ResetPasswordKeyForm(NamesWhatIsMissing, allauth_forms.ResetPasswordKeyForm):
    """A new password, chosen by the link of a mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word_new_password(self, self.user)


class ChangePasswordForm(NamesWhatIsMissing, allauth_forms.ChangePasswordForm):
    """The present password and a new one (ACC-4)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self.fields["oldpassword"], _("Current password"))
        _word_new_password(self, self.user)

    def clean_oldpassword(self) -> str:
        """Check the present password under the limits of signing in: an open session is no place to guess it."""
        password: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password


class ReauthenticateForm(NamesWhatIsMissing, allauth_forms.ReauthenticateForm):
    """The password once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _word(self.fields["password"], _("Password"))
