"""What every page has: a permission, an actor, a moment, and a company or the operator's area around it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views import View

from fleetportal.core.access import Actor, known
from fleetportal.core.http import PortalRequest

# How long ago a person may have proven who they are: to open what is protected, and to send what was typed there.
FRESH_TO_OPEN, FRESH_TO_SEND = timedelta(minutes=10), timedelta(minutes=30)


class Page(View):
    """A page of the portal. Without a declared `permission` it can't be given an address."""

    permission: ClassVar[str] = ""
    # Whether the password is asked for once more when the last time is a while ago (decision 15).
    fresh: ClassVar[bool] = False
    template_name: ClassVar[str] = "pages/text.html"
    title: Any = ""
    lead: Any = ""

    request: PortalRequest
    actor: Actor
    now: datetime

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Make the view; raises LookupError when the permission is not in the rights table."""
        known(initkwargs.get("permission", cls.permission))
        return super().as_view(**initkwargs)

    def dispatch(self, request: PortalRequest, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]  # as above
        """Check the right before anything else is looked at; a missing right is 403, a missing company 404."""
        if request.actor is None:
            raise Http404
        self.actor = request.actor
        self.now = request.now
        self.actor.must(self.permission)
        if self.fresh and not is_fresh(request):
            back = urlencode({"next": request.get_full_path()})
            return redirect(f"{reverse(settings.REAUTHENTICATION_URL)}?{back}")
        return super().dispatch(request, *args, **kwargs)

    def url(self, name: str, *args: Any) -> str:
        """Return the address of another page in the same area."""
        return reverse(name, args=args)

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here: labels with addresses."""
        return []

    def acts(self) -> list[dict[str, Any]]:
        """Return what the head of the page offers."""
        return []

    def show(self, template: str | None = None, status: int = 200, **context: Any) -> HttpResponse:
        """Render the page with its head."""
        page = {
            "title": context.pop("title", self.title),
            "lead": self.lead,
            "crumbs": self.crumbs(),
            "acts": self.acts(),
        }
        return render(self.request, template or self.template_name, {"page": page, **context}, status=status)


class CompanyPage(Page):
    """A page of one company; the company stands in its address."""

    @property
    def company(self) -> Any:
        """The company in whose scope this page is."""
        return self.request.presence.membership.company

    def url(self, name: str, *args: Any) -> str:
        """Return the address of another page of the same company."""
        return reverse(name, args=[self.company.identifier, *args])


class OperatorPage(Page):
    """A page of the operator's own area; it stands behind the wide door (ScopeMiddleware)."""


class PersonPage(Page):
    """A page of a signed-in person about themselves, under `/accounts/`; no company is in scope there."""


def is_fresh(request: PortalRequest) -> bool:
    """Say whether the person gave their password, or came in, a short while ago."""
    allowed = FRESH_TO_SEND if request.method == "POST" else FRESH_TO_OPEN
    return request.proven_at is not None and request.now - request.proven_at < allowed


def as_id(text: str) -> int | None:
    """Read the id of a row from an address; None for what can be no id."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def act(
    name: str, label: Any, url: str, *, icon: str = "", tone: str = "secondary", method: str = "get"
) -> dict[str, Any]:
    """Describe a button: what it says, where it leads, how it looks."""
    return {"name": name, "label": label, "url": url, "icon": icon, "tone": tone, "method": method}
