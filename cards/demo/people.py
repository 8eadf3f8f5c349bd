"""Who the demonstration is about: card products, companies with their numbers and divisions, and who signs in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from accounts.actors import member_actor, operator_actor, scope_of
from accounts.colleagues.contact import Contact, clean_name
from accounts.colleagues.grants import Rights
from accounts.colleagues.services import create_colleague
from accounts.finding import find_number
from accounts.models import Company, CustomerNumber, FleetDivision, Membership, User
from accounts.onboarding.services import accept_conditions, current_conditions
from accounts.services import add_membership, create_company, create_user
from cards.models import CardProduct
from fleetportal.core.access import Actor, system
from fleetportal.core.scope import Scope, company_scope
from fleetportal.engines.demo import DEMO_PASSWORD

SEEDER = "cards.seed_demo"
VALIDITY_MONTHS = 48
PRODUCTS = (("fleet", "Fleet card", "700201"), ("fleet-europe", "Fleet card Europe", "700202"))
# The companies were clients before their oldest card, which has expired by now.
CLIENT_SINCE = timedelta(days=1760)

# No two first names, and no two last names, come together twice before all pairs have come (11 and 10 share no factor).
FIRST_NAMES = ("Jan", "Marie", "Luc", "An", "Pieter", "Sophie", "Karim", "Els", "Thomas", "Nathalie", "Wouter")
LAST_NAMES = ("Peeters", "Dubois", "Janssens", "Lambert", "Maes", "Claes", "Dupont", "Willems", "Goossens", "Leroy")


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody who signs in for a company; without `divisions`, for all of it. `after` is when they came."""

    email: str
    first_name: str
    last_name: str
    language: str
    profile: str = Membership.Profile.ADMINISTRATOR
    is_principal: bool = False
    applications: tuple[str, ...] | None = None
    numbers: tuple[str, ...] | None = None
    divisions: tuple[str, ...] | None = None
    after: timedelta = timedelta()
    is_active: bool = True
    phone: str = ""
    # Invited, and not there yet; without a password.
    invited: bool = False


@dataclass(frozen=True, slots=True)
class Billing:
    """A customer number with its address and its divisions; `country` is also where its vehicles are at home."""

    number: str
    name: str
    recipient: str
    street: str
    postal_code: str
    town: str
    country: str
    divisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """One company of the demonstration."""

    identifier: str
    legal_name: str
    details: dict[str, Any]
    billing: tuple[Billing, ...]
    seats: tuple[Seat, ...]


@dataclass(slots=True)
class Colleague:
    """A person who acts in the story, with the rows in their reach."""

    actor: Actor
    scope: Scope
    name: tuple[str, str] = ("", "")


@dataclass(slots=True)
class Cast:
    """One company as it stands in the database, with its people by the part of their address before the @."""

    company: Company
    numbers: dict[str, CustomerNumber] = field(default_factory=dict)
    divisions: dict[str, FleetDivision] = field(default_factory=dict)
    people: dict[str, Colleague] = field(default_factory=dict)


