"""Drivers who are colleagues: they have an own view, and their page as a colleague says which drivers they are."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Membership
from accounts.own.declaring import declare_holding
from fleetportal.core.related import Relation, declare
from vehicles.models import Driver


def drivers_of(member: int) -> QuerySet[Driver]:
    """Return the drivers that a member is; who has left is none any more."""
    return Driver.objects.filter(member=member, ended_at__isnull=True)


def _table(member: Membership) -> dict[str, Any]:
    rows = drivers_of(member.pk).select_related("company", "customer_number", "division").order_by("pk")
    url = "vehicles:driver"
    return {
        "headers": [_("Driver"), _("Customer number"), _("Fleet division")],
        "rows": [
            [
                format_html('<a href="{}">{}</a>', reverse(url, args=[row.company.identifier, row.pk]), row),
                str(row.customer_number),
                str(row.division or ""),
            ]
            for row in rows
        ],
    }


declare_holding(drivers_of)
declare(
    Relation(
        model=Membership,
        label=lazy("As a driver"),
        permission="drivers.see",
        empty=lazy("This colleague is linked to no driver."),
        table=_table,
        in_use=lambda member: [],
        follow=lambda member: None,
    )
)
