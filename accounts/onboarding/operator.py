"""The versions of the general conditions, published by operator staff (ONB-1)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Acceptance, Company, ConditionsVersion
from accounts.onboarding import services
from accounts.onboarding.forms import NewConditionsForm
from fleetportal.core.pages import FormPage, Link, ListPage, Moment, OperatorPage, Text
from fleetportal.core.pages.base import act
from fleetportal.core.pages.detail import ObjectMixin

_OWN_NAMES = {"en": "English", "fr": "Français", "nl": "Nederlands"}


class ConditionsList(ListPage, OperatorPage):
    """All versions, the newest first."""

    permission = "operator.see"
    title = lazy("General conditions")
    lead = lazy("The principal user of each company accepts the newest version before going on.")
    model = ConditionsVersion
    searchable = False
    empty_title = lazy("No conditions yet")
    empty_text = lazy("Until a version is published, nobody is asked to accept any.")
    file_name = "conditions"
    columns = (
        Link("number", lazy("Version"), ("number", "pk")),
        Moment("published", lazy("Published"), ("published_at",)),
        Text("by", lazy("Published by"), ("published_by__last_name", "published_by__first_name")),
    )

    def row_prefix(self) -> str:
        """Return the beginning of a version's address."""
        return self.url("operator:conditions")

    def acts(self) -> list[dict[str, Any]]:
        """Offer a new version."""
        if not self.actor.may("operator.publish"):
            return []
        url = self.url("operator:conditions_new")
        return [act("new", _("Publish a new version"), url, icon="plus", tone="primary")]

    def empty_act(self) -> dict[str, Any] | None:
        """Offer the first version."""
        return next(iter(self.acts()), None)


class ConditionsDetail(ObjectMixin, OperatorPage):
    """One version in its three languages, and how many companies have accepted it."""

    permission = "operator.see"
    template_name = "accounts/onboarding/version.html"
    model = ConditionsVersion
    related = ("published_by",)

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("General conditions"), self.url("operator:conditions")), (self.title, None)]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it."""
        row: ConditionsVersion = self.find(kwargs["pk"])
        self.title = _("Version %(number)s") % {"number": row.number}
        languages = [
            {"code": code, "name": _OWN_NAMES[code], "conditions": row.spoken(code)} for code in services.LANGUAGES
        ]
        return self.show(
            version=row,
            languages=languages,
            accepted=Acceptance.objects.filter(version=row).count(),
            companies=Company.objects.filter(is_active=True).count(),
        )


class ConditionsNew(FormPage, OperatorPage):
    """A new version, which begins as a copy of the one in force."""

    permission = "operator.publish"
    title = lazy("Publish a new version")
    lead = lazy("Each principal user has to accept it at the next sign-in.")
    form_class = NewConditionsForm
    submit_label = lazy("Publish")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("General conditions"), self.refused_url()), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the list."""
        return self.url("operator:conditions")

    def initial(self) -> dict[str, Any]:
        """Begin with the version in force."""
        return NewConditionsForm.initial_of(services.current_conditions())

    def act(self, form: forms.Form) -> str:
        """Publish it."""
        assert isinstance(form, NewConditionsForm)
        version = services.publish_conditions(
            conditions=form.conditions(), after=form.cleaned_data["after"], actor=self.actor, now=self.now
        )
        messages.success(self.request, _("Version %(number)s is published.") % {"number": version.number})
        return self.url("operator:conditions_version", version.pk)
