"""Pages, files and e-mails as a French and a Dutch reader get them: nothing on them is English (GEN-8)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from accounts.models import Membership, User
from accounts.notices.work import promise_summaries
from cards.models import Card, Request, SetAsideLine
from cards.production import answers
from cards.production.mails import tell
from fleetportal.core import work_run
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem
from tests import factories
from tests.accounts.mailbox import send_waiting
from tests.house.addresses import addresses
from tests.house.reading import texts
from tests.house.reading_company import read_company
from tests.house.reading_safety import read_safety
from tests.house.test_translations import CATALOGUES, ROOT

pytestmark = pytest.mark.django_db

# Addresses that show nothing of their own, or nothing that people read.
WORDLESS = {
    "healthz", "livez", "accounts:start", "accounts:language", "accounts:theme", "cards:copy", "cards:document",
    "operator:document", "operator:code_address_letter",
}  # fmt: skip
# Words that are English and neither French nor Dutch.
ENGLISH = {
    "fr": r"\b(the|and|of|is|are|was|for|from|by|your|this|with|not|has|been|cards?|requests?|plate|order)\b",
    "nl": r"\b(the|and|for|from|by|your|this|with|not|has|cards?|requests?|plate|order)\b",
}
# Addresses, and names of jobs and templates, which are the same in every language.
NAME = re.compile(r"\S*\w[._/]\w\S*")
# What shows that a page is in the language at all.
SIGN_IN = {"fr": "Se connecter", "nl": "Aanmelden"}


@dataclass
class Reader:
    """Somebody who reads the portal in one language, and collects what they read by address."""

    language: str
    read: dict[str, list[str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def get(self, client: Client, url: str) -> Any:
        """Read a page."""
        return self._note(client.get(url, follow=True), url)

    def send(self, client: Client, url: str, **data: Any) -> Any:
        """Read a page, send its form and read the answer."""
        form_key = re.search(r'name="form_key" value="([^"]+)"', self.get(client, url).content.decode())
        data["form_key"] = form_key[1] if form_key else ""
        return self._note(client.post(url, data, follow=True), f"{url} (sent)")

    def _note(self, response: Any, url: str) -> Any:
        place = response.redirect_chain[-1][0] if response.redirect_chain else url.removesuffix(" (sent)")
        if response.status_code == 200:
            self.seen.add(resolve(urlsplit(place).path).view_name)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        html = "text/html" in response.headers["Content-Type"]
        said = texts(body.decode()) if html else re.split(r"[,\r\n]+", body.decode("utf-8-sig"))
        assert response.headers["Content-Language"] == self.language
        assert not html or f'<html lang="{self.language}"' in body.decode()
        self.read[f"{response.status_code} {url} {len(self.read)}"] = said
        return response

    def english(self) -> dict[str, set[str]]:
        """Return by address what is in English: a text of the catalogue, or one with an English word in it."""
        entries = [entry for entry in CATALOGUES[self.language] if entry.msgstr]
        # What is the same word in one context (a card's "Active") may well be read.
        same = {entry.msgid for entry in entries if entry.msgstr == entry.msgid}
        known = {entry.msgid for entry in entries} - same
        word = re.compile(ENGLISH[self.language], re.IGNORECASE)
        found = {
            url: {text for text in said if text in known or word.search(NAME.sub("", text))}
            for url, said in self.read.items()
        }
        return {url: said for url, said in found.items() if said}


@pytest.fixture(params=["fr", "nl"])
def reader(request: pytest.FixtureRequest, settings: Any) -> Iterator[Reader]:
    """A reader of a portal whose operator has a name that is no English phrase."""
    settings.OPERATOR_NAME = "Mobilis"
    return Reader(request.param)


@dataclass
class Fleet:
    """A company with a card in every status, and everybody's clients."""

    base: str
    number: Any
    division: Any
    cards: dict[str, Card]
    ada: Client
    cora: Client
    otto: Client
    stranger: Client


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def fleet(reader: Reader) -> Fleet:
    """Make the company; its own names are no English words."""
    now = timezone.now()
    acme = factories.company("Acme")
    number = factories.customer_number(acme, name="Parc 1", recipient="Acme, Bruxelles")
    division = factories.division(number, "Nord")
    language = {"language": reader.language}
    ada = factories.member(acme, "Ada", person=factories.user("Ada", password=factories.PASSWORD, **language)).user
    cora = factories.member(acme, "Cora", person=factories.user("Cora", **language)).user
    fields = {
        "division": division,
        "vehicle": factories.vehicle(number, "1-ABC-123"),
        "driver": factories.driver(number, "Dirk", last_name="Peeters"),
        "recipient": "Acme, Gent",
        "requested_by": ada,
    }
    under_way = {
        "dispatched_at": now - timedelta(hours=2),
        "made_on": now.date(),
        "expires_on": date(2030, 11, 30),
        "tracking": "T1",
    }
    blocked = {"block_reason": "theft"}
    statuses = {"active": {}, "new": {}, "in_creation": under_way, "blocked": blocked, "expired": {}, "withdrawn": {}}
    cards = {
        status: factories.card(
            number,
            status=status,
            ordered_at=now - timedelta(hours=3) if status in {"new", "in_creation"} else None,
            issue_fields=issue,
            **fields,
        )
        for status, issue in statuses.items()
    }
    factories.limit(cards["active"])
    factories.issue(cards["blocked"], rank=2, status="new", ordered_at=now - timedelta(hours=40), requested_by=ada)
    return Fleet(
        f"/{acme.identifier}/",
        number,
        division,
        cards,
        ada=signed_in(ada),
        cora=signed_in(cora),
        otto=signed_in(factories.operator("Otto", **language)),
        stranger=Client(headers={"Accept-Language": reader.language}),
    )


