"""The pages that load users, divisions and companies from files (GEN-7, ONB-7)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from accounts.loading import services
from accounts.loading.companies import CompanyImporter
from accounts.loading.divisions import DivisionImporter
from accounts.loading.users import UserImporter
from accounts.models import Company, Membership
from fleetportal.core.pages import CompanyPage, FormPage, OperatorPage
from fleetportal.core.pages.detail import ObjectMixin
from fleetportal.core.pages.forms import Refused
from fleetportal.imports.pages import ImportCheck, ImportPage


class UserImport(ImportPage, CompanyPage):
    """Users from a file: the template and the upload."""

    permission = "users.change"
    # As creating one does: rights are given (decision 15).
    fresh = True
    title = lazy("Users from a file")
    lead = lazy("Create many users at once. Each is invited by e-mail when you apply the file.")
    importer = UserImporter()
    check_name = "account:import_users_check"
    progress_name = "cards:job"
    batch_kind = "accounts.import_users"
    file_name = "users"

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Users"), self.done_url()), (self.title, None)]

    def done_url(self) -> str:
        """Lead to the users."""
        return self.url("account:users")

    def apply_label(self, total: int) -> str:
        """Say how many are created."""
        return ngettext("Create and invite %(count)s user", "Create and invite %(count)s users", total) % {
            "count": total
        }

    def applied(self, total: int) -> str:
        """Say how many were created."""
        return ngettext("%(count)s user is created and invited.", "%(count)s users are created and invited.", total) % {
            "count": total
        }


class UserImportCheck(ImportCheck, UserImport):
    """What a file of users would do."""


class DivisionImport(ImportPage, CompanyPage):
    """Fleet divisions from a file: the template and the upload."""

    permission = "divisions.change"
    title = lazy("Fleet divisions from a file")
    lead = lazy("Create many divisions at once.")
    importer = DivisionImporter()
    check_name = "account:import_divisions_check"
    progress_name = "cards:job"
    batch_kind = "accounts.import_divisions"
    file_name = "divisions"

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Fleet divisions"), self.done_url()), (self.title, None)]

    def done_url(self) -> str:
        """Lead to the divisions."""
        return self.url("account:divisions")

    def apply_label(self, total: int) -> str:
        """Say how many are created."""
        return ngettext("Create %(count)s division", "Create %(count)s divisions", total) % {"count": total}

    def applied(self, total: int) -> str:
        """Say how many were created."""
        return ngettext("%(count)s division is created.", "%(count)s divisions are created.", total) % {"count": total}


class DivisionImportCheck(ImportCheck, DivisionImport):
    """What a file of divisions would do."""


class CompanyLoad(ImportPage, OperatorPage):
    """A company from a file, with its customer numbers, divisions and users: the template and the upload."""

    permission = "operator.companies"
    title = lazy("Load a company")
    lead = lazy(
        "One company with its customer numbers, divisions and users. When you apply the file, its principal user gets"
        " an e-mail with the link to the first connection."
    )
    importer = CompanyImporter()
    check_name = "operator:load_company_check"
    file_name = "company"

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Companies"), self.done_url()), (self.title, None)]

    def done_url(self) -> str:
        """Lead to the companies."""
        return self.url("operator:companies")

    def apply_label(self, total: int) -> str:
        """Name the verb."""
        return _("Load the company")

    def applied(self, total: int) -> str:
        """Say what was done."""
        return _("The company is loaded. Its principal user gets an e-mail with the link to the first connection.")


class CompanyLoadCheck(ImportCheck, CompanyLoad):
    """What the file of a company would do."""


class FirstConnectionMail(ObjectMixin, FormPage, OperatorPage):
    """Sends a company's principal user a new link to the first connection."""

    permission = "operator.companies"
    template_name = "pages/confirm.html"
    form_class = forms.Form
    model = Company

    def prepare(self) -> None:
        """Find the company; refuse where its principal user has come in."""
        self.object: Company = self.find(self.kwargs["pk"])
        waiting = Membership.objects.filter(company=self.object, is_principal=True, invited_at__isnull=False)
        self.principal = waiting.select_related("user").first()
        if self.principal is None and self.request.method == "GET":
            raise Refused(_("The principal user has come in already, and signs in with their password."))

    def refused_url(self) -> str:
        """Go back to the company."""
        return self.url("operator:company", self.object.pk)

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the confirmation."""
        title = _("Send the first connection of %(company)s again") % {"company": self.object.legal_name}
        confirm = {
            "title": title,
            "submit_label": _("Send the e-mail"),
            "happens": [
                _("The principal user gets an e-mail with a new link; it works once, for seven days."),
                _("The link sent before works no more."),
            ],
            "not_happens": [],
            "items": [f"{self.principal.name}, {self.principal.user.email}"] if self.principal else [],
            "tone": self.tone,
            "cancel_url": self.refused_url(),
            "form": None,
        }
        return {"confirm": confirm, "title": title}

    def act(self, form: forms.Form) -> str:
        """Send it."""
        services.send_first_connection(company=self.object, actor=self.actor, now=self.now)
        messages.success(self.request, _("The e-mail with the link to the first connection is on its way."))
        return self.refused_url()
