"""The pages of the Multipass: asking for it, the requests of a company, those of principal users (ACC-31)."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts import postal
from accounts.models import CustomerNumber, MultipassRequest
from accounts.settings import multipass
from fleetportal.core import missing
from fleetportal.core.pages import (
    ActionPage,
    Badge,
    Column,
    CompanyPage,
    FormPage,
    Link,
    ListPage,
    Moment,
    OperatorPage,
    Text,
)
from fleetportal.core.pages.base import act
from fleetportal.core.pages.detail import ObjectMixin
from fleetportal.core.pages.forms import Refused

WAITING, APPROVED, REFUSED = "waiting", "approved", "refused"
STATES = (
    (WAITING, MultipassRequest.Outcome.WAITING.label),
    (APPROVED, MultipassRequest.Outcome.APPROVED.label),
    (REFUSED, MultipassRequest.Outcome.REFUSED.label),
)
LONGEST = 300


class AskForm(forms.Form):
    """For which number, and why."""

    number = forms.CharField(label=lazy("Customer number"), max_length=12, required=False)
    reason = forms.CharField(
        label=lazy("What you need it for"), max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3})
    )


class MultipassAsk(FormPage, CompanyPage):
    """Ask for a customer number, or for all of them."""

    permission = "multipass.ask"
    title = lazy("Ask for another customer number")
    form_class = AskForm
    submit_label = lazy("Send the request")

    def prepare(self) -> None:
        """Refuse while an earlier request waits."""
        self.is_principal = self.request.presence.membership.is_principal
        if self.is_principal:
            self.lead = _("The operator decides. You get the answer by e-mail.")
        else:
            self.lead = _("The principal user of your company decides. You get the answer by e-mail.")
        if multipass.waiting_of(self.actor.membership):
            raise Refused(_("You have asked already. Your request waits for an answer."))

    def make_form(self, data: Any = None, files: Any = None) -> forms.Form:
        """Say what an empty number means, where it means something."""
        form = super().make_form(data, files)
        form.fields["number"].required = self.is_principal
        if not self.is_principal:
            form.fields["number"].help_text = _("Empty: all customer numbers of your company (the Multipass).")
        return form

    def refused_url(self) -> str:
        """Go back to the home page."""
        return self.url("cards:home")

    def act(self, form: forms.Form) -> str:
        """Send it."""
        data = form.cleaned_data
        multipass.ask(number=data["number"], reason=data["reason"], actor=self.actor, now=self.now)
        messages.success(self.request, _("Your request is sent. You get the answer by e-mail."))
        return self.refused_url()


class MultipassFilter(filters.FilterSet):
    """The criteria of the requests."""

    state = filters.ChoiceFilter(field_name="state", choices=STATES, label=lazy("State"), empty_label=lazy("All"))

    class Meta:
        model = MultipassRequest
        fields: tuple[str, ...] = ()


class _Requests(ListPage):
    """Requests for customer numbers, the newest first."""

    title = lazy("Requests for customer numbers")
    model = MultipassRequest
    filterset_class = MultipassFilter
    searchable = False
    file_name = "customer-number-requests"
    empty_title = lazy("No requests")
    empty_text = lazy("Requests for further customer numbers stand here.")
    columns: ClassVar[tuple[Column, ...]] = (
        Link("who", lazy("Asked by"), ("membership__name", "pk")),
        Text("number", lazy("Customer number"), ("wanted",)),
        Text("reason", lazy("What for"), ("reason",)),
        Moment("asked", lazy("Asked"), ("asked_at",)),
        Badge("state", lazy("State"), ("state",), choices=STATES),
    )

    def requests(self) -> QuerySet[Any]:
        """Return the requests that this list is about."""
        raise NotImplementedError

    def queryset(self) -> QuerySet[Any]:
        """Return them with their state."""
        state = Case(When(outcome="", then=Value(WAITING)), default=F("outcome"), output_field=CharField())
        wanted = Case(When(number="", then=Value(_("All (Multipass)"))), default=F("number"), output_field=CharField())
        return self.requests().annotate(state=state, wanted=wanted)


class MultipassList(_Requests, CompanyPage):
    """What the members of a company asked for; its principal user decides."""

    permission = "multipass.decide"

    def requests(self) -> QuerySet[Any]:
        """Return what is the principal user's to decide."""
        return MultipassRequest.objects.filter(for_operator=False)

    def row_prefix(self) -> str:
        """Return the beginning of a request's address."""
        return self.url("account:multipass")

    def acts(self) -> list[dict[str, Any]]:
        """Offer to ask the operator for another number."""
        url = self.url("account:multipass_ask")
        return [act("ask", _("Ask for another customer number"), url, icon="plus")]


class OperatorMultipassList(_Requests, OperatorPage):
    """What principal users asked for; operator staff decide."""

    permission = "operator.see"
    columns = (
        *_Requests.columns[:1],
        Text("company", lazy("Company"), ("company__legal_name",)),
        *_Requests.columns[1:],
    )

    def requests(self) -> QuerySet[Any]:
        """Return what is the operator's to decide."""
        return MultipassRequest.objects.filter(for_operator=True)

    def row_prefix(self) -> str:
        """Return the beginning of a request's address."""
        return self.url("operator:multipass")

    def visible(self) -> tuple[str, list[Column]]:
        """Lead to the decision only who may take it."""
        view, columns = super().visible()
        if not self.actor.may(OperatorMultipassDecide.permission):
            columns = [Text(one.name, one.label, one.fields) if isinstance(one, Link) else one for one in columns]
        return view, columns


