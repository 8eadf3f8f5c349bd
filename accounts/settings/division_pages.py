"""*My account → Fleet divisions*: the list, one division, and what can be done with it (ACC-32)."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import Case, CharField, Count, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from accounts.models import CustomerNumber, FleetDivision
from accounts.reach import NUMBERS, InReach, number_filter
from accounts.settings import divisions
from accounts.settings.words import division_history
from fleetportal.core import contents
from fleetportal.core.pages import ActionPage, Badge, CompanyPage, DetailPage, FormPage, Link, ListPage, Number, Text
from fleetportal.core.pages.base import act

OPEN, CLOSED = "open", "closed"
STATES = ((OPEN, pgettext_lazy("division", "Open")), (CLOSED, pgettext_lazy("division", "Closed")))


class DivisionFilter(InReach):
    """The criteria of the list of divisions."""

    name = filters.CharFilter(field_name="name", lookup_expr="icontains", label=lazy("Name"))
    customer_number = number_filter()
    state = filters.ChoiceFilter(field_name="state", choices=STATES, label=lazy("State"), empty_label=lazy("All"))

    class Meta:
        model = FleetDivision
        fields: tuple[str, ...] = ()


def _column(content: contents.Content) -> str:
    return "count_" + content.name.split(".")[1]


class DivisionList(ListPage, CompanyPage):
    """The divisions of the fleet, with how much lies in each."""

    permission = "divisions.see"
    title = lazy("Fleet divisions")
    lead = lazy("Named parts of your fleet, such as a site or a department, under one customer number each.")
    model = FleetDivision
    filterset_class = DivisionFilter
    beside = (NUMBERS,)
    searchable = False
    default_order = "name"
    act_fields = ("state",)
    empty_title = lazy("No fleet divisions")
    empty_text = lazy("The parts into which you divide your fleet stand here.")
    file_name = "fleet-divisions"
    columns = (
        Link("name", lazy("Name"), ("name", "pk"), sort="name"),
        Text("number", lazy("Customer number"), ("customer_number__number",)),
        # The apps have declared their kinds by the time that addresses are read.
        *(Number(_column(content), content.plural, (_column(content),)) for content in contents.counted()),
        Badge("state", lazy("State"), ("state",), choices=STATES),
    )

    def queryset(self) -> QuerySet[Any]:
        """Return the divisions in scope, with their state and what lies in them."""
        state = Case(When(closed_at__isnull=True, then=Value(OPEN)), default=Value(CLOSED), output_field=CharField())
        counts = {
            _column(content): Coalesce(
                Subquery(
                    content.model._default_manager.filter(**{content.column: OuterRef("pk")})
                    .order_by()
                    .values(content.column)
                    .annotate(_many=Count("pk"))
                    .values("_many")
                ),
                0,
            )
            for content in contents.counted()
        }
        return FleetDivision.objects.annotate(state=state, **counts)

    def row_prefix(self) -> str:
        """Return the beginning of a division's address."""
        return self.url("account:divisions")

    def row_acts(self, *values: Any) -> list[tuple[str, str, str]]:
        """Return what can be done with a division."""
        if not self.actor.may("divisions.change"):
            return []
        found = [(_("Rename"), "rename/", "pencil"), (_("Move the content"), "move/", "arrow-right")]
        if values == (OPEN,):
            return [*found, (_("Close"), "close/", "lock")]
        return [*found, (_("Open again"), "open/", "lock-open")]

    def acts(self) -> list[dict[str, Any]]:
        """Offer the creation of a division."""
        if not self.actor.may("divisions.change"):
            return []
        url = self.url("account:new_division")
        return [
            act("new", _("Create a division"), url, icon="plus", tone="primary"),
            act("import", _("Divisions from a file"), self.url("account:import_divisions"), icon="upload"),
        ]

    def empty_act(self) -> dict[str, Any] | None:
        """Offer the first division."""
        return next(iter(self.acts()), None)


