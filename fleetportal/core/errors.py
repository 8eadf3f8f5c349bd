"""The pages of refusals. They need no database and no context processor, so that they can be shown when little works.

Who acts in an area of the portal keeps its menu around a refusal (403, 404), where the frame can be made.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)


def refusal(request: HttpRequest, template: str, status: HTTPStatus, **context: Any) -> HttpResponse:
    """Return a refusal; its page is the same for every reason there is for that status.

    The frame around it says nothing that depends on what was asked for: no address, no token.
    """
    context["refused"] = True
    if getattr(request, "actor", None) is not None:
        try:
            with transaction.atomic():  # a question of the frame that fails must not fail the request
                return HttpResponse(render_to_string(template, context, request=request), status=status)
        except Exception:  # whatever the frame trips over, a refusal stays a refusal: the plain page follows
            logger.exception("The frame of a refusal could not be made.")
    frame = {
        "portal_name": settings.PORTAL_NAME,
        "operator_name": settings.OPERATOR_NAME,
        "theme": getattr(getattr(request, "user", None), "theme", "auto"),
        "demo": settings.PORTAL_DEMO,
    }
    return HttpResponse(render_to_string(template, {"frame": frame} | context), status=status)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer what can't be understood (400)."""
    return refusal(request, "400.html", HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer a person who may not do this (403)."""
    return refusal(request, "403.html", HTTPStatus.FORBIDDEN)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that was not sent from a page of this session (403)."""
    return refusal(request, "403_csrf.html", HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer for what does not exist, and in the same words for what is another company's (404)."""
    return refusal(request, "404.html", HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when the portal itself failed (500)."""
    # The user's theme is a question to the database, which may be what failed.
    frame = {"portal_name": settings.PORTAL_NAME, "operator_name": settings.OPERATOR_NAME}
    return HttpResponse(render_to_string("500.html", {"frame": frame}), status=HTTPStatus.INTERNAL_SERVER_ERROR)