def order(fleet: Fleet, **changes: Any) -> dict[str, Any]:
    """Return an order with everything in it; the amount is written in the reader's form."""
    return {
        "product": fleet.cards["active"].product_id,
        "customer_number": fleet.number.pk,
        "division": fleet.division.pk,
        "category": "vehicle",
        "printed_as": "1-QQQ-12",
        "plate_country": "BE",
        "pays_diesel": "on",
        "pays_wash": "on",
        "limit_diesel_amount": "1250,50",
        "limit_diesel_unit": "eur",
        "limit_diesel_period": "month",
        "limit_diesel_on_reach": "block",
        "vehicle_type": "car",
        "tank_capacity": "60",
        "odometer_entry": "on",
        "forbidden_days": ["6", "7"],
        "hours_from": "07:00",
        "hours_until": "19:00",
        "area": "chosen",
        "countries": ["BE", "NL"],
        "max_transactions": "3",
        "max_transactions_period": "day",
        "max_amount": "150",
        "min_minutes_between": "30",
        "code_type": "calculated",
        "recipient": "Acme",
        "street": "Havenlaan 12",
        "postal_code": "1080",
        "town": "Brussel",
        "country": "BE",
        **changes,
    }


WRONG = {
    "printed_as": "é#",
    "plate_country": "",
    "division": "99999",
    "vehicle": "9-ZZZ-999",
    "driver": "Niemand",
    "limit_diesel_amount": "-5",
    "limit_shop_amount": "9",
    "forbidden_days": ["1", "2", "3", "4", "5", "6", "7"],
    "hours_until": "",
    "countries": [],
    "max_transactions": "99999",
    "max_amount": "abc",
    "code_type": "chosen",
    "secret_code": "12",
    "secret_code_again": "13",
    "town": "",
    "postal_code": "x" * 50,
}