class DivisionDetail(DetailPage):
    """One division: what lies in it, and what happened to it."""

    permission = "divisions.see"
    model = FleetDivision
    related = ("customer_number",)

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Fleet divisions"), self.url("account:divisions")), (self.object.name, None)]

    def detail(self, row: FleetDivision) -> dict[str, Any]:
        """Return the division's page."""
        state = CLOSED if row.closed_at else OPEN
        words: dict[str, Any] = dict(STATES)
        general = [{"label": _("Customer number"), "value": str(row.customer_number)}]
        if row.closed_at:
            general.append({"label": _("Closed since"), "value": date_format(localtime(row.closed_at), "DATE_FORMAT")})
        counts = contents.counts(row.pk)
        lying = [
            {"label": content.plural, "value": number_format(counts[content.name], force_grouping=True)}
            for content in contents.counted()
        ]
        return {
            "title": row.name,
            "subtitle": str(row.customer_number),
            "status": {"value": state, "label": words[state]},
            **self.offers(row, counts),
            "sections": [{"title": _("General"), "facts": general}, {"title": _("Content"), "facts": lying}],
            "timeline": division_history(row),
        }

    def offers(self, row: FleetDivision, counts: dict[str, int]) -> dict[str, Any]:
        """Return the buttons."""
        if not self.actor.may("divisions.change"):
            return {"acts": [], "dangers": []}
        here = self.url("account:division", row.pk)
        acts = [act("rename", _("Rename"), f"{here}rename/", icon="pencil", tone="primary")]
        used = divisions.use_of(row, counts)
        dangers = []
        if any(counts.values()):
            acts.append(act("move", _("Move the content"), f"{here}move/", icon="arrow-right"))
        if row.closed_at:
            acts.append(act("open", _("Open again"), f"{here}open/", icon="lock-open"))
        else:
            dangers.append(act("close", _("Close"), f"{here}close/", icon="lock", tone="danger"))
        if not used:
            dangers.append(act("remove", _("Remove"), f"{here}remove/", icon="trash", tone="danger"))
        return {"acts": acts, "dangers": dangers}


class NameForm(forms.Form):
    """A division's name."""

    name = forms.CharField(label=lazy("Name"), max_length=divisions.LONGEST)


class DivisionForm(NameForm):
    """A new division: its customer number and its name."""

    customer_number = forms.ModelChoiceField(
        CustomerNumber.objects.none(), label=lazy("Customer number"), empty_label=lazy("Choose a customer number")
    )
    field_order = ("customer_number", "name")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer_number"].queryset = CustomerNumber.objects.all()  # type: ignore[attr-defined]


class NewDivision(FormPage, CompanyPage):
    """Create a division."""

    permission = "divisions.change"
    title = lazy("Create a division")
    form_class = DivisionForm
    submit_label = lazy("Create the division")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Fleet divisions"), self.refused_url()), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the list."""
        return self.url("account:divisions")

    def initial(self) -> dict[str, Any]:
        """Choose the customer number where there is one only."""
        first = list(CustomerNumber.objects.values_list("pk", flat=True)[:2])
        return {"customer_number": first[0]} if len(first) == 1 else {}

    def act(self, form: forms.Form) -> str:
        """Create it."""
        made = divisions.create_division(
            number=form.cleaned_data["customer_number"], name=form.cleaned_data["name"], actor=self.actor, now=self.now
        )
        messages.success(self.request, _("The division %(name)s is created.") % {"name": made.name})
        return self.url("account:division", made.pk)


class _DivisionAction(ActionPage):
    """Something that is done with one division."""

    permission = "divisions.change"
    model = FleetDivision
    related = ("customer_number",)

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [
            (_("Fleet divisions"), self.url("account:divisions")),
            (self.object.name, self.refused_url()),
            (self.submit_label, None),
        ]

    def refused_url(self) -> str:
        """Go back to the division."""
        return self.url("account:division", self.kwargs["pk"])

    def refusal(self, row: FleetDivision) -> str:
        """Refuse nothing, unless the action says so."""
        return ""


