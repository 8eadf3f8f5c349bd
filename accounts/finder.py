"""Users in the search box."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext_lazy as lazy

from accounts.colleagues.finding import KIND
from accounts.colleagues.states import STATES, state_of
from accounts.models import Membership
from fleetportal.core.finder import Kind, Shown, declare
from fleetportal.core.search import Hits


def show_users(hits: Hits) -> Iterator[Shown]:
    """Return colleagues by name, with their address."""
    words = {value: str(label) for value, label in STATES}
    rows = Membership.objects.filter(pk__anyof=hits).annotate(state=state_of(timezone.localdate()))
    for key, name, email, state in rows.values_list("pk", "name", "user__email", "state"):
        yield Shown(key, name, email, (state, words[state]))


declare(Kind(KIND, lazy("Users"), "users.see", "account:user", "account:users", "users", show_users, 90))
