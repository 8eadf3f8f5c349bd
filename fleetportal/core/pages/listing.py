"""A list: columns, a filter set and a few attributes; searched, filtered, sorted, paged and downloaded (GEN-6)."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

import django_filters
from django import forms
from django.db import models
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from fleetportal.core import formkeys, search
from fleetportal.core.pages import arranging, chips
from fleetportal.core.pages.base import CompanyPage, Page
from fleetportal.core.pages.columns import Column, Link
from fleetportal.core.pages.exports import Export, download
from fleetportal.core.pages.paging import COUNT_CAP, Order, capped_count, page_of
from fleetportal.core.templatetags.portal_ui import icon

PAGE_SIZE = 50
# Up to so many rows a download is streamed; more are made into a file by a worker (decision 23).
STREAM_CAP = 20_000
# Rows beyond this are not counted: it tells nobody anything.
MOST_COUNTED = max(COUNT_CAP, STREAM_CAP)
# Words of the address that are the list's own and not a filter's.
_PLACES = ("after", "before", "last")
# Words that open something on the page for once: they stand in no address that leads on.
_ONCE = ("format", "panel", "move")
_OWN = {"q", "sort", "view", "columns", "saved", "advanced", *_ONCE, *_PLACES}


class Found:
    """What a list's address asks for: the filter form, the rows that match, and whether the search was cut off."""

    def __init__(self, page: ListPage, params: QueryDict, *, cap: int | None) -> None:
        self.params = params
        self.search = " ".join(params.get("q", "").split())[:100] if page.searchable else ""
        queryset = page.queryset()
        self.filters: django_filters.FilterSet | None = None
        self.form: forms.Form | None = None
        if page.filterset_class is not None:
            self.filters = page.filterset_class(params, queryset=queryset, request=page.request)
            self.form = self.filters.form
            for field in self.form.fields.values():
                if isinstance(field, forms.ChoiceField):
                    # Django's own sentence repeats what was sent, which may be the key of something.
                    field.error_messages["invalid_choice"] = _("This choice is not there.")
            # Filters that can't be read filter nothing; their fields say what is wrong.
            self.form.is_valid()
            queryset = self.filters.filter_queryset(queryset)
        self.cut_off = False
        if self.search:
            matching, self.cut_off = page.matching(self.search, cap)
            queryset = queryset.filter(matching)
        self.queryset = queryset

    @property
    def unreadable(self) -> bool:
        """Say whether a filter could not be read: a list then shows more than was asked for, an act must not do it."""
        return self.form is not None and bool(self.form.errors)

    @property
    def counted(self) -> int | None:
        """How many rows match, up to one over `MOST_COUNTED`, where the filters had to find that out themselves."""
        return None if self.search else getattr(self.filters, "counted", None)

    def chips(self, page: ListPage) -> list[dict[str, str]]:
        """Return the filters that are on, each with the address without it."""
        found = []
        if self.search:
            found.append({"label": _("Search"), "value": self.search, "remove_url": page.address(q=None)})
        if self.form is None:
            return found
        for name, field in self.form.fields.items():
            value = self.form.cleaned_data.get(name)
            wrong = name in self.form.errors
            if not wrong and (value in (None, "", [], False) or (hasattr(value, "__len__") and not len(value))):
                continue
            names = [key for key in self.params if key == name or key.startswith((f"{name}_after", f"{name}_before"))]
            found.append(
                {
                    "label": str(field.label),
                    "value": chips.unread(field) if wrong else chips.said(field, value),
                    "remove_url": page.address(**dict.fromkeys(names)),
                }
            )
        return found


