"""Pages before the sign-in: the links about a changed address, and the way over from the old portal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from allauth.core.internal.httpkit import get_client_ip  # reads the trusted proxy count from the settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache

from accounts import signin
from accounts.models import User
from accounts.safety import forms, oldportal, services

FORM_METHODS = ["get", "head", "post", "options"]


@method_decorator([login_not_required, never_cache], name="dispatch")
class LinkView(View):
    """What a link of a mail leads to: a page with a button. Only the button uses the link up, for mail programs follow
    links by themselves.
    """

    http_method_names = FORM_METHODS
    template_name: str
    purpose: str
    use: Callable[..., User]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, and keep the address of this page, which changes the account, from every other site and page."""
        try:
            response = super().dispatch(request, *args, **kwargs)
        except services.LinkOver as over:
            response = render(request, "account/link_over.html", {"sentence": str(over)}, status=410)
        # The origin alone: with "no-referrer" a browser sends the form without its origin, and it would be refused.
        response.headers["Referrer-Policy"] = "strict-origin"
        return response

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """Show what the button will do."""
        change = services.change_of(token, self.purpose, _now(request))
        return render(request, self.template_name, {"change": change})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """Do it."""
        type(self).use(token=token, address=get_client_ip(request), now=_now(request))
        return self.done(request)

    def done(self, request: HttpRequest) -> HttpResponse:
        """Lead on."""
        raise NotImplementedError


class EmailConfirm(LinkView):
    """The link at the new address: from now on it counts."""

    template_name = "account/email_confirm.html"
    purpose = services.CONFIRM
    use = staticmethod(services.confirm_email_change)

    def done(self, request: HttpRequest) -> HttpResponse:
        """Lead to where the address stands, through the sign-in for who is not signed in here."""
        messages.success(request, _("Your new e-mail address counts from now on."))
        return redirect("safety:overview" if request.user.is_authenticated else "account_login")


class EmailUndo(LinkView):
    """The link at the old address: the change is undone, and whoever made it is out."""

    template_name = "account/email_undo.html"
    purpose = services.UNDO
    use = staticmethod(services.undo_email_change)

    def done(self, request: HttpRequest) -> HttpResponse:
        """Say that a link for a new password is on its way."""
        messages.success(request, _("The change is undone: your earlier address counts again."))
        return redirect("account_reset_password_done")


@method_decorator([login_not_required, never_cache], name="dispatch")
class OldPortal(View):
    """The way over from the old portal (ACC-8); it answers the same whether the name is known or not."""

    http_method_names = FORM_METHODS

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for the old user name; after the form was sent, say what comes next."""
        return self._show(request, forms.OldPortalForm(), sent="sent" in request.GET)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Queue the mail, unless this network has asked too often."""
        form = forms.OldPortalForm(request.POST)
        if not form.is_valid():
            return self._show(request, form)
        attempt = signin.way_over_attempt(request, form.cleaned_data["email"])
        if until := signin.blocked_until(attempt, _now(request)):
            form.add_error(None, signin.refusal(until))
            return self._show(request, form, status=429)
        signin.count_failure(attempt, _now(request))
        oldportal.ask_way_over(
            name=form.cleaned_data["name"],
            email=form.cleaned_data["email"].lower(),
            language=translation.get_language() or "en",
            now=_now(request),
        )
        return redirect(f"{request.path}?sent")

    def _show(self, request: HttpRequest, form: forms.OldPortalForm, *, sent: bool = False, status: int = 200) -> Any:
        return render(request, "account/old_portal.html", {"form": form, "sent": sent}, status=status)


def _now(request: HttpRequest) -> datetime:
    now: datetime = request.now  # type: ignore[attr-defined]  # set by ScopeMiddleware
    return now
