"""The frame around every page: the menu with what one may open and nothing else, the switch, the user's menu."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.frame import NUMBERS, UNREAD, owns
from accounts.models import Membership
from accounts.rights import permissions_of
from fleetportal.core import beside, finder
from fleetportal.core.access import Actor

# Group -> entries: label, address, icon, permission. Company addresses take the company's identifier.
COMPANY_MENU: tuple[tuple[Any, tuple[tuple[Any, str, str, str], ...]], ...] = (
    ("", ((_("Home"), "cards:home", "home", "home.see"),)),
    (
        _("Cards and OBU"),
        (
            (_("Find a card"), "cards:list", "credit-card", "cards.see"),
            (_("Create a card"), "cards:new", "plus", "cards.order"),
            (_("My requests"), "cards:requests", "clipboard-list", "requests.see"),
            (_("Addresses for secret codes"), "cards:code_addresses", "mail", "cards.see"),
        ),
    ),
    (
        _("Vehicles and drivers"),
        (
            (_("Find a vehicle"), "vehicles:list", "car", "vehicles.see"),
            (_("Create a vehicle"), "vehicles:new", "plus", "vehicles.change"),
            (_("Find a driver"), "vehicles:drivers", "id-badge", "drivers.see"),
            (_("Create a driver"), "vehicles:new_driver", "user-plus", "drivers.change"),
        ),
    ),
    (
        _("My account"),
        (
            (_("Find users"), "account:users", "users", "users.see"),
            (_("Create a user"), "account:new_user", "user-plus", "users.change"),
            (_("User rights"), "account:rights", "list-details", "users.see"),
            (_("Fleet divisions"), "account:divisions", "building-store", "divisions.see"),
            (_("Notification settings"), "account:notice_settings", "bell", "company.settings"),
            (_("Activity"), "account:activity", "history", "activity.see"),
            (_("Parts of the portal"), "account:options", "settings", "company.settings"),
            (_("Customer numbers"), "account:multipass", "key", "multipass.decide"),
        ),
    ),
)
# The own view's menu, as above: what is below the address of its first entry belongs to that view (ACC-9).
OWN_MENU: tuple[tuple[Any, tuple[tuple[Any, str, str, str], ...]], ...] = (
    ("", ((_("In my name"), "account:own", "id-badge", "own.see"),)),
)
# What the + button of every page creates (ONB-6), as above.
CREATE_MENU: tuple[tuple[Any, str, str, str], ...] = (
    (_("Fuel card"), "cards:new", "credit-card", "cards.order"),
    (_("Vehicle"), "vehicles:new", "car", "vehicles.change"),
    (_("Driver"), "vehicles:new_driver", "id-badge", "drivers.change"),
)
OPERATOR_MENU: tuple[tuple[Any, tuple[tuple[Any, str, str, str], ...]], ...] = (
    ("", ((_("Overview"), "operator:home", "home", "operator.see"),)),
    (
        _("Production"),
        (
            (_("Requests"), "operator:requests", "clipboard-list", "operator.see"),
            (_("Batches"), "operator:batches", "package", "operator.see"),
            (_("Card maker's files"), "operator:files", "file-text", "operator.see"),
            (_("Card products"), "operator:products", "credit-card", "operator.see"),
        ),
    ),
    (
        _("Customers"),
        (
            (_("Companies"), "operator:companies", "building", "operator.see"),
            (_("Customer numbers"), "operator:multipass", "key", "operator.see"),
            (_("Addresses for secret codes"), "operator:code_addresses", "mail", "operator.see"),
        ),
    ),
    (
        _("System"),
        (
            (_("Work and jobs"), "operator:work", "settings", "operator.see"),
            (_("Outgoing mail"), "operator:mail", "mail", "operator.see"),
            (_("General conditions"), "operator:conditions", "file-text", "operator.see"),
        ),
    ),
)


@dataclass(slots=True)
class Frame:
    """What the base template shows around a page (docs/developers/screens.md)."""

    portal_name: str
    operator_name: str
    demo: bool
    area: str = "none"
    company: dict[str, Any] | None = None
    companies: list[tuple[str, str, str, bool]] = field(default_factory=list)
    menu: list[dict[str, Any]] = field(default_factory=list)
    # The manager's and the own view to switch between; asked by the user's menu alone, as the bell's number.
    views: Any = ()
    create_items: list[dict[str, str]] = field(default_factory=list)
    user: dict[str, str] | None = None
    theme: str = "auto"
    languages: list[tuple[str, str, bool]] = field(default_factory=list)
    theme_url: str = ""
    language_url: str = ""
    sign_out_url: str = ""
    password_url: str = ""
    profile_url: str = ""
    safety_url: str = ""
    sales_contact: str = ""
    downloads_url: str = ""
    multipass_url: str = ""
    search_url: str = ""
    notices_url: str = ""
    my_notices_url: str = ""
    # Asked by the bell alone, so that a part of a page costs no question.
    unread: Any = 0


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the frame of this request, for every template."""
    current = get_language()
    shown = Frame(
        portal_name=settings.PORTAL_NAME,
        operator_name=settings.OPERATOR_NAME,
        demo=settings.PORTAL_DEMO,
        sales_contact=settings.SALES_CONTACT,
        languages=[(code, _OWN_NAMES[code], code == current) for code, _name in settings.LANGUAGES],
        language_url=reverse("accounts:language"),
    )
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"frame": shown}
    shown.user = {"name": user.full_name, "email": user.email, "initials": user.initials}
    shown.theme = user.theme
    shown.theme_url = reverse("accounts:theme")
    shown.sign_out_url = reverse("account_logout")
    shown.password_url = reverse("account_change_password")
    shown.profile_url = reverse("safety:profile")
    shown.safety_url = reverse("safety:overview")
    actor: Actor | None = getattr(request, "actor", None)
    presence = getattr(request, "presence", None)
    if actor is not None and presence is not None:
        company = presence.membership.company
        shown.area = "company"
        # Until the first connection has ended, the company's pages would only lead back to it (ONB-5).
        opened, own = company.initialised_at is not None, False
        home = reverse("cards:home", args=[company.identifier]) if opened else "/"
        shown.company = {
            "name": company.legal_name,
            "identifier": company.identifier,
            "home_url": home,
            "numbers": partial(numbers_in_reach, request),
        }
        shown.companies = [
            (
                other.company.legal_name,
                other.company.identifier,
                same_place(request.path_info, other),
                other.company_id == company.pk,
            )
            for other in presence.others
        ]
        if opened:
            shown.downloads_url = reverse("downloads:list", args=[company.identifier])
            shown.notices_url = reverse("account:notices", args=[company.identifier])
            shown.my_notices_url = reverse("account:my_notices", args=[company.identifier])
            shown.unread = partial(beside.answer, request, UNREAD)
            own_url = reverse("account:own", args=[company.identifier])
            own = request.path.startswith(own_url) and owns(request)
            shown.menu = _menu(OWN_MENU if own else COMPANY_MENU, actor, request.path, [company.identifier])
            shown.views = partial(_views, request, home, own_url, own)
            if own:
                shown.company["home_url"] = own_url
            # Who may see nothing that it finds has no box.
            if finder.kinds_for(actor) and not own:
                shown.search_url = reverse("finder:search", args=[company.identifier])
        if opened and not presence.membership.all_customer_numbers:
            shown.multipass_url = reverse("account:multipass_ask", args=[company.identifier])
        shown.create_items = [
            {"label": str(label), "url": reverse(name, args=[company.identifier]), "icon": icon}
            for label, name, icon, permission in CREATE_MENU
            if actor.may(permission) and not own
        ]
    elif actor is not None and actor.may("operator.see"):
        shown.area = "operator"
        shown.menu = _menu(OPERATOR_MENU, actor, request.path, [])
    return {"frame": shown}