ACME = Client(
    "PRO-ACMEAA",
    "Acme Logistics",
    {
        "vat_number": "BE0999000129",
        "address": "Noorderlaan 147",
        "postal_code": "2030",
        "town": "Antwerpen",
        "phone": "+32 3 555 01 00",
        "email": "fleet@acme.example",
        "legal_representative": "Katrien Vermeulen",
    },
    (
        Billing(
            "70214801",
            "Acme Logistics Belgium",
            "Acme Logistics, fleet office",
            "Noorderlaan 147",
            "2030",
            "Antwerpen",
            "BE",
            ("North", "South", "Company cars"),
        ),
        Billing(
            "70214802",
            "Acme Logistics France",
            "Acme Logistics France, parc automobile",
            "12 rue des Transporteurs",
            "59000",
            "Lille",
            "FR",
            ("Long distance", "Workshop"),
        ),
    ),
    (
        Seat("principal@acme.example", "Katrien", "Vermeulen", "en", is_principal=True),
        Seat("administrator@acme.example", "Jeroen", "De Smet", "nl", after=timedelta(days=20)),
        Seat(
            "management@acme.example",
            "Isabelle",
            "Lejeune",
            "fr",
            Membership.Profile.MANAGEMENT,
            after=timedelta(days=21),
        ),
        Seat(
            "consultation@acme.example",
            "Bart",
            "Claessens",
            "nl",
            Membership.Profile.CONSULTATION,
            after=timedelta(days=400),
        ),
        Seat(
            "accounting@acme.example",
            "Nadia",
            "El Amrani",
            "fr",
            Membership.Profile.ACCOUNTING,
            applications=("cards", "transactions", "reports", "invoices", "payments", "suppliers"),
            after=timedelta(days=401),
        ),
        Seat(
            "north@acme.example",
            "Pieter",
            "Van den Broeck",
            "nl",
            Membership.Profile.MANAGEMENT,
            numbers=("70214801",),
            divisions=("North",),
            after=timedelta(days=1100),
        ),
        Seat(
            "inactive@acme.example",
            "Luc",
            "Verhaegen",
            "nl",
            Membership.Profile.CONSULTATION,
            applications=("cards", "requests"),
            after=timedelta(days=300),
            is_active=False,
        ),
        Seat(
            "invited@acme.example",
            "CÉLINE",
            "FONTAINE",
            "fr",
            Membership.Profile.CONSULTATION,
            applications=("cards", "requests", "vehicles"),
            phone="0470123456",
            after=CLIENT_SINCE,
            invited=True,
        ),
    ),
)
# Every word of Borea's own holds its name: whoever looks for leaks looks for that (tests/house).
BOREA = Client(
    "PRO-BOREAA",
    "Borea Catering",
    {
        "vat_number": "BE0999000228",
        "address": "Boreastraat 9",
        "postal_code": "9000",
        "town": "Gent",
        "phone": "+32 9 555 02 00",
        "email": "fleet@borea.example",
        "legal_representative": "Elise Boreaux",
    },
    (
        Billing(
            "71930501",
            "Borea Catering Gent",
            "Borea Catering, kitchen office",
            "Boreastraat 9",
            "9000",
            "Gent",
            "BE",
            ("Borea Kitchens", "Borea Events"),
        ),
    ),
    (Seat("principal@borea.example", "Elise", "Boreaux", "fr", is_principal=True),),
)
CIRRUS = Client(
    "PRO-CIRRUS",
    "Cirrus Mobility",
    {"vat_number": "BE0999000327", "address": "Tuinstraat 8", "postal_code": "2800", "town": "Mechelen"},
    (
        Billing(
            "72000001",
            "Cirrus Mobility lease",
            "Cirrus Mobility, card desk",
            "Tuinstraat 8",
            "2800",
            "Mechelen",
            "BE",
            ("Antwerp", "Brussels", "Ghent", "Liège"),
        ),
        Billing(
            "72000002",
            "Cirrus Mobility rental",
            "Cirrus Mobility, rental desk",
            "Tuinstraat 10",
            "2800",
            "Mechelen",
            "BE",
            ("Airport", "Stations"),
        ),
    ),
    (Seat("principal@cirrus.example", "Hannah", "Verstraete", "nl", is_principal=True),),
)
# Address, names, language, kind.
STAFF = (
    ("staff@dealer.example", "Marc", "Wouters", "nl", User.Kind.DEALER),
    ("staff@operator.example", "Sofie", "Hendrickx", "en", User.Kind.OPERATOR),
)
OPERATOR_STAFF = "staff@operator.example"


def names() -> Iterator[tuple[str, str]]:
    """Return first and last names without end, always the same; from the 111th on the last name is a double one."""
    for at in itertools.count():
        first, last = FIRST_NAMES[at % 11], LAST_NAMES[at % 10]
        turn = at // 110
        yield first, f"{last} {LAST_NAMES[(at + turn) % 10]}" if turn else last


