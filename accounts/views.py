"""Signing in and out, passwords, and where a person starts."""

from __future__ import annotations

import math
from typing import Any

from allauth.account import views as allauth_views
from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import forms
from accounts.actors import active_memberships
from accounts.models import User
from accounts.safety import sessions

LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
# allauth's form views would take PUT like POST.
FORM_METHODS = ["get", "head", "post", "options"]


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Lead a person on to their part of the portal: the operator's, or that of their first company by name."""
    user = _user(request)
    if user.kind == User.Kind.OPERATOR:
        return redirect("/operator/")
    memberships = active_memberships(user.pk, timezone.localdate(request.now))  # type: ignore[attr-defined]
    if memberships:
        return redirect(f"/{memberships[0].company.identifier}/")
    page = {"title": _("There is no company for you today"), "lead": "", "crumbs": [], "acts": []}
    paragraphs = [
        _("You are signed in, but no company lets you in: you belong to none, or your access has ended."),
        _("Ask the administrator of your company, or write to %(contact)s.") % {"contact": settings.SALES_CONTACT},
    ]
    return render(request, "pages/text.html", {"page": page, "paragraphs": paragraphs})


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Speak another language: kept with the user, and in a cookie for before the sign-in (GEN-8)."""
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        raise BadRequest("Not a language of the portal.")
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=chosen)
    response = HttpResponseRedirect(_next(request))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=LANGUAGE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Show the portal light, dark, or as the device is."""
    chosen = request.POST.get("theme", "")
    if chosen not in User.Theme.values:
        raise BadRequest("Not a theme of the portal.")
    User.objects.filter(pk=_user(request).pk).update(theme=chosen)
    return HttpResponseRedirect(_next(request))


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # these views are for signed-in people
    return request.user


def _next(request: HttpRequest) -> str:
    """Return where the form wants to go on, if that is an address of this portal; else the start."""
    url = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return url if here else reverse("accounts:start")


class LoginView(allauth_views.LoginView):
    """Sign in by e-mail address and password (ACC-1)."""

    http_method_names = FORM_METHODS
    form_class = forms.LoginForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say why a session ended that was idle or open for too long."""
        return super().get_context_data(**kwargs) | {"ended": self.request.GET.get("ended", "")}

    def form_invalid(self, form: forms.LoginForm) -> HttpResponse:
        """Show the form again; 429 while attempts are refused, with the time at which that ends (ACC-5)."""
        response = super().form_invalid(form)
        if form.blocked:
            response.status_code = 429
            wait = self.request.sign_in_blocked_until - self.request.now
            response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
        return response


class PasswordChangeView(allauth_views.PasswordChangeView):
    """Change one's password (ACC-4)."""

    http_method_names = FORM_METHODS
    form_class = forms.ChangePasswordForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead who has no password yet to the link by e-mail that lets them choose one."""
        if not _user(request).has_usable_password():
            return redirect("account_reset_password")
        return super().dispatch(request, *args, **kwargs)


class PasswordResetView(allauth_views.PasswordResetView):
    """Ask for a link to choose a new password (ACC-2)."""

    http_method_names = FORM_METHODS
    form_class = forms.ResetPasswordForm


@method_decorator([login_not_required, never_cache], name="dispatch")
class PasswordResetFromKeyView(allauth_views.PasswordResetFromKeyView):
    """Choose a new password by such a link."""

    http_method_names = FORM_METHODS
    form_class = forms.ResetPasswordKeyForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, and keep the address of this page, which opens the account, from every other site and page."""
        response = super().dispatch(request, *args, **kwargs)
        # The origin alone: with "no-referrer" a browser sends the form without its origin, and it would be refused.
        response.headers["Referrer-Policy"] = "strict-origin"
        return response


class ReauthenticateView(allauth_views.ReauthenticateView):
    """Ask for the password once more before something protected (decision 15)."""

    http_method_names = FORM_METHODS
    form_class = forms.ReauthenticateForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lead who has no password yet to the link by e-mail that lets them choose one."""
        if not _user(request).has_usable_password():
            return redirect("account_reset_password")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: forms.ReauthenticateForm) -> HttpResponse:
        """Lead back to the page. A form that was interrupted is shown again, never carried out from here: this
        request is not in the scope of the company whose form it was.
        """
        self.request.session.pop(STATE_SESSION_KEY, None)
        sessions.prove(self.request.session, self.request.now)
        return super().form_valid(form)
