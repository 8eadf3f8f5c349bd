"""A code leaves no trace: the same day twice with two codes leaves the same pages, rows, files, mails and log (GEN-12).

Four digits can't be searched for, since they stand in times and ids. So everything is done twice from empty tables,
at the same moment, and nothing may differ but the sealed code and what is random anyway.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import logging
import os
import re
import urllib.parse
from contextlib import contextmanager

import psycopg
import pytest
import redis
import time_machine
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from nacl.public import PrivateKey, SealedBox
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cards.models import Card, Issue, MakerFile
from cards.production.format import codes_file
from fleetportal.core import startup
from fleetportal.core.drafts import Draft
from tests import factories
from tests.cards.browse import Browser
from tests.cards.production.tools import Directory, dispatched, made
from tests.cards.tools import Worker, check, issue_of, one, request_of, rows
from tests.factories import NOW

pytestmark = [pytest.mark.rule("GEN-12", "PIN-3"), pytest.mark.django_db(transaction=True)]

# Keys, tokens, hashes and identifiers of requests: long and random, whatever was typed. Claimed files begin with one.
RANDOM = re.compile(
    r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|![A-Za-z0-9]{40}|\b[A-Za-z0-9]{32,}\b|\b[0-9a-f]{12}(?=-)"
)
# Sealed codes; and a session as it is stored, which is read below instead. What a file of the card maker holds is
# compared without its seals. How long a job took differs each time.
LEFT_OUT = ["sealed", "sealed_code", "session_data", "content", "finished_at"]
# A seal as it stands in a file: base64 of a sealed box.
SEAL = re.compile(r"[A-Za-z0-9+/]{60,}={0,2}")


@pytest.fixture
def owner(transactional_db):
    """A connection that may empty every table and begin its numbers anew."""
    parts = conninfo_to_dict(os.environ["DATABASE_OWNER_URL"]) | {"dbname": connection.settings_dict["NAME"]}
    with psycopg.connect(make_conninfo(**parts), autocommit=True) as own:
        yield own


def tables(owner):
    found = owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename").fetchall()
    return [name for (name,) in found if name not in {"django_migrations", "django_content_type"}]


def from_the_start(owner):
    owner.execute(f"TRUNCATE {', '.join(tables(owner))} RESTART IDENTITY CASCADE")
    cache.clear()


def everything(owner):
    """Every row of every table, as text, without the sealed codes; read behind the wide door where there is one."""
    found = {}
    with startup.connect() as own:
        for table in tables(owner):
            wide = own.execute("SELECT has_table_privilege('portal_wide', %s, 'SELECT')", [table]).fetchone()[0]
            own.execute(f"SET ROLE {'portal_wide' if wide else 'none'}")
            rows = own.execute(f"SELECT to_jsonb(t) - %s::text[] FROM {table} t", [LEFT_OUT]).fetchall()
            found[table] = sorted(calm(str(row)) for (row,) in rows)
    return found


def calm(text):
    return RANDOM.sub("…", text)


def a_day_with(code, owner, caplog):
    """Order a card with that code by every detour; returns all that could hold a trace of it, and the sealed codes."""
    from_the_start(owner)
    with time_machine.travel(NOW, tick=False), caplog.at_level(logging.DEBUG):
        factories.card_product(code="fleet")
        acme = factories.company("Acme")
        number = factories.customer_number(acme, "70100001")
        person = factories.user("Ada", email="ada@acme.example")
        ada = Browser(factories.member(acme, "Ada", person=person).user, acme)
        chosen = {"code_type": "chosen", "secret_code": code, "secret_code_again": code}
        pages = [
            check(ada, **{**chosen, "secret_code_again": "5038"}),
            check(ada, **chosen, printed_as=""),
            check(ada, **chosen, limit_diesel_amount="0", customer_number="x"),
            check(ada, **{**chosen, "code_type": "none"}),
        ]
        first = check(ada, **chosen)
        form = ada.get(first.link("Change something"))
        wrong = ada.send(form, **chosen, town="")
        kept = ada.send(form, town="Laken")
        sealed = [bytes(one(Draft).sealed)]
        changed = ada.send(ada.get(kept.link("Change something")), **chosen)
        sealed.append(bytes(one(Draft).sealed))
        states = [everything(owner)]
        pages += [first, form, wrong, kept, changed, ada.send(changed, copy="1")]
        card = one(Card)
        sealed.append(bytes(one(Issue).sealed_code))
        paths = ("", "cards/", "requests/", f"cards/{card.pk}/", f"cards/{card.pk}/change/", f"cards/{card.pk}/block/")
        pages += [ada.get(path) for path in paths]
        states.append(everything(owner))
        changed_pages, changed_codes = change_of_code(ada, number, chosen, lambda: states.append(everything(owner)))
        pages += changed_pages
        sealed += changed_codes
        states.append(everything(owner))
        states.append(dict(ada.client.session.items()))
    said = [calm(record.getMessage()) for record in caplog.records]
    caplog.clear()
    texts = [calm(" ".join([page.html, page.path, *page.redirects, str(page.response.headers)])) for page in pages]
    return {"pages": texts, "states": calm(repr(states)), "log": said}, sealed


def files_below(folder):
    """Every file with its name, without seals and checksums."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return sorted((calm(str(path.relative_to(folder))), calm(SEAL.sub("…", path.read_text()))) for path in paths)


