"""Mobile numbers (ACC-1): confirmed by a code in a text message, and then as good as the e-mail address to sign in.

A text message is a row first and sent by the worker (GEN-5). Its code is made when it is sent and stored as a hash.
"""

from __future__ import annotations

import hmac
import re
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import MobileNumber, TextMessage, User
from accounts.safety import mails
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.scope import person_scope
from fleetportal.core.work import handler, promise
from fleetportal.core.work_models import WorkItem

AGE = timedelta(minutes=10)
TRIES = 5
# Messages cost money and annoy: to one number, for one user, and in all.
PER_HOUR, PER_HOUR_IN_ALL = 3, 500
_WAITS = (timedelta(seconds=5), timedelta(seconds=20), timedelta(minutes=1))
_INTERNATIONAL = re.compile(r"\+[1-9]\d{7,14}\Z")
_NATIONAL = re.compile(r"0[1-9]\d{7,8}\Z")


def normal(typed: str) -> str:
    """Return a phone number as + and digits, or an empty text for what is none.

    Nine or ten national digits are taken as a number of the operator's own country (`PHONE_COUNTRY_CODE`).
    """
    number = re.sub(r"[\s./()-]", "", typed)
    if number.startswith("00"):
        number = f"+{number[2:]}"
    if _NATIONAL.match(number):
        number = f"+{settings.PHONE_COUNTRY_CODE}{number[1:]}"
    return number if _INTERNATIONAL.match(number) and number.isascii() else ""


def available() -> bool:
    """Say whether this portal can send text messages; without them no number can be confirmed."""
    return bool(settings.SMS_BACKEND)


def owner_of(number: str) -> User | None:
    """Return whose confirmed number this is."""
    found = MobileNumber.objects.select_related("user").filter(number=number).first()
    return found.user if found else None


@transaction.atomic
def ask_code(*, user: User, number: str, actor: Actor, now: datetime) -> TextMessage:
    """Send a code to a number that the user wants to confirm; earlier codes count no more.

    Raises ValidationError for what is no number, and after three messages in an hour to this user or this number.
    """
    wanted = normal(number)
    if not wanted:
        raise ValidationError(_("Enter a mobile number, such as 0470 12 34 56 or +352 621 123 456."), code="number")
    User.objects.select_for_update().get(pk=user.pk)
    recent = TextMessage.objects.filter(asked_at__gt=now - timedelta(hours=1))
    busy = recent.filter(user=user).count() >= PER_HOUR or recent.filter(number=wanted).count() >= PER_HOUR
    if busy or recent.count() >= PER_HOUR_IN_ALL:
        raise ValidationError(_("Several codes were sent already. Try it again in an hour."), code="often")
    _open(user).update(status=TextMessage.Status.ENDED)
    message = TextMessage.objects.create(user=user, number=wanted, language=user.language, asked_at=now)
    with person_scope(user.pk):
        audit.record(actor, "accounts.mobile_code_asked", user, now=now, after={"number": _hidden(wanted)})
        promise(
            "accounts.send_text",
            key=f"accounts.send_text:{message.pk}",
            subject="code",
            payload={"message": message.pk},
            due_at=now,
            now=now,
        )
    return message


@handler("accounts.send_text", waits=_WAITS)
def send_text(item: WorkItem, now: datetime) -> None:
    """Make the code of a text message and give it to the gateway; too late, or twice, it does nothing."""
    message = TextMessage.objects.select_for_update().filter(pk=item.payload["message"]).first()
    if message is None or message.status != TextMessage.Status.WAITING or now > message.asked_at + AGE:
        return
    code = f"{secrets.randbelow(10**6):06}"
    with override(message.language):
        text = _("%(code)s is your code for %(portal)s. It counts for ten minutes; give it to nobody.") % {
            "code": code,
            "portal": settings.PORTAL_NAME,
        }
    import_string(settings.SMS_BACKEND)().send(message.number, text)
    message.status, message.code_hash, message.sent_at = TextMessage.Status.SENT, code_hash(message, code), now
    message.save(update_fields=["status", "code_hash", "sent_at"])


def waiting(user: User, now: datetime) -> TextMessage | None:
    """Return the text message whose code the user may type now, or None."""
    return _open(user).filter(asked_at__gt=now - AGE).order_by("-pk").first()


@transaction.atomic
def check(*, user: User, code: str, now: datetime) -> bool:
    """Say whether this is the code that was sent; a wrong one is counted, and the fifth ends the code.

    Raises ValidationError when no code waits (any more). The count is kept by the caller's transaction, which commits
    for a refused form as well.
    """
    message = _open(user).filter(asked_at__gt=now - AGE).select_for_update().order_by("-pk").first()
    if message is None:
        raise ValidationError(_("This code has ended. Ask for a new one."), code="over")
    if message.code_hash and hmac.compare_digest(message.code_hash, code_hash(message, "".join(code.split()))):
        return True
    message.tries += 1
    if message.tries >= TRIES:
        message.status = TextMessage.Status.ENDED
    message.save(update_fields=["tries", "status"])
    return False


@transaction.atomic
def confirm(*, user: User, code: str, actor: Actor, now: datetime) -> None:
    """Confirm the number with the code that was sent there, and use the code up.

    Raises ValidationError for a code that `check` refuses, and for a number that is another account's by now.
    """
    if not check(user=user, code=code, now=now):
        raise ValidationError(_("This is not the code that was sent."), code="wrong")
    message = _open(user).order_by("-pk").first()
    assert message is not None  # `check` has just locked it
    message.status = TextMessage.Status.USED
    message.save(update_fields=["status"])
    mine = {"number": message.number, "confirmed_at": now}
    try:
        with transaction.atomic():
            MobileNumber.objects.update_or_create(user=user, defaults=mine)
    except IntegrityError:
        sentence = _("This number can't be confirmed: it belongs to another account.")
        raise ValidationError(sentence, code="taken") from None
    User.objects.filter(pk=user.pk).update(mobile=message.number)
    with person_scope(user.pk):
        audit.record(actor, "accounts.mobile_confirmed", user, now=now, after={"number": _hidden(message.number)})
    mails.tell(user, "mobile_confirmed", now, ends=message.number[-3:])


@transaction.atomic
def give_up(*, user: User, actor: Actor, now: datetime) -> bool:
    """Sign in with the mobile number no more; False when none was confirmed."""
    deleted, _by_model = MobileNumber.objects.filter(user=user).delete()
    if deleted:
        with person_scope(user.pk):
            audit.record(actor, "accounts.mobile_given_up", user, now=now)
        mails.tell(user, "mobile_given_up", now)
    return bool(deleted)


def forget_old(now: datetime) -> int:
    """Remove text messages of earlier days; run once a day."""
    return TextMessage.objects.filter(asked_at__lt=now - timedelta(days=2)).delete()[0]


def _open(user: User) -> QuerySet[TextMessage]:
    return TextMessage.objects.filter(user=user, status__in=[TextMessage.Status.WAITING, TextMessage.Status.SENT])


def code_hash(message: TextMessage, code: str) -> str:
    """Return how the code of a message is kept."""
    return salted_hmac("accounts.mobile", f"{message.pk} {code}", algorithm="sha256").hexdigest()


def _hidden(number: str) -> str:
    """Return a number as the audit keeps it."""
    return f"{number[:3]}…{number[-3:]}"