class ListPage(Page):
    """A list of the rows of `model`; name `CompanyPage` or `OperatorPage` as a base beside it.

    `columns` are all columns by name; `views` name sets of them; `orders` are the columns one can sort by, and
    `default_order` the one at first, with a minus for downwards; None sorts by key.
    """

    template_name = "pages/list.html"
    model: ClassVar[type[models.Model]]
    columns: ClassVar[tuple[Column, ...]]
    views: ClassVar[dict[str, tuple[Any, tuple[str, ...]]]] = {}
    filterset_class: ClassVar[type[django_filters.FilterSet] | None] = None
    advanced: ClassVar[tuple[str, ...]] = ()
    default_order: ClassVar[str] = "-"
    searchable: ClassVar[bool] = True
    search_kind: ClassVar[str] = ""
    search_field: ClassVar[str] = "pk"
    search_placeholder: ClassVar[Any] = ""
    act_fields: ClassVar[tuple[str, ...]] = ()
    # What its filters ask beside the rows (`fleetportal.core.beside`), to be asked with the rest.
    beside: ClassVar[tuple[str, ...]] = ()
    empty_title: Any = ""
    empty_text: Any = ""
    file_name: ClassVar[str] = "list"

    def queryset(self) -> models.QuerySet[Any]:
        """Return the rows that the list is about."""
        return self.model._default_manager.all()

    def shown(self) -> models.QuerySet[Any]:
        """Return the rows with what their columns need and no filter asks for; a count does without it."""
        return self.queryset()

    def matching(self, wanted: str, cap: int | None) -> tuple[models.Q, bool]:
        """Return the condition that the search holds these words, and whether more than `cap` do."""
        hits = search.find(self.search_kind, wanted, cap=cap)
        return models.Q(**{f"{self.search_field}__anyof": hits}), hits.cut_off

    def row_prefix(self) -> str:
        """Return what a row's own address begins with; its key and a slash follow."""
        raise NotImplementedError

    def act_state(self, *values: Any) -> tuple[Any, ...]:
        """Return what of the values of `act_fields` decides on a row's actions; rows alike share one menu."""
        return values

    def row_acts(self, *values: Any) -> list[tuple[str, str, str]]:
        """Return a row's actions (label, end of the address, icon) from its `act_state`."""
        return []

    def bulk(self) -> list[dict[str, Any]]:
        """Return what can be done with a selection."""
        return []

    def bulk_url(self) -> str:
        """Return where a selection is sent."""
        return ""

    def empty_act(self) -> dict[str, Any] | None:
        """Return the first step offered by an empty list."""
        return None

    def export(self) -> Export:
        """Return what a download holds; at first, all columns."""
        return Export(self.columns, complete=self.complete)

    # --- the page -----------------------------------------------------------------------------------------------

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        """Show one page of the list, or stream it as a file."""
        wanted = request.GET.get("format", "")
        if wanted in {"xlsx", "csv"}:
            found = Found(self, request.GET, cap=None)
            return download(found.queryset, self.shown(), self.order(), self.export(), wanted, self.file_name)
        region = bool(self.request.htmx) and self.request.htmx.target == "list-region"
        views = [] if region else arranging.kept_views(self)
        if elsewhere := arranging.settled(self) or arranging.opened_with(self, views):
            return redirect(elsewhere)
        found = Found(self, request.GET, cap=search.LIST_CAP)
        template = "pages/_list_region.html" if region else self.template_name
        return self.show(template, listing=self.listing(found, whole=not region, kept=views))

    def order(self) -> Order:
        """Return how the address asks the list to be sorted."""
        asked = self.request.GET.get("sort", "") or self.default_order
        descending = asked.startswith("-")
        name = asked.removeprefix("-")
        for column in self.columns:
            if column.name == name and column.sort is not None:
                return Order(name, None if column.sort == "pk" else column.sort, descending)
        return Order("", None, True)

    def address(self, **changes: str | None) -> str:
        """Return this list's address with some words changed or taken out, and back on its first page."""
        params = self.request.GET.copy()
        for name in (*_PLACES, *_ONCE, *changes):
            params.pop(name, None)
        for name, value in changes.items():
            if value is not None:
                params[name] = value
        query = params.urlencode()
        return f"{self.request.path}?{query}" if query else self.request.path

    def choosable(self) -> list[Column]:
        """Return the columns that the reader may choose from; those of the sets in `views` are among them."""
        return list(self.columns)

    def visible(self) -> tuple[str, list[Column]]:
        """Return the name of the chosen set and its columns; no name for columns that the reader chose."""
        if chosen := arranging.asked_for(self):
            return "", chosen
        named = {column.name: column for column in self.columns}
        if not self.views:
            return "", self.choosable()
        view = self.request.GET.get("view", "")
        if view not in self.views:
            view = next(iter(self.views))
        return view, [named[name] for name in self.views[view][1]]

    def listing(self, found: Found, *, whole: bool, kept: list[arranging.Kept]) -> dict[str, Any]:
        """Return what the list's template shows; `whole` is the page with its filters, not only the table.

        `kept` are the reader's own views of the list; with the table alone they are not asked for.
        """
        view, columns = self.visible()
        order = self.order()
        bulk = self.bulk()
        rows = self.fetch(found, columns, order)
        # One count answers both how many to say and whether a download is promised.
        count = capped_count(found.queryset, MOST_COUNTED) if found.counted is None else found.counted
        params = self.request.GET
        chips = found.chips(self)
        advanced = self.is_advanced(found)
        # Who keeps views says with each address which of them is open, or none: the bare address opens one.
        saved = params.get("saved") or ("0" if kept else "")
        return {
            "tabs": arranging.tabs(self, kept),
            "arrange": arranging.menu(self, kept if whole else None),
            "columns_panel": arranging.panel(self, columns),
            "columns_open": params.get("panel") == "columns",
            "filter_form": self.shown_filters(found) if whole else None,
            "advanced_names": self.advanced if advanced else (),
            "searchable": self.searchable,
            "search_value": found.search,
            "search_placeholder": self.search_placeholder,
            "more_filters": bool(self.advanced) and not advanced,
            "more_url": self.address(advanced="1"),
            "fewer_url": self.address(advanced=None),
            "chips": chips,
            "clear_url": (f"{self.request.path}?saved={quote(saved)}" if saved else self.request.path)
            if chips
            else None,
            "hidden": [(name, params[name]) for name in ("sort", "view", "columns", "advanced") if params.get(name)]
            + ([("saved", saved)] if saved else []),
            "views": [
                {"label": label, "url": self.address(view=name, columns=None), "current": name == view}
                for name, (label, _names) in self.views.items()
            ],
            "headers": [self.header(column, order) for column in columns],
            "rows": self.write_rows(rows.rows, columns, selectable=bool(bulk)),
            "row_count": len(rows.rows),
            "count_label": f"{number_format(COUNT_CAP, force_grouping=True)}+"
            if count > COUNT_CAP
            else number_format(count),
            "notice": self.notice(found),
            "empty": self.empty(bool(chips)),
            "pager": {
                "first_url": self.address() if rows.previous else None,
                "previous_url": self.address(before=rows.previous) if rows.previous else None,
                "next_url": self.address(after=rows.next) if rows.next else None,
                "last_url": self.address(last="1") if rows.next else None,
            },
            "downloads": self.downloads(found, count),
            "bulk": bulk,
            "bulk_url": self.bulk_url(),
            "hidden_filter": [
                (name, value) for name in params if name not in _OWN - {"q"} for value in params.getlist(name) if value
            ],
        }

    def downloads(self, found: Found, count: int) -> dict[str, Any]:
        """Return how the list is downloaded: streamed, or, where a company's list is long, promised (decision 23)."""
        files: list[dict[str, Any]] = [{"label": _("Excel"), "format": "xlsx"}, {"label": _("CSV"), "format": "csv"}]
        companys = isinstance(self, CompanyPage)
        promised = companys and not found.cut_off and count > STREAM_CAP
        for file in files:
            file["url"] = self.address(format=file["format"])
            if promised or (companys and found.cut_off):
                # How many a search finds beyond its cap is counted when it is asked, since that takes a while.
                asked = {"list": self.address(), "kind": file["format"]} | ({} if promised else {"ask": "1"})
                file["url"] = f"{self.url('downloads:new')}?{urlencode(asked)}"
                file |= {"form_key": formkeys.new_key() if promised else "", "ask": not promised}
        return {
            "files": files,
            "promise": number_format(STREAM_CAP, force_grouping=True) if promised else "",
            "mine_url": self.url("downloads:list") if companys else "",
        }

    def is_advanced(self, found: Found) -> bool:
        """Say whether the advanced filters are shown: they were asked for, or one of them is in use."""
        names = tuple(self.advanced)
        used = any(value and key.startswith(names) for key, value in found.params.items() if key not in _OWN)
        return bool(names) and (used or "advanced" in found.params)

    def shown_filters(self, found: Found) -> forms.Form | None:
        """Return the filter form; the advanced fields, whose choices cost queries, only when they are shown."""
        if found.form is not None and not self.is_advanced(found):
            for name in self.advanced:
                found.form.fields.pop(name, None)
        return found.form

    def notice(self, found: Found) -> str:
        """Return a sentence above the list, or an empty text."""
        if found.cut_off:
            return _("More than %(cap)s match the search. Type more of what you look for to see all that match.") % {
                "cap": number_format(search.LIST_CAP, force_grouping=True)
            }
        return ""

    def empty(self, filtered: bool) -> dict[str, Any]:
        """Return what an empty list says: what will be here, or that nothing matches."""
        if filtered:
            return {"title": _("Nothing found"), "text": _("No row matches these filters."), "act": None}
        return {"title": self.empty_title, "text": self.empty_text, "act": self.empty_act()}

    def header(self, column: Column, order: Order) -> dict[str, Any]:
        """Return a column's head; following its link sorts by it, and once more turns the order round."""
        current = column.sort is not None and column.name == order.name
        direction = ("desc" if order.descending else "asc") if current else ""
        return {
            "label": column.label,
            "numeric": column.numeric,
            "direction": direction,
            "sort_url": self.address(sort=f"-{column.name}" if direction == "asc" else column.name)
            if column.sort is not None
            else None,
        }

    def fetch(self, found: Found, columns: list[Column], order: Order) -> Any:
        """Fetch exactly what the visible columns need, in one query: key, label, actions, cells."""
        fields = ["pk", *self.label_fields(), *self.act_fields]
        fields += [name for column in columns for name in column.fields]
        page = page_of(found.queryset, self.shown(), order, fields, PAGE_SIZE, self.request.GET)
        return replace(page, rows=self.complete(fields, page.rows))

    def complete(self, fields: list[Any], rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return the rows with what one statement can't read well; `fields` are the names of their values.

        Called once for a page, and for each chunk of a file.
        """
        return rows

    def label_fields(self) -> tuple[str, ...]:
        """Return the field that tells one row from another; it names a row's checkbox and menu."""
        return self.columns[0].fields[:1]

    def write_rows(self, rows: list[tuple[Any, ...]], columns: list[Column], *, selectable: bool) -> SafeString:
        """Write the table's rows from plain values; every value is escaped by its column's writer."""
        prefix = self.row_prefix()
        cells = []
        place = 2 + len(self.act_fields)
        for column in columns:
            writer = column.linked(prefix) if isinstance(column, Link) else column.writer()
            kinds = " ".join(kind for kind, on in (("col-number", column.numeric), ("col-minor", column.minor)) if on)
            cell = f'<td class="{kinds}"' if kinds else "<td"
            start = f'{cell} data-label="{escape(str(column.label))}">'
            cells.append((start, writer, place, place + len(column.fields)))
            place += len(column.fields)
        select, menu = _("Select %(row)s"), _("Actions for %(row)s")
        dots = icon("dots")
        menus: dict[tuple[Any, ...], list[tuple[str, str]]] = {}
        acts_end = 2 + len(self.act_fields)
        written = []
        for row in rows:
            key, label = row[0], escape(str(row[1]))
            parts = ["<tr>"]
            if selectable:
                parts.append(
                    f'<td class="col-select"><input class="form-check-input" type="checkbox" name="select"'
                    f' value="{key}" form="bulk-form" aria-label="{escape(select % {"row": row[1]})}"></td>'
                )
            parts.extend(f"{start}{writer(*row[begin:end])}</td>" for start, writer, begin, end in cells)
            state = self.act_state(*row[2:acts_end])
            if state not in menus:
                menus[state] = [
                    (end, str(format_html("{}{}", icon(name), text))) for text, end, name in self.row_acts(*state)
                ]
            acts = "".join(
                f'<a class="dropdown-item" href="{prefix}{key}/{end}">{inner}</a>' for end, inner in menus[state]
            )
            if acts:
                parts.append(
                    f'<td class="col-acts"><details class="row-menu" data-menu><summary class="btn btn-icon btn-sm"'
                    f' aria-label="{escape(menu) % {"row": label}}">{dots}</summary>'
                    f'<div class="dropdown-menu show">{acts}</div></details></td></tr>'
                )
            else:
                parts.append('<td class="col-acts"></td></tr>')
            written.append("".join(parts))
        return mark_safe("".join(written))  # noqa: S308  # every value above went through escape()