class DecisionForm(forms.Form):
    """Yes or no, and why."""

    decision = forms.ChoiceField(
        label=lazy("Decision"),
        choices=[("yes", lazy("Approve")), ("no", lazy("Refuse"))],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=lazy("Reason"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=lazy("Who asked reads it. It is needed for a refusal."),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for the reason of a refusal."""
        data = super().clean() or self.cleaned_data
        if data.get("decision") == "no" and not data.get("answer"):
            self.add_error("answer", _("Say why you refuse."))
        return data


class MultipassDecide(ActionPage):
    """The principal user decides on a member's request."""

    permission = "multipass.decide"
    fresh = True
    model = MultipassRequest
    related = ("membership",)
    form_class = DecisionForm
    submit_label = lazy("Send the answer")

    def find(self, pk: int) -> Any:
        """Find a request of the company's members; what is the operator's to decide is not there."""
        row = super().find(pk)
        if row.for_operator:
            raise Http404
        return row

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Requests for customer numbers"), self.refused_url()), (self.object.membership.name, None)]

    def refused_url(self) -> str:
        """Go back to the requests."""
        return self.url("account:multipass")

    def refusal(self, row: MultipassRequest) -> str:
        """Refuse one that is answered."""
        return _("This request has been answered already.") if row.outcome else ""

    def confirm(self, row: MultipassRequest) -> dict[str, Any]:
        """Say what happens."""
        number = row.number
        if not number:
            what = _("Approved, %(name)s works for all customer numbers of your company.")
        elif CustomerNumber.objects.filter(number=number).exists():
            what = _("Approved, %(name)s works for the customer number %(number)s as well.")
        else:
            what = _("Your company does not have the customer number %(number)s, so that you can only refuse.")
        return {
            "title": _("The request of %(name)s") % {"name": row.membership.name},
            "happens": [
                what % {"name": row.membership.name, "number": number},
                _("%(name)s is told by e-mail.") % {"name": row.membership.name},
            ],
            "items": [f"{number or _('All (Multipass)')}: {row.reason}"],
        }

    def act(self, form: forms.Form) -> str:
        """Decide."""
        data = form.cleaned_data
        approved = data["decision"] == "yes"
        multipass.decide(asked=self.object, approved=approved, answer=data["answer"], actor=self.actor, now=self.now)
        messages.success(self.request, _("The request is approved.") if approved else _("The request is refused."))
        return self.refused_url()


class NumberForm(DecisionForm):
    """Yes or no; with yes the name and the address of the new customer number."""

    name = forms.CharField(label=lazy("Name of the customer number"), max_length=80, required=False)
    recipient = forms.CharField(label=lazy("Recipient"), max_length=80, required=False)
    street = forms.CharField(label=lazy("Street and number"), max_length=80, required=False)
    postal_code = forms.CharField(label=lazy("Postal code"), max_length=10, required=False)
    town = forms.CharField(label=lazy("Town"), max_length=60, required=False)
    country = forms.RegexField(r"^[A-Z]{2}\Z", label=lazy("Country"), required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for the data of a number that is approved."""
        data = super().clean()
        if data.get("decision") == "yes":
            postal.check(self)
            for field in ("name", *multipass.ADDRESS):
                if not data.get(field) and field not in self.errors:
                    self.add_error(field, missing.sentence(self.fields[field].label))
        return data


class OperatorMultipassDecide(ObjectMixin, FormPage, OperatorPage):
    """Operator staff decide on a principal user's request."""

    permission = "operator.companies"
    template_name = "pages/confirm.html"
    model = MultipassRequest
    related = ("membership", "company")
    form_class = NumberForm
    submit_label = lazy("Send the answer")

    def prepare(self) -> None:
        """Find the request; refuse one that is answered."""
        self.object: MultipassRequest = self.find(self.kwargs["pk"])
        if not self.object.for_operator:
            raise Http404
        if self.object.outcome:
            raise Refused(_("This request has been answered already."))

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [
            (_("Requests for customer numbers"), self.refused_url()),
            (self.object.company.legal_name, None),
        ]

    def refused_url(self) -> str:
        """Go back to the requests."""
        return self.url("operator:multipass")

    def initial(self) -> dict[str, Any]:
        """Begin with the company's first number, whose address is often the same."""
        known = CustomerNumber.objects.filter(company=self.object.company_id).order_by("pk").first()
        if known is None:
            return {"country": "BE"}
        return {name: getattr(known, name) for name in ("name", *multipass.ADDRESS)}

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Say what happens."""
        row = self.object
        title = _("%(company)s asks for the customer number %(number)s") % {
            "company": row.company.legal_name,
            "number": row.number,
        }
        confirm = {
            "title": title,
            "submit_label": self.submit_label,
            "cancel_url": self.refused_url(),
            "form": form,
            "happens": [
                _("Approved, the company has this customer number at once, and its principal user orders for it."),
                _("%(name)s is told by e-mail.") % {"name": row.membership.name},
            ],
            "items": [row.reason],
        }
        return {"confirm": confirm, "title": title}

    def act(self, form: forms.Form) -> str:
        """Decide."""
        data = form.cleaned_data
        approved = data["decision"] == "yes"
        multipass.decide_for_operator(
            asked=self.object,
            approved=approved,
            answer=data["answer"],
            name=data["name"],
            address={name: data[name] for name in multipass.ADDRESS},
            actor=self.actor,
            now=self.now,
        )
        messages.success(self.request, _("The request is approved.") if approved else _("The request is refused."))
        return self.refused_url()