def in_redis():
    """All that the Redis-compatible server holds."""
    server = redis.from_url(settings.REDIS_URL)
    found = []
    for name in sorted(name for name in server.scan_iter() if not name.startswith(b"_kombu")):
        kind = server.type(name)
        value = server.lrange(name, 0, -1) if kind == b"list" else server.dump(name) if kind != b"string" else None
        found.append(calm(f"{name!r} {server.get(name) if value is None else value!r}"))
    return found


def a_whole_life_with(code, owner, caplog, folder, capfd):
    """From the order of a card with that code to its letter, by the real files; returns what could hold a trace."""
    from_the_start(owner)
    redis.from_url(settings.REDIS_URL).delete("celery")
    mail.outbox.clear()
    private = PrivateKey(bytes(range(32)))
    key, maker, printer = folder / "key", folder / "production", folder / "printer"
    printer.mkdir(parents=True)
    key.write_bytes(bytes(private))
    settings.PRODUCTION_DIR = maker
    pages, states = [], []
    with time_machine.travel(NOW, tick=False), caplog.at_level(logging.DEBUG):
        factories.card_product(code="fleet")
        acme = factories.company("Acme")
        factories.customer_number(acme, "70100001")
        ada = Browser(factories.member(acme, "Ada", person=factories.user("Ada", email="ada@acme.example")).user, acme)
        otto = Browser(factories.operator("Otto", email="otto@operator.example"))
        worker = Worker(commits)
        chosen = {"code_type": "chosen", "secret_code": code, "secret_code_again": code}
        pages.append(ada.send(check(ada, **chosen)))
        pages.append(otto.do("produce/?oldest=1"))
        worker.work(NOW)
        card = one(Card)
        directory = Directory(maker, commits)
        directory.take(made(card), dispatched(card), name="made.csv")
        pages.append(ada.do(f"cards/{card.pk}/receive/"))
        pages.append(ada.do(f"cards/{card.pk}/reissue/"))
        pages.append(otto.do("produce/?oldest=1"))
        worker.work(NOW)
        states.append(everything(owner))
        inside = json.dumps({"v": 1, "number": card.number, "rank": 1, "code": code}).encode()
        seal = base64.b64encode(SealedBox(private.public_key).encrypt(inside)).decode()
        good, bad = ("code", card.number, "1", seal), ("code", card.number, "7", seal)
        directory.deliver(codes_file("C1", NOW, [good, bad]).encode(), "codes.csv")
        directory.collect(NOW)
        batch = rows(MakerFile)[-1]
        pages.append(otto.get(f"files/{batch.pk}/"))
        states.append(everything(owner))
        said = io.StringIO()
        wrong = folder / "wrong"
        wrong.write_bytes(bytes(PrivateKey(bytes(32))))
        for used in (wrong, key, key):
            try:
                call_command("print_code_letters", str(batch.pk), key=used, output=printer, stdout=said)
            except CommandError as refused:
                said.write(str(refused))
        [letters] = printer.iterdir()
        assert letters.read_bytes().startswith(b"%PDF-")
        letters.unlink()  # what is left is compared; the letter itself is what went to the printer
        pages += [otto.get(f"files/{batch.pk}/"), *map(ada.get, (f"cards/{card.pk}/", "notices/", "requests/"))]
        worker.work(NOW, kind="core.send_mail")
        states += [everything(owner), dict(ada.client.session.items())]
    logged = [calm(SEAL.sub("…", record.getMessage())) for record in caplog.records]
    caplog.clear()
    texts = [calm(" ".join([page.html, page.path, *page.redirects, str(page.response.headers)])) for page in pages]
    mails = [calm(f"{sent.subject} {sent.body} {sent.alternatives}") for sent in mail.outbox]
    assert len(mails) >= 3
    return {
        "pages": texts,
        "rows": calm(repr(states)),
        "log": logged,
        "mails": mails,
        "files": files_below(maker) + files_below(folder / "media"),
        "redis": in_redis(),
        "output": [said.getvalue().replace(str(folder), ""), *capfd.readouterr()],
    }