def same_place(path: str, other: Membership) -> str:
    """Return the address in another company that is closest to this one: the same page, the list that it belongs to.

    Objects are another company's, so of a page about one the list is left; and where the person may not open that in
    the other company, its home page (ACC-30).
    """
    identifier = other.company.identifier
    home = reverse("cards:home", args=[identifier])
    parts = path.split("/")[2:-1]
    kept = list(itertools.takewhile(lambda part: not part.isdigit(), parts))
    wanted = "/".join(["", identifier, *kept, ""])
    try:
        view: Any = resolve(wanted).func
    except Resolver404:
        return home
    permission = getattr(getattr(view, "view_class", None), "permission", "")
    return wanted if permission in permissions_of(other, other.company) else home


def numbers_in_reach(request: HttpRequest) -> str:
    """Return the customer number that one works for, or how many these are; asked by the user's menu (ACC-9)."""
    first = beside.answer(request, NUMBERS)
    if len(first) == 1:
        return gettext("Customer number %(number)s") % {"number": first[0]}
    return gettext("Several customer numbers") if first else ""


def _views(request: HttpRequest, home: str, own_url: str, own: bool) -> list[tuple[Any, str, str, bool]]:
    """Return label, address, icon of the two views, and which is open; nothing for who has nothing of their own."""
    if not owns(request):
        return []
    return [
        (_("Fleet manager's view"), home, "layout-dashboard", not own),
        (_("My own view"), own_url, "id-badge", own),
    ]


def _menu(table: Any, actor: Actor, path: str, args: list[str]) -> list[dict[str, Any]]:
    """Return the groups with what this person may open; the entry that fits the address best is the current one."""
    groups = []
    entries = []
    for label, items in table:
        shown = [
            {"label": text, "url": reverse(name, args=args), "icon": icon, "current": False}
            for text, name, icon, permission in items
            if actor.may(permission)
        ]
        if shown:
            groups.append({"label": label, "items": shown})
            entries.extend(shown)
    # Everything stands below the first page's address, so that entry is only meant by its own.
    fitting = [entry for entry in entries if path == entry["url"]]
    fitting += [entry for entry in entries[1:] if path.startswith(str(entry["url"]))]
    if fitting:
        max(fitting, key=lambda entry: len(str(entry["url"])))["current"] = True
    return groups


_OWN_NAMES = {"en": "English", "fr": "Français", "nl": "Nederlands"}
