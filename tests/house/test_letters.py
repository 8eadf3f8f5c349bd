"""Every e-mail that the portal sends, followed from its link into the browser (ACC-42)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail as outbox
from django.test import Client
from django.utils import timezone

from accounts.models import Company, EmailChange, Membership, OldLogin, User
from accounts.safety import oldportal
from fleetportal.core.mail import OutgoingMail, queue_mail
from fleetportal.core.scope import all_companies, company_scope
from tests import factories
from tests.accounts.mailbox import send_waiting

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ACC-42")]

TEMPLATES = {path.name.removesuffix(".subject.txt") for path in Path("templates/mail").glob("*.subject.txt")}
ADDRESS = re.compile(r"https?://[^\s\"<]+")
# The mails whose button opens something for whoever holds it, and what stands in its place in the browser.
OPENING = {"colleague_invited", "first_connection", "password_reset", "old_portal", "email_confirm", "email_changed"}
INSTEAD = {
    "en": "The link itself stands in the e-mail and nowhere else.",
    "fr": "Le lien lui-même figure dans l'e-mail et nulle part ailleurs.",
    "nl": "De link zelf staat in de e-mail en nergens anders.",
}
# What the templates without a builder say: as it stands in their rows.
WORDS = {
    "by": "PEETERS Ada", "at": "2026-07-01T10:00:00+02:00", "reason_word": "Theft", "count": 1,
    "printed_as": "1-ABC-123",
    "last_digits": "4321", "request": "R1", "label": "Block of 7 cards", "done": 7, "failed": 1, "list": "Cards",
    "made": True, "days": 7, "name": "MAES Nora", "company": "Acme", "ends": "56", "left": 3, "kind": "totp",
    "what": "Block of 7 cards", "who": "PEETERS Ada", "companies": [{"name": "Acme", "lines": ["One"], "more": 0}],
    "cards": [{"printed_as": "1-ABC-123", "last_digits": "4321", "request": "R1", "tracking": "T", "reason": "No"}],
}  # fmt: skip


def bare(html: str) -> str:
    """Return the words of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#x27;", "'")


def inside(page: Any) -> str:
    """Return the letter on its page."""
    found = re.search(r'<div class="card section mail-text"[^>]*>(.*?)</div>', page.content.decode(), re.DOTALL)
    assert found, bare(page.content.decode())
    return found[1]


class Post:
    """Somebody who gets one mail of every kind, in one language."""

    def __init__(self, language: str) -> None:
        self.now = timezone.now()
        self.acme: Company = factories.company("Acme")
        self.nele: User = factories.user("Nele", language=language)
        self.member: Membership = factories.member(self.acme, "Nele", person=self.nele)
        self.other: Membership = factories.member(self.acme, "Ada", principal=False)
        oldportal.load_names([("NELE1", self.nele)], self.now)

    def about(self, template: str) -> dict[str, Any]:
        """Return what a row of that template holds."""
        if template in {"colleague_invited", "first_connection"}:
            with all_companies(reason="test data"):
                Membership.objects.filter(pk=self.member.pk).update(invited_at=self.now)
            return {"invitation": factories.invitation(self.member, ended_at=None).pk, "by": "PEETERS Ada"}
        if template == "colleague_changed":
            before, after = {"profile": "consultation"}, {"profile": "management"}
            return {"membership": self.member.pk, "before": before, "after": after, "by": "PEETERS Ada"}
        if template in {"email_confirm", "email_changed"}:
            change = EmailChange.objects.create(
                user=self.nele, old_email=self.nele.email, new_email="new@people.example", asked_at=self.now
            )
            return {"change": change.pk, "new": change.new_email}
        if template.startswith("multipass"):
            return {"request": factories.multipass_request(self.member).pk, "path": f"/{self.acme.identifier}/"}
        if template.startswith("principal"):
            return {"old": self.other.pk, "new": self.member.pk, "path": f"/{self.acme.identifier}/"}
        return {
            "old_portal": {"login": OldLogin.objects.get().pk},
            "password_reset": {},
            "profile_changed": {"fields": ["last_name", "phone"], "path": "/accounts/profile/"},
            "card_blocked": {**WORDS, "cards": [], "path": "/"},
        }.get(template, WORDS | {"path": f"/{self.acme.identifier}/cards/"})

    def send(self, template: str) -> tuple[OutgoingMail, Any]:
        """Send it, and return its row and what arrived."""
        unknown = template in {"password_reset", "old_portal"}
        whom: dict[str, Any] = {"to": self.nele.email} if unknown else {"user": self.nele}
        about = self.about(template)
        outbox.outbox.clear()
        with company_scope(self.acme.pk):
            queue_mail(
                template, key=template, now=self.now, language=self.nele.language, context=about,
                company_id=None if unknown else self.acme.pk, **whom,
            )  # fmt: skip
        send_waiting()
        (sent,) = outbox.outbox
        with all_companies(reason="a test looks"):
            return OutgoingMail.objects.get(key=template), sent


