"""Operator staff: they are let in and put out on the machine that runs the portal, by who administers it.

What is wrong is said to that person in a terminal, in English as by every command.
"""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.safety import sessions
from accounts.services import create_user
from accounts.work import queue_password_reset
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.scope import person_scope


@transaction.atomic
def add_operator(
    *, email: str, last_name: str, first_name: str, language: str, actor: Actor, now: datetime
) -> tuple[User, bool]:
    """Make a member of the operator's staff, or let one in again, and mail them the way to choose a password.

    Returns the user, and whether they are new. Raises ValidationError for an address that is none, for a name that is
    missing, for who is of the staff already, and for a client's address: who serves companies belongs to none.
    """
    email = email.strip().lower()
    user = User.objects.select_for_update().filter(email=email).first()
    if user is not None and user.kind != User.Kind.OPERATOR:
        raise ValidationError(f"{email} is a client's user. Operator staff need an address of their own.")
    if user is not None and user.is_active:
        raise ValidationError(f"{email} is of the operator's staff already.")
    new = user is None
    names = {"last_name": last_name.strip(), "first_name": first_name.strip(), "language": language}
    User(email=email, kind=User.Kind.OPERATOR, **names).clean_fields(exclude=["password"])
    if user is None:
        user = create_user(email=email, kind=User.Kind.OPERATOR, actor=actor, now=now, **names)
    else:
        User.objects.filter(pk=user.pk).update(is_active=True, **names)
        user.refresh_from_db()
    with person_scope(user.pk):
        audit.record(actor, "accounts.operator_added", user, now=now, after={"email": email})
    queue_password_reset(email, language=language, now=now)
    return user, new


@transaction.atomic
def remove_operator(*, email: str, actor: Actor, now: datetime) -> tuple[User, int]:
    """Put a member of the operator's staff out at once; what they did keeps their name.

    Returns the user and how many sessions ended. Raises ValidationError for who is not of the staff.
    """
    users = User.objects.select_for_update().filter(kind=User.Kind.OPERATOR, is_active=True)
    user = users.filter(email=email.strip().lower()).first()
    if user is None:
        raise ValidationError(f"{email} is not of the operator's staff.")
    User.objects.filter(pk=user.pk).update(is_active=False)
    with person_scope(user.pk):
        audit.record(actor, "accounts.operator_removed", user, now=now, before={"email": user.email})
    return user, sessions.end_all(user)
