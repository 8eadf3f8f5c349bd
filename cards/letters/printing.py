"""Printing code letters where the private key is: a sealed batch is opened in memory and made into a PDF (PIN-5).

No code is written anywhere but into that one file: not into the database, a log, a message or another file.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from accounts.models import Address, Membership
from cards.catalogue import NETWORK
from cards.letters.sealed import judge
from cards.letters.services import LETTER
from cards.lifecycle import IN_PRODUCTION, REQUEST
from cards.models import CodeLetter, Issue, MakerFile, Request
from cards.notices import tell_reissue
from cards.production.format import Unreadable, read_codes
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.audit import AuditEntry
from fleetportal.core.lifecycle import perform_many
from fleetportal.core.scope import all_companies

_KEY_BYTES = 32
_CODE = re.compile(r"[0-9]{4,8}")
VERSION = 1


class CantPrint(Exception):
    """The batch can't be printed; its text is the sentence why. Nothing was written."""


class PrintedBefore(CantPrint):
    """The batch was printed before; that somebody tried again is noted."""


@dataclass(slots=True)
class CodePage:
    """One letter, in memory only."""

    issue: Issue
    address: Address
    language: str
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Printed:
    """What was printed: where it lies, how many letters, and how many codes were of no use any more."""

    path: Path
    letters: int
    left_out: int


