"""How form fields become HTML: the hot parts are written here, the rest comes from `templates/django/forms`.

A filter of three menus took a tenth of a list page, since Django renders each menu and each of its options through
templates of their own. Menus, labels and lists of errors are on every page, and few words long.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.utils.html import conditional_escape as escaped

Context = dict[str, Any]


def written_attrs(attrs: dict[str, Any] | None, *, without: str = "") -> str:
    """Write the attributes of a tag, each with a space before it; True stands alone, False not at all."""
    return "".join(
        f" {name}" if value is True else f' {name}="{escaped(str(value))}"'
        for name, value in (attrs or {}).items()
        if value is not False and name != without
    )


def select(context: Context) -> str:
    """Write a menu; the stylesheet's class stands before its own."""
    widget = context["widget"]
    attrs = widget["attrs"]
    classes = f"form-select {attrs['class']}" if attrs.get("class") else "form-select"
    parts = [
        f'<select name="{escaped(widget["name"])}" class="{escaped(classes)}"{written_attrs(attrs, without="class")}>'
    ]
    for group, options, _index in widget["optgroups"]:
        if group:
            parts.append(f'<optgroup label="{escaped(group)}">')
        parts.extend(
            f'<option value="{escaped(str(option["value"]))}"{written_attrs(option["attrs"], without="class")}>'
            f"{escaped(option['label'])}</option>"
            for option in options
        )
        if group:
            parts.append("</optgroup>")
    parts.append("</select>")
    return "".join(parts)


def label(context: Context) -> str:
    """Write a field's label, with a star where the field is required and its form marks such."""
    field, words = context["field"], escaped(context["label"])
    if not context["use_tag"]:
        return words
    required = field.field.required and not getattr(field.form, "unmarked", False)
    star = '<span class="required" aria-hidden="true">*</span>' if required else ""
    tag = context["tag"]
    return f"<{tag}{written_attrs(context['attrs'])}>{escaped(field.label)}{star}</{tag}>"


def errors(context: Context) -> str:
    """Write what is wrong with a field, or nothing; its input names the list by its id."""
    found = context["errors"]
    if not found:
        return ""
    place = f' id="{escaped(found.field_id)}_error"' if found.field_id else ""
    items = "".join(f"<li>{escaped(error)}</li>" for error in found)
    return f'<ul class="field-errors {escaped(context["error_class"])}"{place}>{items}</ul>'


WRITTEN: dict[str, Callable[[Context], str]] = {
    "django/forms/widgets/select.html": select,
    "django/forms/widgets/select_multiple.html": select,
    "django/forms/label.html": label,
    "django/forms/errors/list/default.html": errors,
    "django/forms/errors/list/ul.html": errors,
}


class Renderer(TemplatesSetting):
    """Django's renderer of forms, with the hot parts written in code; the setting `FORM_RENDERER` names it."""

    def render(self, template_name: str, context: Context, request: Any = None) -> str:
        """Return the HTML of a part of a form; the form that asks takes it for safe, as it does a template's."""
        write = WRITTEN.get(template_name)
        return write(context) if write else super().render(template_name, context, request)
