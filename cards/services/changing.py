"""Changing a card: what takes effect at once, and what needs a new plastic (CRD-40 to CRD-43, PIN-3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Max
from django.utils.translation import gettext as _

from cards.catalogue import CodeType
from cards.lifecycle import RECEIVED
from cards.mirror import refresh_cards
from cards.models import Card, CardLimit, Issue, Request
from cards.overlay import CEILINGS, CHOICES, value_of, with_changes
from cards.plastic import CODE, SETTING
from cards.rules import sentence
from cards.services.plan import Change, Plan, ordered_changes, plan_change
from cards.services.shared import describe, find_again, limits_of, open_request, write_limits
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change came to. `request` is that of a new plastic, or of the order that was changed."""

    something: bool
    request: Request | None = None


def change_card(
    *, actor: Actor, card: Card, version: int, change: Change, said: tuple[str, ...] | None = None, now: datetime
) -> Changed:
    """Change a card: at once what may be, the rest as one new plastic of the next rank with its request (CRD-43).

    A plastic that is ordered and not begun is changed itself and keeps its rank. `version` is the card's that the form
    was made from, and `said` what the page stated to need a new plastic. Raises `TransitionLost` with the sentence when
    the status does not allow a change any more (CRD-41), when somebody else changed the card meanwhile or ordered a
    plastic for it, and when it would not happen as it was said. Either all of it is written or nothing.
    """
    actor.must("cards.change")
    # Of two people at once, and of a change and a block, the one that comes second sees what the first one did.
    locked = Card.objects.select_for_update(of=("self",)).select_related("product").get(pk=card.pk)
    if why := sentence("change", locked):
        raise TransitionLost(why)
    plan = plan_change(locked, change)
    if locked.version != version:
        if said and plan.changed:
            raise TransitionLost(
                _("A new plastic of this card was ordered meanwhile. Look at it before you order another change.")
            )
        raise TransitionLost(_("Somebody else changed this card meanwhile. Look at it again before you change it."))
    if said is not None and set(said) != set(plan.plastic):
        raise TransitionLost(_("What needs a new card was decided anew meanwhile. Look at your change again."))
    if not plan.something:
        return Changed(something=False)
    if CODE in (*plan.at_once, *plan.plastic) and plan.after.code_type == CodeType.CHOSEN and not change.sealed_code:
        raise ValueError("A chosen code comes sealed with the change.")
    at_once = _apply(actor, locked, plan, now)
    request = None
    if plan.direct:
        request = _change_order(locked, plan, change)
    elif plan.plastic:
        request = _order_plastic(actor, locked, plan, change, now)
    if at_once or plan.direct:
        # Who may see a card may see what was asked for it: its requests go with it into another division.
        Request.objects.filter(card=locked).update(division=locked.division)
        find_again([locked])
    card.refresh_from_db()
    return Changed(something=True, request=request)


def _apply(actor: Actor, card: Card, plan: Plan, now: datetime) -> bool:
    """Write what takes effect at once, with its entry; returns whether there was anything. The version moves on."""
    before = describe(card, limits_of(card))
    values: dict[str, Any] = {}
    chosen = {name: value_of(name, plan.after, [])[name] for name in plan.at_once if name in CHOICES}
    if chosen:
        values["products"] = with_changes(card, chosen).products
    for name in plan.at_once:
        if name == CODE:
            values["code_type"] = plan.after.code_type
        elif name not in CHOICES and name not in CEILINGS:
            values |= {column: getattr(plan.after, column) for column in SETTING[name].columns}
    Card.objects.filter(pk=card.pk).update(version=F("version") + 1, **values)
    for name, value in values.items():
        setattr(card, name, value)
    for name in plan.at_once:
        if name in CEILINGS:
            # A ceiling of what a new plastic will not pay for stays with the one in use, until that other one is made.
            mine = CardLimit.objects.filter(card=card, product__in=CEILINGS[name])
            mine.filter(product__in=plan.after.products).delete()
            write_limits(card, [one for one in plan.after_limits if one["product"] in CEILINGS[name]])
    CardLimit.objects.filter(card=card).exclude(product__in=[*card.products, *plan.after.products]).delete()
    old, new = audit.changes(before, describe(card, limits_of(card)))
    if CODE in plan.at_once:
        new["code"] = "new"
    if new:
        audit.record(actor, "cards.changed", card, now=now, before=old, after=new)
    return bool(new)


def _change_order(card: Card, plan: Plan, change: Change) -> Request | None:
    """Change an order that nobody has begun: the same plastic, the same rank, the same request."""
    assert plan.order is not None
    if CODE in plan.at_once:
        Issue.objects.filter(pk=plan.order.pk).update(sealed_code=change.sealed_code, new_code=True)
    request = _request_of(plan.order)
    if request is not None:
        request.label = card.printed_as
        Request.objects.filter(pk=request.pk).update(label=request.label)
    return request


def _order_plastic(actor: Actor, card: Card, plan: Plan, change: Change, now: datetime) -> Request | None:
    """Order the next rank of the card with what changes on it; add to it where it is ordered already (CRD-43)."""
    before = describe(plan.before, plan.before_limits)
    old, new = audit.changes(before, describe(plan.after, plan.after_limits))
    said = _columns(plan.plastic)
    if CODE in plan.plastic:
        new["code"] = "new"
        said.add("code")
    old, new = ({name: value for name, value in part.items() if name in said} for part in (old, new))
    changes = ordered_changes(card, plan)
    issue = plan.order
    if issue is not None:
        if not changes and not (issue.new_code or CODE in plan.plastic):
            raise TransitionLost(
                _("Nothing of the new plastic would be different any more. Withdraw its request instead.")
            )
        issue.changes = changes
        if CODE in plan.plastic:
            issue.sealed_code, issue.new_code = change.sealed_code, True
        issue.save(update_fields=["changes", "sealed_code", "new_code"])
        audit.record(actor, "cards.plastic_changed", issue, now=now, before=old, after={"rank": issue.rank, **new})
        request = _request_of(issue)
        if request is not None:
            Request.objects.filter(pk=request.pk).update(label=plan.after.printed_as)
            find_again([card])
        return request
    rank = (Issue.objects.filter(card=card).aggregate(highest=Max("rank"))["highest"] or 0) + 1
    issue = Issue.objects.create(
        card=card,
        rank=rank,
        ordered_at=now,
        changes=changes,
        sealed_code=change.sealed_code,
        new_code=CODE in plan.plastic,
    )
    refresh_cards([issue.pk])
    audit.record(actor, "cards.plastic_ordered", issue, now=now, before=old, after={"rank": rank, **new})
    return open_request(actor, card, issue, Request.Kind.CHANGED, now, label=plan.after.printed_as)


def _request_of(issue: Issue) -> Request | None:
    return Request.objects.filter(subject_kind="cards.issue", subject_id=issue.pk, status=RECEIVED).first()


def _columns(settings: tuple[str, ...]) -> set[str]:
    """Return the names under which the audit knows these settings."""
    found: set[str] = set()
    for name in settings:
        if name == CODE:
            found.add("code_type")
        elif name in CHOICES:
            found.add("products")
        elif name in CEILINGS:
            found.add("limits")
        else:
            found |= set(SETTING[name].columns)
    return found
