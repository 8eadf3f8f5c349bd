"""The mail of a test: sent as the worker sends it."""

from __future__ import annotations

from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from fleetportal.core import work_run
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem


def send_waiting() -> None:
    """Do the worker's part for every mail that waits."""
    with all_companies(reason="a test looks"):
        waiting = list(WorkItem.objects.filter(kind="core.send_mail", status="waiting").order_by("pk"))
    for item in waiting:
        assert work_run.run(item.pk, timezone.now()) == work_run.Outcome.DONE


def caught() -> list[EmailMultiAlternatives]:
    """Return the mails that were sent, oldest first."""
    return list(mail.outbox)
