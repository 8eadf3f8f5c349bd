"""The pages on which a second factor is set up, and the one that asks for it at the sign-in (ACC-6)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.mfa.adapter import get_adapter
from allauth.mfa.stages import AuthenticateStage
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views import View

from accounts import receivers, signin
from accounts.models import Company, User
from accounts.safety import factors, forms, passkeys, qr, vault
from accounts.safety.views.own import SafetyForm
from fleetportal.core.pages import CompanyPage, FormPage

APP = "app"
AGE = timedelta(minutes=30)
SHOWN = "recovery_codes"


class SecondFactor(SafetyForm):
    """What one has set up, with a button that removes each, and the ways to set up more."""

    permission = "account.change"
    fresh = True
    title = lazy("Second factor")
    lead = lazy("Besides your password, a code from your phone or a passkey: who knows your password alone stays out.")
    template_name = "accounts/safety_factors.html"
    form_class = forms.RemoveFactorForm

    def extra(self, form: Any) -> dict[str, Any]:
        """Return what is set up."""
        person = self.person
        return {
            "rows": [_described(row) for row in factors.factors_of(person)],
            "codes_left": factors.codes_left(person),
            "required_by": factors.required_by(person, self.now),
        }

    def act(self, form: Any) -> str:
        """Remove one."""
        factors.remove(user=self.person, pk=form.cleaned_data["remove"], actor=self.actor, now=self.now)
        messages.success(self.request, _("Removed: it opens your account no more."))
        return reverse("safety:second_factor")


def _described(row: Any) -> dict[str, Any]:
    app = row.type == factors.Type.TOTP
    label = _("Authenticator app") if app else row.data["name"]
    return {"pk": row.pk, "app": app, "label": label, "created_at": row.created_at, "last_used_at": row.last_used_at}


class CodesShown:
    """Keeps fresh recovery codes in the session, locked, until the person says that they have them."""

    @staticmethod
    def keep(request: HttpRequest, codes: list[str]) -> None:
        """Keep the codes; without any, keep nothing."""
        if codes:
            request.session[SHOWN] = vault.lock(json.dumps(codes))

    @staticmethod
    def read(request: HttpRequest) -> list[str]:
        """Return the codes that are still to be shown."""
        locked = request.session.get(SHOWN)
        return list(json.loads(vault.unlock(locked))) if locked else []


class AddApp(SafetyForm):
    """Set up an authenticator app: scan, type the first code."""

    permission = "account.change"
    fresh = True
    title = lazy("Set up an authenticator app")
    template_name = "accounts/safety_app.html"
    form_class = forms.AppForm
    submit_label = lazy("Set up the app")

    def refused_url(self) -> str:
        """Lead back to the second factors."""
        return reverse("safety:second_factor")

    def extra(self, form: Any) -> dict[str, Any]:
        """Return the secret as picture and as text: that of the form that was sent, or a new one."""
        secret = self._secret(form.data.get("ticket", "")) if form.is_bound else ""
        secret = secret or factors.new_secret()
        address = get_adapter().build_totp_url(self.person, secret)
        ticket = vault.ticket(APP, self.person.pk, secret, self.now)
        if form.is_bound:
            form.data = form.data.copy()
            form.data["ticket"] = ticket
        form.initial["ticket"] = ticket
        return {
            "replaces": any(row.type == factors.Type.TOTP for row in factors.factors_of(self.person)),
            "picture": qr.paths(address),
            "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
            "app_url": address,
        }

    def _secret(self, ticket: str) -> str:
        try:
            return str(vault.redeem(APP, self.person.pk, ticket, self.now, age=AGE))
        except vault.Unopened:
            return ""

    def act(self, form: Any) -> str:
        """Set the app up."""
        secret = self._secret(form.cleaned_data["ticket"])
        if not secret:
            raise ValidationError(_("This took too long. Scan the picture once more: it is a new one."))
        try:
            codes = factors.add_app(
                user=self.person, secret=secret, code=form.cleaned_data["code"], actor=self.actor, now=self.now
            )
        except ValidationError as error:
            raise ValidationError({"code": error.messages}) from error
        messages.success(self.request, _("Your authenticator app is set up."))
        CodesShown.keep(self.request, codes)
        return reverse("safety:codes") if codes else reverse("safety:second_factor")


class AddPasskey(SafetyForm):
    """Add a passkey: the browser asks the device for one."""

    permission = "account.change"
    fresh = True
    title = lazy("Add a passkey")
    lead = lazy("Your device or a security key proves that it is you, with your finger, your face or its PIN.")
    template_name = "accounts/safety_passkey.html"
    form_class = forms.PasskeyForm
    submit_label = lazy("Add the passkey")

    def refused_url(self) -> str:
        """Lead back to the second factors."""
        return reverse("safety:second_factor")

    def extra(self, form: Any) -> dict[str, Any]:
        """Return what the browser is asked to make."""
        options, ticket = passkeys.begin_making(self.person, self.now)
        return {"options": options, "ticket": ticket}

    def act(self, form: Any) -> str:
        """Check what the browser made, and keep it."""
        made = passkeys.finish_making(
            self.person, form.cleaned_data["credential"], form.cleaned_data["ticket"], self.now
        )
        codes = factors.add_passkey(
            user=self.person, name=form.cleaned_data["name"], credential=made, actor=self.actor, now=self.now
        )
        messages.success(self.request, _("Your passkey is added."))
        CodesShown.keep(self.request, codes)
        return reverse("safety:codes") if codes else reverse("safety:second_factor")


class RecoveryCodes(SafetyForm):
    """The recovery codes: shown once after they were made, and made anew."""

    permission = "account.change"
    fresh = True
    title = lazy("Recovery codes")
    lead = lazy("Each lets you in once, in place of your app or passkey. Keep them apart from your phone.")
    template_name = "accounts/safety_codes.html"
    form_class = forms.CodesForm
    submit_label = lazy("Make new codes")

    def refused_url(self) -> str:
        """Lead back to the second factors."""
        return reverse("safety:second_factor")

    def extra(self, form: Any) -> dict[str, Any]:
        """Return the codes that were just made, and how many are left of those that count."""
        return {"codes": CodesShown.read(self.request), "left": factors.codes_left(self.person)}

    def act(self, form: Any) -> str:
        """Make new codes, or show the present ones no more."""
        if form.cleaned_data["what"] == forms.CodesForm.KEPT:
            self.request.session.pop(SHOWN, None)
            # Who was led here by a company's requirement can go on to what they came for.
            led = factors.required_by(self.person, self.now)
            return reverse("accounts:start" if led else "safety:second_factor")
        CodesShown.keep(self.request, factors.renew_codes(user=self.person, actor=self.actor, now=self.now))
        return reverse("safety:codes")


class RequireSecondFactor(FormPage, CompanyPage):
    """Whether a company requires a second factor of everybody who works for it."""

    permission = "company.settings"
    fresh = True
    title = lazy("Second factor for everybody")
    lead = lazy("Who has none yet is led to set one up before the portal opens to them.")
    form_class = forms.RequireForm
    submit_label = lazy("Save")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("My account"), None), (self.title, None)]

    def initial(self) -> dict[str, Any]:
        """Show what is in force."""
        return {"required": self.company.second_factor_required}

    def refused_url(self) -> str:
        """Lead home."""
        return reverse("cards:home", args=[self.company.identifier])

    def extra(self, form: Any) -> dict[str, Any]:
        """Return how many have one: who requires it should know whom it will ask."""
        have, all_members = factors.how_many(self.company)
        return {"summary": [(_("Users"), str(all_members)), (_("With a second factor"), str(have))]}

    def act(self, form: Any) -> str:
        """Require it, or no more."""
        company = Company.objects.get(pk=self.company.pk)
        required = form.cleaned_data["required"]
        if factors.require(company=company, required=required, actor=self.actor, now=self.now):
            messages.success(
                self.request,
                _("Everybody needs a second factor from now on.")
                if required
                else _("A second factor is up to each user."),
            )
        return self.url("account:second_factor")


@method_decorator(login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login"), name="dispatch")
class SignInSecondFactor(View):
    """Asks who has given the right password for the second factor, under limits of its own."""

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for it."""
        return self._show(request, forms.SecondFactorForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Let in whoever gives a code that counts, or proves a passkey; a wrong code is counted."""
        now = request.now  # type: ignore[attr-defined]  # set by ScopeMiddleware
        form = forms.SecondFactorForm(request.POST)
        if not form.is_valid():
            return self._show(request, form)
        if form.cleaned_data["credential"]:
            try:
                row = passkeys.finish_using(
                    self._user(request), form.cleaned_data["credential"], form.cleaned_data["ticket"], now
                )
            except ValidationError as error:
                form.add_error(None, error)
                receivers.second_factor_failed(request, self._user(request), None)
                return self._show(request, form)
            return self._let_in(request, str(row.type))
        attempt = signin.second_attempt(request, self._user(request).pk)
        if until := signin.blocked_until(attempt, now):
            form.add_error("code", signin.refusal(until))
            return self._show(request, form, status=429)
        if used := factors.use_code(user=self._user(request), code=form.cleaned_data["code"], now=now):
            signin.forgive(attempt)
            return self._let_in(request, used)
        counter = signin.count_failure(attempt, now)
        receivers.second_factor_failed(request, self._user(request), counter)
        form.add_error("code", _("This code is wrong, or was used already."))
        return self._show(request, form)

    def _let_in(self, request: HttpRequest, used: str) -> HttpResponse:
        """Go on with the sign-in, and keep which factor opened it."""
        receivers.second_factor_used(request, self._user(request), used)
        response: HttpResponse = request._login_stage.exit()  # type: ignore[attr-defined]  # allauth's
        return response

    def _user(self, request: HttpRequest) -> User:
        user = request._login_stage.login.user  # type: ignore[attr-defined]  # allauth's
        assert isinstance(user, User)
        return user

    def _show(self, request: HttpRequest, form: Any, status: int = 200) -> HttpResponse:
        user = self._user(request)
        if not factors.has_factor(user.pk):  # removed in another window in the meantime
            return redirect("account_login")
        options, ticket = passkeys.begin_using(user, request.now)  # type: ignore[attr-defined]
        own = {row.type for row in factors.factors_of(user)}
        context = {"form": form, "options": options, "ticket": ticket, "app": factors.Type.TOTP in own}
        return render(request, "mfa/authenticate.html", context, status=status)
