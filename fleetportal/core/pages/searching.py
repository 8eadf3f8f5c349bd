"""The search box's answers: a part of a page while one types, and a page of results without JavaScript."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from fleetportal.core import finder
from fleetportal.core.pages.base import CompanyPage

# More than so many are not counted: the list behind the link does that.
COUNTED = 50
LONGEST = 100


class SearchPage(CompanyPage):
    """*Search*: cards, requests, users and whatever else one may see, by any part of what it is known by."""

    permission = "home.see"
    title = lazy("Search")
    template_name = "pages/search.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show what is found: to the box some of each kind, on the page more of it and how much there is."""
        wanted = " ".join(request.GET.get("q", "").split())[:LONGEST]
        box = bool(self.request.htmx) and self.request.htmx.target == "finder-results"
        shown, cap = (finder.AT_ONCE, finder.AT_ONCE) if box else (finder.ON_PAGE, COUNTED)
        groups = finder.find_all(self.actor, wanted, shown=shown, cap=cap) if wanted else []
        labels = [str(kind.label) for kind in finder.kinds_for(self.actor)]
        result = {
            "wanted": wanted,
            "groups": [self.group(group, wanted) for group in groups],
            "said": self.said(groups) if wanted else "",
            "kinds": labels,
            "all_url": f"{self.url('finder:search')}?{urlencode({'q': wanted})}",
        }
        return self.show("pages/_search_box.html" if box else None, result=result)

    def group(self, group: finder.Group, wanted: str) -> dict[str, Any]:
        """Return one kind as the template shows it."""
        kind = group.kind
        return {
            "label": kind.label,
            "icon": kind.icon,
            "hits": [
                {
                    "title": row.title,
                    "subtitle": row.subtitle,
                    "status": {"value": row.status[0], "label": row.status[1]} if row.status else None,
                    "url": self.url(kind.page, row.key),
                }
                for row in group.found
            ],
            "all_label": self.all_label(group) if group.more else "",
            "all_url": f"{self.url(kind.listed)}?{urlencode({'q': wanted})}",
        }

    def all_label(self, group: finder.Group) -> str:
        """Return the words that lead to the whole list of a kind."""
        if group.cut_off:
            return _("All that match: %(kind)s") % {"kind": group.kind.label}
        return _("All %(count)s: %(kind)s") % {"count": number_format(group.count), "kind": group.kind.label}

    def said(self, groups: list[finder.Group]) -> str:
        """Return what a screen reader says of the results."""
        if not groups:
            return _("Nothing found")
        colon = _(":")
        counts = [
            f"{group.kind.label}{colon} {number_format(group.count)}{'+' if group.cut_off else ''}" for group in groups
        ]
        return ", ".join(counts)
