"""*In my name*: what a member has themselves of the company's vehicles and cards (ACC-9)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.own.declaring import Reader, shown
from fleetportal.core.pages import CompanyPage
from fleetportal.core.scope import require_scope


class OwnView(CompanyPage):
    """What is in one's own name; who has nothing reads what would stand here."""

    permission = "own.see"
    template_name = "pages/detail.html"
    title = lazy("In my name")
    lead = lazy("What your company has in your name, and nothing else.")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it."""
        reader = Reader(self.actor, require_scope("A member's own"))
        sections = shown(reader, self.company)
        if not sections:
            nothing = _(
                "Nothing is in your name yet. Once your company has linked you to a driver, the vehicles and fuel"
                " cards of that driver stand here."
            )
            sections = [{"title": "", "empty": nothing}]
        return self.show(detail={"sections": sections})
