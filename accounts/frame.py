"""What the frame around every page of a company says of its reader: bell, customer numbers, own view."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, ExpressionWrapper, IntegerField, Subquery

from accounts.models import CustomerNumber
from accounts.notices.reading import visible
from accounts.own.declaring import has_own, holds
from fleetportal.core.beside import Asker, answer, declare, keep
from fleetportal.core.scope import require_scope

# The bell counts up to here, and then says that there are more.
MOST = 99


class Counted(Subquery):
    """How many rows a queryset finds, as a part of another question."""

    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def _unread(asker: Asker) -> Counted:
    """How many notices of who asks are unread, up to one more than `MOST`: the bell."""
    return Counted(visible(asker.actor).filter(unread=True).order_by().values("pk")[: MOST + 1])


def _numbers(asker: Asker) -> ArraySubquery:
    """The first two customer numbers in reach: the user's menu names one, or says that there are several (ACC-9)."""
    return ArraySubquery(CustomerNumber.objects.order_by("number").values("number")[:2])


def _own(asker: Asker) -> Any:
    """Whether something is in the member's own name; in a narrower scope than the company's that can't be told."""
    if require_scope("A member's own").limited:
        return None
    return ExpressionWrapper(holds(asker.actor.membership or 0), BooleanField())


UNREAD, NUMBERS, _OWN = "notices.unread", "accounts.numbers", "accounts.own"
declare(UNREAD, _unread, everywhere=True)
declare(NUMBERS, _numbers, everywhere=True)
declare(_OWN, _own, everywhere=True)


def owns(request: Any) -> bool:
    """Say whether something is in the reader's own name, so that they have an own view (ACC-9).

    It is looked for in the whole company: for who is limited, that is another scope and a question apart.
    """
    found = answer(request, _OWN)
    if found is None:
        found = has_own(request.actor)
        keep(request, _OWN, found)
    return bool(found)