class RenameDivision(_DivisionAction):
    """Give a division another name."""

    template_name = "pages/form.html"
    form_class = NameForm
    submit_label = lazy("Rename")

    def initial(self) -> dict[str, Any]:
        """Begin with the name of today."""
        return {"name": self.object.name}

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the heading."""
        return {"title": _("Rename the division %(name)s") % {"name": self.object.name}}

    def act(self, form: forms.Form) -> str:
        """Rename it."""
        name = form.cleaned_data["name"]
        if divisions.rename_division(division=self.object, name=name, actor=self.actor, now=self.now):
            messages.success(self.request, _("The division is renamed."))
        else:
            messages.info(self.request, _("Nothing was changed."))
        return self.refused_url()


class CloseDivision(_DivisionAction):
    """Close a division."""

    submit_label = lazy("Close")
    tone = "danger"

    def refusal(self, row: FleetDivision) -> str:
        """Refuse a closed one."""
        return _("This division is closed.") if row.closed_at else ""

    def confirm(self, row: FleetDivision) -> dict[str, Any]:
        """Say what happens."""
        return {
            "title": _("Close the division %(name)s") % {"name": row.name},
            "happens": [_("It is offered in no form any more.")],
            "not_happens": [
                _("What lies in it stays there, and can be found and moved."),
                _("Colleagues who are limited to it keep their rights."),
                _("You can open it again at any time."),
            ],
            "items": [f"{row.name} ({row.customer_number})"],
        }

    def act(self, form: forms.Form) -> str:
        """Close it."""
        divisions.close_division(division=self.object, actor=self.actor, now=self.now)
        messages.success(self.request, _("The division %(name)s is closed.") % {"name": self.object.name})
        return self.refused_url()


class OpenDivision(_DivisionAction):
    """Open a closed division again."""

    submit_label = lazy("Open again")

    def refusal(self, row: FleetDivision) -> str:
        """Refuse an open one."""
        return "" if row.closed_at else _("This division is open.")

    def confirm(self, row: FleetDivision) -> dict[str, Any]:
        """Say what happens."""
        return {
            "title": _("Open the division %(name)s again") % {"name": row.name},
            "happens": [_("Forms offer it again.")],
            "items": [f"{row.name} ({row.customer_number})"],
        }

    def act(self, form: forms.Form) -> str:
        """Open it."""
        divisions.open_division(division=self.object, actor=self.actor, now=self.now)
        messages.success(self.request, _("The division %(name)s is open again.") % {"name": self.object.name})
        return self.refused_url()


class RemoveDivision(_DivisionAction):
    """Remove a division that nothing and nobody uses."""

    submit_label = lazy("Remove")
    tone = "danger"

    def refusal(self, row: FleetDivision) -> str:
        """Refuse one in use."""
        return divisions.use_of(row)

    def confirm(self, row: FleetDivision) -> dict[str, Any]:
        """Say what happens."""
        return {
            "title": _("Remove the division %(name)s") % {"name": row.name},
            "happens": [_("The division is not there any more. This can't be undone.")],
            "not_happens": [_("No card, vehicle or driver is touched: nothing lies in it.")],
            "items": [f"{row.name} ({row.customer_number})"],
        }

    def act(self, form: forms.Form) -> str:
        """Remove it."""
        divisions.remove_division(division=self.object, actor=self.actor, now=self.now)
        messages.success(self.request, _("The division %(name)s is removed.") % {"name": self.object.name})
        return self.url("account:divisions")


class MoveForm(forms.Form):
    """Where the content of a division goes."""

    target = forms.ModelChoiceField(
        FleetDivision.objects.none(), label=lazy("Move to"), empty_label=lazy("Choose a division")
    )

    def __init__(self, *args: Any, source: FleetDivision | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if source is not None:
            self.fields["target"].queryset = targets_of(source)  # type: ignore[attr-defined]


def targets_of(source: FleetDivision) -> QuerySet[FleetDivision]:
    """Return the open divisions of the same customer number that one can move to."""
    others = FleetDivision.objects.filter(customer_number=source.customer_number_id, closed_at__isnull=True)
    return others.exclude(pk=source.pk)


class MoveDivision(_DivisionAction):
    """Move all that lies in a division into another one."""

    form_class = MoveForm
    submit_label = lazy("Move the content")

    def refusal(self, row: FleetDivision) -> str:
        """Refuse an empty one, and one that stands alone."""
        self.counts = contents.counts(row.pk)
        if not any(self.counts.values()):
            return _("Nothing lies in this division.")
        if not targets_of(row).exists():
            return _("There is no other open division under this customer number. Create one first.")
        return ""

    def form_kwargs(self) -> dict[str, Any]:
        """Tell the form what is moved."""
        return {"source": self.object}

    def confirm(self, row: FleetDivision) -> dict[str, Any]:
        """Say what happens, and to how many."""
        counts = [
            f"{content.plural}: {number_format(self.counts[content.name], force_grouping=True)}"
            for content in contents.counted()
        ]
        return {
            "title": _("Move the content of the division %(name)s") % {"name": row.name},
            "happens": [
                _("All that lies in it goes to the division that you choose, at once."),
                _("Colleagues who are limited to divisions see it from now on if the new division is theirs."),
            ],
            "not_happens": [_("Cards keep working, with the same numbers, limits and codes.")],
            "items": counts,
        }

    def act(self, form: forms.Form) -> str:
        """Move it."""
        target = form.cleaned_data["target"]
        moved = divisions.move_content(source=self.object, target=target, actor=self.actor, now=self.now)
        said = ", ".join(
            f"{content.plural}: {number_format(moved[content.name], force_grouping=True)}"
            for content in contents.counted()
        )
        messages.success(self.request, _("Moved to %(name)s. %(what)s.") % {"name": target.name, "what": said})
        return self.refused_url()
