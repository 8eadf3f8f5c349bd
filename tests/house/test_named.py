"""Every kind of work, every job and every mail has a name in three languages; operator staff read no raw ones."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import translation

from fleetportal.core.named import MAILS, WORK, declare_mails, declare_work, mail_words, work_word
from fleetportal.core.work import KINDS, PERIODIC
from tests import factories
from tests.house.checks import ROOT

TEMPLATES = {path.name.removesuffix(".subject.txt") for path in (ROOT / "templates" / "mail").glob("*.subject.txt")}
# The same word in that language.
SAME = {"fr": {"core.send_mail", "mail colleague_invited"}, "nl": {"core.send_mail"}}


def named():
    return {**WORK, **{f"mail {name}": word for name, word in mail_words().items()}}


def test_all_work_and_all_mails_are_named_and_nothing_else():
    assert KINDS.keys() | PERIODIC.keys() == WORK.keys()
    assert mail_words().keys() == TEMPLATES


@pytest.mark.parametrize("language", ["fr", "nl"])
def test_a_name_is_translated(language):
    with translation.override("en"):
        english = {name: str(word) for name, word in named().items()}
    with translation.override(language):
        same = {name for name, word in named().items() if str(word) == english[name]}
    assert same <= SAME[language]


def test_no_two_kinds_of_work_are_called_the_same():
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            for words in ([str(word) for word in WORK.values()], [str(word) for word in mail_words().values()]):
                assert len(words) == len(set(words)), code


def test_a_name_is_given_once():
    for declare, table in ((declare_work, WORK), (declare_mails, MAILS)):
        with pytest.raises(ValueError, match="twice"):
            declare({next(iter(table)): "again"})


@pytest.mark.django_db
def test_the_lists_of_work_and_mail_say_words_and_filter_by_them(client):
    acme = factories.company("Acme")
    factories.work_item(acme, kind="cards.block_many", status="failed")
    factories.work_item(acme, kind="former.kind", status="failed")
    factories.work_item(acme, kind="core.send_mail", status="failed", subject="card_refused")
    factories.outgoing_mail(acme, template="card_blocked")
    client.force_login(factories.operator())
    work = client.get("/operator/work/").content.decode()
    assert 'Block cards<br><small class="muted">cards.block_many</small>' in work
    assert '<small class="muted">former.kind</small>' in work
    assert "card_refused" not in work
    assert '<td data-label="About">Card refused by the card maker</td>' in work
    assert 'Seal the audit<br><small class="muted">core.seal_audit</small>' in work
    assert '<option value="cards.block_many">Block cards</option>' in work
    assert "former.kind" not in client.get("/operator/work/?kind=cards.block_many").content.decode()
    mail = client.get("/operator/mail/").content.decode()
    assert 'Card blocked<br><small class="muted">card_blocked</small>' in mail
    assert "Nothing found" in client.get("/operator/mail/?template=password_reset").content.decode()
    assert work_word("former.kind") == "former.kind"
