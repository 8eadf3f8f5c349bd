"""What tests of work share: kinds that exist for one test, and a look at a row whatever the scope."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from fleetportal.core import work
from fleetportal.core.scope import all_companies
from fleetportal.core.work_models import WorkItem


@contextmanager
def kind(name: str, function: Callable[..., Any], **options: Any) -> Iterator[None]:
    """Register a kind of work for a block."""
    work.handler(name, **options)(function)
    try:
        yield
    finally:
        del work.KINDS[name]


@contextmanager
def job(name: str, function: Callable[..., Any], **options: Any) -> Iterator[None]:
    """Register a job of the timetable for a block."""
    work.periodic(name, **options)(function)
    try:
        yield
    finally:
        del work.PERIODIC[name]


def fresh(item: WorkItem) -> WorkItem:
    """Return the row as it stands now."""
    with all_companies(reason="test"):
        return WorkItem.objects.get(pk=item.pk)


def change(item: WorkItem, **fields: Any) -> None:
    """Write columns of an item past its rules."""
    with all_companies(reason="test"):
        WorkItem.objects.filter(pk=item.pk).update(**fields)


def note(company_id: int, text: str) -> None:
    """Do something that can be counted: write a batch of that label into the company in scope."""
    from fleetportal.core.batches import Batch
    from tests.factories import NOW

    Batch.objects.create(company_id=company_id, kind="test.note", label=text, created_at=NOW)


def notes(text: str) -> int:
    """Count what `note` has written."""
    from fleetportal.core.batches import Batch

    with all_companies(reason="test"):
        return Batch.objects.filter(kind="test.note", label=text).count()


def committed() -> bool:
    """Say whether no transaction is open."""
    return not transaction.get_connection().in_atomic_block
