"""What operator staff decide about card products: which changes need a new plastic (CRD-42)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from cards.models import CardProduct
from cards.plastic import rules
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost


def decide_plastic(*, actor: Actor, product: CardProduct, needing: Iterable[str], version: str, now: datetime) -> bool:
    """Decide which changes need a new plastic for a card product; all others take effect at once (CRD-42).

    `version` says what the form was made from (`version_of`). Returns whether that is a change; raises
    `TransitionLost` where somebody else decided meanwhile. What is ordered already stays as it was stated.
    """
    actor.must("operator.products")
    locked = CardProduct.objects.select_for_update().get(pk=product.pk)
    if version != version_of(locked):
        raise TransitionLost(_("Somebody else decided this meanwhile. Look at it again before you change it."))
    wanted = set(needing)
    chosen = [name for name, _label in rules() if name in wanted]
    before = locked.needs_plastic
    if set(before) == set(chosen):
        return False
    locked.needs_plastic = chosen
    locked.save(update_fields=["needs_plastic"])
    changed = sorted(set(before) ^ set(chosen))
    audit.record(
        actor,
        "operator.plastic_decided",
        locked,
        now=now,
        before={name: name in before for name in changed},
        after={name: name in chosen for name in changed},
    )
    return True


def version_of(product: CardProduct) -> str:
    """Return what a form carries to notice another decision."""
    return ",".join(sorted(product.needs_plastic)) or "none"
