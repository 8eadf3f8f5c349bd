"""Who may do what (ACC-10, ACC-11, ACC-13): written down here by hand, and compared with what the code says.

Nothing here reads the rights table to know what to expect; a permission that is new there fails until it stands here.
"""

from __future__ import annotations

import pytest

from accounts.models import Company, Membership, User
from accounts.rights import operator_permissions, permissions_of, suggested_levels
from fleetportal.core.access import PERMISSIONS, Permission
from tests.factories import NOW

PROFILES = ["administrator", "management", "consultation", "accounting"]

EVERYBODY = {"home.see", "account.see", "account.change", "jobs.see", "downloads.make", "views.keep", "activity.see",
             "notices.read", "notices.see", "own.see"}  # fmt: skip
ADMINISTRATORS = {"work.decide", "company.settings"}
PRINCIPAL = {"company.start", "company.handover", "multipass.decide", "multipass.ask"}
# Of fleet data, for who is not limited to divisions.
WHOLE = {"divisions.change"}
OPERATOR = {"operator.see", "operator.produce", "operator.work", "operator.publish", "operator.companies",
            "operator.products"}  # fmt: skip
# application: what its level "see" allows, and what "change" allows beside that
CARD_SIDE = {
    "cards": (
        {"cards.see"},
        {
            "cards.order",
            "cards.change",
            "cards.block",
            "cards.cancel",
            "cards.reissue",
            "cards.delete",
            "cards.receive",
        },
    ),
    "requests": ({"requests.see"}, {"requests.withdraw", "requests.attach"}),
}
FLEET_PAGES = {
    f"{application}.{level}"
    for application in ("users", "divisions", "vehicles", "drivers")
    for level in ("see", "change")
}
APPLICATIONS_OF_THE_CARD_SIDE = {"cards", "requests", "drivercodes", "renewals", "transactions", "reports", "alerts"}

# Fleet data: the profile decides, and Accounting changes under Suppliers and Invoices only (payments are of invoices).
FLEET_CHANGE = {
    "administrator": {"vehicles", "drivers", "packs", "sims", "hardware", "suppliers", "invoices", "payments",
                      "divisions", "users"},
    "management": {"vehicles", "drivers", "packs", "sims", "hardware", "suppliers", "invoices", "payments",
                   "divisions", "users"},
    "consultation": set(),
    "accounting": {"suppliers", "invoices", "payments"},
}  # fmt: skip
FLEET = sorted(FLEET_CHANGE["administrator"])


def member(profile: str, sees: set[str] | None = None, changes: set[str] | None = None, **fields: bool) -> Membership:
    return Membership(
        profile=profile,
        applications=sorted((sees or set()) | (changes or set())),
        change_applications=sorted(changes or set()),
        **fields,
    )


def rights(membership: Membership, off: list[str] | None = None) -> set[str]:
    """What the code says, fleet permissions that a test adds aside."""
    company = Company(options_off=off or [], initialised_at=NOW)
    return {name for name in permissions_of(membership, company) if not name.startswith("try.")}


def test_every_permission_of_the_table_stands_here():
    written = EVERYBODY | OPERATOR | ADMINISTRATORS | PRINCIPAL | WHOLE
    for see, change in CARD_SIDE.values():
        written |= see | change
    assert {name for name, one in PERMISSIONS.items() if one.side != "fleet"} == written


@pytest.mark.rule("ACC-11")
@pytest.mark.rule("ACC-13")
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("application", CARD_SIDE)
@pytest.mark.parametrize("level", ["none", "see", "change"])
def test_on_the_card_side_the_level_of_the_application_decides_whatever_the_profile(profile, application, level):
    see, change = CARD_SIDE[application]
    expected = {"none": set(), "see": see, "change": see | change}[level]
    someone = member(
        profile, sees={application} if level == "see" else set(), changes={application} if level == "change" else set()
    )
    assert rights(someone) - ADMINISTRATORS == EVERYBODY | expected


@pytest.mark.rule("GEN-13")
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("limit", ["", "all_customer_numbers", "all_divisions"])
@pytest.mark.parametrize("is_principal", [False, True])
def test_the_principal_user_and_unlimited_administrators_decide_on_held_work(profile, limit, is_principal):
    someone = member(profile, is_principal=is_principal, **({limit: False} if limit else {}))
    decides = is_principal or (profile == "administrator" and not limit)
    assert ("work.decide" in rights(someone)) is decides


