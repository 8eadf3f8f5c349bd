"""Which companies get cards by the thousand: one of its own, any other, or the measuring layout of decision 31."""

from __future__ import annotations

import string
from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
from django.db import connection
from psycopg import sql

from accounts.models import Company, Membership, User
from accounts.services import add_membership, create_company, create_user
from cards.demo.bulk import Chunk, chunks, prepare
from cards.demo.people import CIRRUS, SEEDER, bring_in
from fleetportal import env
from fleetportal.core.access import system
from fleetportal.core.scope import all_companies
from fleetportal.engines.demo import DEMO_PASSWORD

# Decision 31: one company of 100,000 and 900 of 1,000; for growth one of 1,000,000.
LARGE, SMALL, SMALL_COMPANIES, GROWTH = 100_000, 1_000, 900, 1_000_000
LARGE_PLACE, GROWTH_PLACE = 0, 26**3
BENCH_USER = "principal@bench.example"
BENCH_SINCE = timedelta(days=2000)
_TABLES = (
    "cards_card",
    "cards_issue",
    "cards_cardlimit",
    "cards_request",
    "core_searchentry",
    "core_auditentry",
    "vehicles_driver",
    "accounts_company",
    "accounts_customernumber",
    "accounts_fleetdivision",
    "accounts_membership",
)


def identifier(place: int) -> str:
    """Return the identifier of the measuring layout's company number `place`: PRO-AAAAAA, PRO-AAAAAB and so on."""
    letters = ""
    for _letter in range(6):
        place, last = divmod(place, 26)
        letters = string.ascii_uppercase[last] + letters
    return f"PRO-{letters}"


LARGE_IDENTIFIER, GROWTH_IDENTIFIER = identifier(LARGE_PLACE), identifier(GROWTH_PLACE)


def company_of(wanted: str, *, now: datetime) -> Company | None:
    """Return the company of that identifier, or None; Cirrus Mobility is made when it is not there."""
    found = _find(wanted)
    if found is None and wanted == CIRRUS.identifier:
        return bring_in(CIRRUS, now=now).company
    return found


def bench(*, growth: bool, now: datetime) -> Iterator[Chunk]:
    """Return the chunks of the measuring layout; a company that has all of its cards is left as it is.

    With `growth`, a company of a million comes beside it. The two large companies have a principal user, the same.
    """
    yield from _up_to(LARGE_PLACE, LARGE, "Bench, 100,000 cards", now, with_user=True)
    for place in range(1, SMALL_COMPANIES + 1):
        yield from _up_to(place, SMALL, f"Bench {place:03d}", now)
    if growth:
        yield from _up_to(GROWTH_PLACE, GROWTH, "Bench, a million cards", now, with_user=True)


def _up_to(place: int, wanted: int, legal_name: str, now: datetime, *, with_user: bool = False) -> Iterator[Chunk]:
    """Bring one company of the layout to `wanted` cards."""
    company = _find(identifier(place))
    if company is None:
        company = create_company(
            legal_name=legal_name,
            identifier=identifier(place),
            verification=Company.Verification.LOADED,
            initialised_at=now - BENCH_SINCE,
            actor=system(SEEDER),
            now=now - BENCH_SINCE,
        )
        if with_user:
            _seat(company, now)
    ground = prepare(company, wanted, now=now)
    yield from chunks(ground, max(0, wanted - ground.cards))


def _seat(company: Company, now: datetime) -> None:
    """Make the measuring user the company's principal user."""
    actor, came = system(SEEDER), now - BENCH_SINCE
    user = User.objects.filter(email=BENCH_USER).first() or create_user(
        email=BENCH_USER, first_name="Ben", last_name="Chmark", password=DEMO_PASSWORD, actor=actor, now=came
    )
    add_membership(
        company=company,
        user=user,
        profile=Membership.Profile.ADMINISTRATOR,
        is_principal=True,
        actor=actor,
        now=came,
    )


def _find(wanted: str) -> Company | None:
    with all_companies(reason="which company gets the cards?"):
        return Company.objects.filter(identifier=wanted).first()


def tidy() -> str:
    """Vacuum and analyse what was filled, as the owner of the tables; returns the sentence that says whether it was.

    It also sorts new rows into the trigram index. Without the owner's address it is left to autovacuum.
    """
    try:
        owner = env.engine("DATABASE_OWNER_URL")
    except env.SettingError:
        return "DATABASE_OWNER_URL is not set, so the tables were not analysed: autovacuum will do it."
    with psycopg.connect(owner, dbname=connection.settings_dict["NAME"], autocommit=True) as session:
        for table in _TABLES:
            session.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))
    return "The tables were vacuumed and analysed."
