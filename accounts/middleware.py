"""From a request to its scope: the company in the address, the person signed in, one transaction around both."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from allauth.core.internal.httpkit import get_client_ip  # reads the trusted proxy count from the settings
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils import timezone, translation

from accounts import gates, receivers
from accounts.actors import member_actor, operator_actor, person_actor, presence, scope_of
from accounts.models import User
from accounts.safety import sessions
from fleetportal.core.http import PortalRequest
from fleetportal.core.scope import Scope, one_transaction

COMPANY_PATH = re.compile(r"^/(PRO-[A-Z]{6})/")
OPERATOR_PATH = re.compile(r"^/operator/")
PERSON_PATH = re.compile(r"^/(?:accounts|mail)/")

Handler = Callable[[HttpRequest], HttpResponse]


class SessionLifeMiddleware:
    """Ends a session that was idle or open for too long, and leads back to the page after a new sign-in (ACC-7).

    Who comes with the cookie of a session that was ended elsewhere reads at the sign-in that it ended, and not why.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or lead to the sign-in page that says why."""
        user = request.user
        if isinstance(user, User) and (why := sessions.over(request.session, user, timezone.now())):
            receivers.session_ended(request, user, why)
            return self._lead(request, why)
        # Looking for the user has looked for the session, too.
        gone = bool(request.COOKIES.get(settings.SESSION_COOKIE_NAME)) and request.session.is_empty()
        response = self.get_response(request)
        if gone and response.headers.get("Location", "").startswith(f"{resolve_url(settings.LOGIN_URL)}?"):
            return self._lead(request, "over")
        return response

    def _lead(self, request: HttpRequest, why: str) -> HttpResponse:
        """Lead to the sign-in, and from there back: to the page itself, or to the one whose form was sent."""
        back = request.get_full_path()
        if request.method not in {"GET", "HEAD"} or request.headers.get("HX-Request"):
            came = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
            back = f"{came.path}?{came.query}" if came.query else came.path
            if came.netloc != request.get_host():
                back = "/"
        address = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'ended': why, 'next': back})}"
        if request.headers.get("HX-Request"):  # a part of a page can't be exchanged for the sign-in
            return HttpResponse(headers={"HX-Redirect": address})
        return HttpResponseRedirect(address)


class LanguageMiddleware:
    """Speaks the user's language, or before sign-in the one chosen or asked for by the browser (GEN-8)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in that language."""
        user = request.user
        language = user.language if user.is_authenticated else translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response


class ScopeMiddleware:
    """Opens one transaction around the view and its rendering, with the company in scope (GEN-1).

    `request.actor` says who acts, `request.presence` in which company. Somebody who is not present in that company is
    answered like for an address that does not exist.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: PortalRequest) -> HttpResponse:
        """Answer inside the scope, and roll back what a failed answer wrote."""
        request.request_id = request.headers.get("X-Request-Id", "")[:36] or str(uuid.uuid4())
        request.now = timezone.now()
        request.actor = None
        request.presence = None
        request.proven_at = None
        with one_transaction() as enter:
            elsewhere = ""
            if request.user.is_authenticated:
                request.proven_at = sessions.proven_at(request.session)
                elsewhere = self._enter(request, enter)
            response = HttpResponseRedirect(elsewhere) if elsewhere else self.get_response(request)
            if response.status_code >= 500 or getattr(request, "failed", False):
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: PortalRequest, exception: Exception) -> None:
        """Remember that the view failed: its transaction is rolled back once the error page is made."""
        request.failed = True

    def _enter(self, request: PortalRequest, enter: Callable[[Scope], None]) -> str:
        """Find who acts where, and enter that scope; return where a gate leads instead, or an empty text.

        Raises 404 for a company one is not present in.
        """
        user = request.user
        assert isinstance(user, User)
        about = {"address": get_client_ip(request), "request_id": request.request_id}
        if match := COMPANY_PATH.match(request.path_info):
            enter(Scope(person=user.pk))
            request.presence = presence(user.pk, match.group(1), request.now)
            if request.presence is None:
                raise Http404
            membership = request.presence.membership
            request.actor = member_actor(user, membership, **about)
            enter(scope_of(membership))
            return gates.closed(request)
        if OPERATOR_PATH.match(request.path_info):
            if user.kind != User.Kind.OPERATOR:
                raise Http404
            request.actor = operator_actor(user, **about)
            enter(Scope(wide=True, reason="operator staff in their own area"))
            return gates.closed(request)
        if PERSON_PATH.match(request.path_info):
            request.actor = person_actor(user, **about)
            enter(Scope(person=user.pk))
        return ""
