"""The floor that the portal's pages are measured against: the same rows, as little Django as can be.

No middleware, no session, no scope, no translation: one view each for the list (F), the detail page and the two kinds
of file. Frozen: a test holds this file's hash, so that the measure does not move with what it measures.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.template import engines
from django.urls import path

from cards.models import Card, CardLimit, Issue
from fleetportal.core.spreadsheet import stream_xlsx

ROW = """<tr><td>{{ c.printed_as }}</td><td>{{ c.number }}</td><td>{{ c.status }}</td><td>{{ c.category }}</td>
<td>{{ c.customer_number.number }}</td><td>{{ c.division.name }}</td><td>{{ c.driver.last_name }}</td>
<td>{{ c.cost_centre }}</td><td>{{ c.expires_on }}</td><td>{{ c.code_type }}</td><td>{{ c.rank }}</td>
<td>{{ c.created_at }}</td></tr>"""
LIST = engines["django"].from_string(
    "<!DOCTYPE html><title>Cards</title><h1>{{ count }}</h1><table>{% for c in cards %}" + ROW + "{% endfor %}</table>"
)
DETAIL = engines["django"].from_string(
    "<!DOCTYPE html><title>Card</title><table>"
    + ROW
    + "</table><ul>{% for i in issues %}<li>{{ i.rank }} {{ i.status }} {{ i.expires_on }}</li>{% endfor %}</ul>"
    "<ul>{% for l in limits %}<li>{{ l.product }} {{ l.amount }} {{ l.unit }} {{ l.period }}</li>{% endfor %}</ul>"
)
COLUMNS = [
    "printed_as",
    "number",
    "status",
    "renewal_status",
    "rank",
    "category",
    "plate_country",
    "customer_number__number",
    "division__name",
    "vehicle__plate",
    "driver__last_name",
    "cost_centre",
    "extra_mention",
    "code_type",
    "created_at",
    "expires_on",
    "last_used_on",
    "vehicle_type",
    "tank_capacity",
    "odometer_entry",
    "hours_from",
    "hours_until",
    "area",
    "max_transactions",
    "max_transactions_period",
    "max_amount",
    "min_minutes_between",
    "recipient",
    "street",
    "town",
]
# The portal's file has a cell for the limit of each product, most of them empty.
LIMITS = ("",) * 13


def cards(company: int) -> QuerySet[Card]:
    """Return a company's cards by a plain queryset, outside of any scope."""
    return QuerySet(Card).filter(company_id=company)


def listing(request: HttpRequest, company: int) -> HttpResponse:
    """F: fifty rows of twelve columns, with an exact count."""
    rows = cards(company).select_related("customer_number", "division", "driver").order_by("-id")
    return HttpResponse(LIST.render({"cards": rows[:50], "count": rows.count()}))


def detail(request: HttpRequest, company: int, pk: int) -> HttpResponse:
    """Show one card with its plastics and limits."""
    card = cards(company).select_related("customer_number", "division", "driver").get(pk=pk)
    issues = QuerySet(Issue).filter(card_id=pk).order_by("-rank")
    limits = QuerySet(CardLimit).filter(card_id=pk)
    return HttpResponse(DETAIL.render({"c": card, "issues": issues, "limits": limits}))


def rows(company: int) -> Iterator[tuple[Any, ...]]:
    """Read thirty columns of every card through a server-side cursor, and as many cells more as there are limits."""
    found = cards(company).order_by("-id").values_list(*COLUMNS).iterator(chunk_size=2000)
    return ((*row, *LIMITS) for row in found)


def xlsx(request: HttpRequest, company: int) -> StreamingHttpResponse:
    """Stream the rows as Excel with the portal's writer and nothing around it."""
    return StreamingHttpResponse(stream_xlsx(COLUMNS, rows(company)))


class Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> bytes:
        """Return the line."""
        return text.encode()


def plain_csv(request: HttpRequest, company: int) -> StreamingHttpResponse:
    """Stream the rows as CSV, a line at a time."""
    writer = csv.writer(Echo(), delimiter=";")
    return StreamingHttpResponse(writer.writerow(row) for row in rows(company))


urlpatterns = [
    path("floor/<int:company>/", listing),
    path("floor/<int:company>/<int:pk>/", detail),
    path("floor/<int:company>/xlsx/", xlsx),
    path("floor/<int:company>/csv/", plain_csv),
]
