"""One narrow table of searchable text for every kind of object, fenced by company (decision 5).

It serves the search of every list. The text is lower-cased and without accents, on both sides, by `plain`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import connection, models
from django.db.models import F

from fleetportal.core.policies import RowPolicy
from fleetportal.core.scope import require_scope
from fleetportal.core.search_few import FEW
from fleetportal.core.tenancy import Tenancy, TenantModel

# More hits than this are cut off in a list, which says so; exports and bulk actions ask without a cap.
LIST_CAP = 2000
_NO_CAP = 2**31 - 1  # as far as an array can reach
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def plain(text: str) -> str:
    """Return the text as it is stored and looked for: lower case, no accents, single spaces."""
    # Twice, since a mathematical capital is a capital only when taken apart, and some lower case comes apart again
    # (Unicode, chapter 3.13: toNFKC_Casefold).
    folded = text
    for _ in range(2):
        folded = unicodedata.normalize("NFKD", folded).casefold()
    folded = unicodedata.normalize("NFKD", folded).translate(_LETTERS)
    letters = "".join(letter for letter in folded if not unicodedata.combining(letter) and letter != "\x00")
    return " ".join(letters.split())


class SearchEntry(TenantModel):
    """The searchable text of one object, with the columns of its scope."""

    tenancy = Tenancy(customer_number="customer_number_id", division="division_id")

    kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    customer_number_id = models.BigIntegerField(null=True)
    division_id = models.BigIntegerField(null=True)
    text = models.TextField()

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}"

    class Meta:
        app_label = "core"
        constraints = [
            models.UniqueConstraint(fields=["company", "kind", "object_id"], name="core_searchentry_once"),
            # portal_search() runs as the owner of the table; without a policy of its own it would see nothing.
            RowPolicy(name="core_searchentry_owner", using="true", role="CURRENT_USER"),
        ]
        indexes = [
            GinIndex(F("company"), OpClass(F("text"), name="gin_trgm_ops"), name="core_searchentry_trigrams"),
            models.Index(
                F("company"), F("kind"), OpClass(F("text"), name="text_pattern_ops"), name="core_searchentry_prefix"
            ),
        ]


# Kinds that belong to a company as a whole, such as its users: limits of a scope do not cut them.
_WHOLE: set[str] = set()


def belongs_to_the_company(kind: str) -> str:
    """Declare that objects of this kind belong to no number and no division, and return the kind."""
    _WHOLE.add(kind)
    return kind


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be found about one object."""

    company: int
    object_id: int
    words: str
    customer_number: int | None = None
    division: int | None = None


_REPLACE = (
    "DO UPDATE SET customer_number_id = EXCLUDED.customer_number_id, division_id = EXCLUDED.division_id,"
    " text = EXCLUDED.text"
)


def put(kind: str, entries: Iterable[Entry], *, missing_only: bool = False) -> None:
    """Write the searchable text of objects, in the transaction that changes them; called again, it replaces.

    With `missing_only` an entry that is there, or that somebody writes at the same moment, stays as it is.
    """
    rows = list(entries)
    if not rows:
        return
    require_scope("The search table")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_searchentry (company_id, kind, object_id, customer_number_id, division_id, text)"  # noqa: S608  # both ends are our own words
            " SELECT company, %s, object, number, division, words"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[])"
            " AS given (company, object, number, division, words)"
            f" ON CONFLICT (company_id, kind, object_id) {'DO NOTHING' if missing_only else _REPLACE}",
            [
                kind,
                [row.company for row in rows],
                [row.object_id for row in rows],
                [row.customer_number for row in rows],
                [row.division for row in rows],
                [plain(row.words) for row in rows],
            ],
        )


@dataclass(frozen=True, slots=True)
class Hits:
    """The ids of what was found, as the database writes an array: handed back to it without being taken apart."""

    array: str
    cut_off: bool

    def ids(self) -> list[int]:
        """Take the array apart."""
        return [int(number) for number in self.array[1:-1].split(",") if number]


