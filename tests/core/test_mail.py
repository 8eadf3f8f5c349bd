"""Outgoing mail: a row first, sent once, in the reader's language; the demonstration keeps it (GEN-5)."""

from __future__ import annotations

import pytest
from django.core import mail as outbox_module
from django.test import override_settings

from fleetportal.core import mail, work
from fleetportal.core.mail import CatcherBackend, CaughtMail, OutgoingMail, queue_mail
from fleetportal.core.scope import all_companies, company_scope
from fleetportal.core.work_models import WorkItem
from fleetportal.core.work_run import Outcome, run
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch):
    monkeypatch.setattr(work.app, "send_task", lambda *_args, **_options: None)


@pytest.fixture
def letters(tmp_path, settings):
    """Two templates of our own: they exist for these tests."""
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "hello.subject.txt").write_text("{% load i18n %}{% translate 'Close' %}:\n {{ who }} & co\n")
    (folder / "hello.txt").write_text("{{ who }} {{ button_url }} {{ token }} {{ recipient_name }}")
    (folder / "hello.html").write_text("<p>{{ who }}</p><p>{{ token }}</p>")
    templates = [{**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]], "NAME": "django"}]
    with override_settings(TEMPLATES=templates):
        yield


def queue(key="one", **fields):
    fields = {"to": "someone@acme.example", "context": {"who": "A<b>"}, **fields}
    queue_mail("hello", key=key, now=NOW, **fields)
    return item_of(key)


def item_of(key):
    with all_companies(reason="test"):
        return WorkItem.objects.get(key=f"mail:{key}")


def row_of(key="one"):
    with all_companies(reason="test"):
        return OutgoingMail.objects.get(key=key)


def caught():
    with all_companies(reason="test"):
        return list(CaughtMail.objects.all())


@pytest.mark.rule("GEN-5")
def test_a_mail_is_sent_by_the_worker_and_once(letters):
    item = queue()
    assert row_of().status == "waiting"
    assert outbox_module.outbox == []
    assert [run(item.pk, NOW), run(item.pk, NOW)] == [Outcome.DONE, Outcome.NOT_MINE]
    (message,) = outbox_module.outbox
    assert message.to == ["someone@acme.example"]
    assert message.body == "A<b>   \n".rstrip() + "\n"
    assert message.alternatives[0].content == "<p>A&lt;b&gt;</p><p></p>"
    row = row_of()
    assert (row.status, row.tries, row.sent_at) == ("sent", 1, NOW)


def test_the_same_key_is_one_mail(letters):
    queue()
    queue(to="another@acme.example")
    with all_companies(reason="test"):
        assert [row.to for row in OutgoingMail.objects.all()] == ["someone@acme.example"]


def test_a_subject_is_one_line_and_the_message_id_stays(letters):
    item = queue()
    run(item.pk, NOW)
    (message,) = outbox_module.outbox
    assert message.subject.endswith(": A<b> & co")
    assert message.extra_headers["Message-ID"] == mail.message_id("one") == mail.message_id("one")
    assert mail.message_id("one").endswith("@localhost>")
    assert mail.message_id("two") != mail.message_id("one")


def test_a_mail_speaks_its_readers_language(letters):
    from django.utils.translation import gettext, override

    user = factories.user("Nele", language="nl")
    run(queue(user=user, to="").pk, NOW)
    with override("nl"):
        assert outbox_module.outbox[0].subject.startswith(gettext("Close"))
    assert row_of().language == "nl"


def test_a_path_becomes_a_link_into_the_portal(letters):
    run(queue(context={"who": "Ada", "path": "/PRO-ACMEAA/cards/1/"}).pk, NOW)
    assert "http://localhost:8000/PRO-ACMEAA/cards/1/" in outbox_module.outbox[0].body


def test_a_user_gets_it_at_the_address_of_the_moment_it_is_sent(letters):
    user = factories.user("Ada")
    item = queue(user=user, to="")
    user.email = "new@acme.example"
    user.save()
    run(item.pk, NOW)
    assert outbox_module.outbox[0].to == ["new@acme.example"]
    assert "Person Ada" in outbox_module.outbox[0].body


