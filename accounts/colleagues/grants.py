"""What a member may grant: nobody gives what they do not hold, nor touches who holds more (ACC-12, ACC-13)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils.translation import gettext as _

from accounts.actors import scope_of
from accounts.models import FleetDivision, Membership, MembershipDivision, MembershipNumber
from accounts.rights import ACCOUNTING_CHANGES, APPLICATIONS, CARD_SIDE, FLEET_CHANGERS
from fleetportal.core.access import Actor

# Who may give which profile: one's own and those below it.
RANK = {
    Membership.Profile.ADMINISTRATOR: 3,
    Membership.Profile.MANAGEMENT: 2,
    Membership.Profile.CONSULTATION: 1,
    Membership.Profile.ACCOUNTING: 1,
}
KNOWN = tuple(application.name for application in APPLICATIONS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a member holds or is to hold; `customer_numbers` and `divisions` are ids, None means all of them."""

    profile: str
    applications: tuple[str, ...]
    change_applications: tuple[str, ...]
    customer_numbers: tuple[int, ...] | None = None
    divisions: tuple[int, ...] | None = None
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """What somebody who grants holds themselves."""

    rank: int = 3
    applications: frozenset[str] = field(default_factory=lambda: frozenset(KNOWN))
    change_applications: frozenset[str] = CARD_SIDE
    customer_numbers: frozenset[int] | None = None
    divisions: frozenset[int] | None = None

    def profiles(self) -> list[tuple[str, str]]:
        """Return the profiles that may be given, for a form."""
        return [(str(one.value), str(one.label)) for one in Membership.Profile if RANK[one] <= self.rank]

    def reaches(self, numbers: Iterable[int] | None, divisions: Iterable[int] | None) -> bool:
        """Say whether these limits lie within one's own."""
        return _within(numbers, self.customer_numbers) and _within(divisions, self.divisions)


def _within(wanted: Iterable[int] | None, own: frozenset[int] | None) -> bool:
    return own is None or (wanted is not None and own.issuperset(wanted))


def rights_of(membership: Membership) -> Rights:
    """Return what a member holds now."""
    scope = scope_of(membership)
    return Rights(
        profile=membership.profile,
        applications=tuple(membership.applications),
        change_applications=tuple(membership.change_applications),
        customer_numbers=None if scope.customer_numbers is None else tuple(sorted(scope.customer_numbers)),
        divisions=None if scope.divisions is None else tuple(sorted(scope.divisions)),
        valid_from=membership.valid_from,
        valid_until=membership.valid_until,
    )


def must_manage(actor: Actor) -> None:
    """Raise PermissionDenied for who may not change users: a member without the right, or no operator's staff."""
    actor.must("operator.see" if actor.membership is None else "users.change")


def must_have_days(rights: Rights, today: date) -> None:
    """Raise ValidationError at the end of a validity that leaves no day for who is invited (ACC-22)."""
    if rights.valid_until and rights.valid_until < today:
        raise ValidationError({"valid_until": [_("The end lies in the past: this colleague could never sign in.")]})


def holding(actor: Actor, own: Membership | None = None) -> Holding:
    """Return what the actor may grant from: their own rights, or all where the portal or the operator acts.

    `own` is the actor's membership, where the caller has it. Raises PermissionDenied for who may not change users.
    """
    must_manage(actor)
    if actor.membership is None:
        return Holding()
    if own is None or own.pk != actor.membership:
        own = Membership.objects.get(pk=actor.membership)
    if own.is_principal:
        return Holding()
    held = rights_of(own)
    return Holding(
        rank=RANK[Membership.Profile(own.profile)],
        applications=frozenset(held.applications),
        change_applications=frozenset(held.change_applications) & frozenset(held.applications),
        customer_numbers=None if held.customer_numbers is None else frozenset(held.customer_numbers),
        divisions=None if held.divisions is None else frozenset(held.divisions),
    )


def refusal(actor: Actor, membership: Membership, *, held: Holding | None = None, rights: Rights | None = None) -> str:
    """Return why the actor may not change this member at all, or an empty text.

    The principal user hands the role over first; nobody changes their own rights, nor those of who holds more. `held`
    and `rights` are what both hold, where the caller has it.
    """
    held = held or holding(actor)
    if actor.user is not None and membership.user_id == actor.user:
        return _("You can't change your own rights. Ask another administrator of your company.")
    if membership.is_principal:
        return _("The principal user holds everything and can't be changed. The role can be handed over.")
    if RANK[Membership.Profile(membership.profile)] > held.rank:
        return _("This colleague's profile is above yours. Ask an administrator of your company.")
    rights = rights or rights_of(membership)
    if not held.reaches(rights.customer_numbers, rights.divisions):
        return _("This colleague works for customer numbers or divisions beyond yours. Ask an administrator.")
    return ""