@pytest.mark.parametrize("language", ["en", "fr", "nl"])
@pytest.mark.parametrize("template", sorted(TEMPLATES))
def test_its_link_leads_to_what_it_says_without_what_opens_something(template, language):
    post = Post(language)
    row, sent = post.send(template)
    text, html = str(sent.body), str(sent.alternatives[0][0])
    place = f"{settings.PORTAL_URL}/mail/{row.pk}/"
    assert place in ADDRESS.findall(text)
    assert place in ADDRESS.findall(html)
    client = Client()
    client.force_login(User.objects.get(pk=post.nele.pk))
    letter = inside(client.get(f"/mail/{row.pk}/"))

    # What it says is what was sent: each line of the text form, up to its button, stands there too.
    body = [bare(line).strip() for line in text.partition("\n-- \n")[0].splitlines()[1:]]
    said = [line.lstrip("- ") for line in body if line and not ADDRESS.search(line) and not line.endswith(":")]
    assert said
    assert [line for line in said if line not in bare(letter)] == []

    opens = [
        one for one in ADDRESS.findall(text) if one not in {place, f"{settings.PORTAL_URL}{row.context.get('path')}"}
    ]
    assert bool(opens) == (template in OPENING)
    assert (INSTEAD[language] in bare(letter)) == (template in OPENING)
    for address in opens:
        token = max(address.split("/"), key=len)
        assert len(token) > 20
        assert token not in letter
        assert token not in str(row.context)
    assert not re.search(r"[0-9A-Za-z_-]{32,}", str(row.context) + letter)


def test_it_says_later_what_it_said_when_it_was_sent():
    """Names that change afterwards or an invitation that has ended change nothing of it, and reading writes nothing."""
    post = Post("en")
    row, sent = post.send("colleague_invited")
    (until,) = re.findall(r"The link works once, until [^\n]+", str(sent.body))
    with all_companies(reason="test data"):
        Company.objects.update(legal_name="Another name")
        Membership.objects.filter(pk=post.member.pk).update(invited_at=None)
    client = Client()
    client.force_login(post.nele)
    letter = bare(inside(client.get(f"/mail/{row.pk}/")))
    assert "created a user for you at Acme" in letter
    assert until in letter
    with all_companies(reason="a test looks"):
        again = OutgoingMail.objects.get(pk=row.pk)
    assert again.context == row.context


def test_who_is_invited_with_an_account_reads_the_invitation_before_it_is_taken_up():
    post = Post("en")
    row, _sent = post.send("colleague_invited")  # invited, not joined
    client = Client()
    client.force_login(post.nele)
    assert "created a user for you" in inside(client.get(f"/mail/{row.pk}/"))
    with all_companies(reason="test data"):
        Membership.objects.filter(pk=post.member.pk).update(is_active=False)
    assert client.get(f"/mail/{row.pk}/").status_code == 404


def test_operator_staff_read_what_a_company_asks_of_them():
    post = Post("en")
    post.nele = factories.operator("Otto")
    row, _sent = post.send("multipass_asked")
    client = Client()
    client.force_login(post.nele)
    assert "asks for" in inside(client.get(f"/mail/{row.pk}/"))
