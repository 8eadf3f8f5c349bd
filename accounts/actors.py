"""From a signed-in person to an actor and a scope: who acts, what they may, and whose rows they see."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import ConditionsVersion, Membership, MembershipDivision, MembershipNumber, User
from accounts.rights import is_administrator, operator_permissions, permissions_of, personal_permissions
from fleetportal.core.access import Actor
from fleetportal.core.scope import Scope, company_scope, current_scope, person_scope


@dataclass(frozen=True, slots=True)
class Presence:
    """A person in a company: the membership they act by, and all that they could switch to."""

    membership: Membership
    others: tuple[Membership, ...]


def in_force(today: date) -> Q:
    """Return what makes a membership one that lets its person in on that day (ACC-22, ACC-27)."""
    return (
        Q(is_active=True, invited_at__isnull=True, company__is_active=True)
        & (Q(valid_from__isnull=True) | Q(valid_from__lte=today))
        & (Q(valid_until__isnull=True) | Q(valid_until__gte=today))
    )


def members_in_force(company_id: int, today: date) -> QuerySet[Membership]:
    """Return the members whom that company, which is in scope, lets in that day, with person and company."""
    members = Membership.objects.filter(in_force(today), company_id=company_id, user__is_active=True)
    return members.select_related("user", "company")


def administrators(company_id: int, today: date) -> list[User]:
    """Return who decides for that company, which is in scope: its principal user and its unlimited Administrators."""
    return [one.user for one in members_in_force(company_id, today).order_by("pk") if is_administrator(one)]


def active_memberships(user_id: int, today: date) -> list[Membership]:
    """Return the memberships by which that person gets in today, with their companies, by name (ACC-22, ACC-27).

    Who is invited and has not joined does not (ACC-24).

    Enters the person's scope where it is not in force already (a request is in it when this is asked).
    """
    scope = current_scope()
    # Since when a version of the conditions waits to be accepted for the company; None where none does (ONB-1).
    accepted = OuterRef("company__conditions_accepted")
    newer = ConditionsVersion.objects.filter(number__gt=accepted).order_by("-number")
    with nullcontext() if scope is not None and scope.person == user_id else person_scope(user_id):
        return list(
            Membership.objects.filter(in_force(today), user_id=user_id)
            .select_related("company")
            .annotate(conditions_asked_at=Subquery(newer.values("published_at")[:1]))
            .order_by("company__legal_name", "pk")
        )


def presence(user_id: int, identifier: str, now: datetime) -> Presence | None:
    """Return how that person is present in the company of that identifier, or None when they are not."""
    memberships = active_memberships(user_id, timezone.localdate(now))
    mine = next((one for one in memberships if one.company.identifier == identifier), None)
    return Presence(mine, tuple(memberships)) if mine else None


def scope_of(membership: Membership) -> Scope:
    """Return the scope of a membership: its company, cut down to its customer numbers and divisions."""
    if membership.all_customer_numbers and membership.all_divisions:
        return Scope(company=membership.company_id)
    with company_scope(membership.company_id):
        limits = Membership.objects.annotate(
            number_ids=ArraySubquery(
                MembershipNumber.objects.filter(membership=OuterRef("pk")).values("customer_number_id")
            ),
            division_ids=ArraySubquery(
                MembershipDivision.objects.filter(membership=OuterRef("pk")).values("division_id")
            ),
        ).get(pk=membership.pk)
    return Scope(
        company=membership.company_id,
        customer_numbers=None if membership.all_customer_numbers else tuple(limits.number_ids),
        divisions=None if membership.all_divisions else tuple(limits.division_ids),
    )


def member_actor(user: User, membership: Membership, *, address: str | None = None, request_id: str = "") -> Actor:
    """Return the actor for a member acting in their company."""
    return Actor(
        label=user.full_name,
        user=user.pk,
        company=membership.company_id,
        membership=membership.pk,
        permissions=permissions_of(membership, membership.company),
        address=address,
        request_id=request_id,
        language=user.language,
    )


def operator_actor(user: User, *, address: str | None = None, request_id: str = "") -> Actor:
    """Return the actor for operator staff acting in their own area."""
    return Actor(
        label=user.full_name,
        user=user.pk,
        permissions=operator_permissions(user),
        address=address,
        request_id=request_id,
        language=user.language,
    )


def person_actor(user: User, *, address: str | None = None, request_id: str = "") -> Actor:
    """Return the actor for a signed-in person on pages about themselves, where no company is in scope."""
    return Actor(
        label=user.full_name,
        user=user.pk,
        permissions=personal_permissions(),
        address=address,
        request_id=request_id,
        language=user.language,
    )


def current_actor(user_id: int, company_id: int | None, now: datetime) -> Actor | None:
    """Return the actor that a person is today, for work that was asked for earlier (GEN-13); None when they lost it."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    if company_id is None or user.kind == User.Kind.OPERATOR:
        return operator_actor(user)
    for membership in active_memberships(user_id, timezone.localdate(now)):
        if membership.company_id == company_id:
            return member_actor(user, membership)
    return None


@dataclass(frozen=True, slots=True)
class Standing:
    """A person as they stand in a company at a moment, outside of a request: who acts, by what, and on whose rows."""

    user: User
    actor: Actor
    presence: Presence
    scope: Scope
    now: datetime


def current_standing(user_id: int, company_id: int, now: datetime) -> Standing | None:
    """Return how that person stands in that company today; None when they are not let in any more."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    for membership in active_memberships(user_id, timezone.localdate(now)) if user else []:
        if user and membership.company_id == company_id:
            actor = member_actor(user, membership)
            return Standing(user, actor, Presence(membership, ()), scope_of(membership), now)
    return None


def current_reach(actor: Actor) -> Scope:
    """Return what a member may reach today, for work that was asked for earlier (GEN-13)."""
    with company_scope(actor.company or 0):
        return scope_of(Membership.objects.get(pk=actor.membership))
