"""A person's own pages: what their account is protected by, their profile, their addresses, their open sessions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import MobileNumber, User
from accounts.safety import factors, forms, mobile, services, sessions
from fleetportal.core.pages import FormPage, PersonPage
from fleetportal.core.pages.forms import Refused


class SafetyPage(PersonPage):
    """What the pages of a person's own safety share: the person, and the way back to the overview."""

    @property
    def person(self) -> User:
        """The person who is signed in."""
        assert isinstance(self.request.user, User)  # the middleware lets nobody else in here
        return self.request.user

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Security"), reverse("safety:overview")), (self.title, None)]


class SafetyForm(FormPage, SafetyPage):
    """A page of a person's own safety with a form."""

    def refused_url(self) -> str:
        """Return where a refusal is shown, and where *Cancel* leads."""
        return reverse("safety:overview")


class Overview(SafetyPage):
    """What the account is protected by, with the way to change each."""

    permission = "account.see"
    title = lazy("Security")
    lead = lazy("What protects your account, and how people reach you.")
    template_name = "accounts/safety_overview.html"

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return no way here: it is in the user's menu."""
        return []

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show it."""
        person = self.person
        number = MobileNumber.objects.filter(user=person).first()
        return self.show(
            person=person,
            waiting=services.waiting_change(person, self.now),
            number=number,
            texts=mobile.available(),
            factors=factors.factors_of(person),
            codes_left=factors.codes_left(person),
            required_by=factors.required_by(person, self.now),
            sessions=len(sessions.open_sessions(person, self.now)),
        )


class Profile(SafetyForm):
    """Name, phones, language and theme."""

    permission = "account.change"
    title = lazy("My profile")
    form_class = forms.ProfileForm  # type: ignore[assignment]  # a ModelForm takes what a Form takes, and more
    submit_label = lazy("Save")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return no way here: it is in the user's menu."""
        return []

    def form_kwargs(self) -> dict[str, Any]:
        """Give the form a copy of the person: what is typed wrongly must not show in the frame."""
        return {"instance": User.objects.get(pk=self.person.pk)}

    def act(self, form: Any) -> str:
        """Change what differs."""
        values = {name: form.cleaned_data[name] for name in services.PROFILE}
        if services.change_profile(user=self.person, values=values, actor=self.actor, now=self.now):
            messages.success(self.request, _("Your profile is changed."))
        return reverse("safety:profile")

    def refused_url(self) -> str:
        """Lead to the start."""
        return reverse("accounts:start")


class Sessions(SafetyForm):
    """Where one is signed in, with a button that ends each (ACC-7)."""

    permission = "account.change"
    title = lazy("Open sessions")
    lead = lazy("Where you are signed in now. What you end here is signed out at once.")
    template_name = "accounts/safety_sessions.html"
    form_class = forms.SessionsForm

    def extra(self, form: Any) -> dict[str, Any]:
        """Return the sessions as the page shows them."""
        here = self.request.session.session_key
        rows = [
            {"row": row, "device": sessions.device(row.user_agent), "here": row.session_key == here}
            for row in sessions.open_sessions(self.person, self.now)
        ]
        return {"rows": rows, "others": sum(1 for row in rows if not row["here"])}

    def act(self, form: Any) -> str:
        """End one of the other sessions, or all of them; this one ends by signing out."""
        here = self.request.session.session_key or ""
        chosen = Q() if form.cleaned_data["others"] else Q(pk=form.cleaned_data["session"])
        ended = services.end_sessions(user=self.person, chosen=chosen, here=here, actor=self.actor, now=self.now)
        if ended:
            messages.success(self.request, _("Ended: these sessions are signed out."))
        else:
            messages.info(self.request, _("That session had ended already."))
        return reverse("safety:sessions")


class Email(SafetyForm):
    """Another e-mail address; it counts once the link sent there was used."""

    permission = "account.change"
    fresh = True
    title = lazy("E-mail address")
    template_name = "accounts/safety_email.html"
    form_class = forms.EmailForm
    submit_label = lazy("Send the link")

    def extra(self, form: Any) -> dict[str, Any]:
        """Return the change that waits."""
        return {"waiting": services.waiting_change(self.person, self.now), "person": self.person}

    def act(self, form: Any) -> str:
        """Ask for the change, or take one back."""
        if form.cleaned_data["drop"]:
            services.drop_email_change(user=self.person, actor=self.actor, now=self.now)
            messages.success(self.request, _("Your e-mail address stays as it is."))
            return reverse("safety:email")
        email = form.cleaned_data["email"]
        try:
            services.ask_email_change(user=self.person, new_email=email, actor=self.actor, now=self.now)
        except ValidationError as error:
            raise _at(error, "email") from error
        messages.success(self.request, _("A link is on its way to %(email)s.") % {"email": email})
        return reverse("safety:email")


class Mobile(SafetyForm):
    """A mobile number to sign in with (ACC-1): first the number, to which a code is sent."""

    permission = "account.change"
    fresh = True
    title = lazy("Sign in with a mobile number")
    lead = lazy("Once you have confirmed your number, it is as good as your e-mail address to sign in.")
    template_name = "accounts/safety_mobile.html"
    form_class = forms.MobileForm
    submit_label = lazy("Send me a code")

    def prepare(self) -> None:
        """Refuse where text messages can't be sent."""
        if not mobile.available():
            raise Refused(_("This portal sends no text messages, so a number can't be confirmed."))

    def initial(self) -> dict[str, Any]:
        """Propose the number of the profile."""
        return {"number": self.person.mobile}

    def extra(self, form: Any) -> dict[str, Any]:
        """Return the number that is confirmed."""
        return {"number": MobileNumber.objects.filter(user=self.person).first()}

    def act(self, form: Any) -> str:
        """Send a code, or give the confirmed number up."""
        if form.cleaned_data["give_up"]:
            mobile.give_up(user=self.person, actor=self.actor, now=self.now)
            messages.success(self.request, _("You sign in with your e-mail address only."))
            return reverse("safety:mobile")
        try:
            mobile.ask_code(user=self.person, number=form.cleaned_data["number"], actor=self.actor, now=self.now)
        except ValidationError as error:
            raise _at(error, "number") from error
        return reverse("safety:mobile_code")


class MobileCode(SafetyForm):
    """The code that was sent to the number."""

    permission = "account.change"
    fresh = True
    title = lazy("Confirm your mobile number")
    form_class = forms.MobileCodeForm
    submit_label = lazy("Confirm the number")

    def prepare(self) -> None:
        """Refuse when no code waits."""
        self.message = mobile.waiting(self.person, self.now)
        if self.message is None:
            raise Refused(_("This code has ended. Ask for a new one."))
        self.lead = _("We sent a code to %(number)s. It counts for ten minutes.") % {"number": self.message.number}

    def form_kwargs(self) -> dict[str, Any]:
        """Let the form check the code."""
        return {"user": self.person, "now": self.now}

    def refused_url(self) -> str:
        """Lead back to the number."""
        return reverse("safety:mobile")

    def act(self, form: Any) -> str:
        """Confirm the number."""
        mobile.confirm(user=self.person, code=form.cleaned_data["code"], actor=self.actor, now=self.now)
        messages.success(self.request, _("Your number is confirmed. You can sign in with it."))
        return reverse("safety:overview")


def _at(error: ValidationError, field: str) -> ValidationError:
    """Return a refusal of the service at the field it is about."""
    return ValidationError({field: error.messages})
