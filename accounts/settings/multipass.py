"""Asking for the Multipass or a customer number, and deciding on it (ACC-31).

A refusal comes as `TransitionLost` with the sentence, what is wrong with a field as `ValidationError` by field.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.colleagues import grants, services
from accounts.finding import find_number
from accounts.models import Company, CustomerNumber, Membership, MultipassRequest, User
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.mail import OutgoingMail, mail_context, queue_mail
from fleetportal.core.scope import company_scope

Outcome = MultipassRequest.Outcome
ADDRESS = ("recipient", "street", "postal_code", "town", "country")


def waiting_of(membership_id: int | None) -> MultipassRequest | None:
    """Return the request of that member that waits, if there is one."""
    return MultipassRequest.objects.filter(membership=membership_id, outcome=Outcome.WAITING).first()


def ask(*, number: str, reason: str, actor: Actor, now: datetime) -> MultipassRequest:
    """Ask for a customer number, or without one for all of the company's; who decides is told by mail (ACC-31).

    A principal user asks operator staff, for a number that is not yet the company's. The answer is the same whether
    there is such a number or not. Raises ValidationError by field, TransitionLost while an earlier request waits.
    """
    actor.must("multipass.ask")
    member = Membership.objects.select_related("company").get(pk=actor.membership)
    number = "".join(number.split()).upper()
    if CustomerNumber.objects.filter(number=number).exists():
        raise ValidationError({"number": [_("You work for this customer number already.")]})
    if member.is_principal and not number:
        raise ValidationError({"number": [_("Type the customer number that your company needs.")]})
    asked = MultipassRequest(
        company_id=member.company_id,
        membership=member,
        number=number,
        reason=reason,
        for_operator=member.is_principal,
        asked_at=now,
    )
    try:
        with transaction.atomic():
            asked.save()
    except IntegrityError as error:
        raise TransitionLost(_("You have asked already. Your request waits for an answer.")) from error
    audit.record(actor, "multipass.asked", member, now=now, after={"number": number, "reason": reason})
    for person, path in _deciders(asked):
        queue_mail(
            "multipass_asked",
            user=person,
            context={"request": asked.pk, "path": path},
            key=f"multipass_asked:{asked.pk}:{person.pk}",
            company_id=member.company_id,
            now=now,
        )
    return asked


def decide(*, asked: MultipassRequest, approved: bool, answer: str, actor: Actor, now: datetime) -> None:
    """Answer a member's request: approved, their limits grow at once, and they are told by mail (ACC-31).

    Raises TransitionLost where somebody has answered meanwhile or the member can't be changed, ValidationError where
    the number is not the company's.
    """
    actor.must("multipass.decide")
    asked = _locked(asked, for_operator=False)
    member = asked.membership
    if approved:
        held = grants.rights_of(member)
        wanted: tuple[int, ...] | None = None
        if asked.number:
            number = CustomerNumber.objects.filter(number=asked.number).first()
            if number is None:
                raise ValidationError(
                    _("Your company does not have this customer number. Refuse, and ask the operator for it.")
                )
            wanted = None if held.customer_numbers is None else tuple({*held.customer_numbers, number.pk})
        services.change_colleague(
            membership=member,
            version=member.version,
            rights=replace(held, customer_numbers=wanted),
            actor=actor,
            now=now,
        )
    _answer(asked, approved, answer, actor, now)


def decide_for_operator(
    *,
    asked: MultipassRequest,
    approved: bool,
    answer: str,
    actor: Actor,
    now: datetime,
    name: str = "",
    address: dict[str, str] | None = None,
) -> None:
    """Answer a principal user's request: approved, the company gets the number, under that name and address (ACC-31).

    Raises TransitionLost where somebody has answered meanwhile, ValidationError where the number is another company's.
    """
    actor.must("operator.companies")
    taken = CustomerNumber.objects.filter(number=asked.number).exists()
    with company_scope(asked.company_id):
        asked = _locked(asked, for_operator=True)
        if approved:
            if taken:
                raise ValidationError(_("This customer number belongs to a company already."))
            number = CustomerNumber(company_id=asked.company_id, number=asked.number, name=name, **(address or {}))
            try:
                with transaction.atomic():
                    number.save()
            except IntegrityError as error:  # somebody gave it to another company at the same moment
                raise ValidationError(_("This customer number belongs to a company already.")) from error
            find_number(number)
            company = Company.objects.get(pk=asked.company_id)
            audit.record(actor, "accounts.number_added", company, now=now, after={"number": number.number})
        _answer(asked, approved, answer, actor, now)


def _locked(asked: MultipassRequest, *, for_operator: bool) -> MultipassRequest:
    """Return the request with its row locked; raises TransitionLost for one that is answered or not there."""
    rows = MultipassRequest.objects.select_for_update(of=("self",)).select_related("membership__user", "company")
    found = rows.filter(pk=asked.pk, for_operator=for_operator).first()
    if found is None:
        raise TransitionLost(_("This is not there any more."))
    if found.outcome != Outcome.WAITING:
        raise TransitionLost(_("This request has been answered already."))
    return found


def _answer(asked: MultipassRequest, approved: bool, answer: str, actor: Actor, now: datetime) -> None:
    """Write the answer, note it, and tell who asked."""
    asked.outcome = Outcome.APPROVED if approved else Outcome.REFUSED
    asked.answer, asked.decided_at, asked.decided_by_id = answer, now, actor.user
    asked.save(update_fields=["outcome", "answer", "decided_at", "decided_by"])
    verb = "multipass.approved" if approved else "multipass.refused"
    audit.record(actor, verb, asked.membership, now=now, after={"number": asked.number, "answer": answer})
    queue_mail(
        "multipass_answered",
        user=asked.membership.user,
        context={"request": asked.pk, "path": f"/{asked.company.identifier}/"},
        key=f"multipass_answered:{asked.pk}",
        company_id=asked.company_id,
        now=now,
    )


def _deciders(asked: MultipassRequest) -> list[tuple[User, str]]:
    """Return who decides, each with the address of the page."""
    if asked.for_operator:
        path = reverse("operator:multipass_decide", args=[asked.pk])
        return [(one, path) for one in User.objects.filter(kind=User.Kind.OPERATOR, is_active=True).order_by("pk")]
    principals = Membership.objects.filter(is_principal=True).select_related("user", "company")
    return [
        (one.user, reverse("account:multipass_decide", args=[one.company.identifier, asked.pk])) for one in principals
    ]


_KEPT = ("company", "who", "number", "reason", "approved", "answer")


@mail_context("multipass_asked", kept=_KEPT)
@mail_context("multipass_answered", kept=_KEPT)
def _details(mail: OutgoingMail, now: datetime) -> dict[str, Any]:
    """Say who asked for what, and what was answered, when the mail is sent."""
    asked = MultipassRequest.objects.select_related("membership", "company").get(pk=mail.context["request"])
    return {
        "company": asked.company.legal_name,
        "who": asked.membership.name,
        "number": asked.number,
        "reason": asked.reason,
        "approved": asked.outcome == Outcome.APPROVED,
        "answer": asked.answer,
    }
