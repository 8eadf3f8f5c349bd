"""A page about one thing: what it is, its status, what can be done now, its facts and its history."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.http import Http404, HttpRequest, HttpResponse

from fleetportal.core.audit import AuditEntry
from fleetportal.core.pages.base import CompanyPage


class ObjectMixin:
    """Finds the row that the address names; what is not in scope is not there (404)."""

    model: ClassVar[type[models.Model]]
    related: ClassVar[tuple[str, ...]] = ()

    def find(self, pk: int) -> Any:
        """Return the row of that key, with its relations, or raise 404."""
        if pk >= 2**63:
            raise Http404
        row = self.model._default_manager.select_related(*self.related).filter(pk=pk).first()
        if row is None:
            raise Http404
        return row


class DetailPage(ObjectMixin, CompanyPage):
    """A page about one row of `model`."""

    template_name = "pages/detail.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it."""
        self.object = self.find(kwargs["pk"])
        detail = self.detail(self.object)
        return self.show(title=detail["title"], detail=detail)

    def detail(self, row: Any) -> dict[str, Any]:
        """Return what the page shows, see docs/developers/pages.md."""
        raise NotImplementedError


def history(
    subjects: list[tuple[str, list[int]]], words: dict[str, Any], doers: dict[str, str], limit: int = 100
) -> list[dict[str, Any]]:
    """Return the newest audit entries about these objects (kind, ids) as a timeline.

    `words` gives verbs their titles, `doers` the names of jobs that act where no person does ("" for all others).
    """
    condition = models.Q(pk__in=[])
    for kind, ids in subjects:
        condition |= models.Q(kind=kind, object_id__in=ids)
    entries = AuditEntry.objects.filter(condition).order_by("-id")[:limit]
    timeline = []
    for entry in entries:
        described = words.get(entry.verb, entry.verb)
        title, lines = described(entry) if callable(described) else (described, [])
        who = entry.actor_label if entry.actor_id else doers.get(entry.actor_label, doers[""])
        timeline.append({"at": entry.at, "title": title, "who": who, "lines": lines})
    return timeline
