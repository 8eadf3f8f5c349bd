"""The first connection of a company's principal user, and the general conditions (ONB-1 to ONB-5)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.colleagues.invitations import contact_of
from accounts.colleagues.services import change_colleague, set_active
from accounts.models import Acceptance, Company, Membership, User
from accounts.onboarding import services
from accounts.onboarding.forms import ColleagueForm, ConditionsForm, InformationForm
from fleetportal.core.pages import CompanyPage, FormPage
from fleetportal.core.pages.base import as_id
from fleetportal.core.pages.wizard import Step, WizardPage

PAGE_SIZE = 50


class Introduction(Step):
    """The general conditions, each to be ticked (ONB-1)."""

    name = "introduction"
    label = lazy("Introduction")
    title = lazy("Welcome to your fleet portal")
    lead: Any = lazy("Four short steps, and the portal is yours. You can leave at any time and go on later.")
    submit_label = lazy("Start the initialisation")
    form_class = ConditionsForm

    def __init__(self, page: Any) -> None:
        super().__init__(page)
        self.version = services.current_conditions()
        if page.company.origin != Company.Origin.LOADED:
            self.lead = _("Accept the general conditions, and the portal is yours.")

    def form_kwargs(self) -> dict[str, Any]:
        """Show the version in force."""
        return {"version": self.version}

    def typed(self, data: QueryDict) -> QueryDict:
        """Forget the ticks of an older version."""
        return (
            data if self.version and any(name.startswith(f"v{self.version.number}_") for name in data) else QueryDict()
        )

    def take(self, form: forms.Form) -> bool:
        """Keep the acceptance at once: who starts has accepted."""
        if self.version is not None:
            services.accept_conditions(version=self.version, actor=self.page.actor, now=self.page.now)
        return True


class MyInformation(Step):
    """Who the principal user is and how they are reached (ONB-2)."""

    name = "information"
    label = lazy("My information")
    lead = lazy("This is what we know of you. Correct and complete it.")
    form_class = InformationForm

    def _user(self) -> User:
        return User.objects.get(pk=self.page.actor.person)

    def form_kwargs(self) -> dict[str, Any]:
        """Tell the form the address that counts now."""
        return {"known_email": self._user().email}

    def initial(self) -> dict[str, Any]:
        """Fill in what is known."""
        user = self._user()
        return {name: getattr(user, name) for name in ("last_name", "first_name", "email", "phone", "mobile")}


class SecondaryUsers(Step):
    """The company's secondary users, changed on the spot (ONB-4)."""

    name = "users"
    label = lazy("Secondary users")
    lead = lazy("Your colleagues, with the card rights that they had. They are invited when you finish.")
    template_name = "accounts/onboarding/users.html"

    def __init__(self, page: Any) -> None:
        super().__init__(page)
        self.opened = self._opened()
        if self.opened is not None:
            self.form_class = ColleagueForm
            self.submit_label = lazy("Save")

    def _opened(self) -> Membership | None:
        """Return the user whose form is open: the one of the address, else the one that was left half-way."""
        wanted = self.page.request.POST.get("user") or self.page.request.GET.get("user")
        if wanted is None and self.page.step == self.name:
            wanted = self.page.kept(self.name).get("user")
        pk = as_id(wanted or "")
        found = Membership.objects.select_related("user").filter(pk=pk, is_principal=False)
        return found.first() if pk is not None else None

    def form_kwargs(self) -> dict[str, Any]:
        """Give the form its user."""
        return {"membership": self.opened} if self.opened is not None else {}

    def typed(self, data: QueryDict) -> QueryDict:
        """Take up only what was typed for this user."""
        return data if self.opened is not None and data.get("user") == str(self.opened.pk) else QueryDict()

    def initial(self) -> dict[str, Any]:
        """Fill in the user as they are."""
        if self.opened is None:
            return {}
        names = ("version", "is_active", "profile", "applications", "change_applications")
        kept = {name: getattr(self.opened, name) for name in names}
        return {"user": self.opened.pk, **asdict(contact_of(self.opened)), **kept}

    def take(self, form: forms.Form) -> bool:
        """Save the user whose form is open, and stay with the list."""
        if not isinstance(form, ColleagueForm):
            return True
        membership, wanted = form.membership, form.cleaned_data["is_active"]
        about: dict[str, Any] = {"actor": self.page.actor, "now": self.page.now}
        changed = change_colleague(
            membership=membership,
            version=form.cleaned_data["version"],
            contact=form.contact(),
            rights=form.rights(),
            **about,
        )
        if wanted != membership.is_active:
            set_active(membership=membership, active=wanted, **about)
            changed["is_active"] = wanted
        name = f"{form.cleaned_data['last_name']} {form.cleaned_data['first_name']}"
        said = _("%(name)s is changed.") if changed else _("Nothing was changed for %(name)s.")
        messages.success(self.page.request, said % {"name": name})
        return False

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """List the users, by name."""
        rows = Membership.objects.filter(is_principal=False).select_related("user").order_by("name", "pk")
        part = Paginator(rows, PAGE_SIZE).get_page(self.page.request.GET.get("page", 1))
        return {"users": part, "opened": self.opened, "here": self.page.step_url(self.name)}