def test_an_address_that_was_named_stays(letters):
    user = factories.user("Ada")
    run(queue(user=user, to="old@acme.example").pk, NOW)
    assert outbox_module.outbox[0].to == ["old@acme.example"]


def test_a_user_who_was_removed_gets_nothing(letters):
    user = factories.user("Ada")
    item = queue(user=user, to="")
    user.is_active = False
    user.save()
    assert run(item.pk, NOW) is Outcome.DONE
    assert outbox_module.outbox == []
    assert row_of().status == "dropped"


def test_a_token_is_made_when_the_mail_is_sent_and_stands_in_no_table(letters, monkeypatch):
    monkeypatch.setattr(mail, "_BUILDERS", {})
    mail.mail_context("hello")(lambda row, now: {"token": f"token-{row.context['who']}"})
    with pytest.raises(ValueError, match="twice"):
        mail.mail_context("hello")(lambda row, now: {})
    item = queue(context={"who": "Ada"})
    run(item.pk, NOW)
    assert "token-Ada" in outbox_module.outbox[0].body
    row, item = row_of(), item_of("one")
    assert "token" not in f"{row.context} {row.subject} {item.payload}"


def test_a_mail_that_is_not_needed_any_more_is_dropped(letters, monkeypatch):
    monkeypatch.setattr(mail, "_BUILDERS", {"hello": lambda row, now: None})
    run(queue().pk, NOW)
    assert outbox_module.outbox == []
    assert row_of().status == "dropped"


def test_a_mail_server_that_refuses_is_asked_again(letters, monkeypatch):
    def refuse(self, fail_silently=False):
        raise ConnectionRefusedError("no")

    item = queue()
    with monkeypatch.context() as patched:
        patched.setattr(mail.EmailMultiAlternatives, "send", refuse)
        assert run(item.pk, NOW) is Outcome.AGAIN
    row = row_of()
    assert (row.status, row.tries, row.error) == ("waiting", 1, "ConnectionRefusedError: no")
    again = item_of("one").due_at
    assert run(item.pk, again) is Outcome.DONE
    row = row_of()
    assert (row.status, row.tries, row.error) == ("sent", 2, "")
    assert len(outbox_module.outbox) == 1


def test_a_mail_that_never_leaves_has_failed(letters, monkeypatch):
    def refuse(self, fail_silently=False):
        raise ConnectionRefusedError("no")

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", refuse)
    item = queue()
    now = NOW
    for _wait in mail.WAITS:
        assert run(item.pk, now) is Outcome.AGAIN
        now = item_of("one").due_at
    assert run(item.pk, now) is Outcome.FAILED
    assert (row_of().status, row_of().tries) == ("failed", len(mail.WAITS) + 1)


def test_a_mail_of_a_company_is_its_own(letters):
    acme, borea = factories.company("Acme"), factories.company("Borea")
    with company_scope(acme.pk):
        queue(company_id=acme.pk)
        assert OutgoingMail.objects.get().company_id == acme.pk
    with company_scope(borea.pk):
        assert not OutgoingMail.objects.exists()


def test_a_mail_needs_somebody_to_go_to(letters):
    with pytest.raises(ValueError, match="address or a user"):
        queue_mail("hello", key="one", now=NOW)


def test_the_demonstration_keeps_mails_instead_of_sending_them(letters):
    with override_settings(EMAIL_BACKEND="fleetportal.core.mail.CatcherBackend"):
        assert run(queue().pk, NOW) is Outcome.DONE
    (one,) = caught()
    assert (one.to, one.text, one.html) == ("someone@acme.example", "A<b>\n", "<p>A&lt;b&gt;</p><p></p>")
    assert outbox_module.outbox == []


def test_the_catcher_keeps_nothing_of_what_is_rolled_back(letters, monkeypatch):
    monkeypatch.setattr(mail.OutgoingMail, "save", lambda *_args, **_kwargs: 1 / 0)
    with override_settings(EMAIL_BACKEND="fleetportal.core.mail.CatcherBackend"):
        assert run(queue().pk, NOW) is Outcome.AGAIN
    assert caught() == []
    assert CatcherBackend().send_messages([]) == 0
