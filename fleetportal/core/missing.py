"""What is missing, in the words of the field: *Fill in “Last name”.* instead of *This field is required.*

The label stands in quotes, so that the sentence is right in each language without knowing an article. A form that says
it better itself (`error_messages={"required": …}`) is left alone.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.utils import pretty_name
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop

_DEFAULT = forms.Field.default_error_messages["required"]
# A sentence of Django's, named here so that our catalogues say it with the portal's own word for such an address.
gettext_noop("Enter a valid email address.")
# The first that a field is one of; any other is filled in.
_SENTENCES: tuple[tuple[Any, Any], ...] = (
    (forms.FileField, lazy("Choose a file.")),
    (forms.BooleanField, lazy("Tick “%(label)s”.")),
    ((forms.MultipleChoiceField, forms.ModelMultipleChoiceField), lazy("Choose at least one for “%(label)s”.")),
    (forms.ChoiceField, lazy("Make a choice for “%(label)s”.")),
    (forms.DateField, lazy("Enter a date for “%(label)s”.")),
    (forms.Field, lazy("Fill in “%(label)s”.")),
)


def sentence(label: Any, kind: type[forms.Field] = forms.CharField) -> str:
    """Return what to do about an empty field of that label and kind."""
    said = next(said for kinds, said in _SENTENCES if issubclass(kind, kinds))
    return str(said) % {"label": str(label).rstrip(" .:?")}


def name_missing(form: forms.BaseForm) -> None:
    """Let each required field of a form that is about to be checked say what is missing; called twice, as once."""
    for name, field in form.fields.items():
        if not field.required or field.error_messages.get("required") != _DEFAULT:
            continue
        if field.widget.is_hidden:
            field.error_messages["required"] = _("Something is missing in what was sent. Load the page again.")
        else:
            label = pretty_name(name) if field.label is None else field.label
            field.error_messages["required"] = sentence(label, type(field))


class NamesWhatIsMissing:
    """For forms that are checked outside of the kernel's pages, such as those of signing in."""

    def full_clean(self) -> None:
        """Check the form, and say of each empty field what is missing."""
        name_missing(self)  # type: ignore[arg-type]  # it stands beside a form
        super().full_clean()  # type: ignore[misc]  # as above
