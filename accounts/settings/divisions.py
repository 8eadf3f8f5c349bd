"""What can be done with fleet divisions: create, rename, close, open again, move the content, remove (ACC-32).

A refusal comes as `TransitionLost` with the sentence, what is wrong with the name as `ValidationError` by field.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import CustomerNumber, FleetDivision, MembershipDivision
from fleetportal.core import audit, contents, missing, search
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost

LONGEST = 60


def clean_name(text: str) -> str:
    """Return a division's name as it is kept: composed, with single spaces; raises ValidationError for none."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise ValidationError({"name": [missing.sentence(_("Name"))]})
    if len(name) > LONGEST:
        raise ValidationError({"name": [_("A name has at most %(most)s characters.") % {"most": LONGEST}]})
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Cs"} for sign in name):
        raise ValidationError({"name": [_("This name has a character that can't be seen.")]})
    return name


def create_division(*, number: CustomerNumber, name: str, actor: Actor, now: datetime) -> FleetDivision:
    """Create a division under a customer number in scope (ACC-32).

    Raises ValidationError for a name that is there already, whatever its capitals and accents.
    """
    actor.must("divisions.change")
    CustomerNumber.objects.select_for_update().get(pk=number.pk)
    division = FleetDivision(customer_number=number, name=clean_name(name))
    _refuse_double(division)
    _saved(division)
    after = {"name": division.name, "customer_number": number.number}
    audit.record(actor, "divisions.created", division, now=now, after=after)
    return division


def rename_division(*, division: FleetDivision, name: str, actor: Actor, now: datetime) -> bool:
    """Give a division another name; returns whether that is a change. Raises as `create_division` does."""
    actor.must("divisions.change")
    CustomerNumber.objects.select_for_update().get(pk=division.customer_number_id)
    (division,) = _locked(division)
    before, division.name = division.name, clean_name(name)
    if division.name == before:
        return False
    _refuse_double(division)
    _saved(division)
    audit.record(actor, "divisions.renamed", division, now=now, before={"name": before}, after={"name": division.name})
    return True


def close_division(*, division: FleetDivision, actor: Actor, now: datetime) -> None:
    """Close a division: forms offer it no more; what lies in it stays. Raises TransitionLost for a closed one."""
    actor.must("divisions.change")
    (division,) = _locked(division)
    if division.closed_at is not None:
        raise TransitionLost(_("This division is closed."))
    division.closed_at = now
    division.save(update_fields=["closed_at"])
    audit.record(actor, "divisions.closed", division, now=now, before={"closed": False}, after={"closed": True})


def open_division(*, division: FleetDivision, actor: Actor, now: datetime) -> None:
    """Open a closed division again. Raises TransitionLost for one that is open."""
    actor.must("divisions.change")
    (division,) = _locked(division)
    if division.closed_at is None:
        raise TransitionLost(_("This division is open."))
    division.closed_at = None
    division.save(update_fields=["closed_at"])
    audit.record(actor, "divisions.opened", division, now=now, before={"closed": True}, after={"closed": False})


def remove_division(*, division: FleetDivision, actor: Actor, now: datetime) -> None:
    """Remove a division in which nothing lies and to which nobody is limited; raises TransitionLost for any other."""
    actor.must("divisions.change")
    (division,) = _locked(division)
    if sentence := use_of(division):
        raise TransitionLost(sentence)
    before = {"name": division.name, "customer_number": division.customer_number.number}
    audit.record(actor, "divisions.removed", division, now=now, before=before)
    division.delete()


def move_content(*, source: FleetDivision, target: FleetDivision, actor: Actor, now: datetime) -> dict[str, int]:
    """Move all that lies in a division into another open one of the same customer number; return how many of each kind.

    Each object that is moved has its entry in the audit. Raises TransitionLost where one of the divisions is gone,
    closed as target, of another number, or where nothing is to be moved.
    """
    actor.must("divisions.change")
    if source.pk == target.pk:
        raise TransitionLost(_("Choose another division than this one."))
    first, second = _locked(*sorted((source, target), key=lambda one: one.pk))
    source, target = (first, second) if first.pk == source.pk else (second, first)
    if target.customer_number_id != source.customer_number_id:
        raise TransitionLost(_("This division belongs to another customer number."))
    if target.closed_at is not None:
        raise TransitionLost(_("The division %(name)s is closed.") % {"name": target.name})
    moved = contents.move(source=source, target=target, actor=actor, now=now)
    if not any(moved.values()):
        raise TransitionLost(_("Nothing lies in this division."))
    after = {"to": target.name, **{kind.split(".")[1]: count for kind, count in moved.items()}}
    audit.record(actor, "divisions.emptied", source, now=now, after=after)
    audit.record(actor, "divisions.filled", target, now=now, after={**after, "to": "", "from": source.name})
    return moved


def use_of(division: FleetDivision, lying: dict[str, int] | None = None) -> str:
    """Return why a division can't be removed, or an empty text; `lying` is what lies in it, where that is known."""
    if any((contents.counts(division.pk) if lying is None else lying).values()):
        return _("This division is in use. Move its content to another one first.")
    if MembershipDivision.objects.filter(division=division).exists():
        return _("Colleagues are limited to this division. Change their rights first.")
    return ""


def _locked(*divisions: FleetDivision) -> list[FleetDivision]:
    """Return the divisions with their rows locked, in that order; raises TransitionLost where one is gone."""
    rows = FleetDivision.objects.select_for_update(of=("self",)).select_related("customer_number").order_by("pk")
    found = {row.pk: row for row in rows.filter(pk__in=[one.pk for one in divisions])}
    if len(found) != len({one.pk for one in divisions}):
        raise TransitionLost(_("This is not there any more."))
    return [found[one.pk] for one in divisions]


def _refuse_double(division: FleetDivision) -> None:
    """Refuse a name that reads like another one of the same number: capitals and accents are easily overlooked."""
    others = FleetDivision.objects.filter(customer_number=division.customer_number_id).exclude(pk=division.pk)
    wanted = search.plain(division.name)
    if any(search.plain(name) == wanted for name in others.values_list("name", flat=True)):
        raise ValidationError({"name": [_("This customer number has a division of that name already.")]})


def _saved(division: FleetDivision) -> None:
    """Save; of two who give the same name at once, the second is told as if the first had been there."""
    try:
        with transaction.atomic():
            division.save()
    except IntegrityError as error:
        raise ValidationError({"name": [_("This customer number has a division of that name already.")]}) from error
