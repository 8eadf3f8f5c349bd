"""Reading notices, choosing how they come, and for a company who receives which kind (ACC-40, ACC-41)."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import members_in_force
from accounts.models import Company, Membership, Notice, NoticeChoice, NoticeRecipient
from accounts.notices.reading import visible
from accounts.rights import permissions_of
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.notices import KINDS, NoticeKind


def read(*, actor: Actor, notice: Notice, now: datetime) -> None:
    """Mark one of one's own notices as read; may be called again."""
    actor.must("notices.read")
    visible(actor).filter(pk=notice.pk, unread=True).update(unread=False)


def read_all(*, actor: Actor, now: datetime) -> None:
    """Mark all of one's own notices in this company as read that there are up to now; may be called again."""
    actor.must("notices.read")
    visible(actor).filter(unread=True, created_at__lte=now).update(unread=False)


def kinds_of(actor: Actor) -> list[NoticeKind]:
    """Return the kinds that this person can receive and of which they themselves choose how (ACC-41)."""
    return [kind for kind in KINDS.values() if not kind.chosen and actor.may(kind.permission)]


def choices_of(actor: Actor) -> dict[str, str]:
    """Return what this person chose in the company in scope, by kind."""
    return dict(NoticeChoice.objects.filter(user=actor.person).values_list("kind", "channel"))


def choose(*, actor: Actor, channels: Mapping[str, str], now: datetime) -> None:
    """Keep how each kind comes to oneself from now on; kinds that are not one's own to choose are left aside."""
    actor.must("notices.read")
    company, kept = company_of(actor), choices_of(actor)
    before = {kind.name: kept.get(kind.name, kind.channel) for kind in kinds_of(actor)}
    chosen = {name: channel for name, channel in channels.items() if name in before and before[name] != channel}
    NoticeChoice.objects.bulk_create(
        [
            NoticeChoice(company=company, user_id=actor.person, kind=name, channel=channel)
            for name, channel in chosen.items()
        ],
        update_conflicts=True,
        unique_fields=["company", "user", "kind"],
        update_fields=["channel"],
    )
    if chosen:
        membership = Membership.objects.get(pk=actor.membership)
        old = {name: before[name] for name in chosen}
        audit.record(actor, "notices.chosen", membership, now=now, before=old, after=chosen)


def company_of(actor: Actor) -> Company:
    """Return the company in which somebody acts; raises LookupError for who acts in none."""
    if actor.company is None:
        raise LookupError(f"{actor.label} acts in no company.")
    return Company.objects.get(pk=actor.company)


class Recipients:
    """Whom a company chose for each kind that it decides on, and whom it can choose."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        company = company_of(actor)
        self.members = list(members_in_force(company.pk, timezone.localdate(now)).order_by("name", "pk"))
        rights = {one.pk: permissions_of(one, company) for one in self.members}
        self.kinds = [kind for kind in KINDS.values() if kind.chosen]
        self.able = {kind.name: {pk for pk, held in rights.items() if kind.permission in held} for kind in self.kinds}
        self.chosen: defaultdict[str, set[int]] = defaultdict(set)
        for name, pk in NoticeRecipient.objects.values_list("kind", "membership_id"):
            # Who is out, or lost the right, stays chosen for the day they are back, and is not shown meanwhile.
            if pk in self.able.get(name, ()):
                self.chosen[name].add(pk)
        pairs = sorted(f"{name} {pk}" for name, members in self.chosen.items() for pk in members)
        self.version = hashlib.sha256("\n".join(pairs).encode()).hexdigest()

    def people(self, kind: NoticeKind) -> list[tuple[int, str]]:
        """Return whom one can choose for a kind: each user who may see what it is about; namesakes by their address."""
        able = [one for one in self.members if one.pk in self.able[kind.name]]
        names = Counter(one.name for one in able)
        return [(one.pk, one.name if names[one.name] == 1 else f"{one.name}, {one.user.email}") for one in able]

    def names(self, members: set[int]) -> list[str]:
        """Return what these members are called, by name."""
        return [str(one) for one in self.members if one.pk in members]


def set_recipients(*, actor: Actor, version: str, chosen: Mapping[str, set[int]], now: datetime) -> bool:
    """Let the company choose who receives each kind from now on (ACC-40); returns whether anything was different.

    Raises ValidationError when the choice is not any more the one that `version` names: two people at once do not
    write over each other.
    """
    actor.must("company.settings")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"notice recipients {actor.company}"])
    present = Recipients(actor, now)
    if version != present.version:
        raise ValidationError(
            _("Somebody else changed the recipients meanwhile. Load the page again before you choose.")
        )
    company = company_of(actor)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for kind in present.kinds:
        old, new = present.chosen[kind.name], chosen.get(kind.name, set()) & present.able[kind.name]
        if old == new:
            continue
        NoticeRecipient.objects.filter(kind=kind.name, membership__in=old - new).delete()
        NoticeRecipient.objects.bulk_create(
            NoticeRecipient(company=company, membership_id=pk, kind=kind.name) for pk in sorted(new - old)
        )
        before[kind.name], after[kind.name] = present.names(old), present.names(new)
    if after:
        audit.record(actor, "notices.recipients_changed", company, now=now, before=before, after=after)
    return bool(after)
