"""Taking up an invitation: who holds its link says who they are and comes in (ACC-24).

The visitor belongs to no company yet, so a link is looked up through the wide door, by the hash of its token alone.
Wrong answers are counted in the request's transaction, which commits since they are answered like any page (decision
0018); the invitation's row is locked first, so that of many answers at once each finds the count of those before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.colleagues.contact import exact
from accounts.colleagues.finding import find_again
from accounts.colleagues.invitations import hash_of
from accounts.models import Invitation, Membership, User
from accounts.models.invitations import TRIES
from accounts.passwords import replace_password
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.mail import queue_mail
from fleetportal.core.pages import forms as pages
from fleetportal.core.scope import all_companies, company_scope


@dataclass(frozen=True, slots=True)
class Answers:
    """What an invited person says of themselves; compared with what was entered, capitals and accents included."""

    last_name: str
    first_name: str
    phone: str

    def fit(self, invitation: Invitation) -> bool:
        """Say whether all three are exactly as entered."""
        given = (exact(self.last_name), exact(self.first_name), exact(self.phone))
        return given == tuple(map(exact, (invitation.last_name, invitation.first_name, invitation.phone)))


def by_token(token: str) -> Invitation | None:
    """Return the invitation of a link, with its membership, company and person; None for a link nobody sent."""
    return _found(token_hash=hash_of(token))


def by_id(pk: int) -> Invitation | None:
    """Return an invitation that was opened in this session."""
    return _found(pk=pk)


def _found(**key: object) -> Invitation | None:
    with all_companies(reason="an invitation is opened by who belongs to no company yet"):
        related = ("membership__company", "membership__user")
        return Invitation.objects.select_related(*related).filter(**key).first()


def problem(invitation: Invitation, now: datetime) -> str:
    """Return why the invitation can't be taken up (any more), or an empty text."""
    if invitation.ended_at is not None:
        return {
            Invitation.Ending.USED: _("This invitation was used already. Sign in with your e-mail address."),
            Invitation.Ending.REPLACED: _("A newer invitation was sent to you. Use the link of that one."),
            Invitation.Ending.WITHDRAWN: _("This invitation was withdrawn. Ask who invited you."),
            Invitation.Ending.TRIES: _(
                "This invitation ended after five wrong answers. Who invited you is told, and can send a new one."
            ),
        }[Invitation.Ending(invitation.ending)]
    if invitation.expires_at is None or invitation.expires_at <= now:
        return _("This invitation is older than seven days. Ask who invited you for a new one.")
    membership = invitation.membership
    over = membership.valid_until is not None and membership.valid_until < timezone.localdate(now)
    if over or not membership.is_active or not membership.company.is_active:
        return _("Your access was ended before you came. Ask who invited you.")
    if membership.user.kind != User.Kind.CLIENT or not membership.user.is_active:
        return _("This address can't be used for a company. Ask who invited you to enter another one.")
    return ""


def answer(*, invitation: Invitation, answers: Answers, password: str, actor: Actor, now: datetime) -> str:
    """Let a new person in, with the password they chose; return an empty text, or the sentence for a wrong answer.

    A wrong answer is counted, and the fifth ends the invitation and tells its sender: that is returned and not raised,
    so that it is kept. Raises TransitionLost when the invitation can't be taken up any more.
    """
    pages.between_check_and_act()
    with company_scope(invitation.company_id):
        invitation = _locked(invitation.pk, now)
        membership = invitation.membership
        if membership.user.has_usable_password():
            raise TransitionLost(_("There is an account with your address already. Sign in to join."))
        if not answers.fit(invitation):
            return _wrong(invitation, actor, now)
        user = membership.user
        user.last_name, user.first_name, user.phone = invitation.last_name, invitation.first_name, invitation.phone
        user.save(update_fields=["last_name", "first_name", "phone"])
        replace_password(user, password, now)
        _join(invitation, membership, user, actor, now)
    return ""


def join_known(*, invitation: Invitation, user: User, actor: Actor, now: datetime) -> None:
    """Let a person who has an account, and has signed in to it, join the company.

    Raises TransitionLost when the invitation can't be taken up any more, or is another person's.
    """
    pages.between_check_and_act()
    with company_scope(invitation.company_id):
        invitation = _locked(invitation.pk, now)
        if invitation.membership.user_id != user.pk:
            raise TransitionLost(_("This invitation is for another e-mail address."))
        _join(invitation, invitation.membership, user, actor, now)


def _locked(pk: int, now: datetime) -> Invitation:
    """Return the invitation with its row locked; raises TransitionLost when it can't be taken up any more."""
    rows = Invitation.objects.select_for_update(of=("self",))
    invitation = rows.select_related("membership__company", "membership__user").get(pk=pk)
    if sentence := problem(invitation, now):
        raise TransitionLost(sentence)
    return invitation


def _join(invitation: Invitation, membership: Membership, user: User, actor: Actor, now: datetime) -> None:
    """Use the invitation up and let the member in; of two at once one wins."""
    claimed = Invitation.objects.filter(pk=invitation.pk, ended_at__isnull=True).update(
        ended_at=now, ending=Invitation.Ending.USED
    )
    if not claimed:
        raise TransitionLost(_("This invitation was used already. Sign in with your e-mail address."))
    Membership.objects.filter(pk=membership.pk).update(invited_at=None, name=user.list_name, version=F("version") + 1)
    membership.refresh_from_db()
    joined = Actor(label=user.full_name[:120], user=user.pk, address=actor.address, request_id=actor.request_id)
    audit.record(joined, "accounts.joined", membership, now=now, label=membership.name[:120])
    find_again([membership.pk])


def _wrong(invitation: Invitation, actor: Actor, now: datetime) -> str:
    """Count a wrong answer and return its sentence: one for all three fields, so that it helps nobody who guesses."""
    invitation.wrong_tries += 1
    last = invitation.wrong_tries >= TRIES
    if last:
        invitation.ended_at, invitation.ending = now, Invitation.Ending.TRIES
    invitation.save(update_fields=["wrong_tries", "ended_at", "ending"])
    membership = invitation.membership
    after = {"wrong_tries": invitation.wrong_tries}
    audit.record(actor, "accounts.invitation_wrong", membership, now=now, after=after, label=membership.name[:120])
    if not last:
        return _("The last name, the first name or the phone is not as it was entered. Capitals and accents count.")
    if invitation.sender is not None:
        queue_mail(
            "invitation_ended",
            user=invitation.sender,
            context={
                "name": membership.name,
                "company": membership.company.legal_name,
                "path": f"/{membership.company.identifier}/users/{membership.pk}/",
            },
            key=f"invitation_ended:{invitation.pk}",
            now=now,
        )
    return problem(invitation, now)


def only_invited(user: User) -> bool:
    """Say whether that person has never come in: their way in is the invitation, and no reset of a password."""
    if user.has_usable_password():
        return False
    with all_companies(reason="whether a person has joined anywhere"):
        memberships = Membership.objects.filter(user=user)
        waits = memberships.filter(invited_at__isnull=False).exists()
        return waits and not memberships.filter(invited_at__isnull=True).exists()
