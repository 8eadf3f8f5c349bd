"""Outgoing mail: a row first, rendered and sent by the worker, in the language of who gets it (GEN-5, decision 18)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F
from django.template import Context
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from fleetportal.core.policies import PERSON_SQL, RowPolicy
from fleetportal.core.scope import all_companies
from fleetportal.core.tenancy import OperatorModel, Tenancy, TenantModel
from fleetportal.core.work import handler, promise, reach
from fleetportal.core.work_models import WorkItem

# A mail server that refuses or is away gets nearly two days.
WAITS = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)


class OutgoingMail(TenantModel):
    """One e-mail that was decided on. `context` holds ids and plain values; tokens are made when it is sent."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        DROPPED = "dropped", _("Not needed any more")

    tenancy = Tenancy(optional=True, person="recipient")

    company = models.ForeignKey(  # type: ignore[assignment]  # may be null here, where the tenancy is optional
        settings.TENANT_MODEL, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    to = models.EmailField()
    language = models.CharField(max_length=2)
    template = models.CharField(max_length=60)
    context = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    key = models.CharField(max_length=190, unique=True)
    subject = models.CharField(max_length=250, blank=True)
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING)
    tries = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    # When `context` was emptied, since it may name people and plates (GEN-14).
    emptied_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "core"
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="core_outgoingmail_newest"),
            # Housekeeping walks it: a month of mails, and not the years that are emptied.
            models.Index(
                fields=["created_at"],
                condition=models.Q(emptied_at=None, status__in=["sent", "dropped"]),
                name="core_outgoingmail_full",
            ),
        ]
        constraints = [
            RowPolicy(name="core_outgoingmail_person", using=f"recipient_id = {PERSON_SQL}", command="SELECT")
        ]

    def __str__(self) -> str:
        return f"{self.template} to {self.to}"


class CaughtMail(OperatorModel):
    """An e-mail that the demonstration kept instead of sending it (decision 38)."""

    to = models.CharField(max_length=500)
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        app_label = "core"
        indexes = [models.Index(fields=["-at", "-id"], name="core_caughtmail_newest")]

    def __str__(self) -> str:
        return f"{self.subject} to {self.to}"


# Makes what a template needs beyond the row's own values, when the mail is sent: that is where a token is made, so that
# nobody finds a reset link in a table. None means that the mail is not needed any more.
ContextBuilder = Callable[[OutgoingMail, datetime], "dict[str, Any] | None"]

_BUILDERS: dict[str, ContextBuilder] = {}
# What each builder says that may be read again in the browser; whatever else it makes is in the mail alone (ACC-42).
_KEPT: dict[str, frozenset[str]] = {}
# Templates whose button is made when they are sent and opens something: the browser says where it is to be found.
_LINKED: set[str] = set()
# Where a mail's context keeps what its builder said.
_SAID = "said"


def mail_context(
    template: str, *, kept: Sequence[str] = (), link: bool = False
) -> Callable[[ContextBuilder], ContextBuilder]:
    """Register what a template needs when it is sent; called as `builder(mail, now)` with the mail's company in scope.

    `kept` names the values that are words and no secret: they are kept with the mail, for the browser. What is not
    named is in the mail alone. `link` says that the builder makes the mail's button, an address that opens something;
    in the browser a sentence stands in its place. Raises ValueError for a template that has a builder already.
    """

    def register(builder: ContextBuilder) -> ContextBuilder:
        if template in _BUILDERS:
            raise ValueError(f"The mail {template} is completed twice.")
        _BUILDERS[template] = builder
        _KEPT[template] = frozenset(kept)
        if link:
            _LINKED.add(template)
        return builder

    return register


def queue_mail(
    template: str,
    *,
    key: str,
    now: datetime,
    to: str = "",
    user: Any = None,
    language: str = "",
    context: dict[str, Any] | None = None,
    company_id: int | None = None,
) -> None:
    """Write down, in the current transaction, that this mail will be sent; the same `key` again has no effect.

    It goes to `to`, or without it to the address that `user` has when it is sent, in the user's language unless one is
    given. `context` holds ids and plain values, never a token, a code or a password (decision 18); a `path` in it
    becomes the mail's button. Raises ValueError when nobody is named.
    """
    address = to or (user.email if user is not None else "")
    if not address:
        raise ValueError("A mail needs an address or a user.")
    item = promise(
        "core.send_mail",
        key=f"mail:{key}",
        subject=template,
        payload={"mail": key, "fixed": bool(to)},
        due_at=now,
        company_id=company_id,
        now=now,
    )
    mail = OutgoingMail(
        company_id=item.company_id,
        recipient=user,
        to=address,
        language=language or (user.language if user is not None else settings.LANGUAGE_CODE),
        template=template,
        context=context or {},
        key=key,
        created_at=now,
    )
    with reach(item.company_id):
        OutgoingMail.objects.bulk_create([mail], ignore_conflicts=True)


def _note_failure(item: WorkItem, sentence: str, final: bool, _now: datetime) -> None:
    """Note a try that failed on the mail's own row."""
    status = OutgoingMail.Status.FAILED if final else OutgoingMail.Status.WAITING
    OutgoingMail.objects.filter(key=item.payload["mail"]).update(tries=F("tries") + 1, error=sentence, status=status)


