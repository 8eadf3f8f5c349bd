"""The one rights table (ACC-13): the menu, the buttons, the server's checks and the documentation all read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, Membership, User
from fleetportal.core.access import PERMISSIONS, Permission, declare


@dataclass(frozen=True, slots=True)
class Application:
    """A part of the portal that a member may open (ACC-11); `card_side` ones carry their own level."""

    name: str
    label: Any
    card_side: bool = False


APPLICATIONS: tuple[Application, ...] = (
    Application("cards", _("Cards and OBU"), card_side=True),
    Application("requests", _("Requests"), card_side=True),
    Application("drivercodes", _("Driver codes"), card_side=True),
    Application("renewals", _("Renewals"), card_side=True),
    Application("sims", _("SIM cards")),
    Application("hardware", _("Hardware")),
    Application("vehicles", _("Vehicles")),
    Application("drivers", _("Drivers")),
    Application("packs", _("Service packs")),
    Application("transactions", _("Transactions"), card_side=True),
    Application("reports", _("Reports"), card_side=True),
    Application("alerts", _("Alerts"), card_side=True),
    Application("invoices", _("Invoices")),
    Application("payments", _("Payments")),
    Application("suppliers", _("Suppliers")),
    Application("helpdesk", _("Helpdesk")),
    Application("divisions", _("Fleet divisions")),
    Application("users", _("Users")),
)
CARD_SIDE = frozenset(application.name for application in APPLICATIONS if application.card_side)

# Profiles that may change fleet data (ACC-10); Accounting changes only under Suppliers and Invoices.
FLEET_CHANGERS = frozenset({Membership.Profile.ADMINISTRATOR, Membership.Profile.MANAGEMENT})
ACCOUNTING_CHANGES = frozenset({"suppliers", "invoices", "payments"})
# What the principal user does in a company before its first connection has ended; nobody does anything else (ONB-5).
BEFORE_THE_START = frozenset({"company.start", "users.see", "users.change"})

declare(
    (
        Permission("home.see", side="self"),
        Permission("account.see", side="self"),
        Permission("account.change", change=True, side="self"),
        Permission("cards.see", "cards"),
        Permission("cards.order", "cards", change=True),
        Permission("cards.change", "cards", change=True),
        Permission("cards.block", "cards", change=True),
        Permission("cards.cancel", "cards", change=True),
        Permission("cards.reissue", "cards", change=True),
        Permission("cards.delete", "cards", change=True),
        Permission("cards.receive", "cards", change=True),
        Permission("requests.see", "requests"),
        Permission("requests.withdraw", "requests", change=True),
        Permission("requests.attach", "requests", change=True),
        Permission("jobs.see", side="self"),
        Permission("users.see", "users", side="fleet"),
        Permission("users.change", "users", change=True, side="fleet"),
        Permission("vehicles.see", "vehicles", side="fleet"),
        Permission("vehicles.change", "vehicles", change=True, side="fleet"),
        Permission("drivers.see", "drivers", side="fleet"),
        Permission("drivers.change", "drivers", change=True, side="fleet"),
        Permission("divisions.see", "divisions", side="fleet"),
        Permission("divisions.change", "divisions", change=True, side="whole"),
        Permission("own.see", side="self"),
        Permission("notices.see", side="self"),
        Permission("notices.read", change=True, side="self"),
        Permission("company.settings", change=True, side="settings"),
        Permission("activity.see", side="self"),
        Permission("multipass.ask", change=True, side="numbers"),
        Permission("multipass.decide", change=True, side="principal"),
        Permission("company.handover", change=True, side="principal"),
        Permission("downloads.make", change=True, side="self"),
        Permission("views.keep", change=True, side="self"),
        Permission("work.decide", change=True, side="administrator"),
        Permission("operator.see", side="operator"),
        Permission("operator.produce", change=True, side="operator"),
        Permission("operator.work", change=True, side="operator"),
        Permission("operator.publish", change=True, side="operator"),
        Permission("operator.products", change=True, side="operator"),
        Permission("operator.companies", change=True, side="operator"),
        Permission("company.start", change=True, side="principal"),
    )
)


def suggested_levels(profile: str, applications: list[str]) -> list[str]:
    """Return the card-side applications that a new member of that profile may change (ACC-11)."""
    return [name for name in applications if name in CARD_SIDE] if profile in FLEET_CHANGERS else []


def _level(membership: Membership, permission: Permission) -> bool:
    """Say whether the member's level reaches: by application on the card side, by profile for fleet data."""
    if not permission.change or membership.is_principal:
        return True
    if permission.side == "card":
        return permission.application in membership.change_applications
    if membership.profile == Membership.Profile.ACCOUNTING:
        return permission.application in ACCOUNTING_CHANGES
    return membership.profile in FLEET_CHANGERS


def is_administrator(membership: Membership) -> bool:
    """Say whether a member decides for the whole company: the principal user, or an unlimited Administrator (GEN-13).

    Who sees only some numbers or divisions does not decide on work that may be about others (GEN-1).
    """
    unlimited = membership.all_customer_numbers and membership.all_divisions
    return membership.is_principal or (membership.profile == Membership.Profile.ADMINISTRATOR and unlimited)


def permissions_of(membership: Membership, company: Company) -> frozenset[str]:
    """Return what a member may do: level, application and the company's option, all three (ACC-13).

    Validity dates and the scope are looked at before this is called. Until the company's first connection has ended,
    its principal user prepares it and nobody does anything else (ONB-5).
    """
    administers = membership.is_principal or membership.profile == Membership.Profile.ADMINISTRATOR
    held = frozenset(
        permission.name
        for permission in PERMISSIONS.values()
        if permission.side == "self"
        or (permission.side == "settings" and administers)
        or (permission.side == "principal" and membership.is_principal)
        or (permission.side == "numbers" and (membership.is_principal or not membership.all_customer_numbers))
        or (permission.side == "administrator" and is_administrator(membership))
        or (
            permission.side in {"card", "fleet", "whole"}
            and (permission.side != "whole" or membership.is_principal or membership.all_divisions)
            and (membership.is_principal or permission.application in membership.applications)
            and permission.application not in company.options_off
            and _level(membership, permission)
        )
    )
    if company.initialised_at is None:
        return held & (personal_permissions() | (BEFORE_THE_START if membership.is_principal else frozenset()))
    return held


def personal_permissions() -> frozenset[str]:
    """Return what anybody who is signed in may do about themselves."""
    return frozenset(name for name, permission in PERMISSIONS.items() if permission.side == "self")


def operator_permissions(user: User) -> frozenset[str]:
    """Return what operator staff may do in their own area; nothing for anybody else."""
    if user.kind != User.Kind.OPERATOR:
        return frozenset()
    return frozenset(name for name, permission in PERMISSIONS.items() if permission.side in {"operator", "self"})


def roles() -> dict[str, frozenset[str]]:
    """Return who there is, with what each may do: members with everything open and the levels that are suggested."""
    everything = [application.name for application in APPLICATIONS]
    company = Company(initialised_at=timezone.now())
    found = {"Principal user": permissions_of(Membership(is_principal=True), company)}
    for profile in Membership.Profile:
        levels = suggested_levels(profile, everything)
        member = Membership(profile=profile, applications=everything, change_applications=levels)
        found[str(profile.label)] = permissions_of(member, company)
    found[str(User.Kind.OPERATOR.label)] = operator_permissions(User(kind=User.Kind.OPERATOR))
    return found
