"""Companies, their numbers and divisions, and the people in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from accounts.finding import find_company, find_number
from accounts.models import (
    Acceptance,
    Company,
    ConditionsVersion,
    CustomerNumber,
    FleetDivision,
    Invitation,
    Membership,
    MembershipDivision,
    MembershipNumber,
    MultipassRequest,
    Notice,
    User,
)
from accounts.rights import APPLICATIONS, suggested_levels
from fleetportal.core.scope import all_companies
from tests.factories.basis import NOW, following

IDENTIFIERS = {"Acme": "PRO-ACMEAA", "Borea": "PRO-BOREAA", "Cedar": "PRO-CEDARA"}
# profile, principal user
PEOPLE = {
    "Ada": (Membership.Profile.ADMINISTRATOR, True),
    "Max": (Membership.Profile.MANAGEMENT, False),
    "Cora": (Membership.Profile.CONSULTATION, False),
    "Fay": (Membership.Profile.ACCOUNTING, False),
    "Ben": (Membership.Profile.ADMINISTRATOR, True),
    "Vera": (Membership.Profile.ADMINISTRATOR, True),
}


def company(name: str = "Acme", **fields: Any) -> Company:
    """Make a company that counts as verified, or return the one of that name."""
    with all_companies(reason="test data"):
        if found := Company.objects.filter(legal_name=name).first():
            return found
        fields = {"verification": Company.Verification.LOADED, "initialised_at": NOW, **fields}
        if name in IDENTIFIERS:
            fields.setdefault("identifier", IDENTIFIERS[name])
        made = Company.objects.create(legal_name=name, **fields)
        find_company(made)
        return made


def customer_number(owner: Company, number: str = "", **fields: Any) -> CustomerNumber:
    """Make a customer number with an address for code letters, or return the one of that number."""
    with all_companies(reason="test data"):
        if number and (found := CustomerNumber.objects.filter(number=number).first()):
            return found
        fields = {
            "name": f"{owner.legal_name} fleet",
            "recipient": f"{owner.legal_name}, fleet office",
            "street": "Rue du Dépôt 1",
            "postal_code": "1000",
            "town": "Bruxelles",
            **fields,
        }
        made = CustomerNumber.objects.create(company=owner, number=number or f"70{following():06d}", **fields)
        find_number(made)
        return made


def division(number: CustomerNumber, name: str = "", **fields: Any) -> FleetDivision:
    """Make a fleet division under a customer number."""
    with all_companies(reason="test data"):
        return FleetDivision.objects.create(
            company_id=number.company_id, customer_number=number, name=name or f"Division {following()}", **fields
        )


def user(first_name: str = "Uma", *, password: str | None = None, **fields: Any) -> User:
    """Make a user; hashing a password takes time, so without one nobody can sign in by the form."""
    fields = {
        "email": f"{first_name.lower()}{following()}@people.example",
        "last_name": "Person",
        "first_name": first_name,
        **fields,
    }
    return User.objects.create_user(password=password, **fields)


def operator(first_name: str = "Otto", **fields: Any) -> User:
    """Make a member of the operator's staff."""
    return user(first_name, kind=User.Kind.OPERATOR, **fields)


def member(
    owner: Company,
    first_name: str = "Ada",
    *,
    profile: str | None = None,
    principal: bool | None = None,
    applications: list[str] | None = None,
    change_applications: list[str] | None = None,
    customer_numbers: list[CustomerNumber] | None = None,
    divisions: list[FleetDivision] | None = None,
    person: User | None = None,
    password: str | None = None,
    **fields: Any,
) -> Membership:
    """Make a membership (and its user, unless `person` is given) with the profile that the name stands for.

    All applications are open, and those of the card side may be changed as the profile suggests; `customer_numbers` or
    `divisions` take the Multipass away.
    """
    named_profile, named_principal = PEOPLE.get(first_name, PEOPLE["Max"])
    profile = profile or named_profile
    applications = [one.name for one in APPLICATIONS] if applications is None else applications
    if change_applications is None:
        change_applications = suggested_levels(profile, applications)
    person = person or user(first_name, password=password)
    with all_companies(reason="test data"):
        membership = Membership.objects.create(
            company=owner,
            user=person,
            profile=profile,
            is_principal=named_principal if principal is None else principal,
            applications=applications,
            change_applications=change_applications,
            all_customer_numbers=customer_numbers is None,
            all_divisions=divisions is None,
            **fields,
        )
        for number in customer_numbers or []:
            MembershipNumber.objects.create(company=owner, membership=membership, customer_number=number)
        for one in divisions or []:
            MembershipDivision.objects.create(company=owner, membership=membership, division=one)
    return membership


def invitation(of: Membership, **fields: Any) -> Invitation:
    """Invite a member; the mail was sent, and holds a link that nobody knows."""
    fields = {
        "email": of.user.email,
        "last_name": of.user.last_name,
        "first_name": of.user.first_name,
        "phone": of.user.phone,
        "nonce": f"{following():064x}",
        "token_hash": f"{following():064x}",
        "created_at": NOW,
        "queued_at": NOW,
        "expires_at": NOW + timedelta(days=7),
        **fields,
    }
    with all_companies(reason="test data"):
        return Invitation.objects.create(company_id=of.company_id, membership=of, **fields)


def multipass_request(of: Membership, **fields: Any) -> MultipassRequest:
    """Ask for a customer number as that member; for all of them, unless told otherwise."""
    fields = {"reason": "The depot is new.", "asked_at": NOW, **fields}
    with all_companies(reason="test data"):
        return MultipassRequest.objects.create(company_id=of.company_id, membership=of, **fields)


def conditions(number: int = 1, titles: tuple[str, ...] = ("Use", "Cards"), **fields: Any) -> ConditionsVersion:
    """Publish a version of the general conditions, with a title and text for each of `titles`."""
    made = [
        {
            "title": {"en": one, "fr": f"{one} (fr)", "nl": f"{one} (nl)"},
            "text": dict.fromkeys(("en", "fr", "nl"), f"{one} in full, version {number}."),
        }
        for one in titles
    ]
    fields = {"published_at": NOW, "published_by": fields.pop("published_by", None) or operator(), **fields}
    return ConditionsVersion.objects.create(number=number, conditions=made, **fields)


def acceptance(owner: Company, version: ConditionsVersion | None = None, by: User | None = None) -> Acceptance:
    """Let a company have accepted a version of the conditions."""
    version = version or conditions(following() + 1000)
    with all_companies(reason="test data"):
        Company.objects.filter(pk=owner.pk).update(conditions_accepted=version.number)
        return Acceptance.objects.create(company=owner, version=version, accepted_by=by or user("Ada"), accepted_at=NOW)


def notice(of: Membership, **fields: Any) -> Notice:
    """Tell a member of a bulk action that is done; nobody is mailed."""
    fields = {
        "kind": "core.batch_done",
        "context": {"label": "Block of 7 cards", "done": 7, "failed": 0, "path": f"/{of.company.identifier}/"},
        "key": f"test:{following()}",
        "created_at": NOW,
        **fields,
    }
    with all_companies(reason="test data"):
        return Notice.objects.create(company_id=of.company_id, user=of.user, **fields)
