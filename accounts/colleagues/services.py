"""What can be done with a company's colleagues; each verb writes its audit entry and queues its mails (ACC-20 to -28).

Refusals come as `TransitionLost` with the sentence, what is wrong with a field as `ValidationError` by field. Who may
grant what is decided in `grants`, for pages, the first connection and loaded files alike.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.colleagues import grants, invitations
from accounts.colleagues.contact import Contact, clean_email, clean_name, clean_phone
from accounts.colleagues.finding import find_again
from accounts.colleagues.grants import Rights
from accounts.colleagues.sessions import end_sessions_of_who_is_out
from accounts.models import (
    Company,
    CustomerNumber,
    FleetDivision,
    Invitation,
    Membership,
    MembershipDivision,
    MembershipNumber,
    User,
)
from accounts.services import add_membership, create_user
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.mail import queue_mail
from fleetportal.core.scope import person_scope


def create_colleague(
    *, company: Company, contact: Contact, rights: Rights, actor: Actor, now: datetime, invite: bool = True
) -> Membership:
    """Create a secondary user of the company in scope and invite them by mail at once (ACC-20, ACC-23).

    Without `invite` the mail waits for `renew_invitation`, as with users who are taken over before the first connection
    ends (ONB-4). Whether the address has an account elsewhere shows nowhere: it joins by the same link.
    Raises ValidationError by field, PermissionDenied for who may not create users.
    """
    grants.must_manage(actor)
    contact = _kept(contact)
    granted = grants.settle(grants.holding(actor), rights)
    if invite:
        grants.must_have_days(granted, timezone.localdate(now))
    _alone(company.pk)
    _refuse_double(contact.email)
    user = user_with(contact, actor, now)
    membership = add_membership(
        company=company,
        user=user,
        profile=granted.profile,
        actor=actor,
        now=now,
        applications=granted.applications,
        change_applications=granted.change_applications,
        valid_from=granted.valid_from,
        valid_until=granted.valid_until,
        customer_numbers=_numbers(granted),
        divisions=_divisions(granted),
        invited_at=now,
        name=f"{contact.last_name} {contact.first_name}",
    )
    invitations.open_invitation(membership, contact, actor=actor, now=now, send=invite)
    return membership


def change_colleague(
    *,
    membership: Membership,
    version: int,
    actor: Actor,
    now: datetime,
    contact: Contact | None = None,
    rights: Rights | None = None,
) -> dict[str, Any]:
    """Change a colleague's contact data, rights or both, tell them by mail, and return what is new (ACC-25, ACC-26).

    `version` is the one the form was made from. Raises TransitionLost when somebody else changed the colleague
    meanwhile, or when the actor may not change them; ValidationError by field.
    """
    grants.must_manage(actor)
    if contact is not None:
        _alone(membership.company_id)
    _lock_administrators(membership.company_id)
    membership = _locked(membership)
    _refuse(actor, membership)
    before_rights = grants.rights_of(membership)
    known = invitations.contact_of(membership)
    values: dict[str, Any] = {}
    if rights is not None:
        granted = grants.settle(grants.holding(actor), rights, before_rights)
        _keep_an_administrator(membership, profile=granted.profile, applications=granted.applications)
        values |= {
            "profile": granted.profile,
            "applications": list(granted.applications),
            "change_applications": list(granted.change_applications),
            "valid_from": granted.valid_from,
            "valid_until": granted.valid_until,
            "all_customer_numbers": granted.customer_numbers is None,
            "all_divisions": granted.divisions is None,
        }
    else:
        granted = before_rights
    contact = _kept(contact, known) if contact is not None else known
    _refuse_contact(membership, known, contact)
    before, after = audit.changes(_described(before_rights, known), _described(granted, contact))
    if not after:
        return {}
    if contact.email != known.email:
        _refuse_double(contact.email)
        values["user"] = user_with(contact, actor, now)
    values["name"] = f"{contact.last_name} {contact.first_name}"
    changed = Membership.objects.filter(pk=membership.pk, version=version).update(version=F("version") + 1, **values)
    if not changed:
        raise TransitionLost(
            _("Somebody else has changed this colleague meanwhile. Look again and repeat your change.")
        )
    _limit(membership, granted)
    membership.refresh_from_db()
    if contact != known:
        invitations.take_contact(membership, known, contact, actor=actor, now=now)
    audit.record(actor, "accounts.member_changed", membership, now=now, before=before, after=after)
    find_again([membership.pk])
    _tell(membership, before, after, actor, now)
    end_sessions_of_who_is_out([membership.user_id], now)
    return after


def set_active(*, membership: Membership, active: bool, actor: Actor, now: datetime) -> None:
    """Make a colleague inactive or active again; open sessions of who is out everywhere end at once (ACC-27).

    Raises TransitionLost when they are so already, are the last administrator, or are not the actor's to change.
    """
    grants.must_manage(actor)
    _lock_administrators(membership.company_id)
    membership = _locked(membership)
    _refuse(actor, membership)
    if not active:
        _keep_an_administrator(membership, is_active=False)
    changed = Membership.objects.filter(pk=membership.pk, is_active=not active).update(
        is_active=active, version=F("version") + 1
    )
    if not changed:
        raise TransitionLost(_("This colleague is active.") if active else _("This colleague is inactive."))
    before, after = {"is_active": not active}, {"is_active": active}
    audit.record(actor, "accounts.member_changed", membership, now=now, before=before, after=after)
    _tell(membership, before, after, actor, now)
    end_sessions_of_who_is_out([membership.user_id], now)


def renew_invitation(*, membership: Membership, actor: Actor, now: datetime) -> Invitation:
    """Send a new invitation; the link of the one before works no more (ACC-24).

    Raises TransitionLost for who has joined already, or is not the actor's to invite.
    """
    grants.must_manage(actor)
    membership = _locked(membership)
    _refuse(actor, membership)
    if membership.invited_at is None:
        raise TransitionLost(_("This colleague has joined already."))
    contact = invitations.contact_of(membership)
    return invitations.open_invitation(membership, contact, actor=actor, now=now, send=True)


def withdraw_invitation(*, membership: Membership, actor: Actor, now: datetime) -> None:
    """End the open invitation; the colleague stays, and can be invited again (ACC-24).

    Raises TransitionLost where none is open, or for who is not the actor's to change.
    """
    grants.must_manage(actor)
    membership = _locked(membership)
    _refuse(actor, membership)
    if not invitations.end_open(membership, Invitation.Ending.WITHDRAWN, actor=actor, now=now):
        raise TransitionLost(_("No invitation is open."))


# --- what stands behind them ------------------------------------------------------------------------------------------


def _kept(contact: Contact, known: Contact | None = None) -> Contact:
    """Return the contact data as they are kept; what is known already stays as it is.

    Raises ValidationError by field.
    """
    errors: dict[str, Any] = {}
    kept: dict[str, str] = {}
    for name, clean in (
        ("last_name", clean_name),
        ("first_name", clean_name),
        ("email", clean_email),
        ("phone", clean_phone),
    ):
        given = getattr(contact, name)
        if known is not None and given == getattr(known, name):
            kept[name] = given
            continue
        try:
            kept[name] = clean(given)
        except ValidationError as error:
            errors[name] = error.messages
    if errors:
        raise ValidationError(errors)
    return Contact(language=contact.language, **kept)


def _refuse(actor: Actor, membership: Membership) -> None:
    if sentence := grants.refusal(actor, membership):
        raise TransitionLost(sentence)


def _locked(membership: Membership) -> Membership:
    """Return the member with their row locked: of two people acting on the same one at once, one waits."""
    found = Membership.objects.select_for_update(of=("self",)).select_related("user").filter(pk=membership.pk).first()
    if found is None:
        raise TransitionLost(_("This is not there any more."))
    return found


def _administrators(company_id: int) -> Any:
    """Return who administers the company and can get in: the principal user and Administrators with the users."""
    today = timezone.localdate()
    return Membership.objects.filter(
        Q(is_principal=True) | Q(profile=Membership.Profile.ADMINISTRATOR, applications__contains=["users"]),
        Q(valid_until__isnull=True) | Q(valid_until__gte=today),
        company_id=company_id,
        is_active=True,
        invited_at__isnull=True,
    )


def _lock_administrators(company_id: int) -> None:
    """Lock the administrators in the order of their ids, so that two of them can't remove each other at once."""
    list(_administrators(company_id).order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))