def touchable(actor: Actor, held: Holding) -> Case:
    """Return, as an expression of a list of members, whether `refusal` would say nothing: one query for all rows."""
    above = [profile for profile, rank in RANK.items() if rank > held.rank]
    beyond: Any = Q(user_id=actor.user) | Q(is_principal=True) | Q(profile__in=above)
    if held.customer_numbers is not None:
        others = MembershipNumber.objects.exclude(customer_number__in=held.customer_numbers)
        beyond |= Q(all_customer_numbers=True) | Exists(others.filter(membership=OuterRef("pk")))
    if held.divisions is not None:
        foreign = MembershipDivision.objects.exclude(division__in=held.divisions)
        beyond |= Q(all_divisions=True) | Exists(foreign.filter(membership=OuterRef("pk")))
    return Case(When(beyond, then=Value(False)), default=Value(True))


def level(membership: Membership, application: str) -> str:
    """Return "change", "see" or an empty text: what a member may do in an application that is on (ACC-13)."""
    if not membership.is_principal and application not in membership.applications:
        return ""
    if membership.is_principal or may_change(membership.profile, application, membership.change_applications):
        return "change"
    return "see"


def may_change(profile: str, application: str, change_applications: Iterable[str]) -> bool:
    """Say whether the level reaches: by application on the card side, by profile for fleet data (ACC-10, ACC-11)."""
    if application in CARD_SIDE:
        return application in change_applications
    if profile == Membership.Profile.ACCOUNTING:
        return application in ACCOUNTING_CHANGES
    return profile in FLEET_CHANGERS


def settle(held: Holding, wanted: Rights, before: Rights | None = None) -> Rights:
    """Return the rights as they may be granted; raises ValidationError by field for what goes beyond the granter's own.

    What the member holds already and the granter does not stays as it was: it can be neither given nor taken. Levels
    of applications that are not open are dropped.
    """
    errors: dict[str, list[str]] = {}
    profile = Membership.Profile(wanted.profile) if wanted.profile in Membership.Profile.values else None
    if profile is None or RANK[profile] > held.rank:
        errors["profile"] = [_("You can't give a profile above your own.")]
    had = frozenset(before.applications) if before else frozenset()
    had_change = frozenset(before.change_applications) if before else frozenset()
    kept = had - held.applications
    asked = frozenset(wanted.applications)
    if asked - frozenset(KNOWN) or asked - held.applications - had:
        errors["applications"] = [_("You can't give an application that you don't hold yourself.")]
    opened = (asked & held.applications) | kept
    changed = frozenset(wanted.change_applications)
    if changed - CARD_SIDE or (changed - held.change_applications - had_change) & opened:
        errors["change_applications"] = [_("You can't give a level that you don't hold yourself.")]
    levels = ((changed & held.change_applications) | (had_change - held.change_applications)) & opened
    errors |= _limit_errors(held, wanted)
    if wanted.valid_from and wanted.valid_until and wanted.valid_until < wanted.valid_from:
        errors["valid_until"] = [_("The end lies before the start.")]
    if errors:
        raise ValidationError(errors)
    return Rights(
        profile=str(wanted.profile),
        applications=tuple(name for name in KNOWN if name in opened),
        change_applications=tuple(name for name in KNOWN if name in levels),
        customer_numbers=None if wanted.customer_numbers is None else tuple(sorted({*wanted.customer_numbers})),
        divisions=None if wanted.divisions is None else tuple(sorted({*wanted.divisions})),
        valid_from=wanted.valid_from,
        valid_until=wanted.valid_until,
    )


def _limit_errors(held: Holding, wanted: Rights) -> dict[str, list[str]]:
    """Return what is wrong with the limits: none chosen, beyond one's own, or a division of another number."""
    errors: dict[str, list[str]] = {}
    if wanted.customer_numbers is not None and not wanted.customer_numbers:
        errors["customer_numbers"] = [_("Choose at least one customer number, or all of them.")]
    elif not _within(wanted.customer_numbers, held.customer_numbers):
        errors["customer_numbers"] = [_("You can't give customer numbers beyond your own.")]
    if wanted.divisions is not None and not wanted.divisions:
        errors["divisions"] = [_("Choose at least one division, or the whole fleet.")]
    elif not _within(wanted.divisions, held.divisions):
        errors["divisions"] = [_("You can't give divisions beyond your own.")]
    elif wanted.divisions is not None and wanted.customer_numbers is not None:
        parents = dict(FleetDivision.objects.filter(pk__in=wanted.divisions).values_list("pk", "customer_number_id"))
        if any(parents.get(one) not in wanted.customer_numbers for one in wanted.divisions):
            errors["divisions"] = [_("A division belongs to a customer number that is not chosen.")]
    return errors
