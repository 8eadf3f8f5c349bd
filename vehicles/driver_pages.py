"""*Vehicles and drivers → Find a driver*: the list, one driver, and what is done with them (ONB-6)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Membership
from accounts.reach import DIVISIONS, NUMBERS
from accounts.rights import is_administrator
from fleetportal.core.pages import Badge, CompanyPage, Link, Several, Text
from vehicles import pages, services
from vehicles.filters import DriverFilter
from vehicles.finding import DRIVER
from vehicles.forms import DriverForm
from vehicles.models import LICENCES, Driver
from vehicles.states import DRIVER_STATES
from vehicles.words import driver_history


class DriverArea(pages.Area):
    """The addresses, words and right of drivers."""

    list_name, row_name, new_name = "vehicles:drivers", "vehicles:driver", "vehicles:new_driver"
    change_right = "drivers.change"
    plural, create, end = lazy("Drivers"), lazy("Create a driver"), lazy("Has left")
    states = DRIVER_STATES


class DriverList(DriverArea, pages.FleetList):
    """The drivers of the fleet."""

    permission = "drivers.see"
    title = lazy("Drivers")
    lead = lazy("Employees who drive for you. They are no users of the portal unless you invite them as such.")
    model = Driver
    filterset_class = DriverFilter
    beside = (NUMBERS, DIVISIONS)
    advanced = ("customer_number",)
    search_kind = DRIVER
    search_placeholder = lazy("Name, e-mail address or phone")
    default_order = "name"
    empty_title = lazy("No drivers yet")
    empty_text = lazy("The drivers of your fleet stand here.")
    file_name = "drivers"
    columns = (
        Link("name", lazy("Last name"), ("last_name", "pk"), sort="last_name"),
        Text("first_name", lazy("First name"), ("first_name",)),
        Text("email", lazy("E-mail address"), ("email",), minor=True),
        Text("phone", lazy("Phone"), ("phone",)),
        Several("licences", lazy("Licence"), ("licences",), choices=[(one, one) for one in LICENCES], minor=True),
        Text("number", lazy("Customer number"), ("customer_number__number",), minor=True),
        Text("division", lazy("Fleet division"), ("division__name",)),
        Badge("state", lazy("State"), ("state",), choices=DRIVER_STATES),
    )


class DriverDetail(DriverArea, pages.FleetDetail):
    """One driver."""

    permission = "drivers.see"
    model = Driver
    related = ("customer_number", "division", "member")

    def facts(self, row: Driver) -> list[dict[str, Any]]:
        """Return what is known."""
        return [
            {"label": _("Last name"), "value": row.last_name},
            {"label": _("First name"), "value": row.first_name},
            {"label": _("E-mail address"), "value": row.email},
            {"label": _("Phone"), "value": row.phone},
            {"label": _("Licence categories"), "value": ", ".join(row.licences)},
            *([{"label": _("Colleague"), "value": self.colleague(row)}] if self.actor.may("users.see") else []),
            {"label": _("Customer number"), "value": str(row.customer_number)},
            {"label": _("Fleet division"), "value": str(row.division or "")},
        ]

    def colleague(self, row: Driver) -> Any:
        """Return the colleague that the driver is, with the way to their page."""
        if row.member is None:
            return ""
        return format_html('<a href="{}">{}</a>', self.url("account:user", row.member.pk), row.member)

    def timeline(self, row: Driver) -> list[dict[str, Any]]:
        """Return what happened."""
        return driver_history(row)


def members_for(page: CompanyPage) -> QuerySet[Membership] | None:
    """Return who may be chosen as the colleague that a driver is; None for who may not see the colleagues."""
    if not page.actor.may("users.see"):
        return None
    found = Membership.objects.filter(is_active=True)
    mine = page.request.presence.membership
    return found if is_administrator(mine) else found.exclude(pk=mine.pk)


class NewDriver(DriverArea, pages.NewInFleet):
    """Create a driver."""

    permission = "drivers.change"
    title = lazy("Create a driver")
    form_class = DriverForm
    submit_label = lazy("Create the driver")

    def form_kwargs(self) -> dict[str, Any]:
        """Tell the form which colleagues may be chosen."""
        return {"members": members_for(self)}

    def created(self, form: Any) -> Driver:
        """Create them."""
        number = form.cleaned_data["customer_number"]
        return services.create_driver(number=number, data=form.data_of(), actor=self.actor, now=self.now)


class ChangeDriver(DriverArea, pages.ChangeInFleet):
    """Change a driver."""

    permission = "drivers.change"
    model = Driver
    related = ("customer_number", "division", "member")
    form_class = DriverForm
    submit_label = lazy("Save the changes")

    def form_kwargs(self) -> dict[str, Any]:
        """Tell the form what it is about, and which colleagues may be chosen."""
        return {**super().form_kwargs(), "members": members_for(self)}

    def changed(self, form: Any) -> bool:
        """Change them."""
        version = form.cleaned_data["version"]
        return services.change_driver(
            driver=self.object, version=version, data=form.data_of(), actor=self.actor, now=self.now
        )


class EndDriver(DriverArea, pages.EndInFleet):
    """Note that a driver has left."""

    permission = "drivers.change"
    model = Driver
    submit_label = lazy("Note that the driver has left")

    def confirm(self, row: Driver) -> dict[str, Any]:
        """Say what happens."""
        return {
            "title": _("%(name)s has left") % {"name": row},
            "happens": [
                _("The driver is offered in no form any more, and can't be changed."),
                *self.in_use(row),
            ],
            "not_happens": [_("Nothing is deleted: the driver and the history stay here.")],
            "items": [str(row)],
        }

    def act(self, form: forms.Form) -> str:
        """Note it."""
        services.end_driver(driver=self.object, actor=self.actor, now=self.now)
        messages.success(self.request, _("It is noted that %(name)s has left.") % {"name": self.object})
        return self.refused_url()