class End(Step):
    """What happens now, and the button that opens the portal (ONB-5)."""

    name = "end"
    label = lazy("End")
    title = lazy("Ready to start")
    submit_label = lazy("Finish")
    template_name = "accounts/onboarding/end.html"

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Say what finishing does."""
        happens = [_("The portal of %(company)s opens.") % {"company": self.page.company}]
        typed = self.page.kept(MyInformation.name)
        if typed:
            happens.append(_("Your information is saved."))
            address = typed.get("email", "").strip().lower()
            if address != User.objects.get(pk=self.page.actor.person).email:
                happens.append(
                    _("We send a link to %(email)s; once you have opened it, you sign in with it.") % {"email": address}
                )
        invited = Membership.objects.filter(is_principal=False, is_active=True, invited_at__isnull=False).count()
        if invited:
            happens.append(_("Your active secondary users are invited by e-mail."))
        return {"happens": happens}


def home_of(company: Company) -> str:
    """Return the address of a company's first page."""
    return f"/{company.identifier}/"


def steps_for(company: Company) -> list[type[Step]]:
    """Return the steps of a company: who registered it has given its data already (ONB-5)."""
    return list(FirstConnection.steps) if company.origin == Company.Origin.LOADED else [Introduction, End]


class FirstConnection(WizardPage, CompanyPage):
    """The first connection: until it has ended, every other page of the company leads here (ONB-1 to ONB-5)."""

    permission = "company.start"
    kind = "first_connection"
    url_name = "account:start"
    steps = (Introduction, MyInformation, SecondaryUsers, End)

    def chosen(self) -> list[type[Step]]:
        """Return the company's steps."""
        return steps_for(self.company)

    def over(self) -> str:
        """Lead to the home page once it has ended."""
        open_now = Company.objects.filter(pk=self.company.pk, initialised_at__isnull=False).exists()
        return home_of(self.company) if open_now else ""

    def before_end(self) -> None:
        """Ask again for conditions that are new."""
        if services.pending_conditions() is not None:
            self.back_to(Introduction.name, _("The general conditions have changed meanwhile. Read the new version."))

    def finish(self, done: dict[str, forms.Form]) -> str:
        """Open the portal."""
        form = done.get(MyInformation.name)
        information = form.information() if isinstance(form, InformationForm) else None
        services.finish_first_connection(information=information, actor=self.actor, now=self.now)
        messages.success(self.request, _("The portal of %(company)s is open.") % {"company": self.company})
        return home_of(self.company)


class Waiting(CompanyPage):
    """What colleagues see while the principal user has not finished the first connection (ONB-5)."""

    permission = "home.see"
    title = lazy("This portal is not open yet")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Say for whom one waits; once it is open, or for the principal user, lead on."""
        if self.company.initialised_at is not None or self.actor.may("company.start"):
            return redirect(home_of(self.company))
        principal = Membership.objects.select_related("user").filter(is_principal=True).first()
        who = principal.user.full_name if principal else _("the principal user")
        paragraphs = [
            _("%(who)s, the principal user of %(company)s, has still to start it.")
            % {"who": who, "company": self.company},
            _("Once that is done, you find your pages here."),
        ]
        return self.show(paragraphs=paragraphs)


class ConditionsPage(FormPage, CompanyPage):
    """The general conditions: a new version is accepted here, and the one that was accepted is read (ONB-1)."""

    permission = "company.start"
    template_name = "accounts/onboarding/conditions.html"
    title = lazy("General conditions")
    form_class = ConditionsForm
    submit_label = lazy("Accept")

    def prepare(self) -> None:
        """Find what is to be accepted."""
        self.pending = services.pending_conditions()
        if self.pending is not None:
            self.lead = _("There is a new version. Accept it to go on.")

    def form_kwargs(self) -> dict[str, Any]:
        """Show what is to be accepted."""
        return {"version": self.pending}

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Show what was accepted, by whom and when."""
        accepted = Acceptance.objects.select_related("version", "accepted_by").order_by("-version__number").first()
        facts = []
        if accepted is not None:
            at = date_format(localtime(accepted.accepted_at), "SHORT_DATETIME_FORMAT")
            facts = [
                {"label": _("Version"), "value": str(accepted.version)},
                {"label": _("Accepted by"), "value": accepted.accepted_by.full_name},
                {"label": _("Accepted"), "value": at},
            ]
        text = accepted.version.spoken() if accepted is not None and self.pending is None else []
        return {"pending": self.pending, "accepted": facts, "conditions": text, "cancel_url": ""}

    def act(self, form: forms.Form) -> str:
        """Accept, and go on to the page that was asked for."""
        if self.pending is not None:
            services.accept_conditions(version=self.pending, actor=self.actor, now=self.now)
            messages.success(self.request, _("You have accepted the general conditions."))
        own = home_of(self.company)
        wanted = self.request.GET.get("next", "")
        return wanted if wanted.startswith(own) and ".." not in wanted else own
