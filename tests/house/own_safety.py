"""What each person of the world has for their own safety, and the forms of those pages: nobody's is another's."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils import timezone

from accounts.actors import person_actor
from accounts.safety import factors, mobile, passkeys, vault
from accounts.safety.views.factor import APP
from tests.accounts.safety.conftest import app_code
from tests.passkeys import Passkey

CODE = "123456"


def prepare(world: Any) -> None:
    """Give each person an authenticator app, and a text message with a code that waits."""
    for person in world.people.values():
        if not person.is_active:
            continue
        data = {"secret": vault.lock(factors.new_secret()), "step": 0}
        Authenticator.objects.create(user=person, type=factors.Type.TOTP, data=data)
        now = timezone.now()
        message = mobile.ask_code(
            user=person, number=f"04700000{person.pk % 100:02}", actor=person_actor(person), now=now
        )
        message.status, message.code_hash = message.Status.SENT, mobile.code_hash(message, CODE)
        message.save()


def body(world: Any, name: str, persona: str) -> dict[str, Any] | None:
    """Return a valid form for that person, or None for a page that is not about one's own safety."""
    if not name.startswith(("safety:", "account:second_factor")):
        return None
    person = world.people.get(persona, world.people["ada"])
    now = timezone.now()
    secret = factors.new_secret()
    options, ticket = passkeys.begin_making(person, now)
    mine = factors.factors_of(person)
    if name == "safety:sessions":  # another one, which this form ends
        elsewhere = {"user": person, "ip": "198.51.100.7"}
        UserSession.objects.get_or_create(session_key=f"elsewhere{person.pk}", defaults=elsewhere)
    return {
        "safety:profile": {
            "last_name": "NIEUW", "first_name": "Nina", "phone": "", "mobile": "", "language": "en", "theme": "dark",
        },
        "safety:email": {"email": "somebody.new@people.example"},
        "safety:mobile": {"number": "0471 99 88 77"},
        "safety:mobile_code": {"code": CODE},
        "safety:sessions": {"others": "1"},
        "safety:second_factor": {"remove": mine[0].pk if mine else 1},
        "safety:app": {"ticket": vault.ticket(APP, person.pk, secret, now), "code": app_code(secret, now)},
        "safety:passkey": {"name": "Laptop", "ticket": ticket, "credential": Passkey().make(options)},
        "safety:codes": {"what": "renew"},
        "account:second_factor": {"required": "on"},
    }.get(name, {})  # fmt: skip
