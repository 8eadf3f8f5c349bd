"""What the pages of vehicles and of drivers have in common: where they lead, their form, how they take one out."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import CustomerNumber
from fleetportal.core import related
from fleetportal.core.pages import ActionPage, CompanyPage, DetailPage, FormPage, ListPage
from fleetportal.core.pages.base import act
from fleetportal.core.pages.detail import ObjectMixin
from fleetportal.core.pages.forms import Refused
from vehicles.forms import initial_of
from vehicles.services import ended_refusal
from vehicles.states import ACTIVE, STATE, state_of


class Area:
    """Which addresses, words and right belong to vehicles, or to drivers."""

    list_name: ClassVar[str]
    row_name: ClassVar[str]
    new_name: ClassVar[str]
    change_right: ClassVar[str]
    plural: ClassVar[Any]
    create: ClassVar[Any]
    end: ClassVar[Any]
    states: ClassVar[Any]


class FleetList(Area, ListPage, CompanyPage):
    """A list of vehicles or drivers."""

    act_fields = ("state",)

    def queryset(self) -> Any:
        """Return the rows with their state."""
        return self.model._default_manager.annotate(state=STATE)

    def row_prefix(self) -> str:
        """Return the beginning of a row's address."""
        return self.url(self.list_name)

    def row_acts(self, *values: Any) -> list[tuple[str, str, str]]:
        """Return what can be done with a row; nothing with what has left."""
        if values != (ACTIVE,) or not self.actor.may(self.change_right):
            return []
        return [(_("Change"), "change/", "pencil"), (str(self.end), "end/", "archive")]

    def acts(self) -> list[dict[str, Any]]:
        """Offer the creation of one."""
        if not self.actor.may(self.change_right):
            return []
        return [act("new", str(self.create), self.url(self.new_name), icon="plus", tone="primary")]

    def empty_act(self) -> dict[str, Any] | None:
        """Offer the first one."""
        return next(iter(self.acts()), None)


class FleetDetail(Area, DetailPage):
    """The page of one vehicle or driver: what it is, what hangs on it, what happened."""

    related: ClassVar[tuple[str, ...]] = ("customer_number", "division")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(self.plural, self.url(self.list_name)), (str(self.object), None)]

    def facts(self, row: Any) -> list[dict[str, Any]]:
        """Return what is known."""
        raise NotImplementedError

    def timeline(self, row: Any) -> list[dict[str, Any]]:
        """Return what happened."""
        raise NotImplementedError

    def subtitle(self, row: Any) -> str:
        """Return the line below the name."""
        return ""

    def notices(self, row: Any) -> list[dict[str, Any]]:
        """Return what to know first."""
        return []

    def detail(self, row: Any) -> dict[str, Any]:
        """Return the page."""
        state, facts = state_of(row), self.facts(row)
        if row.ended_at is not None:
            word = dict(self.states)[state]
            facts.append({"label": word, "value": date_format(localtime(row.ended_at), "DATE_FORMAT")})
        return {
            "title": str(row),
            "subtitle": self.subtitle(row),
            "status": {"value": state, "label": dict(self.states)[state]},
            "notices": self.notices(row),
            **self.offers(row),
            "sections": [{"title": _("General"), "facts": facts}, *related.sections(row, self.actor)],
            "timeline": self.timeline(row),
        }

    def offers(self, row: Any) -> dict[str, Any]:
        """Return the buttons."""
        if ended_refusal(row) or not self.actor.may(self.change_right):
            return {"acts": [], "dangers": []}
        here = self.url(self.row_name, row.pk)
        return {
            "acts": [act("change", _("Change"), f"{here}change/", icon="pencil", tone="primary")],
            "dangers": [act("end", str(self.end), f"{here}end/", icon="archive", tone="danger")],
        }


class NewInFleet(Area, FormPage, CompanyPage):
    """The creation of a vehicle or a driver (ONB-6)."""

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(self.plural, self.refused_url()), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the list, or home for who may not see it."""
        return self.url(self.list_name)

    def initial(self) -> dict[str, Any]:
        """Choose the customer number where there is one only."""
        first = list(CustomerNumber.objects.values_list("pk", flat=True)[:2])
        return {"customer_number": first[0]} if len(first) == 1 else {}

    def created(self, form: Any) -> Any:
        """Create it and return the row."""
        raise NotImplementedError

    def act(self, form: forms.Form) -> str:
        """Create it, and show it."""
        made = self.created(form)
        messages.success(self.request, _("%(name)s is created.") % {"name": made})
        return self.url(self.row_name, made.pk)


class ChangeInFleet(Area, ObjectMixin, FormPage, CompanyPage):
    """The change of a vehicle or a driver."""

    related: ClassVar[tuple[str, ...]] = ("customer_number", "division")

    def prepare(self) -> None:
        """Find the row and refuse what has left."""
        self.object = self.find(self.kwargs["pk"])
        if sentence := ended_refusal(self.object):
            raise Refused(sentence)
        self.title = _("Change %(name)s") % {"name": self.object}

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [
            (self.plural, self.url(self.list_name)),
            (str(self.object), self.refused_url()),
            (_("Change"), None),
        ]

    def refused_url(self) -> str:
        """Go back to the row."""
        return self.url(self.row_name, self.kwargs["pk"])

    def form_kwargs(self) -> dict[str, Any]:
        """Tell the form what it is about."""
        return {"about": self.object}

    def initial(self) -> dict[str, Any]:
        """Show what is known."""
        return initial_of(self.object)

    def changed(self, form: Any) -> bool:
        """Change it and return whether anything was different."""
        raise NotImplementedError

    def act(self, form: forms.Form) -> str:
        """Change it."""
        if self.changed(form):
            messages.success(self.request, _("The changes are saved."))
        else:
            messages.info(self.request, _("Nothing was changed."))
        return self.refused_url()


class EndInFleet(Area, ActionPage):
    """Taking a vehicle out of the fleet, or noting that a driver has left: never a deletion (VEH-5)."""

    tone = "danger"

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [
            (self.plural, self.url(self.list_name)),
            (str(self.object), self.refused_url()),
            (self.submit_label, None),
        ]

    def refused_url(self) -> str:
        """Go back to the row."""
        return self.url(self.row_name, self.kwargs["pk"])

    def refusal(self, row: Any) -> str:
        """Refuse what has left."""
        return ended_refusal(row)

    def in_use(self, row: Any) -> list[str]:
        """Return a sentence for each kind of thing that still works with the row."""
        return [
            _("Still in use with it, and goes on working: %(kind)s: %(names)s.")
            % {"kind": kind, "names": ", ".join(names)}
            for kind, names in related.in_use(row, self.actor)
        ]
