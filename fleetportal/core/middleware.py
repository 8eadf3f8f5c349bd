"""What stands around every page: its headers, and the two addresses that answer before anything else is asked."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from fleetportal.core import health

# Powers of the browser that the portal has no use for; nor may a page that got into it.
POWERS = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
PERMISSIONS_POLICY = ", ".join(f"{power}=()" for power in POWERS)


class HeadersMiddleware:
    """Shuts the page off from other sites, and keeps pages of signed-in people out of every cache.

    Static files are answered before this middleware is reached.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the headers; a view's own Cache-Control stands only while nobody is signed in."""
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
        response.headers["X-Frame-Options"] = settings.X_FRAME_OPTIONS  # for browsers that ignore frame-ancestors
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        user = getattr(request, "user", None)  # a request refused early has none
        if user is not None and user.is_authenticated:
            response.headers["Cache-Control"] = "no-store"
        return response


class HealthMiddleware:
    """Answers `/livez` and `/healthz` before session, user and scope: those need the database, which may be gone."""

    VIEWS = {"/livez": health.livez, "/healthz": health.healthz}

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer for the portal's health, or pass the request on."""
        view = self.VIEWS.get(request.path_info)
        return view(request) if view else self.get_response(request)