@pytest.mark.rule("ACC-13")
@pytest.mark.parametrize("profile", PROFILES)
def test_a_level_without_the_application_is_worth_nothing(profile):
    someone = Membership(profile=profile, applications=["requests"], change_applications=["cards"])
    assert rights(someone) - ADMINISTRATORS == EVERYBODY | {"requests.see"}


@pytest.mark.rule("ACC-13")
@pytest.mark.rule("ACC-14")
@pytest.mark.parametrize("is_principal", [False, True])
def test_what_the_operator_switched_off_nobody_has(is_principal):
    someone = member("administrator", changes={"cards", "requests"}, is_principal=is_principal)
    own = ADMINISTRATORS | PRINCIPAL | FLEET_PAGES
    assert rights(someone, off=["cards"]) - own == EVERYBODY | {
        "requests.see",
        "requests.withdraw",
        "requests.attach",
    }


@pytest.mark.rule("ACC-12")
@pytest.mark.parametrize("profile", PROFILES)
def test_the_principal_user_holds_everything(profile):
    expected = EVERYBODY | ADMINISTRATORS | PRINCIPAL | FLEET_PAGES
    for see, change in CARD_SIDE.values():
        expected |= see | change
    assert rights(member(profile, is_principal=True)) == expected


@pytest.mark.rule("ACC-10")
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("application", FLEET)
@pytest.mark.parametrize("given", [True, False])
def test_for_fleet_data_the_profile_decides(monkeypatch, profile, application, given):
    # No page of this side exists yet that would declare permissions of its own.
    for name, change in (("see", False), ("change", True)):
        permission = Permission(f"try.{name}", application, change=change, side="fleet")
        monkeypatch.setitem(PERMISSIONS, permission.name, permission)
    # A card-side level on a fleet application means nothing.
    someone = Membership(
        profile=profile, applications=[application] if given else [], change_applications=[application]
    )
    allowed = {name for name in permissions_of(someone, Company(initialised_at=NOW)) if name.startswith("try.")}
    expected = {"try.see"} if given else set()
    if given and application in FLEET_CHANGE[profile]:
        expected.add("try.change")
    assert allowed == expected


@pytest.mark.rule("ACC-11")
@pytest.mark.parametrize("profile", PROFILES)
def test_a_new_member_starts_at_the_levels_the_profile_suggests(profile):
    given = sorted(APPLICATIONS_OF_THE_CARD_SIDE | set(FLEET))
    expected = APPLICATIONS_OF_THE_CARD_SIDE if profile in {"administrator", "management"} else set()
    assert set(suggested_levels(profile, given)) == expected


@pytest.mark.rule("ACC-13")
@pytest.mark.parametrize(
    ("kind", "expected"), [("operator", OPERATOR | EVERYBODY), ("client", set()), ("dealer", set())]
)
def test_the_operators_area_is_for_operator_staff(kind, expected):
    assert set(operator_permissions(User(kind=kind))) == expected


@pytest.mark.rule("ACC-13")
@pytest.mark.parametrize("profile", PROFILES)
def test_no_client_has_a_right_of_the_operator(profile):
    someone = member(profile, changes=set(CARD_SIDE) | {"operator"}, is_principal=True)
    assert not rights(someone) & OPERATOR


@pytest.mark.rule("ACC-32")
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("limited", [False, True])
def test_who_is_limited_to_divisions_changes_none_whatever_the_profile(profile, limited):
    someone = member(profile, sees={"divisions"}, all_divisions=not limited)
    may = profile in {"administrator", "management"} and not limited
    assert {name for name in rights(someone) if name.startswith("divisions.")} == (
        {"divisions.see", "divisions.change"} if may else {"divisions.see"}
    )


@pytest.mark.rule("ACC-31")
@pytest.mark.parametrize("profile", PROFILES)
def test_who_is_limited_to_numbers_asks_for_more_and_the_principal_user_decides(profile):
    assert "multipass.ask" not in rights(member(profile))
    limited = rights(member(profile, all_customer_numbers=False))
    assert "multipass.ask" in limited
    assert "multipass.decide" not in limited
    assert {"multipass.ask", "multipass.decide"} <= rights(member(profile, is_principal=True))
