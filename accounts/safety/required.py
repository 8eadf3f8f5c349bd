"""The gate before a company and the operator's area for whom a second factor is required of (ACC-6)."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from accounts.gates import gate
from accounts.models import User
from accounts.safety import factors
from fleetportal.core.http import PortalRequest

# Before anything else that has to be done first: who is not safe does nothing.
ORDER = 10


@gate(ORDER)
def second_factor_gate(request: PortalRequest) -> str:
    """Lead who has no second factor, and must have one here, to where it is set up."""
    user = request.user
    assert isinstance(user, User)
    if request.presence is not None:
        required = request.presence.membership.company.second_factor_required
    else:
        required = user.kind != User.Kind.CLIENT and settings.STAFF_SECOND_FACTOR
    return reverse("safety:second_factor") if required and not factors.has_factor(user.pk) else ""