def card_products() -> tuple[CardProduct, CardProduct]:
    """Return the two card products of the demonstration; make them where they are missing."""
    first, second = (
        CardProduct.objects.get_or_create(
            code=code,
            defaults={"name": name, "issuer_number": issuer, "validity_months": VALIDITY_MONTHS},
        )[0]
        for code, name, issuer in PRODUCTS
    )
    return first, second


def bring_in(client: Client, *, now: datetime, since: timedelta = CLIENT_SINCE, initialised: bool = True) -> Cast:
    """Make a company with its numbers, divisions and people, as of `since` before `now`.

    An `initialised` one has had its first connection, in which the conditions of then were accepted.
    """
    began = now - since
    company = create_company(
        legal_name=client.legal_name,
        identifier=client.identifier,
        verification=Company.Verification.VERIFIED if initialised else Company.Verification.LOADED,
        initialised_at=began if initialised else None,
        actor=system(SEEDER),
        now=began,
        **client.details,
    )
    cast = Cast(company)
    with company_scope(company.pk):
        for billing in client.billing:
            number = CustomerNumber.objects.create(
                number=billing.number,
                name=billing.name,
                recipient=billing.recipient,
                street=billing.street,
                postal_code=billing.postal_code,
                town=billing.town,
                country=billing.country,
            )
            find_number(number)
            cast.numbers[number.number] = number
            for name in billing.divisions:
                cast.divisions[name] = FleetDivision.objects.create(customer_number=number, name=name)
    for seat in client.seats:
        cast.people[seat.email.partition("@")[0]] = _seat(cast, seat, min(began + seat.after, now))
    conditions = current_conditions()
    if initialised and conditions is not None:
        principal = cast.people["principal"]
        with company_scope(company.pk):
            accept_conditions(version=conditions, actor=principal.actor, now=began)
    return cast


def _seat(cast: Cast, seat: Seat, came: datetime) -> Colleague:
    """Make a person and their membership; their applications are all, unless fewer are named."""
    if seat.invited:
        return _invited(cast, seat, came)
    # In capitals, as the portal keeps the names that a client enters (ACC-20).
    first_name, last_name = clean_name(seat.first_name), clean_name(seat.last_name)
    user = _user(seat.email, first_name, last_name, seat.language, User.Kind.CLIENT, came)
    membership = add_membership(
        company=cast.company,
        user=user,
        profile=seat.profile,
        is_principal=seat.is_principal,
        applications=seat.applications,
        customer_numbers=None if seat.numbers is None else [cast.numbers[number] for number in seat.numbers],
        divisions=None if seat.divisions is None else [cast.divisions[name] for name in seat.divisions],
        is_active=seat.is_active,
        actor=system(SEEDER),
        now=came,
    )
    return Colleague(member_actor(user, membership), scope_of(membership), (seat.first_name, seat.last_name))


def _invited(cast: Cast, seat: Seat, came: datetime) -> Colleague:
    """Let the principal user invite somebody who has not joined yet; the mail with the link goes out."""
    applications = seat.applications or ()
    contact = Contact(
        last_name=seat.last_name,
        first_name=seat.first_name,
        email=seat.email,
        phone=seat.phone,
        language=seat.language,
    )
    rights = Rights(profile=seat.profile, applications=applications, change_applications=())
    by = cast.people["principal"].actor
    with company_scope(cast.company.pk):
        made = create_colleague(company=cast.company, contact=contact, rights=rights, actor=by, now=came)
    return Colleague(member_actor(made.user, made), scope_of(made))


def bring_in_staff(*, now: datetime) -> Actor:
    """Make the dealer's and the operator's people, and return the operator's as an actor."""
    came = now - CLIENT_SINCE - timedelta(days=30)
    made = {email: _user(email, first, last, language, kind, came) for email, first, last, language, kind in STAFF}
    return operator_actor(made[OPERATOR_STAFF])


def _user(email: str, first_name: str, last_name: str, language: str, kind: str, came: datetime) -> User:
    return create_user(
        email=email,
        first_name=first_name,
        last_name=last_name,
        language=language,
        kind=kind,
        password=DEMO_PASSWORD,
        actor=system(SEEDER),
        now=came,
    )
