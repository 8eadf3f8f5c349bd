"""Kinds of notices, and telling the people of a company what happened (ACC-40, ACC-41).

An app declares a kind and calls `notify` in the transaction that decides what is told; who receives it, and how, is
found by whoever knows the members (`settings.NOTICE_WRITER`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from fleetportal.core.access import known


class Channel(models.TextChoices):
    """How a notice comes to a person beside the bell."""

    MAIL = "mail", _("E-mail at once")
    DAILY = "daily", _("Daily summary")
    PORTAL = "portal", _("In the portal only")


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind of notice: its mail, the permission without which nobody receives or reads it, what it is about.

    `model` is the label of the objects, "" where they are none. `chosen` kinds go to those whom the company chose, by
    mail at once; of the others each person chooses how they come, at first as `channel` says.
    """

    name: str
    label: Any
    template: str
    permission: str
    model: str = ""
    chosen: bool = False
    channel: str = Channel.MAIL


@dataclass(frozen=True, slots=True)
class Subject:
    """What a notice is about: an object with its customer number and division, and whoever asked or acted (`owner`).

    The owner is told in any case; without a number it concerns the whole company. `facts` are ids and plain values.
    """

    pk: int | None = None
    customer_number: int | None = None
    division: int | None = None
    owner: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)


# Makes what the mail says of the subjects that this person (the id of a user) is told of.
ContextOf = Callable[[Sequence[Subject], int], "dict[str, Any]"]

KINDS: dict[str, NoticeKind] = {}


def declare_notice(kind: NoticeKind) -> NoticeKind:
    """Put a kind into the one table; raises ValueError for a name declared twice."""
    if kind.name in KINDS:
        raise ValueError(f"The notice {kind.name} is declared twice.")
    KINDS[kind.name] = kind
    return kind


def notify(
    kind: NoticeKind, *, company_id: int, subjects: Iterable[Subject], context: ContextOf, key: str, now: datetime
) -> None:
    """Tell who should know, in the current transaction; the same `key` again tells nobody a second time (ACC-40).

    Each person is told of the subjects within their customer numbers and divisions, and of no others (GEN-1). What
    `context` returns holds no secret; its `path` is where the notice leads. Raises LookupError for an undeclared kind.
    """
    known(KINDS[kind.name].permission)
    import_string(settings.NOTICE_WRITER)(
        kind, company_id=company_id, subjects=list(subjects), context=context, key=key, now=now
    )