def read_cards(reader: Reader, fleet: Fleet) -> None:
    """Lists with filters, without rows, as a file; every card; the order from form to receipt."""
    ada, base = fleet.ada, fleet.base
    dates = "expires_on_after=2026-01-01&expires_on_before=2031-01-01"
    for query in (
        "",
        "?advanced=1",
        "?view=settings",
        f"?status=active&fuel=diesel&{dates}",
        "?q=zzzz",
        "?fuel=x",
        "?format=csv",
    ):
        reader.get(ada, f"{base}cards/{query}")
    for card in fleet.cards.values():
        reader.get(ada, f"{base}cards/{card.pk}/")
    reader.get(ada, f"{base}cards/new/?copy={fleet.cards['active'].pk}")
    reader.send(ada, f"{base}cards/new/")
    reader.send(ada, f"{base}cards/new/", **order(fleet, **WRONG))
    check = reader.send(ada, f"{base}cards/new/", **order(fleet)).redirect_chain[-1][0]
    reader.send(ada, check, copy="1")
    check = reader.send(ada, f"{base}cards/new/", **order(fleet, printed_as="1-QQQ-123")).redirect_chain[-1][0]
    reader.send(ada, check)
    reader.get(fleet.cora, f"{base}cards/new/")
    reader.get(ada, f"{base}no-such-page/")


def read_acts(reader: Reader, fleet: Fleet) -> None:
    """Changing, blocking one and many, deleting, receiving, withdrawing: asked, refused and done."""
    ada, base = fleet.ada, fleet.base
    of = {status: f"{base}cards/{card.pk}/" for status, card in fleet.cards.items()}
    for tab in ("general", "limits", "controls"):
        reader.get(ada, f"{of['active']}change/?tab={tab}")
    reader.send(ada, f"{of['active']}change/?tab=controls", area="chosen", hours_from="08:00", max_amount="x")
    reader.send(ada, f"{of['active']}change/", **order(fleet, version=1, cost_centre="K1"))
    for act in ("cancel", "take_back"):
        reader.get(ada, f"{of['active']}{act}/")
        reader.send(ada, f"{of['active']}{act}/")
        reader.get(ada, f"{of['expired']}{act}/")
    reader.get(ada, f"{of['active']}reissue/")
    for status in ("active", "expired", "new", "in_creation", "blocked"):
        reader.send(ada, f"{of[status]}reissue/")
    reader.get(ada, of["active"])
    reader.get(ada, f"{of['active']}reissue/")
    reader.get(ada, f"{base}code-addresses/")
    reader.get(ada, f"{of['new']}block/")
    reader.get(ada, f"{of['expired']}block/")
    reader.send(ada, f"{of['active']}block/")
    reader.send(ada, f"{of['active']}block/", reason="theft", duplicate="yes")
    reader.send(ada, f"{of['new']}delete/")
    reader.send(ada, f"{of['in_creation']}receive/")
    many = [factories.card(fleet.number) for _ in range(7)]
    selection = "&".join(f"select={card.pk}" for card in [*many, fleet.cards["blocked"]])
    for act in ("cancel", "take_back", "reissue"):
        few = "&".join(f"select={card.pk}" for card in [*many[:3], fleet.cards["blocked"]])
        reader.send(ada, f"{base}cards/{act}/?{few}")
        job = reader.send(ada, f"{base}cards/{act}/?{selection}").redirect_chain[-1][0]
        carry_out(f"cards.{act}_many")
        reader.get(ada, job)
    reader.get(ada, f"{base}cards/block/")
    reader.send(ada, f"{base}cards/block/?{selection}")
    job = reader.send(ada, f"{base}cards/block/?{selection}", reason="loss").redirect_chain[-1][0]
    carry_out("cards.block_many")
    reader.get(ada, job)
    for query in ("", "?late=on&status=received", "?format=csv"):
        reader.get(ada, f"{base}requests/{query}")
    with all_companies(reason="a test looks"):
        requests = dict(Request.objects.order_by("pk").values_list("pk", "status"))
    for pk in requests:
        reader.get(ada, f"{base}requests/{pk}/")
    waiting = next(pk for pk, status in requests.items() if status == "received")
    ended = next(pk for pk, status in requests.items() if status == "dispatched")
    reader.get(ada, f"{base}requests/{ended}/documents/new/")
    reader.send(ada, f"{base}requests/{waiting}/documents/new/")
    for name, content in (("bon.txt", b"bon"), ("bon.pdf", b"%PDF-1.7\n"), ("bon.pdf", b"%PDF-1.7\n%%EOF\n")):
        reader.send(ada, f"{base}requests/{waiting}/documents/new/", file=SimpleUploadedFile(name, content))
    reader.send(ada, f"{base}requests/{waiting}/withdraw/")
    reader.get(ada, f"{base}requests/{waiting}/withdraw/")


