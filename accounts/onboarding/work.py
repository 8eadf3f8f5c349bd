"""What follows the first connection: colleagues who were taken over from the old portal are invited (ONB-4, ONB-5)."""

from __future__ import annotations

from datetime import datetime

from accounts.colleagues.services import renew_invitation
from accounts.models import Invitation, Membership
from fleetportal.core.work import handler
from fleetportal.core.work_models import WorkItem


@handler("accounts.invite_taken_over", permission="users.change")
def invite_taken_over(item: WorkItem, now: datetime) -> None:
    """Invite the active colleagues of a company whose invitation was never sent; run twice, it invites nobody twice."""
    waiting = Invitation.objects.filter(ended_at__isnull=True, queued_at__isnull=True).values("membership")
    for membership in Membership.objects.filter(pk__in=waiting, is_active=True, is_principal=False).order_by("pk"):
        renew_invitation(membership=membership, actor=item.actor, now=now)
