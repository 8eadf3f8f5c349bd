"""The columns of a list as its reader wants them, and the views kept of it (GEN-6).

`?columns=a,b,c` are the columns shown, in that order. A form without JavaScript sends a word for each column, and the
button that moves one; both are answered with the address they mean.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import resolve
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from fleetportal.core import beside, views_saved
from fleetportal.core.pages.base import CompanyPage, as_id
from fleetportal.core.pages.columns import Column, Link
from fleetportal.core.templatetags.portal_ui import icon

if TYPE_CHECKING:
    from fleetportal.core.pages.listing import ListPage

Kept = tuple[int, str, str, bool]


def asked_for(page: ListPage) -> list[Column]:
    """Return the columns that the address names, in its order; nothing when it names none that exist (any more).

    What leads to a row's page is always there: without it a row has no name.
    """
    text = ",".join(page.request.GET.getlist("columns"))
    if not text:
        return []
    named = {column.name: column for column in page.choosable()}
    found = [named[name] for name in dict.fromkeys(text.split(",")) if name in named]
    if not found:
        return []
    missing = [column for column in named.values() if isinstance(column, Link) and column not in found]
    return [*missing, *found]


def settled(page: ListPage) -> str:
    """Return the address that a form of columns means, or an empty text where the address is settled."""
    params = page.request.GET
    shown = [column.name for column in asked_for(page)]
    way, name = params.get("move", "")[:1], params.get("move", "")[1:]
    if name in shown and way in "-+":
        at = shown.index(name)
        to = min(max(at + (1 if way == "+" else -1), 0), len(shown) - 1)
        shown.insert(to, shown.pop(at))
        return page.address(columns=",".join(shown), view=None, panel="columns")
    if len(params.getlist("columns")) > 1:
        return page.address(columns=",".join(shown) or None, view=None)
    return ""


def panel(page: ListPage, columns: list[Column]) -> str:
    """Write the form with a tick for each column, those shown first; written here, since templates cost more."""
    all_columns = page.choosable()
    # With one column there is nothing to choose.
    if len(all_columns) < 2:
        return ""
    words = page.request.GET
    passing = {"columns", "view", *views_saved.PASSING} - {"saved"}
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name in words
        if name not in passing
        for value in words.getlist(name)
        if value
    )
    up, down, up_icon, down_icon = (
        _("Move %(column)s up"),
        _("Move %(column)s down"),
        icon("arrow-up"),
        icon("arrow-down"),
    )
    shown = {column.name for column in columns}
    items = []
    for column in [*columns, *[column for column in all_columns if column.name not in shown]]:
        name, label = escape(column.name), str(column.label)
        tick = f'<input class="form-check-input" type="checkbox" name="columns" value="{name}"'
        if isinstance(column, Link):
            always = f'<input type="hidden" name="columns" value="{name}">'
            tick = f'{always}<input class="form-check-input" type="checkbox" disabled'
        checked = " checked" if column.name in shown else ""
        moves = "".join(
            f'<button class="btn btn-icon btn-sm" type="submit" name="move" value="{way}{name}"'
            f' aria-label="{escape(said % {"column": label})}">{picture}</button>'
            for way, said, picture in (("-", up, up_icon), ("+", down, down_icon))
        )
        items.append(
            f'<li><label class="form-check">{tick}{checked}><span class="form-check-label">{escape(label)}</span>'
            f"</label>{moves}</li>"
        )
    said, show = _("place {place} of {count}"), _("Show these columns")
    # The first button of a form is pressed by the Enter key, so it must not be one that moves something.
    return mark_safe(  # noqa: S308  # every value above went through escape()
        f'<form class="columns-form" method="get" action="{escape(page.request.path)}" autocomplete="off">{hidden}'
        f'<button type="submit" hidden></button><ul data-said="{escape(said)}">{"".join(items)}</ul>'
        f'<button class="btn btn-primary btn-sm" type="submit">{escape(show)}</button></form>'
    )


def place_of(request: HttpRequest) -> str:
    """Return the name of the list's address, under which its views are kept."""
    match = request.resolver_match or resolve(request.path)
    return match.view_name


def _mine(asker: beside.Asker) -> Any:
    views = views_saved.mine(asker.actor.person).filter(place=asker.place).order_by("key")
    return beside.rows(views, pk="pk", name="name", query="query", is_default="is_default")


KEPT = "views.kept"
beside.declare(KEPT, _mine)


def kept_views(page: ListPage) -> list[Kept]:
    """Return the reader's views of this list: id, name, words of the address, whether it is opened with it."""
    if page.actor.user is None or not page.actor.may(views_saved.PERMISSION):
        return []
    if not isinstance(page, CompanyPage):
        views = views_saved.mine(page.actor.user).filter(place=place_of(page.request)).order_by("key")
        return list(views.values_list("pk", "name", "query", "is_default"))
    # Asked together with what the rest of the page needs.
    beside.ask(page.request, [KEPT, *page.beside], frame=True)
    return [(one["pk"], one["name"], one["query"], one["is_default"]) for one in beside.answer(page.request, KEPT)]


def opened_with(page: ListPage, views: list[Kept]) -> str:
    """Return where the list's bare address leads: to the view that its reader opens it with, if there is one."""
    if page.request.GET:
        return ""
    return next((_address(page, pk, query) for pk, _name, query, default in views if default), "")


def _address(page: ListPage, pk: int, query: str) -> str:
    return f"{page.request.path}?{query}&saved={pk}" if query else f"{page.request.path}?saved={pk}"


def tabs(page: ListPage, views: list[Kept]) -> list[dict[str, Any]]:
    """Return the views as tabs, behind one for the whole list; nothing where none is kept."""
    if not views:
        return []
    saved = page.request.GET.get("saved", "")
    known = {str(pk) for pk, *_rest in views}
    found = [{"label": _("Everything"), "url": f"{page.request.path}?saved=0", "current": saved not in known}]
    return found + [
        {"label": name, "url": _address(page, pk, query), "current": saved == str(pk)} for pk, name, query, _d in views
    ]


def menu(page: ListPage, views: list[Kept] | None) -> dict[str, str]:
    """Return where what is shown is kept as a view, and where the view that is open is changed.

    Without `views` the address is believed: they were looked at when the page around this part was made.
    """
    if not page.actor.may(views_saved.PERMISSION):
        return {}
    asked = urlencode({"list": page.address(panel=None)})
    saved = page.request.GET.get("saved", "")
    found = {"new_url": f"{view_url(page, 'new')}?{asked}", "change_url": ""}
    key = as_id(saved)
    if key and (views is None or key in {pk for pk, *_rest in views}):
        found["change_url"] = f"{view_url(page, 'change', key)}?{asked}"
    return found


def view_url(page: Any, name: str, *args: Any) -> str:
    """Return the address of a page about views, in the area of a page."""
    return str(page.url(f"views:{name}" if isinstance(page, CompanyPage) else f"operator:view_{name}", *args))
