"""The companies, as operator staff find them: the list, and the page of one with its parts and its history (ACC-14)."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import pgettext_lazy

from accounts.finding import COMPANY, NUMBER
from accounts.models import Company, CustomerNumber, Membership
from accounts.settings.words import company_history, parts_text
from fleetportal.core import search
from fleetportal.core.pages import Choice, Link, ListPage, Moment, Number, OperatorPage, Text
from fleetportal.core.pages.base import act
from fleetportal.core.pages.detail import ObjectMixin

WAITING, BEGUN, OPEN = "waiting", "begun", "open"
STATES = (
    (WAITING, pgettext_lazy("company", "Waiting for the first connection")),
    (BEGUN, pgettext_lazy("company", "First connection begun")),
    (OPEN, pgettext_lazy("company", "In use")),
)


def state_of() -> Case:
    """Return how far a company's first connection is: not begun, begun, ended (ONB-7)."""
    invited = Membership.objects.filter(company=OuterRef("pk"), is_principal=True, invited_at__isnull=False)
    return Case(
        When(initialised_at__isnull=False, then=Value(OPEN)),
        When(Exists(invited), then=Value(WAITING)),
        default=Value(BEGUN),
        output_field=CharField(),
    )


class CompanyFilter(filters.FilterSet):
    """The criteria of the list of companies."""

    state = filters.ChoiceFilter(field_name="state", choices=STATES, label=lazy("State"), empty_label=lazy("All"))

    class Meta:
        model = Company
        fields: tuple[str, ...] = ()


class CompanyList(ListPage, OperatorPage):
    """All companies, the newest first."""

    permission = "operator.see"
    title = lazy("Companies")
    model = Company
    filterset_class = CompanyFilter
    search_placeholder = lazy("Name, identifier, VAT or customer number")
    empty_title = lazy("No companies yet")
    empty_text = lazy("The companies that are loaded or registered stand here.")
    file_name = "companies"
    columns = (
        Link("name", lazy("Name"), ("legal_name", "pk")),
        Text("identifier", lazy("Identifier"), ("identifier",)),
        Choice("state", lazy("State"), ("state",), choices=STATES),
        Number("users", lazy("Users"), ("user_count",)),
        Moment("started", lazy("First connection ended"), ("initialised_at",)),
        Moment("created", lazy("Created"), ("created_at",), minor=True),
    )

    def queryset(self) -> QuerySet[Any]:
        """Return the companies with the number of their users."""
        members = Membership.objects.filter(company=OuterRef("pk")).order_by().values("company")
        users = Subquery(members.annotate(_many=Count("pk")).values("_many"))
        return Company.objects.annotate(user_count=Coalesce(users, Value(0)), state=state_of())

    def matching(self, wanted: str, cap: int | None) -> tuple[Q, bool]:
        """Find companies by their own data, and by that of their customer numbers."""
        own, numbers = search.find(COMPANY, wanted, cap=cap), search.find(NUMBER, wanted, cap=cap)
        of_numbers = CustomerNumber.objects.filter(pk__anyof=numbers).values("company")
        return Q(pk__anyof=own) | Q(pk__in=of_numbers), own.cut_off or numbers.cut_off

    def acts(self) -> list[dict[str, Any]]:
        """Offer to load a company from a file (ONB-7)."""
        if not self.actor.may("operator.companies"):
            return []
        url = self.url("operator:load_company")
        return [act("load", _("Load a company"), url, icon="upload", tone="primary")]

    def row_prefix(self) -> str:
        """Return the beginning of a company's address."""
        return self.url("operator:companies")


class CompanyDetail(ObjectMixin, OperatorPage):
    """One company: its data, its customer numbers, its parts of the portal, and what happened to it."""

    permission = "operator.see"
    template_name = "pages/detail.html"
    model = Company

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Companies"), self.url("operator:companies")), (self.object.legal_name, None)]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it."""
        self.object: Company = self.find(kwargs["pk"])
        row = self.object
        principal = Membership.objects.filter(company=row, is_principal=True).first()
        states = dict(Company.objects.filter(pk=row.pk).values_list("pk", state_of()))
        started = row.initialised_at
        facts = [
            {"label": _("Identifier"), "value": row.identifier},
            {"label": _("VAT number"), "value": row.vat_number},
            {"label": _("Verification"), "value": str(row.get_verification_display())},
            {"label": _("State"), "value": str(dict(STATES)[states[row.pk]])},
            {"label": _("Principal user"), "value": principal.name if principal else ""},
            {"label": _("Users"), "value": Membership.objects.filter(company=row).count()},
            {
                "label": _("First connection ended"),
                "value": date_format(localtime(started), "DATETIME_FORMAT") if started else "",
            },
            {"label": _("Parts switched off"), "value": parts_text(row.options_off)},
        ]
        numbers = CustomerNumber.objects.filter(company=row).order_by("number").values_list("number", "name", "town")
        acts = []
        if self.actor.may("operator.companies"):
            if principal is not None and principal.invited_at is not None:
                url = self.url("operator:first_connection_mail", row.pk)
                acts.append(act("first_connection", _("Send the first connection again"), url, icon="mail"))
            url = self.url("operator:options", row.pk)
            acts.append(act("options", _("Parts of the portal"), url, icon="settings", tone="primary"))
        table = {
            "headers": [_("Customer number"), _("Name"), _("Town")],
            "rows": [list(one) for one in numbers[:200]],
        }
        detail = {
            "title": row.legal_name,
            "subtitle": row.identifier,
            "acts": acts,
            "sections": [
                {"title": _("General"), "facts": facts},
                {"title": _("Customer numbers"), "table": table, "empty": _("None.")},
            ],
            "timeline": company_history(row),
        }
        return self.show(title=row.legal_name, detail=detail)