def differing(first, second):
    """What two traces don't share, cut to where they part; a whole trace would fill the screen."""
    left, right = (trace if isinstance(trace, list) else [trace] for trace in (first, second))
    pairs = itertools.zip_longest(left, right, fillvalue="")
    found = []
    for before, after in pairs:
        old, new = str(before), str(after)
        if old != new:
            at = next((place for place, pair in enumerate(zip(old, new)) if pair[0] != pair[1]), 0)  # noqa: B905
            found.append((old[max(0, at - 60) : at + 60], new[max(0, at - 60) : at + 60]))
    return found


@contextmanager
def commits(execute=True):
    """Nothing is captured: these tests really commit."""
    yield


@pytest.mark.rule("PIN-5")
@pytest.mark.timeout(240)
def test_a_code_from_its_order_to_its_letter_leaves_the_same_trace(owner, caplog, tmp_path, capfd, settings):
    settings.CARD_MAKER = "files"
    lives = []
    for code in ("7391", "8264"):
        settings.MEDIA_ROOT = tmp_path / code / "media"
        lives.append(a_whole_life_with(code, owner, caplog, tmp_path / code, capfd))
    first, second = lives
    for where in first:
        assert differing(first[where], second[where]) == [], where
    assert first["files"]
    assert first["output"][0].count("letters") >= 1


def change_of_code(ada, number, chosen, keep):
    """Change the code of a card in use by every detour; returns the pages, and the code as it is sealed (PIN-3).

    `keep` is called while the change waits for its confirmation.
    """
    card = factories.card(number, printed_as="1-OLD-111", issue_fields={"tracking": "TRACK"})
    tab = ada.get(f"cards/{card.pk}/change/?tab=code")
    wrong = ada.send(tab, **{**chosen, "secret_code_again": "5038"})
    stated = ada.send(tab, **chosen)
    sealed = [bytes(one(Draft, kind="cards.change").sealed)]
    keep()
    back = ada.get(stated.link("Change something else"))
    kept = ada.send(back)
    done = ada.send(kept)
    issue = issue_of(card, 2)
    sealed.append(bytes(issue.sealed_code))
    assert sealed[0] == sealed[1]
    paths = (
        f"cards/{card.pk}/",
        f"cards/{card.pk}/change/?tab=code",
        "requests/",
        f"requests/{request_of(card, 2).pk}/",
    )
    return [tab, wrong, stated, back, kept, done, *(ada.get(path) for path in paths)], sealed[:1]


def test_the_same_day_with_two_codes_leaves_the_same_trace(owner, caplog):
    first, sealed = a_day_with("7391", owner, caplog)
    second, others = a_day_with("8264", owner, caplog)
    assert first["pages"] == second["pages"]
    assert first["states"] == second["states"]
    assert first["log"] == second["log"]
    # Addresses are kept by browsers and proxies: no field of a code ever stands in one.
    addresses = [address for page in first["pages"] for address in re.findall(r'(?:href|action)="([^"]*)"', page)]
    assert not any("secret" in urllib.parse.urlsplit(address).query for address in addresses)
    # What is sealed is of one length, and no two are alike, not even of the same code.
    assert len({len(one) for one in sealed + others}) == 1
    for left, right in itertools.combinations({*sealed, *others}, 2):
        assert left != right
    assert sealed[0] != sealed[1] == sealed[2]


@pytest.mark.parametrize("page", ["orders", "changing"])
def test_the_trace_would_show_a_code_that_is_kept(owner, caplog, monkeypatch, page):
    """The control: with a portal that keeps the code in its draft the two days differ."""
    monkeypatch.setattr(f"cards.views.{page}.SECRETS", ())
    first, _sealed = a_day_with("7391", owner, caplog)
    second, _sealed = a_day_with("8264", owner, caplog)
    assert first["states"] != second["states"]
