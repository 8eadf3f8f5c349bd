"""The mails that tell people what has changed about the safety of their account."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.urls import reverse

from accounts.models import User
from fleetportal.core.mail import queue_mail
from fleetportal.core.scope import person_scope


def tell(user: User, template: str, now: datetime, **context: Any) -> None:
    """Queue a mail to a person about their own account; it leads to the page of their safety.

    Not for any company: what happens to an account concerns the person alone.
    """
    values = {"path": reverse("safety:overview"), **context}
    with person_scope(user.pk):
        queue_mail(template, user=user, context=values, key=f"{template}:{uuid.uuid4()}", now=now)
