"""The small pieces that every page is put together from: icons, form controls, the state of a form."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.template.defaultfilters import stringfilter
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from fleetportal.core.named import said_name

register = template.Library()
# What a job is called, from what a mail or a notice keeps of it.
register.filter("called", said_name)

# Widgets whose id stands on a group of inputs: "autofocus" would be copied to each of them.
_GROUPS = {"radioselect", "checkboxselectmultiple", "twolists", "followingchoices"}
# A word of a title up to this length fits on a phone by itself.
_SHORT = 14


@cache
def sprite_url() -> str:
    """The address of the icon sprite, asked for once per process: a list page shows hundreds of icons."""
    return static("vendor/icons.svg")


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """The icon `name` of the sprite as decoration: what it means must stand beside it as text or in aria-label.

    `extra` adds CSS classes. Names come from scripts/icons.txt or stand in a template; see docs/developers/screens.md.
    """
    classes = f"icon {extra}" if extra else "icon"
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', classes, sprite_url(), name or "dots"
    )


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The field's own input, with its unit read out after the label, and focused when it is the first wrong one."""
    attrs: dict[str, Any] = {}
    described = field.aria_describedby
    if described is not None:
        said = [f"{field.auto_id}_unit"] if getattr(field.field, "unit", "") else []
        # The conditions of a new password (components/password_rules.html) stand in the place of its help.
        said += [f"{field.auto_id}_helptext"] if field.name == "password1" and not field.help_text else []
        if said:
            attrs["aria-describedby"] = " ".join([*said, *described.split()])
    if field is first_error(field.form) and field.widget_type not in _GROUPS:
        attrs["autofocus"] = True
    return field.as_widget(attrs=attrs)


def first_error(form: BaseForm) -> BoundField | None:
    """The first visible field with an error, in the order in which the page shows the fields."""
    if not form.is_bound or not form.errors:
        return None
    # A group that is wrong as a whole has the focus itself.
    groups = {group["first"] for group in getattr(form, "wrong_groups", ())}
    found = next((field for field in in_order(form) if field.errors or field.name in groups), None)
    return None if found is None or found.name in groups else found


@register.filter
def in_order(form: BaseForm) -> list[BoundField]:
    """The visible fields of `form` in the order in which the page shows them; what stands in no group comes last."""
    visible = {field.name: field for field in form.visible_fields()}
    grouped = [field.name for group in getattr(form, "groups", None) or () for field in group["fields"]]
    return [visible[name] for name in dict.fromkeys([*grouped, *visible]) if name in visible]


@register.filter
def hidden_errors(form: BaseForm) -> list[str]:
    """What is wrong with the form as a whole or with its hidden fields: said on top, since no field shows it."""
    at_groups = [error for group in getattr(form, "wrong_groups", ()) for error in group["errors"]]
    whole = (str(error) for error in form.non_field_errors() if error not in at_groups)
    return [*whole, *(str(error) for field in form.hidden_fields() for error in field.errors)]


@register.filter
def error_count(form: BaseForm) -> int:
    """How many things must be put right before the form can be sent."""
    return sum(len(errors) for errors in form.errors.values())


@register.filter
def names(error: Any, field: BoundField) -> bool:
    """Say whether what is wrong with a field names it already, as the sentence about an empty one does."""
    return str(field.label).rstrip(" .:?") in str(error)


@register.filter
@stringfilter
def ends_itself(label: str) -> bool:
    """Say whether a label ends with a mark of its own, as a question does, and takes no colon."""
    return label.endswith(("?", "!", ".", ":"))


@register.filter
def entry(values: dict[str, Any], key: str) -> Any:
    """What a dictionary holds under `key`, or None; a template that asks for `.items` would get the method."""
    return values.get(key)


@register.filter
def among(form: BaseForm, names: Any) -> list[BoundField]:
    """The visible fields of `form` whose name is in `names`."""
    return [field for field in form.visible_fields() if field.name in (names or ())]


@register.filter
def besides(form: BaseForm, names: Any) -> list[BoundField]:
    """The visible fields of `form` whose name is not in `names`."""
    return [field for field in form.visible_fields() if field.name not in (names or ())]


@register.filter
def beside(cells: Any, headers: Any) -> list[tuple[Any, str]]:
    """Each cell of a row with its column's header, which stands before it when a row becomes a card."""
    labels = list(headers or ())
    return [(cell, labels[place] if place < len(labels) else "") for place, cell in enumerate(cells)]


@register.filter
def unbroken(text: Any) -> SafeString:
    """A title whose plates and numbers stay on one line: a browser breaks a line at their hyphens."""
    words = (
        format_html('<span class="together">{}</span>', word) if "-" in word and len(word) <= _SHORT else word
        for word in str(text).split(" ")
    )
    return format_html_join(" ", "{}", ((word,) for word in words))


@register.filter
@stringfilter
def local_moment(stored: str) -> str:
    """Day and time in Brussels of a moment that a mail keeps as text (ISO 8601)."""
    return date_format(timezone.localtime(datetime.fromisoformat(stored)), "SHORT_DATETIME_FORMAT")


@register.filter
@stringfilter
def tone(value: str) -> str:
    """The look of a message or notice: Django's and our own names for it, as the stylesheet's."""
    return {"error": "danger", "debug": "info", "secondary": "info", "": "info", "primary": "info"}.get(value, value)


@register.filter
@stringfilter
def tone_icon(value: str) -> str:
    """The icon that says the same as the tone's colour."""
    return {"danger": "alert-triangle", "warning": "alert-triangle", "success": "circle-check"}.get(
        tone(value), "info-circle"
    )