def _keep_an_administrator(
    membership: Membership, *, profile: str = "", applications: tuple[str, ...] = (), is_active: bool = True
) -> None:
    """Raise TransitionLost where the company would be left without an active administrator (ACC-12)."""
    stays = is_active and profile == Membership.Profile.ADMINISTRATOR and "users" in applications
    others = _administrators(membership.company_id)
    if stays or not others.filter(pk=membership.pk).exists() or others.exclude(pk=membership.pk).exists():
        return
    raise TransitionLost(_("At least one active administrator of the users has to stay."))


def _alone(company_id: int) -> None:
    """Wait until nobody else gives a colleague of this company an address: two at once would give the same one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"addresses of colleagues {company_id}"]
        )


def _refuse_double(email: str) -> None:
    if Membership.objects.filter(user__email=email).exists():
        raise ValidationError({"email": [_("A user of your company has this address already.")]})


def user_with(contact: Contact, actor: Actor, now: datetime) -> User:
    """Return the person with that address; make them where the portal does not know it yet, also of two at once."""
    user = User.objects.filter(email=contact.email).first()
    if user is not None:
        return user
    try:
        return create_user(
            email=contact.email,
            first_name=contact.first_name,
            last_name=contact.last_name,
            phone=contact.phone,
            language=contact.language,
            actor=actor,
            now=now,
        )
    except IntegrityError:  # another company made the same person a moment ago
        return User.objects.get(email=contact.email)


def _numbers(rights: Rights) -> list[CustomerNumber] | None:
    """Return the customer numbers of the rights; raises ValidationError for one that is not in the actor's reach."""
    if rights.customer_numbers is None:
        return None
    found = list(CustomerNumber.objects.filter(pk__in=rights.customer_numbers))
    if len(found) != len(rights.customer_numbers):
        raise ValidationError({"customer_numbers": [_("You can't give customer numbers beyond your own.")]})
    return found