def find(kind: str, wanted: str, *, cap: int | None = LIST_CAP) -> Hits:
    """Find at most `cap` objects of that kind, in scope, whose text holds every word of `wanted`.

    Where no word has three characters, the text must begin with the first. `cut_off` says that there are more.
    """
    scope = require_scope("The search table")
    words = plain(wanted).split()[:6]
    if not words:
        return Hits("{}", cut_off=False)
    # One more than the cap tells a list that is cut off from one that is just full.
    limit = None if cap is None else cap + 1
    params: tuple[Any, ...]
    if scope.wide:
        rows, params = _behind_the_wide_door(kind, words)[:limit].query.sql_with_params()
    else:
        function = "portal_search" if limit is None or limit > FEW else "portal_search_few"
        rows = f"SELECT object_id FROM {function}(%s, %s, %s, %s, %s)"  # noqa: S608  # both names are our own
        whole = kind in _WHOLE
        numbers = None if whole or scope.customer_numbers is None else list(scope.customer_numbers)
        divisions = None if whole or scope.divisions is None else list(scope.divisions)
        params = (words, kind, numbers, divisions, limit)
    array = "coalesce((array_agg(object_id))[:%s]::text, '{}')"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {array}, count(*) FROM ({rows}) AS found (object_id)",  # noqa: S608  # both are our own words
            [_NO_CAP if cap is None else cap, *params],
        )
        ids, count = cursor.fetchone()
    return Hits(ids, cut_off=cap is not None and count > cap)


def _behind_the_wide_door(kind: str, words: list[str]) -> models.QuerySet[SearchEntry, int]:
    found = SearchEntry.objects.filter(kind=kind)
    # Trigrams need three letters; with none to find them by, the text must begin with the first word.
    if max(map(len, words)) < 3:
        found = found.filter(text__startswith=words[0])
        words = words[1:]
    for word in words:
        found = found.filter(text__contains=word)
    return found.values_list("object_id", flat=True)


class AnyOf(models.Lookup):
    """`column = ANY(array)`: one parameter however many ids, where `IN` would write thousands.

    The array stands in a subquery of its own: shown two thousand scattered ids, the planner prefers to read through a
    whole company's index; not shown them, it looks each one up, at a fifth of the cost.
    """

    lookup_name = "anyof"

    def get_prep_lookup(self) -> Any:
        """Write the ids as the database writes an array, unless it did so itself."""
        if isinstance(self.rhs, Hits):
            return self.rhs.array
        numbers = ",".join(["NULL" if one is None else str(int(one)) for one in self.rhs])
        return f"{{{numbers}}}"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Write the comparison."""
        sql, params = self.process_lhs(compiler, connection)
        return f"{sql} = ANY((SELECT %s)::bigint[])", [*params, self.rhs]

    def process_rhs(self, compiler: Any, connection: Any) -> Any:
        """Pass the array as one parameter."""
        return "%s", [self.rhs]


models.BigAutoField.register_lookup(AnyOf)
models.BigIntegerField.register_lookup(AnyOf)
models.ForeignKey.register_lookup(AnyOf)

# The one way through row-level security for trigram search: LIKE is not leakproof, so under a policy it would lose its
# index. The function belongs to the owner, reads the same setting as the policies, and returns ids only.
CREATE_FUNCTION = """
CREATE FUNCTION portal_search(words text[], wanted_kind text, numbers bigint[], divisions bigint[], cap integer)
RETURNS TABLE (object_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    short boolean := (SELECT max(length(w)) < 3 FROM unnest(words) w);
    company bigint := nullif(current_setting('app.company', true), '')::bigint;
    word text;
    sql text;
BEGIN
    IF company IS NULL THEN
        RETURN;
    END IF;
    sql := format(
        'SELECT s.object_id FROM core_searchentry s WHERE s.company_id = %s AND s.kind = %L', company, wanted_kind);
    FOREACH word IN ARRAY words LOOP
        word := replace(replace(replace(word, '\\', '\\\\'), '%', '\\%'), '_', '\\_');
        sql := sql || format(' AND s.text LIKE %L', CASE WHEN short THEN word || '%' ELSE '%' || word || '%' END);
        short := false;
    END LOOP;
    IF numbers IS NOT NULL THEN
        sql := sql || format(' AND s.customer_number_id = ANY(%L::bigint[])', numbers);
    END IF;
    IF divisions IS NOT NULL THEN
        sql := sql || format(' AND s.division_id = ANY(%L::bigint[])', divisions);
    END IF;
    IF cap IS NOT NULL THEN
        sql := sql || format(' LIMIT %s', cap);
    END IF;
    RETURN QUERY EXECUTE sql;
END
$$
"""
DROP_FUNCTION = "DROP FUNCTION portal_search(text[], text, bigint[], bigint[], integer)"
