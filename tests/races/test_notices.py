"""Two at once: what waits for a summary is told of once (ACC-41)."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from accounts.notices import work
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from tests import factories

pytestmark = [pytest.mark.rule("ACC-41"), pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


def test_two_summaries_at_once_tell_of_a_notice_once(monkeypatch):
    """Yesterday's, which a worker was late with, and today's: they meet between looking and telling."""
    member = factories.member(factories.company("Acme"), "Max")
    for number in range(3):
        factories.notice(member, key=f"n{number}", channel="daily")
    meeting = threading.Barrier(2)
    told = work._told

    def meet(*args):
        with suppress(threading.BrokenBarrierError):  # the other one waits at the lock, as it should
            meeting.wait(timeout=3)
        return told(*args)

    monkeypatch.setattr(work, "_told", meet)
    now, errors = timezone.now(), []

    def run(day):
        try:
            with all_companies(reason="test"):
                work.send_summary(SimpleNamespace(payload={"user": member.user_id, "day": str(day)}), now)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(now.date() - timedelta(days=days),)) for days in (1, 0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with all_companies(reason="test"):
        (mail,) = OutgoingMail.objects.filter(template="notice_summary")
    assert mail.context["count"] == 3
