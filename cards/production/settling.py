"""Settling what was set aside of the card maker's answers: staff say that it is dealt with, and how (FUL-3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cards.models import MakerFile, SetAsideLine
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost


def settle_file(*, actor: Actor, file: MakerFile, note: str, now: datetime) -> None:
    """Say that all that was set aside of a file is dealt with; its lines that are still open are settled with it.

    Works behind the wide door, in one transaction, once: raises `TransitionLost` where nothing is open (any more), and
    PermissionDenied without the right.
    """
    actor.must("operator.produce")
    with transaction.atomic():
        locked = _open_file(file.pk)
        said = _said(actor, note, now)
        SetAsideLine.objects.filter(file=locked, settled_at=None).update(**said)
        _settle(locked, said)
        audit.record(actor, "cards.file_settled", locked, now=now, after={"note": note})


def settle_line(*, actor: Actor, line: SetAsideLine, note: str, now: datetime) -> None:
    """Say that one line that was set aside is dealt with; with its last one, the file is.

    Works behind the wide door, in one transaction, once: raises `TransitionLost` where the line was settled before, and
    PermissionDenied without the right. The file is locked first, so of two people with its last two lines one sees the
    other's.
    """
    actor.must("operator.produce")
    with transaction.atomic():
        file = _open_file(line.file_id)
        said = _said(actor, note, now)
        if not SetAsideLine.objects.filter(pk=line.pk, settled_at=None).update(**said):
            raise TransitionLost(already_settled())
        audit.record(
            actor, "cards.line_settled", file, now=now, after={"line": line.line, "note": note}, label=str(file)[:120]
        )
        if not SetAsideLine.objects.filter(file=file, settled_at=None).exists():
            # Each line says what was done about it; the file only when the last one was.
            _settle(file, {**said, "settlement": ""})


def already_settled() -> str:
    """Return the sentence for who comes second."""
    return _("This is settled already.")


def _open_file(pk: int) -> MakerFile:
    """Lock a file of which something is open, or say that nothing is."""
    file = MakerFile.objects.select_for_update(of=("self",)).filter(MakerFile.OPEN, pk=pk).first()
    if file is None:
        raise TransitionLost(already_settled())
    return file


def _said(actor: Actor, note: str, now: datetime) -> dict[str, Any]:
    return {"settled_at": now, "settled_by_id": actor.user, "settlement": note}


def _settle(file: MakerFile, said: dict[str, Any]) -> None:
    MakerFile.objects.filter(pk=file.pk).update(**said)
