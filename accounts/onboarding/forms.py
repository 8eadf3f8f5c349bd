"""The forms of the first connection and of the general conditions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from accounts.colleagues.contact import LONGEST_NAME, Contact, clean_email, clean_name, clean_phone
from accounts.colleagues.grants import Rights, rights_of
from accounts.models import ConditionsVersion, Membership
from accounts.onboarding.services import LANGUAGES, Information
from accounts.rights import APPLICATIONS, CARD_SIDE

# How many conditions a version may have.
MOST = 6


class ConditionsForm(forms.Form):
    """Every condition of a version with its tick (ONB-1)."""

    unmarked = True

    def __init__(self, *args: Any, version: ConditionsVersion | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = version
        self.groups: list[dict[str, Any]] = []
        for place, one in enumerate(version.spoken() if version else [], 1):
            # The version stands in the name: ticks of an older one are none.
            name = f"{self.own}{place}"
            self.fields[name] = forms.BooleanField(
                label=_("I accept: %(title)s") % {"title": one["title"]},
                error_messages={"required": lazy("Tick this to accept it.")},
            )
            self.groups.append({**one, "template": "accounts/onboarding/condition.html", "fields": [self[name]]})

    @property
    def own(self) -> str:
        """What the names of this version's fields begin with."""
        return f"v{self.version.number}_" if self.version else ""

    def clean(self) -> None:
        """Say so when what was ticked is not the version in force."""
        ticks = [name for name in self.data if name[:1] == "v" and name[1:2].isdigit()]
        if any(not name.startswith(self.own) for name in ticks):
            raise forms.ValidationError(_("The general conditions have changed meanwhile. Read the new version."))


def _phone(text: str) -> str:
    """Read a phone number as people write it; it is kept without spaces, dots and slashes."""
    return clean_phone("".join(sign for sign in text if sign not in " ./-\u00a0")) if text else ""


