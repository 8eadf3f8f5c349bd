"""Which parts of the portal a company has: operator staff switch them, the company sees them (ACC-14)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Company
from accounts.rights import APPLICATIONS
from fleetportal.core import audit, errors
from fleetportal.core.access import PERMISSIONS, Actor
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.pages import CompanyPage, FormPage, OperatorPage
from fleetportal.core.pages.detail import ObjectMixin
from fleetportal.core.scope import company_scope

# Without its users a company could not be looked after by anybody.
ALWAYS_ON = frozenset({"users"})
SWITCHED = tuple(one for one in APPLICATIONS if one.name not in ALWAYS_ON)


def set_options(*, company: Company, on: Iterable[str], version: str, actor: Actor, now: datetime) -> bool:
    """Switch on these parts for a company, and off all others; returns whether that is a change.

    `version` says what the form was made from (`version_of`). Raises TransitionLost where somebody else has switched
    meanwhile.
    """
    actor.must("operator.companies")
    with company_scope(company.pk):
        company = Company.objects.select_for_update().get(pk=company.pk)
        if version != version_of(company):
            raise TransitionLost(
                _("Somebody else has changed these parts meanwhile. Look again and repeat your change.")
            )
        wanted = set(on)
        off = [one.name for one in SWITCHED if one.name not in wanted]
        before = list(company.options_off)
        if sorted(before) == sorted(off):
            return False
        company.options_off = off
        company.save(update_fields=["options_off"])
        audit.record(
            actor, "accounts.options_changed", company, now=now,
            before={"options_off": before}, after={"options_off": off},
        )  # fmt: skip
    return True


def version_of(company: Company) -> str:
    """Return what a form carries to notice another change: the parts that are off."""
    return ",".join(sorted(company.options_off)) or "none"


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer who may not do this (403); where the part is switched off for the company, say so and whom to ask."""
    presence = getattr(request, "presence", None)
    permission = PERMISSIONS.get(str(exception)) if exception is not None else None
    off = presence.membership.company.options_off if presence is not None else ()
    if permission is None or permission.application not in off:
        return errors.forbidden(request, exception)
    words = {one.name: one.label for one in APPLICATIONS}
    return errors.refusal(
        request,
        "accounts/settings/switched_off.html",
        HTTPStatus.FORBIDDEN,
        part=words[permission.application],
        contact=settings.SALES_CONTACT,
    )


class OptionsForm(forms.Form):
    """The parts that a company has."""

    on = forms.MultipleChoiceField(
        label=lazy("Parts of the portal that are on"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=lazy("What is off stands in no menu of the company and opens for nobody there."),
    )
    version = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].choices = [(one.name, one.label) for one in SWITCHED]  # type: ignore[attr-defined]


class CompanyOptions(ObjectMixin, FormPage, OperatorPage):
    """Operator staff switch parts of the portal on and off for one company."""

    permission = "operator.companies"
    model = Company
    form_class = OptionsForm
    submit_label = lazy("Save the parts")

    def prepare(self) -> None:
        """Find the company."""
        self.object: Company = self.find(self.kwargs["pk"])
        self.title = _("Parts of the portal for %(name)s") % {"name": self.object.legal_name}

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [
            (_("Companies"), self.url("operator:companies")),
            (self.object.legal_name, self.refused_url()),
            (_("Parts of the portal"), None),
        ]

    def refused_url(self) -> str:
        """Go back to the company."""
        return self.url("operator:company", self.kwargs["pk"])

    def initial(self) -> dict[str, Any]:
        """Show what is on."""
        on = [one.name for one in SWITCHED if one.name not in self.object.options_off]
        return {"on": on, "version": version_of(self.object)}

    def act(self, form: forms.Form) -> str:
        """Switch."""
        data = form.cleaned_data
        changed = set_options(
            company=self.object, on=data["on"], version=data["version"], actor=self.actor, now=self.now
        )
        if changed:
            messages.success(self.request, _("The parts of %(name)s are changed.") % {"name": self.object.legal_name})
        else:
            messages.info(self.request, _("Nothing was changed."))
        return self.refused_url()


class OptionsView(CompanyPage):
    """The parts of the portal that the company has, and whom to ask for another one."""

    permission = "company.settings"
    template_name = "accounts/settings/options.html"
    title = lazy("Parts of the portal")
    lead = lazy("What your company can use. Each colleague opens what their rights allow.")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show them."""
        off = self.company.options_off
        parts = [{"label": one.label, "on": one.name not in off} for one in APPLICATIONS]
        return self.show(parts=parts, any_off=bool(off), contact=settings.SALES_CONTACT)
