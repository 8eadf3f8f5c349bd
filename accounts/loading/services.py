"""Loading a company, and sending its principal user the way in (ONB-7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.colleagues import invitations
from accounts.colleagues.contact import Contact
from accounts.colleagues.finding import find_again
from accounts.colleagues.grants import Rights
from accounts.colleagues.services import create_colleague, user_with
from accounts.finding import find_number
from accounts.models import Company, CustomerNumber, FleetDivision, Invitation, Membership, User
from accounts.safety.oldportal import load_names
from accounts.services import add_membership, create_company
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.scope import company_scope

MAIL = "first_connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A user who is taken over: card rights as they were, fleet data at the profile Consultation (ONB-4)."""

    contact: Contact
    applications: tuple[str, ...]
    change_applications: tuple[str, ...]
    customer_numbers: tuple[str, ...] = ()
    divisions: tuple[tuple[str, str], ...] = ()
    valid_until: date | None = None
    old_user_name: str = ""


def load_company(
    *,
    details: dict[str, str],
    principal: Contact,
    principal_old_name: str,
    numbers: list[dict[str, str]],
    divisions: list[tuple[str, str]],
    users: list[Loaded],
    actor: Actor,
    now: datetime,
) -> Company:
    """Create a company with its customer numbers, divisions and users, and send the principal user the way in.

    Nobody works for it before the first connection has ended; the secondary users are invited then (ONB-5). Raises
    PermissionDenied, ValidationError for what a user's data can't be, IntegrityError for a customer number that exists.
    """
    actor.must("operator.companies")
    company = create_company(actor=actor, now=now, verification=Company.Verification.LOADED, **details)
    with company_scope(company.pk):
        kept = {one["number"]: _number(company, one, actor, now) for one in numbers}
        parts = {(number, name): _division(kept[number], name, actor, now) for number, name in divisions}
        names: list[tuple[str, User]] = []
        membership = _principal(company, principal, actor, now)
        names.append((principal_old_name, membership.user))
        for one in users:
            rights = Rights(
                profile=Membership.Profile.CONSULTATION,
                applications=one.applications,
                change_applications=one.change_applications,
                customer_numbers=tuple(kept[number].pk for number in one.customer_numbers) or None,
                divisions=tuple(parts[part].pk for part in one.divisions) or None,
                valid_until=one.valid_until,
            )
            made = create_colleague(
                company=company, contact=one.contact, rights=rights, actor=actor, now=now, invite=False
            )
            names.append((one.old_user_name, made.user))
    load_names(names, now)
    return company


def send_first_connection(*, company: Company, actor: Actor, now: datetime) -> Invitation:
    """Send the principal user a new link to the first connection; the one before works no more (ONB-7).

    Raises TransitionLost for a company whose principal user has come in already.
    """
    actor.must("operator.companies")
    with company_scope(company.pk):
        rows = Membership.objects.select_for_update(of=("self",)).select_related("user")
        membership = rows.filter(is_principal=True).first()
        if membership is None or membership.invited_at is None:
            raise TransitionLost(_("The principal user has come in already, and signs in with their password."))
        contact = invitations.contact_of(membership)
        return invitations.open_invitation(membership, contact, actor=actor, now=now, send=True, template=MAIL)


def _principal(company: Company, contact: Contact, actor: Actor, now: datetime) -> Membership:
    """Make the principal user, who comes in by the link of the mail and begins the first connection."""
    user = user_with(contact, actor, now)
    membership = add_membership(
        company=company,
        user=user,
        profile=Membership.Profile.ADMINISTRATOR,
        is_principal=True,
        invited_at=now,
        name=f"{contact.last_name} {contact.first_name}",
        actor=actor,
        now=now,
    )
    invitations.open_invitation(membership, contact, actor=actor, now=now, send=True, template=MAIL)
    find_again([membership.pk])
    return membership


def _number(company: Company, values: dict[str, str], actor: Actor, now: datetime) -> CustomerNumber:
    number = CustomerNumber.objects.create(company=company, **values)
    find_number(number)
    audit.record(actor, "accounts.number_added", number, now=now, after={"number": number.number, "name": number.name})
    return number


def _division(number: CustomerNumber, name: str, actor: Actor, now: datetime) -> FleetDivision:
    made = FleetDivision.objects.create(company_id=number.company_id, customer_number=number, name=name)
    after: dict[str, Any] = {"name": name, "customer_number": number.number}
    audit.record(actor, "divisions.created", made, now=now, after=after)
    return made
