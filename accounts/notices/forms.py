"""The forms of notices: how each kind comes to oneself, and who receives the kinds that the company decides on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.notices.services import Recipients
from accounts.widgets import TwoLists
from fleetportal.core.notices import Channel, NoticeKind


class MineForm(forms.Form):
    """How each kind of notice comes: a choice for each that one can receive."""

    unmarked = True

    def __init__(self, *args: Any, kinds: Sequence[NoticeKind], now: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in kinds:
            self.fields[kind.name] = forms.ChoiceField(
                label=kind.label,
                choices=Channel.choices,
                widget=forms.RadioSelect,
                initial=now.get(kind.name, kind.channel),
            )


class RecipientsForm(forms.Form):
    """The users who receive each kind, in two lists; `version` is what it was made from."""

    unmarked = True

    version = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, choice: Recipients, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].initial = choice.version
        self.kinds = choice.kinds
        for kind in choice.kinds:
            self.fields[kind.name] = forms.MultipleChoiceField(
                label=kind.label,
                required=False,
                choices=choice.people(kind),
                initial=sorted(choice.chosen[kind.name]),
                widget=TwoLists(left=_("Users"), right=_("Receive it")),
            )

    def chosen(self) -> dict[str, set[int]]:
        """Return the memberships chosen for each kind."""
        return {kind.name: {int(one) for one in self.cleaned_data[kind.name]} for kind in self.kinds}
