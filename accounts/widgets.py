"""Form controls that more than one part of the accounts uses."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.choices import BaseChoiceIterator
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _


class FixableChoices(forms.CheckboxSelectMultiple):
    """Checkboxes of which some, the values in `fixed`, are ticked and stay so."""

    fixed: tuple[str, ...] = ()

    def create_option(
        self, name: str, value: Any, label: Any, selected: bool, index: int, *args: Any, **kwargs: Any
    ) -> dict[str, Any]:
        """Shut the choices that can't be changed here."""
        shut = str(value) in self.fixed
        option = super().create_option(name, value, label, selected or shut, index, *args, **kwargs)
        if shut:
            option["attrs"] |= {"disabled": True, "checked": True}
        return option


class TwoLists(FixableChoices):
    """Choices that are moved from a list on the left to a list on the right with arrows (ACC-21, ACC-40).

    Without JavaScript these are checkboxes, and `static/js/two-lists.js`, which the page loads, makes the lists of
    them: what is sent is the same. `left` and `right` head the lists.
    """

    template_name = "components/two_lists.html"

    def __init__(self, *args: Any, left: Any = "", right: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.left, self.right = left or _("Available"), right or _("Chosen")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the heads of the lists."""
        context = super().get_context(name, value, attrs)
        context["widget"] |= {"left": self.left, "right": self.right}
        return context


class FollowingChoices(FixableChoices):
    """Checkboxes that mean something only where another field of the form has the same value chosen.

    With JavaScript (`static/js/two-lists.js`) only those stand there; without it, what has no leader is left aside.
    """

    template_name = "components/following_choices.html"

    def __init__(self, *args: Any, follows: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.follows = follows

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Add the name of the field that leads."""
        context = super().get_context(name, value, attrs)
        context["widget"]["follows"] = self.follows
        return context


class LongSelect(forms.Select):
    """A choice among many: its options are written here, since a template for each costs more than the page around."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Write the options; groups of them are not written."""
        chosen = set(self.format_value(value))
        choices = [(str(key), str(label)) for key, label in self.choices]
        options = "".join(
            f'<option value="{escape(key)}"{" selected" if key in chosen else ""}>{escape(label)}</option>'
            for key, label in choices
        )
        said = self.build_attrs(self.attrs, attrs)
        said["class"] = f"form-select {said.get('class', '')}".strip()
        start = format_html('<select name="{}"{}>', name, flatatt(said))
        return mark_safe(f"{start}{options}</select>")  # noqa: S308  # every value above went through escape()


class Pairs(BaseChoiceIterator):
    """Choices that are pairs already: Django would take each of thousands apart, at every look at them."""

    def __init__(self, pairs: list[tuple[Any, Any]]) -> None:
        self.pairs = pairs

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        """Return them as they are."""
        return iter(self.pairs)
