"""A company of two thousand users and a million acts: its data, and what its pages cost (ACC-28, GEN-2, GEN-6).

It is the company of a million cards, so that the search box has something to look through, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.bench.measure import Row, Target, interleaved, last_page, row

USERS = 2_000
# Done once in a thousand acts.
RARE = "accounts.options_changed"
_ACTS = """
    INSERT INTO core_auditentry (company_id, at, actor_id, actor_label, address, request_id, verb, kind, object_id,
        object_label, before, after)
    SELECT %(company)s, %(now)s::timestamptz - make_interval(secs => mod(n * 7919, 157680000)),
        (%(users)s::bigint[])[1 + mod(n * 31, %(count)s)], 'Person ' || mod(n * 31, %(count)s), '203.0.113.7', '',
        CASE WHEN share < 400 THEN 'cards.ordered' WHEN share < 750 THEN 'cards.changed' WHEN share < 850
            THEN 'cards.block' WHEN share < 999 THEN 'accounts.member_changed' ELSE 'accounts.options_changed' END,
        CASE WHEN share < 750 THEN 'cards.card' WHEN share < 850 THEN 'cards.issue' WHEN share < 999
            THEN 'accounts.membership' ELSE 'accounts.company' END,
        CASE WHEN share < 750 THEN id WHEN share < 850 THEN issue WHEN share < 999
            THEN (%(members)s::bigint[])[1 + mod(n * 17, %(count)s)] ELSE %(company)s END,
        CASE WHEN share < 750 THEN printed_as WHEN share < 850 THEN '' WHEN share < 999
            THEN 'Person ' || mod(n * 17, %(count)s) ELSE 'Bench, a million cards' END,
        '{}'::jsonb, '{"status": "active"}'::jsonb
    FROM (
        SELECT c.id, c.printed_as, i.id AS issue, row_number() OVER (ORDER BY c.id) AS n,
            mod(row_number() OVER (ORDER BY c.id) * 7919, 1000) AS share
        FROM cards_card c JOIN cards_issue i ON i.card_id = c.id AND i.rank = 1
        WHERE c.company_id = %(company)s
    ) AS act
