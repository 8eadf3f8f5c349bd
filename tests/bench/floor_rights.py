"""The floor of the overview of rights: the same users and levels as a plain CSV, beside the frozen floor of cards."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path

from accounts.colleagues.grants import may_change
from accounts.models import Membership
from accounts.rights import APPLICATIONS
from tests.bench import floor

NAMES = [one.name for one in APPLICATIONS]


def rows(company: int) -> Iterator[list[Any]]:
    """Read who the users are and what they may, and write a word for each application."""
    fields = ("name", "user__email", "profile", "is_active", "is_principal", "applications", "change_applications")
    found = QuerySet(Membership).filter(company_id=company).order_by("name", "id").values_list(*fields)
    for name, email, profile, active, principal, opened, changed in found.iterator(chunk_size=2000):
        yield [name, email, profile, active, *(_level(one, principal, profile, opened, changed) for one in NAMES)]


def _level(name: str, principal: bool, profile: str, opened: list[str], changed: list[str]) -> str:
    if principal:
        return "change"
    if name not in opened:
        return ""
    return "change" if may_change(profile, name, changed) else "see"


def rights(request: HttpRequest, company: int) -> StreamingHttpResponse:
    """Stream the rows as CSV, a line at a time."""
    writer = csv.writer(floor.Echo(), delimiter=";")
    return StreamingHttpResponse(writer.writerow(row) for row in rows(company))


urlpatterns = [*floor.urlpatterns, path("floor/<int:company>/rights/csv/", rights)]
