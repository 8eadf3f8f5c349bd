"""What a change will do, before it is done: at once, on a new plastic, or on an order that nobody has begun (CRD-43).

The page that states it and the verb that carries it out ask the same plan, so that what was said is what happens.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from cards.catalogue import CodeType
from cards.lifecycle import NEW
from cards.models import Card, Issue
from cards.overlay import Limits, differing, limits_with, value_of, with_changes
from cards.plastic import CODE, needs_plastic
from cards.services.shared import limits_of


@dataclass(slots=True)
class Change:
    """What somebody wants to be different: columns of the card, its ceilings, and its code.

    `sealed_code` is a newly chosen code, sealed for the card maker; `another_code` asks the operator for another
    calculated one.
    """

    values: dict[str, Any] = field(default_factory=dict)
    limits: Limits | None = None
    sealed_code: bytes | None = field(default=None, repr=False)
    another_code: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A change and what each part of it does. `before` and `after` are cards for reading, never to be saved.

    `order` is a plastic that is ordered and not begun. It is changed itself where it is a card's first one or a
    duplicate (then nothing else of the card can be used); `changed` says that it is a changed plastic, beside one that
    is in use.
    """

    before: Card
    before_limits: Limits
    after: Card
    after_limits: Limits
    at_once: tuple[str, ...]
    plastic: tuple[str, ...]
    order: Issue | None
    new_code: bool

    @property
    def changed(self) -> bool:
        """Whether a changed plastic is ordered already; what needs a plastic is added to it."""
        return self.order is not None and self.order.changes is not None

    @property
    def direct(self) -> bool:
        """Whether the order itself is changed: nothing was made yet, so nothing has to be made anew."""
        return self.order is not None and self.order.changes is None

    @property
    def something(self) -> bool:
        """Whether anything is different."""
        return bool(self.at_once or self.plastic)


def waiting_order(card: Card) -> Issue | None:
    """Return the plastic of the card that is ordered and not begun, or None."""
    return Issue.objects.filter(card=card, status=NEW).order_by("-rank").first()


def as_ordered(card: Card) -> tuple[Card, Limits, Issue | None]:
    """Return the card as its newest order will make it, its ceilings, and that order where nobody has begun it."""
    order = waiting_order(card)
    changes = order.changes if order is not None else None
    return with_changes(card, changes), limits_with(limits_of(card), changes), order


def plan_change(card: Card, change: Change) -> Plan:
    """Say what a change does to the card as it stands now; `card` comes with its product."""
    before, before_limits, order = as_ordered(card)
    after = copy.copy(before)
    for name, value in change.values.items():
        setattr(after, name, value)
    after_limits = before_limits if change.limits is None else change.limits
    different = differing(before, before_limits, after, after_limits)
    another = change.another_code and after.code_type == CodeType.CALCULATED
    new_code = change.sealed_code is not None or another or after.code_type != before.code_type
    if new_code:
        different.append(CODE)
    if order is not None and order.changes is None:
        return Plan(before, before_limits, after, after_limits, tuple(different), (), order, new_code)
    needing, category = card.product.needs_plastic, after.category
    plastic = [name for name in different if needs_plastic(name, needing=needing, category=category)]
    at_once = [name for name in different if name not in plastic]
    return Plan(before, before_limits, after, after_limits, tuple(at_once), tuple(plastic), order, new_code)


def ordered_changes(card: Card, plan: Plan) -> dict[str, Any]:
    """Return what the changed plastic of a plan will carry and the card does not: what differs no more falls away."""
    kept = dict(plan.order.changes) if plan.order is not None and plan.order.changes else {}
    for name in plan.plastic:
        kept |= {"code_type": plan.after.code_type} if name == CODE else value_of(name, plan.after, plan.after_limits)
    own = limits_of(card)
    made, made_limits = with_changes(card, kept), limits_with(own, kept)
    still = set(differing(card, own, made, made_limits))
    found: dict[str, Any] = {"code_type": made.code_type} if made.code_type != card.code_type else {}
    for name in still:
        held = value_of(name, made, made_limits)
        if held.keys() <= kept.keys():
            found |= held
    return found