"""


def seed(identifier: str) -> None:
    """Make the users and the acts, in few statements (half a minute)."""
    from django.db import connection
    from django.utils import timezone

    from accounts.colleagues.finding import find_again
    from accounts.models import Company, Membership, User
    from accounts.rights import APPLICATIONS, suggested_levels
    from cards.demo.layout import tidy
    from fleetportal.core.scope import all_companies, company_scope

    now = timezone.now()
    names = [one.name for one in APPLICATIONS]
    with all_companies(reason="measuring"):
        company = Company.objects.get(identifier=identifier)
    with company_scope(company.pk), connection.cursor() as cursor:
        users = User.objects.bulk_create(
            User(
                email=f"person{at:04d}@bench.example", password="!", last_name=f"PERSON {at * 7919 % USERS:04d}",
                first_name="AN", phone=f"047{at:07d}", date_joined=now, last_login=now - timedelta(hours=at),
            )
            for at in range(USERS)
        )  # fmt: skip
        profiles = [value for value, _label in Membership.Profile.choices]
        members = Membership.objects.bulk_create(
            Membership(
                company=company, user=user, name=user.list_name, profile=profiles[at % 4], is_active=at % 20 > 0,
                applications=(opened := [name for place, name in enumerate(names) if (at + place) % 3 or at % 5 == 0]),
                change_applications=suggested_levels(profiles[at % 4], opened),
                valid_until=(now + timedelta(days=at)).date() if at % 7 == 0 else None,
                invited_at=now if at % 50 == 1 else None,
            )
            for at, user in enumerate(users)
        )  # fmt: skip
        find_again([member.pk for member in members])
        about = {"users": [user.pk for user in users], "members": [member.pk for member in members]}
        cursor.execute(_ACTS, {"company": company.pk, "now": now, "count": USERS, **about})
    tidy()


def pages(
    target: Callable[..., Target], floor: Callable[..., Target], identifier: str, who: dict[str, Any], company: int
) -> tuple[list[Row], list[str]]:
    """Measure the search box, Activity, the users and the overview of their rights; `company` is the floor's."""
    home = f"/{identifier}/"
    activity, users, rights = (target(name, f"{home}{name}/", who) for name in ("activity", "users", "users/rights"))
    plate = who["printed"]
    typed = {"many": "1-a", "few": plate, "words": f"{plate[:4]} {plate[-3:]}", "none": "zzzqqq", "two letters": "1-"}
    member = _member(identifier)
    box = "finder-results"
    targets = [
        floor("floor, accounts", f"/floor/{company}/"),
        activity,
        target("activity, person", f"{activity.path}?person={member}", who),
        target("activity, act", f"{activity.path}?act=cards.changed", who),
        target("activity, rare act", f"{activity.path}?act={RARE}", who),
        target("activity, object", f"{activity.path}?object={plate}", who),
        target("activity, deep", last_page(activity), who),
        users,
        target("users, searched", f"{users.path}?q=person", who),
        rights,
        target("users/rights, deep", last_page(rights), who),
        *(target(f"box, {name}", f"{home}search/?q={words.replace(' ', '+')}", who, box)
          for name, words in typed.items()),
    ]  # fmt: skip
    got = interleaved(targets, rounds=10, count=6)
    _show_something(got)
    cpu = {name: result.cpu_ms for name, result in got.items()}
    base = cpu["floor, accounts"]
    files = interleaved(
        [
            target("rights, csv", f"{rights.path}?format=csv", who),
            floor("floor, rights, csv", f"/floor/{_company(identifier)}/rights/csv/"),
            target("rights, xlsx", f"{rights.path}?format=xlsx", who),
        ],
        rounds=8,
        count=3,
    )
    _same_lines(files["rights, csv"].body, files["floor, rights, csv"].body)
    csv = files["floor, rights, csv"].cpu_ms
    boxes = [name for name in got if name.startswith("box, ")]
    slowest = max(boxes, key=lambda name: got[name].p50)
    rows = [
        row(f"search box on 1,000,000 cards, p50 of the slowest ({slowest[5:]})", got[slowest].p50, 100, 30, "ms"),
        row("search box on 1,000,000 cards, CPU of the dearest", max(cpu[name] for name in boxes), 100, 20, "ms"),
        *(
            row(f"{said}, CPU, against F", cpu[name] / base, 1.5, goal)
            for name, said, goal in (
                ("activity", "Activity, 1,000,000 acts", 1.0),
                ("users", "2,000 users", 1.0),
                ("users/rights", "rights of 2,000 users in 18 applications", 1.2),
            )
        ),
        *(
            row(f"{said}, CPU, against its first page", cpu[name] / cpu[name.split(", ")[0]], must, goal)
            for name, said, must, goal in (
                ("activity, person", "Activity of one person", 2.5, 1.5),
                ("activity, act", "Activity, a frequent act", 2.5, 1.5),
                ("activity, rare act", "Activity, a rare act", 1.5, 1.5),
                ("activity, object", "Activity about one plate", 1.5, 1.5),
                ("activity, deep", "Activity, deep page", 1.2, 1.05),
                ("users, searched", "2,000 users, searched", 2.5, 1.5),
                ("users/rights, deep", "rights of 2,000 users, deep page", 1.2, 1.05),
            )
        ),
        row("rights of 2,000 users as CSV, CPU, against plain CSV", files["rights, csv"].cpu_ms / csv, 2, 1.5),
        row("rights of 2,000 users as Excel, CPU, against plain CSV", files["rights, xlsx"].cpu_ms / csv, 4, 3),
    ]
    notes = [f"{name}: {one.cpu_ms:.1f} ms CPU, {one.p50:.1f} ms p50" for name, one in {**got, **files}.items()]
    return rows, notes


def _company(identifier: str) -> int:
    from accounts.models import Company
    from fleetportal.core.scope import all_companies

    with all_companies(reason="measuring"):
        return int(Company.objects.get(identifier=identifier).pk)


def _member(identifier: str) -> int:
    """Return the person whose acts are filtered for."""
    from accounts.models import Membership
    from fleetportal.core.scope import all_companies

    with all_companies(reason="measuring"):
        members = Membership.objects.filter(company__identifier=identifier, is_principal=False)
        return int(members.order_by("pk")[USERS // 2].user_id)


def _show_something(got: dict[str, Any]) -> None:
    """Refuse to take the time of pages that show nothing, but for the words that nothing matches."""
    for name, result in got.items():
        lines = len(re.findall(rb"<tr>", result.body)) if "box" not in name else result.body.count(b"<a ")
        if not lines and name != "box, none":
            raise SystemExit(f"{name} shows nothing.")
    for name in ("activity", "activity, act", "activity, deep", "users", "users/rights"):
        if len(re.findall(rb"<tr><td", got[name].body)) != 50:
            raise SystemExit(f"{name} does not show fifty rows.")


def _same_lines(file: bytes, floor: bytes) -> None:
    """Refuse to compare files of different contents: each user has a line in both, with the same levels."""

    def levels(text: bytes) -> list[bytes]:
        return sorted(b";".join(line.split(b";")[-18:]) for line in text.strip().splitlines()[-USERS:])

    if levels(file) != levels(floor):
        raise SystemExit("The overview of rights as a file and its floor hold different lines.")
