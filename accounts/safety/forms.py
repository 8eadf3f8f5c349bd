"""The forms of a person's own safety."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import User
from accounts.safety import mobile
from fleetportal.core.missing import NamesWhatIsMissing

CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "none", "spellcheck": "false"}


class ProfileForm(forms.ModelForm):
    """Names, phones, language and theme."""

    class Meta:
        model = User
        fields = ("last_name", "first_name", "phone", "mobile", "language", "theme")
        widgets = {
            "last_name": forms.TextInput({"autocomplete": "family-name"}),
            "first_name": forms.TextInput({"autocomplete": "given-name"}),
            "phone": forms.TextInput({"type": "tel", "autocomplete": "tel"}),
            "mobile": forms.TextInput({"type": "tel", "autocomplete": "tel"}),
        }
        help_texts = {
            "phone": lazy("Ten digits, or an international number."),
            "mobile": lazy("A number that you confirmed has to be confirmed again when you change it."),
        }

    def clean_phone(self) -> str:
        """Take what is a phone number."""
        return self._number("phone")

    def clean_mobile(self) -> str:
        """Take what is a phone number; a confirmed one that was only written differently stays as it is."""
        return self._number("mobile")

    def _number(self, name: str) -> str:
        typed: str = self.cleaned_data[name].strip()
        number = mobile.normal(typed)
        if typed and not number:
            raise ValidationError(_("Enter a phone number, such as 02 123 45 67 or +352 621 123 456."))
        present = self.initial.get(name, "")
        return present if number == mobile.normal(present) else typed


class AppForm(forms.Form):
    """The first code of an authenticator app; the secret it belongs to comes along, locked."""

    ticket = forms.CharField(widget=forms.HiddenInput)
    code = forms.CharField(label=lazy("Code from the app"), max_length=10, widget=forms.TextInput(CODE))


class PasskeyForm(forms.Form):
    """A name for a passkey, and what the browser made."""

    ticket = forms.CharField(widget=forms.HiddenInput)
    credential = forms.CharField(
        widget=forms.HiddenInput({"data-passkey": "credential"}),
        max_length=20_000,
        error_messages={"required": lazy("The browser made no passkey. Try it once more.")},
    )
    name = forms.CharField(
        label=lazy("Name"),
        max_length=40,
        help_text=lazy("By which you know it again, such as Work laptop."),
    )

    def clean(self) -> dict[str, Any]:
        """Say of a form without a name that alone: the browser asks its device once there is one."""
        values = super().clean() or self.cleaned_data
        if "name" in self.errors:
            self.errors.pop("credential", None)
        return values


class CodesForm(forms.Form):
    """Whether new recovery codes are made, or those that are shown have been kept."""

    RENEW, KEPT = "renew", "kept"

    what = forms.ChoiceField(choices=[(RENEW, ""), (KEPT, "")], widget=forms.HiddenInput)


class RemoveFactorForm(forms.Form):
    """Which second factor is taken away."""

    remove = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**62)


class SessionsForm(forms.Form):
    """Which open session ends: one, or all but this one."""

    session = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=1, max_value=2**62)
    others = forms.BooleanField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse what names no session."""
        values = super().clean() or self.cleaned_data
        if not values.get("session") and not values.get("others"):
            raise ValidationError(_("Choose a session."))
        return values


class EmailForm(forms.Form):
    """Another e-mail address, or the wish to keep the present one after all."""

    drop = forms.BooleanField(widget=forms.HiddenInput, required=False)
    email = forms.EmailField(
        label=lazy("New e-mail address"), required=False, widget=forms.EmailInput({"autocomplete": "email"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].required = not self.data.get("drop")


class MobileForm(forms.Form):
    """A mobile number to be confirmed, or the wish to use it no more."""

    give_up = forms.BooleanField(widget=forms.HiddenInput, required=False)
    number = forms.CharField(
        label=lazy("Mobile number"),
        max_length=30,
        required=False,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
        help_text=lazy("Such as 0470 12 34 56, or with its country: +352 621 123 456."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["number"].required = not self.data.get("give_up")

    def clean_number(self) -> str:
        """Take what is a phone number."""
        typed: str = self.cleaned_data["number"]
        if typed and not mobile.normal(typed):
            raise ValidationError(_("Enter a mobile number, such as 0470 12 34 56 or +352 621 123 456."))
        return typed


class MobileCodeForm(forms.Form):
    """The code of a text message."""

    code = forms.CharField(label=lazy("Code from the text message"), max_length=10, widget=forms.TextInput(CODE))

    def __init__(self, *args: Any, user: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.now = user, now

    def clean_code(self) -> str:
        """Check the code here, where a wrong one is counted: what the page's act refuses is rolled back."""
        code: str = self.cleaned_data["code"]
        if not mobile.check(user=self.user, code=code, now=self.now):
            raise ValidationError(_("This is not the code that was sent."))
        return code


class RequireForm(forms.Form):
    """Whether a company requires a second factor of its people."""

    required = forms.BooleanField(
        label=lazy("Everybody who works for this company must have a second factor"), required=False
    )


class SecondFactorForm(NamesWhatIsMissing, forms.Form):
    """A code of the app or a recovery code, or what a passkey proves; one of the two."""

    # No keyboard of digits: a phone that shows nothing else could not type a recovery code.
    code = forms.CharField(
        label=lazy("Code"), max_length=40, required=False, widget=forms.TextInput(CODE | {"inputmode": "text"})
    )
    ticket = forms.CharField(widget=forms.HiddenInput, required=False)
    credential = forms.CharField(
        widget=forms.HiddenInput({"data-passkey": "credential"}), required=False, max_length=20_000
    )

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two."""
        values = super().clean() or self.cleaned_data
        if not values.get("code") and not values.get("credential"):
            self.add_error("code", ValidationError(_("Enter a code."), code="required"))
        return values


class OldPortalForm(NamesWhatIsMissing, forms.Form):
    """An old user name and the e-mail address that goes with it (ACC-8)."""

    name = forms.CharField(
        label=lazy("User name of the old portal"),
        max_length=80,
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    email = forms.EmailField(
        label=lazy("E-mail address"),
        widget=forms.EmailInput({"autocomplete": "email"}),
        help_text=lazy("The one that your company gave for you."),
    )
