"""Cedar, whose first connection has not ended, with Vera at its last step; and general conditions that are new."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from accounts.models import User
from tests import factories

INFORMATION = {"last_name": "Claes", "first_name": "Vera", "email": "vera@cedar.example", "phone": "081550440"}
TICKS = {"v1_1": "on", "v1_2": "on"}


def prepare(world: Any) -> None:
    """Make Cedar with Vera and Walt; what she typed is all valid, so that she could finish."""
    world.cedar = factories.company("Cedar", initialised_at=None)
    vera = factories.user("Vera", last_name="Claes", email="vera@cedar.example")
    world.people["vera"] = factories.member(world.cedar, "Vera", person=vera).user
    world.people["walt"] = factories.member(world.cedar, "Walt", principal=False).user
    version = factories.conditions(published_at=timezone.now() - timedelta(minutes=30))
    world.ids["conditions", "own"] = version.pk
    factories.acceptance(world.cedar, version, vera)
    typed = {"introduction": urlencode(TICKS), "information": urlencode(INFORMATION), "users": ""}
    factories.draft(
        world.cedar, vera, kind="wizard.first_connection", data={"at": "end", "reached": "end", "typed": typed}
    )


def were_in_before(world: Any) -> None:
    """Let everybody have come in before the conditions were published: nobody is led to them yet."""
    people = [person.pk for person in world.people.values()]
    User.objects.filter(pk__in=people).update(last_login=timezone.now() - timedelta(hours=1))


def body(name: str) -> dict[str, Any] | None:
    """Return a valid form, or None for a page of another kind."""
    words = {f"{part}_1_{language}": part for part in ("title", "text") for language in ("en", "fr", "nl")}
    return {
        "account:start_introduction": TICKS,
        "account:start_information": INFORMATION,
        "account:conditions": TICKS,
        "operator:conditions_new": {**words, "after": 1, "read": "on"},
    }.get(name)
