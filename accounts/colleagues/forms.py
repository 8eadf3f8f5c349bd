"""The form of a colleague: who they are, what they may open, what they may change, which part of the fleet they see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.colleagues import contact
from accounts.colleagues.grants import Holding, Rights
from accounts.models import CustomerNumber, FleetDivision, Membership
from accounts.rights import APPLICATIONS, suggested_levels
from accounts.widgets import FollowingChoices, TwoLists

ALL, SOME = "all", "some"
SUGGESTED, CHOSEN = "suggested", "chosen"
_DAY = {"type": "date"}


class Kept(forms.CharField):
    """A text that is kept as `keep` returns it; what a colleague is called by already stays as it is (`known`)."""

    known: str | None = None

    def __init__(self, *args: Any, keep: Callable[[str], str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep = keep

    def clean(self, value: Any) -> Any:
        """Return the text as it is kept; raises ValidationError for what is none."""
        text = super().clean(value)
        return text if not text or text == self.known else self.keep(text)


class ColleagueForm(forms.Form):
    """Create a colleague, or change one.

    `held` is what the person who fills it in may grant; `before` what the colleague holds, `personal` whether names
    and phone are the colleague's own affair, `joined` whether the address is.
    """

    last_name = Kept(
        keep=contact.clean_name, label=lazy("Last name"), max_length=60, help_text=lazy("Kept in capitals.")
    )
    first_name = Kept(
        keep=contact.clean_name, label=lazy("First name"), max_length=60, help_text=lazy("Kept in capitals.")
    )
    email = Kept(keep=contact.clean_email, label=lazy("E-mail address"), max_length=254, widget=forms.EmailInput)
    phone = Kept(
        keep=contact.clean_phone,
        label=lazy("Phone"),
        max_length=20,
        widget=forms.TextInput(attrs={"type": "tel", "inputmode": "tel"}),
        help_text=lazy("Ten digits without spaces, or an international number such as +32470123456."),
    )
    language = forms.ChoiceField(label=lazy("Language"), choices=settings.LANGUAGES)
    profile = forms.ChoiceField(
        label=lazy("Profile"),
        help_text=lazy(
            "Administrator: all fleet data and the settings of the company. Management: all fleet data. Consultation:"
            " see, change nothing. Accounting: see, and change suppliers and invoices."
        ),
    )
    applications = forms.MultipleChoiceField(
        label=lazy("Applications"),
        required=False,
        widget=TwoLists(left=lazy("Not given"), right=lazy("Given")),
        help_text=lazy("The parts of the portal that this colleague may open. The menu shows these and no others."),
    )
    levels = forms.ChoiceField(
        label=lazy("Rights on the card side"),
        choices=[
            (SUGGESTED, lazy("As the profile suggests: Administrator and Management change, the others see")),
            (CHOSEN, lazy("Chosen one by one")),
        ],
        initial=SUGGESTED,
        widget=forms.RadioSelect,
    )
    change_applications = forms.MultipleChoiceField(
        label=lazy("May change, not only see"),
        required=False,
        widget=FollowingChoices(follows="applications"),
    )
    number_reach = forms.ChoiceField(
        label=lazy("Customer numbers"),
        choices=[(ALL, lazy("All (Multipass)")), (SOME, lazy("Only these"))],
        initial=ALL,
        widget=forms.RadioSelect,
    )
    customer_numbers = forms.MultipleChoiceField(
        label=lazy("Customer numbers this colleague works for"), required=False, widget=TwoLists
    )
    division_reach = forms.ChoiceField(
        label=lazy("Fleet divisions"),
        choices=[(ALL, lazy("The whole fleet")), (SOME, lazy("Only these"))],
        initial=ALL,
        widget=forms.RadioSelect,
    )
    divisions = forms.MultipleChoiceField(
        label=lazy("Divisions this colleague works for"),
        required=False,
        widget=TwoLists,
        help_text=lazy("Who is limited to divisions does not see what belongs to none."),
    )
    valid_from = forms.DateField(
        label=lazy("Valid from"), required=False, widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d")
    )
    valid_until = forms.DateField(
        label=lazy("Valid until"),
        required=False,
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        help_text=lazy("The last day on which the colleague gets in. Empty: without an end."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        held: Holding,
        options_off: list[str],
        before: Rights | None = None,
        personal: bool = False,
        joined: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.held, self.before = held, before
        had = before.applications if before else ()
        had_change = before.change_applications if before else ()
        open_to = [one for one in APPLICATIONS if one.name not in options_off]
        shown = [one for one in open_to if one.name in held.applications or one.name in had]
        self._choose("profile", held.profiles())
        self._choose("applications", [(one.name, one.label) for one in shown])
        self._fix("applications", [one.name for one in shown if one.name not in held.applications])
        card_side = [one for one in shown if one.card_side]
        levels = [one for one in card_side if one.name in held.change_applications or one.name in had_change]
        self._choose("change_applications", [(one.name, one.label) for one in levels])
        self._fix("change_applications", [one.name for one in levels if one.name not in held.change_applications])
        self._limits()
        if before is None:
            del self.fields["version"]
        else:
            del self.fields["levels"], self.fields["language"]
            self._keep(personal, joined)

    def _choose(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    def _fix(self, name: str, values: list[str]) -> None:
        widget: Any = self.fields[name].widget
        widget.fixed = tuple(values)

    def _limits(self) -> None:
        """Offer the numbers and divisions in reach; a limited person can give no more than their own."""
        numbers = list(CustomerNumber.objects.order_by("number"))
        divisions = list(FleetDivision.objects.select_related("customer_number").order_by("name", "pk"))
        self._choose("customer_numbers", [(str(one.pk), str(one)) for one in numbers])
        several = len(numbers) > 1
        self._choose(
            "divisions",
            [
                (str(one.pk), f"{one.name} ({one.customer_number.number})" if several else one.name)
                for one in divisions
                if one.closed_at is None or (self.before and one.pk in (self.before.divisions or ()))
            ],
        )
        for reach, own in (("number_reach", self.held.customer_numbers), ("division_reach", self.held.divisions)):
            if own is not None:  # who is limited can't give what lies beyond
                self._choose(reach, [(SOME, _("Only these"))])
                self.fields[reach].initial = SOME

    def _keep(self, personal: bool, joined: bool) -> None:
        """Keep what is known as it is, and shut what only the person themselves may change."""
        shut = {"email"} if joined else set()
        if personal:
            shut |= {"last_name", "first_name", "phone"}
        for name in ("last_name", "first_name", "email", "phone"):
            field: Any = self.fields[name]
            field.known = self.initial.get(name)
            field.required = bool(field.known)  # who was taken over without a phone need not have one now
            if name in shut:
                field.disabled = True
                field.help_text = _("Only the colleague can change this, under their own account.")

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The fields as the page shows them."""
        who = ["last_name", "first_name", "email", "phone", "language"]
        what = ["profile", "applications", "levels", "change_applications"]
        where = ["number_reach", "customer_numbers", "division_reach", "divisions"]
        when = ["valid_from", "valid_until"]
        return [
            {"title": title, "help": text, "fields": [self[name] for name in names if name in self.fields]}
            for title, text, names in (
                (_("Who"), "", who),
                (_("Profile and applications"), "", what),
                (_("Part of the fleet"), _("Lists, counts, files, searches and orders are cut down to these."), where),
                (_("Validity"), "", when),
            )
        ]

    def wanted(self) -> Rights:
        """Return the rights that the form asks for."""
        data = self.cleaned_data
        opened = [*data["applications"]]
        levels = data["change_applications"]
        if data.get("levels") == SUGGESTED:
            levels = [
                name for name in suggested_levels(data["profile"], opened) if name in self.held.change_applications
            ]
        return Rights(
            profile=data["profile"],
            applications=tuple(opened),
            change_applications=tuple(levels),
            customer_numbers=self._ids("number_reach", "customer_numbers"),
            divisions=self._ids("division_reach", "divisions"),
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
        )

    def _ids(self, reach: str, name: str) -> tuple[int, ...] | None:
        data = self.cleaned_data
        return None if data[reach] == ALL else tuple(int(one) for one in data[name])

    def clean(self) -> dict[str, Any]:
        """Check what belongs together before the service does, so that each sentence stands at its field."""
        data = super().clean() or self.cleaned_data
        start, end = data.get("valid_from"), data.get("valid_until")
        if start and end and end < start:
            self.add_error("valid_until", _("The end lies before the start."))
        for reach, name, sentence in (
            ("number_reach", "customer_numbers", _("Choose at least one customer number, or all of them.")),
            ("division_reach", "divisions", _("Choose at least one division, or the whole fleet.")),
        ):
            if data.get(reach) == SOME and name in data and not data[name]:
                self.add_error(name, sentence)
        return data

    def contact(self, language: str = "en") -> contact.Contact:
        """Return the contact data of the form."""
        data = self.cleaned_data
        return contact.Contact(
            last_name=data["last_name"],
            first_name=data["first_name"],
            email=data["email"],
            phone=data["phone"],
            language=data.get("language") or language,
        )


def initial_of(rights: Rights, known: contact.Contact, membership: Membership) -> dict[str, Any]:
    """Return what the form of a change shows at first."""
    return {
        "last_name": known.last_name,
        "first_name": known.first_name,
        "email": known.email,
        "phone": known.phone,
        "profile": rights.profile,
        "applications": rights.applications,
        "change_applications": rights.change_applications,
        "number_reach": ALL if rights.customer_numbers is None else SOME,
        "customer_numbers": rights.customer_numbers or (),
        "division_reach": ALL if rights.divisions is None else SOME,
        "divisions": rights.divisions or (),
        "valid_from": rights.valid_from,
        "valid_until": rights.valid_until,
        "version": membership.version,
    }
