"""What state a member is in, as one expression for lists, filters and pages."""

from __future__ import annotations

from datetime import date

from django.db.models import Case, CharField, Q, Value, When
from django.utils.translation import pgettext_lazy

INVITED, ACTIVE, INACTIVE, EXPIRED, COMING = "invited", "active", "inactive", "expired", "coming"
STATES = (
    (ACTIVE, pgettext_lazy("user", "Active")),
    (INVITED, pgettext_lazy("user", "Invited")),
    (INACTIVE, pgettext_lazy("user", "Inactive")),
    (EXPIRED, pgettext_lazy("user", "Expired")),
    (COMING, pgettext_lazy("user", "Not yet valid")),
)


def state_of(today: date) -> Case:
    """Return the expression of a member's state on that day; what keeps them out longest comes first."""
    return Case(
        When(is_active=False, then=Value(INACTIVE)),
        When(valid_until__lt=today, then=Value(EXPIRED)),
        When(invited_at__isnull=False, then=Value(INVITED)),
        When(Q(valid_from__gt=today), then=Value(COMING)),
        default=Value(ACTIVE),
        output_field=CharField(),
    )
