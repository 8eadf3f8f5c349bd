"""The way over from the portal before this one (ACC-8): an old user name leads to a link, a new password, the portal.

Who only knows a user name gets nowhere: the link goes to the address that was loaded with that user, and only when the
same one was typed. The answer is the same in each case.
"""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.crypto import salted_hmac

from accounts.models import OldLogin, User
from accounts.work import reset_link
from fleetportal.core.mail import OutgoingMail, mail_context, queue_mail


def name_hashes(name: str) -> list[str]:
    """Return the keyed hashes of an old user name, whatever its capitals and the spaces around it: today's first, then
    those made with earlier secret keys that still count.
    """
    folded = unicodedata.normalize("NFKC", name).strip().casefold()
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [salted_hmac("accounts.oldportal", folded, secret=key, algorithm="sha256").hexdigest() for key in keys]


def load_names(pairs: Iterable[tuple[str, User]], now: datetime) -> int:
    """Keep the old user names of people who are loaded; returns how many are new.

    A name that is there already stays with whom it belongs to: that two people had the same one is a mistake in the
    file, which who loads it finds with `taken`.
    """
    wanted = {name_hashes(name)[0]: user for name, user in pairs if name.strip() and not taken(name)}
    rows = [OldLogin(name_hash=hashed, user=user, loaded_at=now) for hashed, user in wanted.items()]
    return len(OldLogin.objects.bulk_create(rows, ignore_conflicts=True))


def taken(name: str) -> bool:
    """Say whether an old user name has been loaded."""
    return OldLogin.objects.filter(name_hash__in=name_hashes(name)).exists()


def ask_way_over(*, name: str, email: str, language: str, now: datetime) -> None:
    """Queue the mail with the link; whether there is somebody to send it to is decided when it is sent.

    Right and wrong names cost the same: one row is written for either.
    """
    login = OldLogin.objects.select_related("user").filter(name_hash__in=name_hashes(name)).first()
    known = login is not None and login.user.email == email.strip().lower()
    queue_mail(
        "old_portal",
        to=email,
        language=login.user.language if login and known else language,
        context={"login": login.pk if login and known else 0},
        key=f"old_portal:{uuid.uuid4()}",
        now=now,
    )


def came_over(user: User, now: datetime) -> None:
    """Note that the person has chosen a password by a link."""
    OldLogin.objects.filter(user=user, used_at=None).update(used_at=now)


@mail_context("old_portal", kept=("recipient_name",), link=True)
def _link(mail: OutgoingMail, now: datetime) -> dict[str, Any] | None:
    """Make the link; None when user name and address do not belong together (any more)."""
    login = OldLogin.objects.select_related("user").filter(pk=mail.context["login"], user__is_active=True).first()
    if login is None or login.user.email != mail.to:
        return None
    mail.recipient = login.user  # now that it is known whose address it is: they may read it in the browser (ACC-42)
    return {"button_url": reset_link(login.user), "recipient_name": login.user.full_name}
