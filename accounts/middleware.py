"""From a request to its scope: the company in the address, the person signed in, one transaction around both."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from allauth.core.internal.httpkit import get_client_ip  # reads the trusted proxy count from the settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.actors import member_actor, operator_actor, presence, scope_of
from accounts.models import User
from fleetportal.core.http import PortalRequest
from fleetportal.core.scope import Scope, one_transaction

COMPANY_PATH = re.compile(r"^/(PRO-[A-Z]{6})/")
OPERATOR_PATH = re.compile(r"^/operator/")

Handler = Callable[[HttpRequest], HttpResponse]


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
        with one_transaction() as enter:
            if request.user.is_authenticated:
                self._enter(request, enter)
            response = self.get_response(request)
            if response.status_code >= 500 or getattr(request, "failed", False):
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: PortalRequest, exception: Exception) -> None:
        """Remember that the view failed: its transaction is rolled back once the error page is made."""
        request.failed = True

    def _enter(self, request: PortalRequest, enter: Callable[[Scope], None]) -> None:
        """Find who acts where, and enter that scope; raises 404 for a company one is not present in."""
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
        elif OPERATOR_PATH.match(request.path_info):
            if user.kind != User.Kind.OPERATOR:
                raise Http404
            request.actor = operator_actor(user, **about)
            enter(Scope(wide=True, reason="operator staff in their own area"))
