"""Making companies, users and memberships, each with its entry in the audit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.colleagues.finding import find_again
from accounts.finding import find_company
from accounts.models import (
    Company,
    CustomerNumber,
    FleetDivision,
    Membership,
    MembershipDivision,
    MembershipNumber,
    User,
)
from accounts.rights import APPLICATIONS, CARD_SIDE, suggested_levels
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.scope import all_companies, company_scope, person_scope


def create_user(
    *,
    email: str,
    first_name: str,
    last_name: str,
    actor: Actor,
    now: datetime,
    password: str | None = None,
    language: str = "en",
    kind: str = User.Kind.CLIENT,
    phone: str = "",
    mobile: str = "",
) -> User:
    """Create a person who can sign in with that address, which counts as confirmed.

    Without a password nobody can sign in as them until one is chosen; a given one is not held against ACC-3.
    Raises IntegrityError when the address, whatever its capitals, is another user's.
    """
    with transaction.atomic():
        user = User.objects.create_user(
            email,
            password,
            first_name=first_name,
            last_name=last_name,
            language=language,
            kind=kind,
            phone=phone,
            mobile=mobile,
            date_joined=now,
        )
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        with person_scope(user.pk):
            audit.record(actor, "accounts.user_created", user, now=now, after={"kind": str(kind)})
    return user


def create_company(*, legal_name: str, actor: Actor, now: datetime, **details: Any) -> Company:
    """Create a client company; `details` are further columns of `Company`.

    Goes through the wide door, since a company that does not exist yet can't be in scope.
    """
    with all_companies(reason="a new company"):
        company = Company.objects.create(legal_name=legal_name, created_at=now, **details)
        with company_scope(company.pk):
            find_company(company)
            after = {"identifier": company.identifier, "legal_name": legal_name}
            audit.record(actor, "accounts.company_created", company, now=now, after=after)
    return company


def add_membership(
    *,
    company: Company,
    user: User,
    profile: str,
    actor: Actor,
    now: datetime,
    applications: Iterable[str] | None = None,
    change_applications: Iterable[str] | None = None,
    is_principal: bool = False,
    is_active: bool = True,
    valid_from: date | None = None,
    valid_until: date | None = None,
    customer_numbers: Iterable[CustomerNumber] | None = None,
    divisions: Iterable[FleetDivision] | None = None,
    invited_at: datetime | None = None,
    name: str = "",
) -> Membership:
    """Make a user a member of a company.

    `applications` are the parts they may open, all when None. `change_applications` are those of the card side where
    they may also change, as the profile suggests when None (ACC-11). `customer_numbers` and `divisions` limit the
    member to these; None means all. The principal user holds everything at Administrator level (ACC-12).
    With `invited_at` they get in once they have joined, and are called `name` until then.
    Raises ValueError for an application that does not exist, IntegrityError for a second membership or principal.
    """
    known = [application.name for application in APPLICATIONS]
    opened = known if applications is None or is_principal else list(applications)
    profile = Membership.Profile.ADMINISTRATOR if is_principal else Membership.Profile(profile)
    changed = suggested_levels(profile, opened)
    if change_applications is not None and not is_principal:
        changed = list(change_applications)
    if unknown := ({*opened} - {*known}) | ({*changed} - CARD_SIDE):
        raise ValueError(f"Not applications of that kind: {', '.join(sorted(unknown))}.")
    with company_scope(company.pk):
        membership = Membership.objects.create(
            company=company,
            user=user,
            profile=profile,
            is_principal=is_principal,
            is_active=is_active,
            valid_from=valid_from,
            valid_until=valid_until,
            applications=opened,
            change_applications=changed,
            all_customer_numbers=customer_numbers is None,
            all_divisions=divisions is None,
            created_at=now,
            invited_at=invited_at,
            name=name or user.list_name,
        )
        numbers = list(customer_numbers or ())
        parts = list(divisions or ())
        MembershipNumber.objects.bulk_create(
            [MembershipNumber(company=company, membership=membership, customer_number=number) for number in numbers]
        )
        MembershipDivision.objects.bulk_create(
            [MembershipDivision(company=company, membership=membership, division=part) for part in parts]
        )
        after = {
            "user": user.pk,
            "profile": str(profile),
            "applications": opened,
            "change_applications": changed,
            "is_principal": is_principal,
            "valid_from": valid_from,
            "valid_until": valid_until,
            "customer_numbers": None if customer_numbers is None else [number.pk for number in numbers],
            "divisions": None if divisions is None else [part.pk for part in parts],
        }
        audit.record(actor, "accounts.member_added", membership, now=now, after=after, label=membership.name[:120])
        find_again([membership.pk])
    return membership