def _divisions(rights: Rights) -> list[FleetDivision] | None:
    """Return the divisions of the rights; raises ValidationError for one that is not in the actor's reach."""
    if rights.divisions is None:
        return None
    found = list(FleetDivision.objects.filter(pk__in=rights.divisions))
    if len(found) != len(rights.divisions):
        raise ValidationError({"divisions": [_("You can't give divisions beyond your own.")]})
    return found


def _limit(membership: Membership, rights: Rights) -> None:
    """Write the customer numbers and divisions that the member is limited to."""
    numbers, divisions = _numbers(rights) or [], _divisions(rights) or []
    about = {"company_id": membership.company_id, "membership": membership}
    MembershipNumber.objects.filter(membership=membership).exclude(customer_number__in=numbers).delete()
    MembershipNumber.objects.bulk_create(
        [MembershipNumber(customer_number=one, **about) for one in numbers], ignore_conflicts=True
    )
    MembershipDivision.objects.filter(membership=membership).exclude(division__in=divisions).delete()
    MembershipDivision.objects.bulk_create(
        [MembershipDivision(division=one, **about) for one in divisions], ignore_conflicts=True
    )


def own_data_only(membership: Membership) -> bool:
    """Say whether names and phone are the person's own to change: who joined and is known beyond this company."""
    if membership.invited_at is not None:
        return False
    with person_scope(membership.user_id):
        return Membership.objects.exclude(company_id=membership.company_id).exists()


def _refuse_contact(membership: Membership, known: Contact, wanted: Contact) -> None:
    """Raise ValidationError by field for contact data that only the person themselves may change."""
    if membership.invited_at is not None:
        return
    errors: dict[str, list[str]] = {}
    if wanted.email != known.email:
        errors["email"] = [_("Who has joined changes their e-mail address themselves.")]
    if (wanted.last_name, wanted.first_name, wanted.phone) != (
        known.last_name,
        known.first_name,
        known.phone,
    ) and own_data_only(membership):
        errors["last_name"] = [_("This colleague changes their names and phone themselves.")]
    if errors:
        raise ValidationError(errors)


def _described(rights: Rights, contact: Contact) -> dict[str, Any]:
    """Return everything about a colleague that the audit and the mail tell of."""
    return {
        "last_name": contact.last_name,
        "first_name": contact.first_name,
        "email": contact.email,
        "phone": contact.phone,
        "profile": rights.profile,
        "applications": sorted(rights.applications),
        "change_applications": sorted(rights.change_applications),
        "customer_numbers": None if rights.customer_numbers is None else list(rights.customer_numbers),
        "divisions": None if rights.divisions is None else list(rights.divisions),
        "valid_from": rights.valid_from,
        "valid_until": rights.valid_until,
    }


def _tell(membership: Membership, before: dict[str, Any], after: dict[str, Any], actor: Actor, now: datetime) -> None:
    """Queue the mail that says what changed (ACC-26).

    Who was taken over is not told before the first connection has ended: the invitation that follows is the first that
    they hear of the portal (ONB-4).
    """
    if (
        membership.invited_at is not None
        and not Company.objects.filter(pk=membership.company_id, initialised_at__isnull=False).exists()
    ):
        return
    queue_mail(
        "colleague_changed",
        user=membership.user,
        context={"membership": membership.pk, "before": before, "after": after, "by": actor.label},
        key=f"colleague_changed:{uuid.uuid4()}",
        now=now,
    )