def read_key(path: Path) -> PrivateKey:
    """Read a private key of 32 bytes (Curve25519), raw or in base64; raises `CantPrint`, and keeps nothing of it."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CantPrint(_("The key can't be read: %(why)s.") % {"why": error.strerror}) from None
    if len(content) != _KEY_BYTES:
        try:
            content = base64.b64decode(content.strip(), validate=True)
        except (binascii.Error, ValueError):
            content = b""
    if len(content) != _KEY_BYTES:
        raise CantPrint(_("This file holds no key: 32 bytes (Curve25519) are expected, raw or in base64."))
    return PrivateKey(content)


def print_batch(*, file_id: int, key: PrivateKey, folder: Path, actor: Actor, now: datetime) -> Printed:
    """Print the letters of a sealed batch into one PDF, once, and forget the batch (PIN-5).

    Either everything happens or nothing: the batch is noted as printed, the requests end, who asked is told, and the
    file is there, readable by its owner alone. Raises `CantPrint` with the sentence for a batch that there is not, was
    set aside or is damaged, and for a key that does not open it; `PrintedBefore` for a second print, which is noted.
    """
    actor.must("operator.produce")
    path = folder / f"code-letters-{file_id:06d}.pdf"
    written = False
    try:
        with all_companies(reason="printing code letters"), transaction.atomic():
            pdf, letters, left_out = _print(file_id, key, actor, now)
            _write(path, pdf)
            written = True
    except PrintedBefore:
        with all_companies(reason="noting a second print of code letters"):
            audit.record(actor, "operator.letters_refused", MakerFile.objects.get(pk=file_id), now=now)
        raise
    except BaseException:
        if written:  # what is not noted as printed is not printed
            path.unlink(missing_ok=True)
        raise
    return Printed(path, letters, left_out)


def _print(file_id: int, key: PrivateKey, actor: Actor, now: datetime) -> tuple[bytes, int, int]:
    """Return the PDF, how many letters it holds, and how many lines were left out; note all of it."""
    # Locked: of two prints at once the second finds what the first one did.
    file = MakerFile.objects.select_for_update().filter(pk=file_id, kind=MakerFile.Kind.CODES).first()
    if file is None:
        raise CantPrint(_("There is no sealed batch with the number %(number)s.") % {"number": file_id})
    if file.state == MakerFile.State.SET_ASIDE:
        raise CantPrint(_(file.reason))
    if file.printed_at is not None:
        when = timezone.localtime(file.printed_at)
        said = _("This batch was printed on %(day)s at %(time)s; a batch is printed once. The attempt is noted.")
        raise PrintedBefore(said % {"day": f"{when:%d/%m/%Y}", "time": f"{when:%H:%M}"})
    try:
        lines = read_codes(file.content.encode())
    except Unreadable as reason:
        raise CantPrint(_(str(reason))) from None
    good, refused = judge(lines)
    if not good:
        raise CantPrint(_("None of the codes in this batch is of any use any more; nothing is printed."))
    box = SealedBox(key)
    codes = [_open(box, sealed, issue, line.at) for line, issue, sealed in good]
    pages = _pages([issue for _line, issue, _sealed in good], codes)
    pdf = _pdf(pages, now)
    file.printed_at, file.content = now, ""
    file.save(update_fields=["printed_at", "content"])
    _end([page.issue for page in pages], str(file.pk), actor, now)
    audit.record(actor, "operator.letters_printed", file, now=now, after={"letters": len(pages)})
    return pdf, len(pages), len(refused)


def _open(box: SealedBox, sealed: bytes, issue: Issue, at: int) -> str:
    """Open one code; what goes wrong is told by the line, and never with what is in it."""
    try:
        text = box.decrypt(sealed)
    except CryptoError:
        raise CantPrint(_("The key does not open this batch: it was sealed for another one.")) from None
    try:
        found = json.loads(text)
        version, code = found["v"], found["code"]
        meant = (found.get("number"), found.get("rank")) == (issue.card.number, issue.rank)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CantPrint(
            _("Line %(line)s holds no code once it is opened; nothing is printed.") % {"line": at}
        ) from None
    if version != VERSION:
        raise CantPrint(_("Line %(line)s is sealed in an unknown version; version 1 can be read.") % {"line": at})
    if not meant:
        raise CantPrint(_("Line %(line)s was sealed for another card; nothing is printed.") % {"line": at})
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise CantPrint(_no_code(at))
    return code


def _no_code(at: int) -> str:
    return _("Line %(line)s holds no code once it is opened; nothing is printed.") % {"line": at}


def _pages(issues: list[Issue], codes: list[str]) -> list[CodePage]:
    """Put each code to its address: the one it was ordered for, or that of its customer number; in the company's words.

    A company has no language of its own: its principal user's counts.
    """
    spoken: dict[int, str] = dict(
        Membership.objects.filter(is_principal=True, company_id__in={issue.company_id for issue in issues}).values_list(
            "company_id", "user__language"
        )
    )
    ordered = {(one.card_id, one.rank): one for one in _letters(issues)}
    return [
        CodePage(
            issue,
            ordered.get((issue.card_id, issue.rank)) or issue.card.customer_number,
            spoken.get(issue.company_id, settings.LANGUAGE_CODE),
            code,
        )
        for issue, code in zip(issues, codes, strict=True)
    ]


def _letters(issues: list[Issue]) -> list[CodeLetter]:
    """Return the letters that the card maker was asked for and has not answered, of these plastics."""
    wanted = {(issue.card_id, issue.rank) for issue in issues}
    asked = CodeLetter.objects.filter(
        card_id__anyof=[issue.card_id for issue in issues], batch_id__isnull=False, ended_at__isnull=True
    )
    return [one for one in asked.order_by("pk") if (one.card_id, one.rank) in wanted]


def _pdf(pages: list[CodePage], now: datetime) -> bytes:
    """Make the letters, a page each."""
    # Here and not on top: it needs Pango, which only the machine that prints has to have.
    from weasyprint import CSS, HTML

    style = CSS(filename=Path(__file__).with_name("letters.css"))
    return bytes(HTML(string=_html(pages, now), url_fetcher=_fetch_nothing).write_pdf(stylesheets=[style]))


def _html(pages: list[CodePage], now: datetime) -> str:
    letters = []
    for page in pages:
        with translation.override(page.language):
            context: dict[str, Any] = {
                "language": page.language,
                "operator": settings.OPERATOR_NAME,
                "lines": [*page.address.lines[:-1], NETWORK.get(page.address.country, page.address.country)],
                "day": timezone.localdate(now),
                "printed_as": page.issue.card.printed_as,
                "last_digits": page.issue.card.last_digits,
                "code": page.code,
            }
            letters.append(render_to_string("cards/code_letter.html", context))
    return render_to_string("cards/code_letters.html", {"letters": letters})


def _fetch_nothing(url: str, *args: Any, **kwargs: Any) -> Any:
    """Refuse to look anything up: a letter is made of what stands in it."""
    raise ValueError(f"A code letter refers to nothing outside of it, and not to {url}.")


def _end(issues: list[Issue], batch: str, actor: Actor, now: datetime) -> None:
    """End the orders of these letters and tell who asked; note at each plastic that its letter was printed."""
    reference = f"F{batch}"
    letters = _letters(issues)
    CodeLetter.objects.filter(pk__anyof=[one.pk for one in letters]).update(ended_at=now, reference=reference)
    asked = Request.objects.filter(
        subject_kind=LETTER, subject_id__anyof=[one.pk for one in letters], status=IN_PRODUCTION
    )
    moved = perform_many(REQUEST, asked, "dispatch", actor, now=now, sets={"ended_at": now}).moved
    after = [{"rank": issue.rank, "reference": reference} for issue in issues]
    AuditEntry.objects.bulk_create(
        [
            audit.entry(actor, "cards.letter_sent", issue, now=now, after=said)
            for issue, said in zip(issues, after, strict=True)
        ],
        batch_size=1000,
    )
    requests = Request.objects.filter(pk__anyof=list(moved)).select_related("card__company").order_by("pk")
    tell_reissue("sent", list(requests), source=f"printed:{batch}", now=now)


def _write(path: Path, pdf: bytes) -> None:
    """Write the file for its owner alone; one that is there already is not written over, and a half one not left."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CantPrint(_("There is a file %(path)s already; move it away first.") % {"path": path}) from None
    except OSError as error:
        raise CantPrint(_("The letters can't be written: %(why)s.") % {"why": error.strerror}) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pdf)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise CantPrint(_("The letters can't be written: %(why)s.") % {"why": error.strerror}) from None
