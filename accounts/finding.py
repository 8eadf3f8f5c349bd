"""By what operator staff find a company: its own data, and its customer numbers, each an entry of its own.

A company may have hundreds of numbers, more than fit into one entry's index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from accounts.models import Company, CustomerNumber
from fleetportal.core import search
from fleetportal.core.search_fill import Source, declare_source

COMPANY, NUMBER = "accounts.company", "accounts.number"
_BELGIAN = re.compile(r"BE([01]\d{3})(\d{3})(\d{3})")


def find_company(company: Company) -> None:
    """Write what a company is found by (called in the transaction that makes or changes it, with it in scope)."""
    search.put(COMPANY, [_of_company(company)])


def find_number(number: CustomerNumber) -> None:
    """Write what a customer number is found by (called in the transaction that makes or changes it)."""
    search.put(NUMBER, [_of_number(number)])


def _of_company(one: Company) -> search.Entry:
    words = [one.identifier, one.legal_name, *_spellings(one.vat_number)]
    return search.Entry(company=one.pk, object_id=one.pk, words=" ".join(words))


def _spellings(vat_number: str) -> list[str]:
    """Return a VAT number as it was given, without dots and spaces, and a Belgian one also with its dots."""
    bare = re.sub(r"[^A-Z0-9]", "", vat_number.upper())
    given = [vat_number, bare]
    if belgian := _BELGIAN.fullmatch(bare):
        given.append(".".join(belgian.groups()))
    return list(dict.fromkeys(filter(None, given)))


def _of_number(one: CustomerNumber) -> search.Entry:
    return search.Entry(
        company=one.company_id, object_id=one.pk, words=f"{one.number} {one.name}", customer_number=one.pk
    )


def _companies(keys: list[int]) -> Iterator[search.Entry]:
    return map(_of_company, Company.objects.filter(pk__in=keys))


def _numbers(keys: list[int]) -> Iterator[search.Entry]:
    return map(_of_number, CustomerNumber.objects.filter(pk__in=keys))


declare_source(Source(COMPANY, Company, _companies, company="pk"))
declare_source(Source(NUMBER, CustomerNumber, _numbers))
