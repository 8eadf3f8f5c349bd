"""Where the portal differs from django-allauth: closed sign-up, limits of its own, mail through the outbox."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.utils import get_login_redirect_url, has_verified_email
from allauth.core import context
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from accounts import receivers, signin
from accounts.actors import presence
from accounts.middleware import COMPANY_PATH
from accounts.models import User
from accounts.passwords import replace_password
from accounts.work import queue_password_changed

# allauth's notices to the user that the portal sends, each by the name of our own mail.
NOTICES = {"account/email/password_changed", "account/email/password_reset"}


class PortalAccountAdapter(DefaultAccountAdapter):
    """allauth's decisions, taken the portal's way."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The address, the number or the password is wrong."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_password": _("The password is wrong."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account for themselves: they are invited, or loaded by operator staff."""
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        """Answer with pages only; allauth's JSON answers would be a second door to keep."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Lead people on to addresses of this portal only."""
        request = context.request
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )

    # --- Checking a password (ACC-1, ACC-5) ---------------------------------------------------------------------

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse an attempt while its account or network is blocked, before anything is hashed."""
        until = signin.blocked_until(signin.attempt(request, credentials["email"]), _now(request))
        if until is not None:
            request.sign_in_blocked_until = until  # type: ignore[attr-defined]  # read by the sign-in view
            raise ValidationError(signin.refusal(until), code="blocked")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Check address and password; used to sign in, to sign in afresh and to change the password."""
        user = super().authenticate(request, **credentials)
        if user is not None:
            signin.forgive(signin.attempt(request, credentials["email"]))
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the failure and keep it in the audit; the same work for known and unknown addresses."""
        counter = signin.count_failure(signin.attempt(request, credentials["email"]), _now(request))
        user = User.objects.filter(email=credentials["email"].strip().lower()).first()
        receivers.sign_in_failed(request, user, counter)

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        """Say whether this is the password of the person who is signed in; it counts like a sign-in."""
        assert isinstance(user, User)
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        """Ask for the password alone when something protected comes next: an open session has the second factor."""
        if not user.is_authenticated:
            return []
        return [{"id": "reauthenticate", "description": "", "url": reverse("account_reauthenticate")}]

    # --- Coming in, going out -----------------------------------------------------------------------------------

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse | None:
        """Turn away who knows the password and may not come in: inactive, or with an address nobody confirmed."""
        if not has_verified_email(user):
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        """Answer a sign-in, and make the device known for this account.

        The page one was on may be of a company that lets one in no more (ACC-22, ACC-27): then one is led to where one
        starts, which says so, and not to a page that is not there.
        """
        assert isinstance(user, User)
        wanted = get_login_redirect_url(request, kwargs.pop("redirect_url"))
        company = COMPANY_PATH.match(wanted)
        if company is not None and presence(user.pk, company.group(1), _now(request)) is None:
            wanted = reverse("accounts:start")
        response = super().post_login(request, user, redirect_url=wanted, **kwargs)
        signin.remember_device(request, response, user.email)
        return response

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Lead who signed out to the sign-in page."""
        return reverse("account_login")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Lead who changed the password to where they start."""
        return reverse("accounts:start")

    # --- Passwords and mail (ACC-2, ACC-3) ----------------------------------------------------------------------

    def clean_password(self, password: str, user: AbstractBaseUser | None = None) -> str:
        """Check a new password against the portal's own rule, and no other."""
        assert user is None or isinstance(user, User)
        validate_password(password, user)
        return password

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Change the password and remember the old one."""
        assert isinstance(user, User)
        replace_password(user, password, _now(context.request))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell the user that the password is another one, by a mail of ours."""
        if template_prefix not in NOTICES:
            raise LookupError(f"The portal has no mail for {template_prefix}.")
        assert isinstance(user, User)
        queue_password_changed(user, _now(self.request))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Refuse: mail is queued by the portal and never sent within a request (GEN-5)."""
        raise LookupError(f"The portal has no mail for {template_prefix}.")


def _now(request: HttpRequest) -> Any:
    """Return the request's time; outside of a request through the middleware, the clock's."""
    return getattr(request, "now", None) or timezone.now()
