"""What a page asks beside its own rows, in one statement: the bell's number, a list's views, its filters' choices.

Each statement costs a page its way to the database and back, so what is known to be needed is asked together. And
Django takes longer to write such a statement than PostgreSQL to answer it, so it is written once for each reader, place
and scope, and kept. Therefore a question sees an `Asker` and nothing else of a request.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import QuerySet
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.urls import resolve

from fleetportal.core.access import Actor
from fleetportal.core.scope import Scope, require_scope

# Statements kept by each process, of some kilobytes each; the oldest makes room.
KEPT = 500


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and on which page: all that a question may depend on, besides the scope in force.

    The actor has neither name nor address nor language here: these make no difference to a statement.
    """

    actor: Actor
    place: str


# Returns an expression whose value JSON can hold; None where it can't be asked in this scope.
Question = Callable[[Asker], Any]

_QUESTIONS: dict[str, Question] = {}
_EVERYWHERE: list[str] = []


def declare(name: str, question: Question, *, everywhere: bool = False) -> None:
    """Let pages of a company ask `question`; `everywhere` is for what the frame around every page says."""
    _QUESTIONS[name] = question
    if everywhere:
        _EVERYWHERE.append(name)


def ask(request: HttpRequest, names: Iterable[str], *, frame: bool = False) -> None:
    """Ask these questions at once, with those of the frame if the page has one; what was asked is not asked again."""
    known = _answers(request)
    wanted = tuple(name for name in [*names, *(_EVERYWHERE if frame else ())] if name not in known)
    if wanted:
        sql, params = _statement(wanted, _asker(request), require_scope("What stands beside a page"))
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            known.update(dict.fromkeys(wanted) | json.loads(cursor.fetchone()[0]))


def answer(request: HttpRequest, name: str) -> Any:
    """Return the answer to a question, asking it if need be; what the frame asks is asked together."""
    if name not in _answers(request):
        ask(request, [name], frame=name in _EVERYWHERE)
    return _answers(request)[name]


def keep(request: HttpRequest, name: str, value: Any) -> None:
    """Keep the answer to a question that had to be asked in another way."""
    _answers(request)[name] = value


def rows(found: QuerySet[Any], **columns: Any) -> ArraySubquery:
    """Return the rows of a queryset as a part of a question: a list of dictionaries with these columns."""
    return ArraySubquery(found.annotate(found_=JSONObject(**columns)).values("found_"))


@lru_cache(maxsize=KEPT)
def _statement(names: tuple[str, ...], asker: Asker, scope: Scope) -> tuple[str, tuple[Any, ...]]:
    """Write the statement of these questions for the scope in force, which is `scope`."""
    asked = {name: question for name in names if (question := _QUESTIONS[name](asker)) is not None}
    # The row of the company carries them all: it is there, and it is one.
    company = apps.get_model(settings.TENANT_MODEL)._default_manager.filter(pk=scope.company or 0)
    return company.values_list(JSONObject(**asked)).query.sql_with_params()


def _asker(request: Any) -> Asker:
    place = (request.resolver_match or resolve(request.path)).view_name
    return Asker(replace(request.actor, label="", address=None, request_id="", language=""), place)


def _answers(request: Any) -> dict[str, Any]:
    if not hasattr(request, "answers_beside"):
        request.answers_beside = {}
    found: dict[str, Any] = request.answers_beside
    return found
