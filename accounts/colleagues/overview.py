"""Who has which rights: users × applications on one page, with its download (ACC-28)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Func, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.colleagues import grants
from accounts.colleagues.filters import ColleagueFilter
from accounts.colleagues.finding import KIND
from accounts.colleagues.views import PRINCIPAL, PROFILES, shown
from accounts.models import Membership
from accounts.rights import APPLICATIONS
from fleetportal.core.pages import Badge, Choice, Column, CompanyPage, Link, ListPage
from fleetportal.core.pages.columns import EMPTY, Writer
from fleetportal.core.pages.exports import Export
from fleetportal.core.templatetags.portal_ui import icon


def level_of(key: str, application: str) -> str:
    """Return the level that a row's key stands for: its role, what is open, and where the member may change."""
    role, opened, changed = key.split("|")
    if application not in opened.split(","):
        return ""
    return "change" if role == PRINCIPAL or grants.may_change(role, application, changed.split(",")) else "see"


class Known(dict[str, str]):
    """What is made of each key, made when it is first asked for."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, key: str) -> str:
        """Make it."""
        made = self[key] = self.make(key)
        return made


@dataclass(frozen=True, slots=True)
class Level(Column):
    """What a member may do in one application; few members differ, so each key is read once."""

    application: str = ""

    def said(self) -> dict[str, str]:
        """Return the words of the levels."""
        return {"change": _("change"), "see": _("see"), "": ""}

    def writer(self) -> Writer:
        """Write an icon, with its word for who does not see it."""
        icons = {"change": "pencil", "see": "eye"}
        cells = {
            level: f'{icon(icons[level])}<span class="visually-hidden">{escape(word)}</span>' if level else EMPTY
            for level, word in self.said().items()
        }
        return Known(lambda key: cells[level_of(key, self.application)]).__getitem__

    def exporter(self) -> Callable[..., Any]:
        """Return the word."""
        words = self.said()
        return Known(lambda key: words[level_of(key, self.application)]).__getitem__


class RightsOverview(ListPage, CompanyPage):
    """*My account → User rights* (ACC-28)."""

    permission = "users.see"
    template_name = "accounts/colleagues/overview.html"
    title = lazy("User rights")
    lead = lazy("Who may open what: a pencil means see and change, an eye means see only.")
    model = Membership
    filterset_class = ColleagueFilter
    search_kind = KIND
    search_placeholder = lazy("Name, e-mail address or phone")
    default_order = "name"
    empty_title = lazy("No users")
    empty_text = lazy("The colleagues you create stand here, with their rights.")
    file_name = "user-rights"
    columns = (
        Link("name", lazy("Name"), ("name", "pk"), sort="name"),
        Choice("profile", lazy("Profile"), ("role",), choices=PROFILES),
        *(Level(one.name, one.label, ("rights_key",), application=one.name) for one in APPLICATIONS),
    )

    def queryset(self) -> QuerySet[Any]:
        """Return the members, each with one text that says all of their rights."""
        comma = Value(",")

        def joined(name: str) -> Func:
            return Func(name, comma, function="array_to_string", output_field=CharField())

        bar = Value("|")
        key = Concat("role", bar, joined("opened"), bar, joined("change_applications"), output_field=CharField())
        return shown(self).annotate(rights_key=key)

    def choosable(self) -> list[Column]:
        """Return the columns; what the operator switched off for the company is nobody's right (ACC-14)."""
        off = self.company.options_off
        return [column for column in self.columns if column.name not in off]

    def export(self) -> Export:
        """Return the same columns, with the state and the address of each user."""
        from accounts.colleagues.states import STATES

        name, profile, *levels = self.choosable()
        email = Column("email", lazy("E-mail address"), ("user__email",))
        state = Badge("state", lazy("State"), ("state",), choices=STATES)
        return Export((name, email, profile, state, *levels))

    def row_prefix(self) -> str:
        """Return the beginning of a colleague's address."""
        return self.url("account:users")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Users"), self.url("account:users")), (self.title, None)]