@handler("core.send_mail", waits=WAITS, on_error=_note_failure)
def send_mail(item: WorkItem, now: datetime) -> None:
    """Render one mail in its language and give it to the mail server.

    A worker killed between the server's yes and our note sends it again, with the same Message-ID, by which mail
    programs know it.
    """
    mail = OutgoingMail.objects.select_for_update(of=("self",)).get(key=item.payload["mail"])
    if mail.status in {OutgoingMail.Status.SENT, OutgoingMail.Status.DROPPED}:
        return
    mail.tries += 1
    mail.error = ""
    message = None if _unwanted(mail, item) else compose(mail, now)
    if message is None:
        mail.status = OutgoingMail.Status.DROPPED
    else:
        message.send()
        mail.status, mail.sent_at, mail.subject = OutgoingMail.Status.SENT, now, message.subject[:250]
    mail.save()


def _unwanted(mail: OutgoingMail, item: WorkItem) -> bool:
    """Take the user's address of today; say whether the mail is for somebody who was removed in the meantime."""
    if mail.recipient is None or item.payload.get("fixed"):
        return False
    mail.to = mail.recipient.email
    return not mail.recipient.is_active


def compose(mail: OutgoingMail, now: datetime) -> EmailMultiAlternatives | None:
    """Render a mail; None when whoever completes its context says that it is not needed any more.

    What the mail says for good is noted in its context, for who saves it.
    """
    with translation.override(mail.language):
        builder = _BUILDERS.get(mail.template)
        built = builder(mail, now) if builder else {}
        if built is None:
            return None
        if mail.template in _KEPT:
            said = {name: built[name] for name in _KEPT[mail.template] & built.keys()}
            # Through JSON at once: words that are translated late would otherwise be so in another language.
            mail.context[_SAID] = json.loads(json.dumps(said, cls=DjangoJSONEncoder))
        values = _values(mail) | built
        subject = " ".join(_render(mail.template, "subject.txt", values, autoescape=False).split())
        values["subject"] = subject
        message = EmailMultiAlternatives(
            subject=subject,
            body=_render(mail.template, "txt", values, autoescape=False).strip() + "\n",
            to=[mail.to],
            headers={"Message-ID": message_id(mail.key), "Auto-Submitted": "auto-generated"},
        )
        message.attach_alternative(_render(mail.template, "html", values, autoescape=True), "text/html")
    return message


def _values(mail: OutgoingMail) -> dict[str, Any]:
    """Return what every template can say; who has an account gets the address of the mail in the browser (ACC-42)."""
    values = {
        "portal_name": settings.PORTAL_NAME,
        "operator_name": settings.OPERATOR_NAME,
        "portal_url": settings.PORTAL_URL,
        "recipient_name": mail.recipient.full_name if mail.recipient else "",
        **mail.context,
    }
    if path := mail.context.get("path"):
        values["button_url"] = f"{settings.PORTAL_URL}{path}"
    if mail.recipient is not None and mail.pk:
        values["browser_url"] = settings.PORTAL_URL + reverse("accounts:mail", args=[mail.pk])
    return values


def letter(mail: OutgoingMail) -> SafeString | None:
    """Return the inside of a mail that was sent, for its recipient's browser and in its own language (ACC-42).

    It is written from the row: nothing is made anew, so a link that opens something is in the mail alone, and the
    letter says so. None for a mail that was not sent, or that has been emptied.
    """
    said = mail.context.get(_SAID, None if mail.template in _BUILDERS else {})
    if mail.status != OutgoingMail.Status.SENT or mail.emptied_at or said is None:
        return None
    with translation.override(mail.language):
        values = _values(mail) | said | {"subject": mail.subject, "in_browser": True}
        values["link_in_mail"] = mail.template in _LINKED
        return SafeString(_render(mail.template, "html", values, autoescape=True))


def headline(template: str, context: dict[str, Any]) -> str:
    """Return the subject that a mail of this template and context has, in the language in force."""
    values = {"portal_name": settings.PORTAL_NAME, **context}
    return " ".join(_render(template, "subject.txt", values, autoescape=False).split())


def message_id(key: str) -> str:
    """Return the Message-ID of the mail with that key: always the same one, so that a second copy is known as such."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:32]
    return f"<{digest}@{urlsplit(settings.PORTAL_URL).hostname or 'localhost'}>"


def _render(template: str, part: str, values: dict[str, Any], *, autoescape: bool) -> str:
    backend = get_template(f"mail/{template}.{part}", using="django")
    return str(backend.template.render(Context(values, autoescape=autoescape)))  # type: ignore[attr-defined]


class CatcherBackend(BaseEmailBackend):
    """Keeps mails in a table instead of sending them: the demonstration's mail server (decision 38)."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the messages, and return how many; they are there once the caller's transaction commits."""
        now = timezone.now()
        with all_companies(reason="the demonstration's mail catcher"):
            for message in email_messages:
                html = next((str(one[0]) for one in getattr(message, "alternatives", ()) if one[1] == "text/html"), "")
                CaughtMail.objects.create(
                    to=", ".join(message.recipients())[:500],
                    subject=str(message.subject)[:250],
                    text=str(message.body),
                    html=html,
                    at=now,
                )
        return len(email_messages)