def carry_out(kind: str) -> None:
    """Do the worker's part."""
    with all_companies(reason="a test looks"):
        waiting = list(WorkItem.objects.filter(kind=kind, status="waiting").values_list("pk", flat=True))
    assert waiting
    for item in waiting:
        assert work_run.run(item, timezone.now()) == work_run.Outcome.DONE


def read_operator(reader: Reader, fleet: Fleet) -> None:
    """The operator's area: the queue, batches, the maker's files, work and mail."""
    otto = fleet.otto
    file = factories.maker_file(reason=answers.ALREADY_TAKEN)
    with all_companies(reason="test data"):
        line = SetAsideLine.objects.create(file=file, line=2, text="x;y", reason=answers.NOBODYS)
        company = fleet.number.company
        asked = Request.objects.order_by("pk").first()
    stopped = factories.work_item(company, status="failed", error="OSError", subject="x")
    held = "The person who asked for this may not do it any more."
    factories.work_item(company, status="held", error=held, payload={"mail": "x"})
    factories.outgoing_mail(company)
    for page in ("", "requests/", "batches/", "files/", "work/", "mail/", "mail/demonstration/", "produce/?oldest=1"):
        reader.get(otto, f"/operator/{page}")
    reader.get(otto, f"/operator/files/{file.pk}/")
    reader.get(otto, f"/operator/files/{file.pk}/settle/")
    reader.send(otto, f"/operator/lines/{line.pk}/settle/", note="x")
    other = factories.maker_file(reason=answers.ALREADY_TAKEN)
    reader.send(otto, f"/operator/files/{other.pk}/settle/", note="x")
    reader.get(otto, "/operator/products/")
    reader.get(otto, f"/operator/products/{factories.card_product().pk}/")
    reader.get(otto, f"/operator/requests/{asked.pk}/")
    reader.get(otto, "/operator/produce/")
    reader.send(otto, "/operator/produce/?oldest=1")
    letters = [factories.code_letter(factories.card(fleet.number)) for _letter in range(2)]
    reader.get(otto, "/operator/produce/?oldest=1")
    reader.send(otto, "/operator/produce/?oldest=1")
    with all_companies(reason="test data"):
        batch = type(letters[0]).objects.get(pk=letters[0].pk).batch_id
    reader.get(otto, f"/operator/batches/{batch}/")
    for printed in ({}, {"printed_at": timezone.now()}):
        codes = factories.maker_file(kind="codes", state="taken", reason="", **printed)
        reader.get(otto, f"/operator/files/{codes.pk}/")
    address = f"/operator/code-addresses/{fleet.number.pk}/"
    for path in ("/operator/code-addresses/", address, f"{address}change/"):
        reader.get(otto, path)
    reader.send(otto, f"{address}change/")
    png = SimpleUploadedFile("brief.png", b"\x89PNG\r\n\x1a\n" + bytes(40))
    moved = {"recipient": "A", "street": "B 1", "postal_code": "9000", "town": "Gent", "country": "BE", "version": 0}
    reader.send(otto, f"{address}change/", **moved, written=png)
    reader.get(otto, address)
    reader.get(otto, "/operator/batches/")
    reader.send(otto, f"/operator/work/{stopped.pk}/retry/")
    reader.get(otto, f"/operator/work/{stopped.pk}/retry/")
    with all_companies(reason="test data"):
        WorkItem.objects.filter(pk=stopped.pk).update(status="done")
    reader.get(otto, "/operator/work/?status=failed")


