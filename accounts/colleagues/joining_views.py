"""The pages of an invitation's link; a GET changes nothing, so a mail scanner that opens it uses nothing up (ACC-24).

The token stands in the address of the first page only: its button moves the invitation into the session and leads to an
address without it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.core.internal.httpkit import get_client_ip  # reads the trusted proxy count from the settings
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.colleagues import joining
from accounts.models import Invitation, User
from accounts.passwords import LONGEST
from fleetportal.core.access import Actor
from fleetportal.core.http import PortalRequest
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.missing import NamesWhatIsMissing

SESSION_KEY = "invitation"
View = Callable[..., HttpResponse]


def _open_page(view: View) -> View:
    """Open a page to who is not signed in, and keep its address from caches and other sites."""

    @login_not_required
    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        # Kept from other sites; with "no-referrer" a browser would send the form without its origin, and be refused.
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return answered


class JoinForm(NamesWhatIsMissing, forms.Form):
    """Who the invited person is, as the creator entered it, and the password they choose."""

    last_name = forms.CharField(
        label=lazy("Last name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    first_name = forms.CharField(
        label=lazy("First name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    phone = forms.CharField(
        label=lazy("Phone"), max_length=40, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"})
    )
    password1 = forms.CharField(
        label=lazy("New password"),
        strip=False,
        max_length=LONGEST,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=lazy("New password once more"),
        strip=False,
        max_length=LONGEST,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password1"].widget.attrs["data-address"] = user.email

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The two parts of the form."""
        help_text = _("Exactly as your company entered them: capitals and accents count.")
        return [
            {
                "title": _("Who you are"),
                "help": help_text,
                "fields": [self["last_name"], self["first_name"], self["phone"]],
            },
            {"title": _("Your password"), "help": "", "fields": [self["password1"], self["password2"]]},
        ]

    def clean_password1(self) -> str:
        """Check the password against the portal's rule (ACC-3), before the names are looked at."""
        password: str = self.cleaned_data["password1"]
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        """Check that both passwords are the same."""
        data = super().clean() or self.cleaned_data
        if "password1" in data and data.get("password2") and data["password1"] != data["password2"]:
            self.add_error("password2", _("This is not the same password."))
        return data

    def answers(self) -> joining.Answers:
        """Return what was said."""
        data = self.cleaned_data
        return joining.Answers(last_name=data["last_name"], first_name=data["first_name"], phone=data["phone"])


@_open_page
def invitation(request: PortalRequest, token: str) -> HttpResponse:
    """Show who invites; the button goes on."""
    found = joining.by_token(token)
    with _spoken(request, found):
        if found is None or joining.problem(found, request.now):
            return _closed(request, found)
        if request.method == "POST":
            request.session[SESSION_KEY] = found.pk
            return redirect("accounts:join")
        known = found.membership.user.has_usable_password()
        context = {"company": found.membership.company, "known": known}
        return render(request, "accounts/colleagues/invitation.html", context)


@_open_page
def join(request: PortalRequest) -> HttpResponse:
    """Take the invitation of this session up: as a new person by the form, as a known one by signing in."""
    opened = request.session.get(SESSION_KEY)
    found = joining.by_id(opened) if opened is not None else None
    with _spoken(request, found):
        if found is None or joining.problem(found, request.now):
            return _closed(request, found)
        if found.membership.user.has_usable_password():
            return _known(request, found)
        form = JoinForm(request.POST if request.method == "POST" else None, user=found.membership.user)
        if request.method == "POST" and form.is_valid():
            try:
                sentence = joining.answer(
                    invitation=found,
                    answers=form.answers(),
                    password=form.cleaned_data["password1"],
                    actor=_visitor(request, found),
                    now=request.now,
                )
            except TransitionLost as lost:
                return _closed(request, found, str(lost))
            if not sentence:
                return _let_in(request, found)
            found = joining.by_id(found.pk)
            if found is None or found.ended_at is not None:
                return _closed(request, found, sentence)
            form.add_error(None, sentence)
        context = {"form": form, "company": found.membership.company, "email": found.membership.user.email}
        return render(request, "accounts/colleagues/join.html", context)


def _known(request: PortalRequest, found: Invitation) -> HttpResponse:
    """Let a person with an account join: signed in as who was invited, by one button."""
    person = found.membership.user
    here = isinstance(request.user, User) and request.user.pk == person.pk
    if request.method == "POST" and here:
        try:
            joining.join_known(invitation=found, user=person, actor=_visitor(request, found), now=request.now)
        except TransitionLost as lost:
            return _closed(request, found, str(lost))
        request.session.pop(SESSION_KEY, None)
        return redirect(_home(found))
    context = {
        "company": found.membership.company,
        "email": person.email,
        "here": here,
        "login_url": f"{reverse('account_login')}?next={reverse('accounts:join')}",
    }
    return render(request, "accounts/colleagues/join_known.html", context)


def _let_in(request: PortalRequest, found: Invitation) -> HttpResponse:
    """Sign the new person in; the password they have just chosen stands for the sign-in."""
    request.session.pop(SESSION_KEY, None)
    person = User.objects.get(pk=found.membership.user_id)
    return perform_login(request, Login(user=person, email=person.email, redirect_url=_home(found)))


def _home(found: Invitation) -> str:
    return reverse("cards:home", args=[found.membership.company.identifier])


def _visitor(request: PortalRequest, found: Invitation) -> Actor:
    """Return who answers: nobody is known yet, so the audit names the invitation's address."""
    return Actor(label=found.email[:120], address=get_client_ip(request), request_id=request.request_id)


def _spoken(request: HttpRequest, found: Invitation | None) -> Any:
    """Speak the invited person's language, unless the visitor chose another one."""
    chosen = bool(request.COOKIES.get("django_language")) or request.user.is_authenticated
    language = translation.get_language() if chosen or found is None else found.membership.user.language
    return translation.override(language)


def _closed(request: HttpRequest, found: Invitation | None, sentence: str = "") -> HttpResponse:
    """Say why the link leads nowhere; one that nobody sent is answered like an address that does not exist."""
    if SESSION_KEY in request.session:
        del request.session[SESSION_KEY]
    if found is not None and not sentence:
        sentence = joining.problem(found, request.now)  # type: ignore[attr-defined]  # ScopeMiddleware sets it
    status = 404 if found is None else 410
    sentence = sentence or _("This link is not one of ours, or it is not whole. Open it from the e-mail once more.")
    return render(request, "accounts/colleagues/invitation_closed.html", {"sentence": sentence}, status=status)