class InformationForm(forms.Form):
    """My information (ONB-2)."""

    last_name = forms.CharField(label=lazy("Last name"), max_length=LONGEST_NAME)
    first_name = forms.CharField(label=lazy("First name"), max_length=LONGEST_NAME)
    email = forms.EmailField(label=lazy("E-mail address"), max_length=254)
    phone = forms.CharField(
        label=lazy("Phone"),
        max_length=30,
        help_text=lazy("Your fixed line, such as 02 555 01 02 or +32 2 555 01 02."),
    )
    mobile = forms.CharField(label=lazy("Mobile phone"), max_length=30, required=False)

    def __init__(self, *args: Any, known_email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = _(
            "You sign in with %(email)s. Another address counts once you have opened the link that we send there."
        ) % {"email": known_email}
        for name, purpose in (
            ("last_name", "family-name"),
            ("first_name", "given-name"),
            ("email", "email"),
            ("phone", "tel"),
            ("mobile", "tel"),
        ):
            self.fields[name].widget.attrs["autocomplete"] = purpose
        for name in ("phone", "mobile"):
            self.fields[name].widget.input_type = "tel"

    def clean_email(self) -> str:
        """Keep the address in lower case."""
        return clean_email(self.cleaned_data["email"])

    def clean_phone(self) -> str:
        """Check the fixed line."""
        return _phone(self.cleaned_data["phone"])

    def clean_mobile(self) -> str:
        """Check the mobile number."""
        return _phone(self.cleaned_data["mobile"])

    def information(self) -> Information:
        """Return what was entered."""
        return Information(**self.cleaned_data)


class ColleagueForm(forms.Form):
    """One secondary user, edited in place: contact data, profile, rights, active (ONB-4)."""

    user = forms.IntegerField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput)
    last_name = forms.CharField(label=lazy("Last name"), max_length=LONGEST_NAME)
    first_name = forms.CharField(label=lazy("First name"), max_length=LONGEST_NAME)
    email = forms.CharField(label=lazy("E-mail address"), max_length=254, widget=forms.EmailInput)
    phone = forms.CharField(label=lazy("Phone"), max_length=30)
    is_active = forms.BooleanField(
        label=pgettext_lazy("user", "Active"), required=False, help_text=lazy("Who is inactive can't get in.")
    )
    profile = forms.ChoiceField(
        label=lazy("Profile"),
        choices=Membership.Profile.choices,
        help_text=lazy("Decides for fleet data. What was taken over starts at Consultation."),
    )
    applications = forms.MultipleChoiceField(
        label=lazy("Applications"),
        choices=[(one.name, one.label) for one in APPLICATIONS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    change_applications = forms.MultipleChoiceField(
        label=lazy("May also change"),
        choices=[(one.name, one.label) for one in APPLICATIONS if one.name in CARD_SIDE],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=lazy("For the other applications the profile decides."),
    )

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.membership = membership

    def clean_last_name(self) -> str:
        """Keep the name in capitals (ACC-20)."""
        return clean_name(self.cleaned_data["last_name"])

    def clean_first_name(self) -> str:
        """Keep the name in capitals (ACC-20)."""
        return clean_name(self.cleaned_data["first_name"])

    def clean_email(self) -> str:
        """Check the address."""
        return clean_email(self.cleaned_data["email"])

    def clean_phone(self) -> str:
        """Check the phone number."""
        return _phone(self.cleaned_data["phone"])

    def contact(self) -> Contact:
        """Return the contact data that were entered."""
        names = ("last_name", "first_name", "email", "phone")
        return Contact(**{name: self.cleaned_data[name] for name in names}, language=self.membership.user.language)

    def rights(self) -> Rights:
        """Return the rights that were entered; limits and dates stay as they are."""
        return replace(
            rights_of(self.membership),
            profile=self.cleaned_data["profile"],
            applications=tuple(self.cleaned_data["applications"]),
            change_applications=tuple(self.cleaned_data["change_applications"]),
        )


class NewConditionsForm(forms.Form):
    """A new version of the general conditions, each with title and text in three languages."""

    after = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(settings.LANGUAGES)
        self.groups: list[dict[str, Any]] = []
        for place in range(1, MOST + 1):
            parts: list[dict[str, Any]] = []
            for language in LANGUAGES:
                title, text = self.names(place, language)
                self.fields[title] = forms.CharField(label=lazy("Title"), max_length=120, required=False)
                self.fields[text] = forms.CharField(
                    label=lazy("Text"), max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 5})
                )
                for name in (title, text):
                    self.fields[name].widget.attrs["lang"] = language
                parts.append({"title": names[language], "fields": [self[title], self[text]]})
            fields = [field for part in parts for field in part["fields"]]
            self.groups.append(
                {
                    "title": _("Condition %(place)s") % {"place": place},
                    "groups": parts,
                    "fields": fields,
                    "open": place == 1 or any(field.value() for field in fields),
                }
            )
        self.fields["read"] = forms.BooleanField(
            label=lazy("I have read all of it in the three languages. Once published it can't be changed.")
        )
        self.groups.append({"title": "", "fields": [self["read"]]})

    @staticmethod
    def names(place: int, language: str) -> tuple[str, str]:
        """Return the names of a condition's two fields in a language."""
        return f"title_{place}_{language}", f"text_{place}_{language}"

    def _places(self) -> Iterator[tuple[int, list[str]]]:
        for place in range(1, MOST + 1):
            yield place, [name for language in LANGUAGES for name in self.names(place, language)]

    def clean(self) -> None:
        """Ask for what is missing of a condition that was begun, and for one condition at least."""
        begun = False
        for _place, names in self._places():
            if not any(self.cleaned_data.get(name) for name in names):
                continue
            begun = True
            for name in names:
                if not self.cleaned_data.get(name) and name not in self.errors:
                    self.add_error(name, _("A condition needs its title and text in all languages."))
        if not begun and not self.errors:
            self.add_error(self.names(1, "en")[0], _("Enter at least one condition."))

    def conditions(self) -> list[dict[str, dict[str, str]]]:
        """Return the conditions that were entered."""
        found = []
        for place, names in self._places():
            if any(self.cleaned_data.get(name) for name in names):
                pairs = {language: self.names(place, language) for language in LANGUAGES}
                found.append(
                    {
                        "title": {language: self.cleaned_data[title] for language, (title, _text) in pairs.items()},
                        "text": {language: self.cleaned_data[text] for language, (_title, text) in pairs.items()},
                    }
                )
        return found

    @classmethod
    def initial_of(cls, version: ConditionsVersion | None) -> dict[str, Any]:
        """Return the version in force as a beginning for the next."""
        initial: dict[str, Any] = {"after": version.number if version else 0}
        for place, one in enumerate(version.conditions if version else [], 1):
            for language in LANGUAGES:
                title, text = cls.names(place, language)
                initial |= {title: one["title"][language], text: one["text"][language]}
        return initial
