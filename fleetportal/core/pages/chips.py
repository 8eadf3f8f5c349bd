"""The words of a list's chips: what each filter that is on asks for."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _


def unread(field: forms.Field) -> str:
    """Return what stands for a value that can't be read; what was sent may be the key of something and is not said."""
    if isinstance(field, forms.ChoiceField):
        return _("a choice that is not there")
    return _("not to be read")


def said(field: forms.Field, value: Any) -> str:
    """Return a filter's value as the user would say it."""
    if isinstance(value, slice):
        return " – ".join(_end(end) for end in (value.start, value.stop))
    if isinstance(field, forms.ModelChoiceField):
        return str(value)
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        words = {str(key): str(label) for key, label in choices if not isinstance(label, (list, tuple))}
        values = value if isinstance(value, (list, tuple)) else [value]
        return ", ".join(words.get(str(one), unread(field)) for one in values)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


def _end(end: Any) -> str:
    """Return one end of a range; a day stands as moments from its first second to its last."""
    if isinstance(end, date):
        return date_format(end, "SHORT_DATE_FORMAT")
    return "…" if end is None else str(end)