def read_entrance(reader: Reader, fleet: Fleet) -> None:
    """Signing in, forgotten and changed passwords, and pages for those who get nowhere."""
    stranger, ada = fleet.stranger, fleet.ada
    ours = User.objects.get(first_name="Ada")
    reader.send(stranger, "/accounts/login/")
    reader.send(stranger, "/accounts/login/", login="a@people.example", password="x")
    reader.send(stranger, "/accounts/password/reset/", email=ours.email)
    for page in ("inactive", "password/reset", "password/reset/key/1-abc", "password/reset/key/done"):
        reader.get(stranger, f"/accounts/{page}/")
    reader.get(ada, "/accounts/logout/")
    reader.get(ada, "/accounts/reauthenticate/")
    reader.send(ada, "/accounts/password/change/", oldpassword="x", password1="abc", password2="abd")
    changed = {"password1": "Wagenpark-2027!", "password2": "Wagenpark-2027!"}
    reader.send(ada, "/accounts/password/change/", oldpassword=factories.PASSWORD, **changed)
    alone = factories.user("Lone", language=reader.language)
    reader.get(signed_in(alone), "/")


def read_notices(reader: Reader, fleet: Fleet) -> None:
    """The list of notices, one of them, both settings, a summary, and mails in the browser."""
    ada, base = fleet.ada, f"{fleet.base}notices/"
    with all_companies(reason="test data"):
        member = Membership.objects.select_related("company", "user").get(user__first_name="Ada")
        for number in range(30):
            factories.notice(member, channel="daily", context={"label": "x", "path": "/"}, key=f"read:{number}")
        promise_summaries(timezone.now())
    carry_out("accounts.send_summary")
    reader.get(ada, base)
    reader.get(ada, f"{base}?state=read")
    reader.send(ada, f"{base}mine/")
    reader.send(
        ada,
        f"{base}mine/",
        **dict.fromkeys(("core.batch_done", "cards.request_refused", "cards.code_reissue"), "daily"),
    )
    reader.get(ada, f"{base}settings/")
    reader.send(ada, f"{base}settings/", version="x")
    notice = factories.notice(member, context={"label": "x", "path": fleet.base})
    reader.get(ada, f"{base}{notice.pk}/")
    reader.send(ada, f"{base}{notice.pk}/")
    reader.get(ada, f"{base}read/")
    reader.send(ada, f"{base}read/")
    sent = factories.outgoing_mail(None, recipient=member.user, status="sent", language=reader.language)
    reader.get(ada, f"/mail/{sent.pk}/")
    reader.get(ada, f"/mail/{factories.outgoing_mail(None, recipient=member.user).pk}/")


def read_mail(reader: Reader, fleet: Fleet) -> None:
    """Every kind of message: those that the pages above have caused, and those about the card maker's answers."""
    with all_companies(reason="test data"):
        asked = list(Request.objects.filter(requested_by__first_name="Ada", reason="").values_list("pk", flat=True))
        for template in ("card_dispatched", "card_refused"):
            tell(template, asked[:1], source="one", now=timezone.now())
            tell(template, asked, source="all", now=timezone.now())
    send_waiting()
    with all_companies(reason="a test looks"):
        sent = set(OutgoingMail.objects.filter(status="sent").values_list("template", flat=True))
    kinds = {path.name.removesuffix(".subject.txt") for path in (ROOT / "templates" / "mail").glob("*.subject.txt")}
    assert sent == kinds
    for number, message in enumerate(mail.outbox):
        html = str(message.alternatives[0][0])  # type: ignore[attr-defined]
        assert f'<html lang="{reader.language}"' in html
        reader.read[f"mail {number} {message.subject}"] = [message.subject, *message.body.splitlines(), *texts(html)]
    link = re.search(r"/accounts/password/reset/key/\S+", "\n".join(str(message.body) for message in mail.outbox))
    assert link
    reader.get(fleet.stranger, link[0])


@pytest.mark.rule("GEN-8")
@pytest.mark.timeout(500)  # some six hundred pages
def test_nothing_that_is_read_is_english(reader, fleet):
    reader.get(fleet.ada, fleet.base)
    read_cards(reader, fleet)
    read_acts(reader, fleet)
    read_operator(reader, fleet)
    read_safety(reader)
    read_entrance(reader, fleet)
    read_notices(reader, fleet)
    read_company(reader, fleet, carry_out)
    read_mail(reader, fleet)
    assert any(SIGN_IN[reader.language] in said for said in reader.read.values())
    # Nothing was left out: every address that shows something was read.
    unread = {one.name for one in addresses()} - WORDLESS - reader.seen
    assert (reader.english(), unread) == ({}, set())
