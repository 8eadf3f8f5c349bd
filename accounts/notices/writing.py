"""Writing notices: who is told of what, and how it comes to them (ACC-40, ACC-41)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.utils import timezone

from accounts.actors import members_in_force
from accounts.models import Membership, MembershipDivision, MembershipNumber, Notice, NoticeChoice, NoticeRecipient
from accounts.rights import permissions_of
from fleetportal.core.mail import queue_mail
from fleetportal.core.notices import Channel, ContextOf, NoticeKind, Subject
from fleetportal.core.work import reach


def write(
    kind: NoticeKind, *, company_id: int, subjects: Sequence[Subject], context: ContextOf, key: str, now: datetime
) -> None:
    """Write the notices and promise the mails of `notify`; whoever calls it twice with one key tells once."""
    with reach(company_id):
        told = [
            (member, theirs)
            for member in _candidates(kind, company_id, subjects, now)
            if kind.permission in permissions_of(member, member.company) and (theirs := _theirs(member, subjects))
        ]
        channels = _channels(kind, company_id, [member for member, _theirs in told])
        notices = [
            Notice(
                company_id=company_id,
                user=member.user,
                kind=kind.name,
                context=context(theirs, member.user_id),
                object_id=theirs[0].pk if kind.model and len(theirs) == 1 else None,
                key=f"{key}:{member.user_id}",
                channel=channels.get(member.user_id, kind.channel),
                created_at=now,
            )
            for member, theirs in told
        ]
        Notice.objects.bulk_create(notices, ignore_conflicts=True)
        for notice in notices:
            if notice.channel == Channel.MAIL:
                queue_mail(
                    kind.template,
                    user=notice.user,
                    context=notice.context,
                    key=notice.key,
                    company_id=company_id,
                    now=now,
                )


def _candidates(kind: NoticeKind, company_id: int, subjects: Sequence[Subject], now: datetime) -> list[Any]:
    """Return who asked or acted and whom the company chose, as far as they are let in today, with their limits."""
    chosen: set[int] = set()
    if kind.chosen:
        rows = NoticeRecipient.objects.filter(company_id=company_id, kind=kind.name)
        chosen = set(rows.values_list("membership_id", flat=True))
    wanted = Q(user_id__in={one.owner for one in subjects if one.owner is not None}) | Q(pk__in=chosen)
    numbers = MembershipNumber.objects.filter(membership=OuterRef("pk")).values("customer_number_id")
    divisions = MembershipDivision.objects.filter(membership=OuterRef("pk")).values("division_id")
    members = members_in_force(company_id, timezone.localdate(now)).filter(wanted)
    members = members.annotate(number_ids=ArraySubquery(numbers), division_ids=ArraySubquery(divisions))
    listed: list[Any] = list(members.order_by("pk"))
    for member in listed:
        member.is_chosen = member.pk in chosen
    return listed


def _theirs(member: Any, subjects: Sequence[Subject]) -> list[Subject]:
    """Return of which subjects this member is told: within their customer numbers and divisions (GEN-1)."""
    return [one for one in subjects if (member.is_chosen or one.owner == member.user_id) and _reaches(member, one)]


def _reaches(member: Any, subject: Subject) -> bool:
    if subject.customer_number is None:
        return True
    number = member.all_customer_numbers or subject.customer_number in member.number_ids
    return number and (member.all_divisions or subject.division in member.division_ids)


def _channels(kind: NoticeKind, company_id: int, members: Sequence[Membership]) -> dict[int, str]:
    """Return how each of them wants the kind; what the company chose who receives comes by mail (ACC-41)."""
    if kind.chosen:
        return {}
    choices = NoticeChoice.objects.filter(company_id=company_id, kind=kind.name)
    choices = choices.filter(user_id__in=[member.user_id for member in members])
    return dict(choices.values_list("user_id", "channel"))
