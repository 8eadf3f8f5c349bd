"""Users from a file: the columns, what is checked, and their creation, which invites them (ACC-20, GEN-7)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.colleagues import grants
from accounts.colleagues.contact import Contact, clean_email, clean_name, clean_phone
from accounts.colleagues.grants import Holding, Rights
from accounts.colleagues.services import create_colleague
from accounts.models import Company, CustomerNumber, FleetDivision, Membership
from accounts.rights import APPLICATIONS, CARD_SIDE, suggested_levels
from fleetportal.core.access import Actor
from fleetportal.core.scope import require_scope
from fleetportal.imports.declaring import Choices, Column, Importer, Row, Sheet

EVERYTHING = "all"
_LANGUAGES = tuple(settings.LANGUAGES)
_OPEN = ((EVERYTHING, lazy("All applications")), *((one.name, one.label) for one in APPLICATIONS))
CARD_LEVELS = tuple((one.name, one.label) for one in APPLICATIONS if one.card_side)


def numbers_to_choose() -> Choices:
    """Return the customer numbers in scope."""
    return [(one.number, str(one)) for one in CustomerNumber.objects.order_by("number")]


def division_choices() -> Choices:
    """Return the open divisions in scope; where two have the same name, with their customer number."""
    found = list(
        FleetDivision.objects.filter(closed_at__isnull=True)
        .order_by("name", "pk")
        .values_list("customer_number__number", "name")
    )
    often = Counter(name.casefold() for _number, name in found)
    return [
        (f"{number}: {name}", name if often[name.casefold()] == 1 else f"{number}: {name}") for number, name in found
    ]


# Who a user is: the same in every file that holds users.
PERSON = (
    Column("last_name", lazy("Last name"), required=True, parse=clean_name, help=lazy("Kept in capitals.")),
    Column("first_name", lazy("First name"), required=True, parse=clean_name, help=lazy("Kept in capitals.")),
    Column("email", lazy("E-mail address"), required=True, parse=clean_email, unique=True, longest=254),
    Column(
        "phone",
        lazy("Phone"),
        required=True,
        exact=True,
        parse=clean_phone,
        help=lazy("Ten digits without spaces, or an international number such as +32470123456."),
    ),
    Column("language", lazy("Language"), choices=_LANGUAGES, help=lazy("In which mails are written; else yours.")),
)


@dataclass(frozen=True, slots=True)
class NewUser:
    """What a line says of a user, as the service takes it."""

    contact: Contact
    rights: Rights


class UserImporter(Importer):
    """Creates users in the company in scope and invites them, each as the page *Create a user* does."""

    kind = "accounts.users"
    sheets = (
        Sheet(
            "users",
            lazy("Users"),
            (
                *PERSON,
                Column("profile", lazy("Profile"), required=True, choices=Membership.Profile.choices),
                Column("applications", lazy("Applications"), required=True, choices=_OPEN, many=True),
                Column(
                    "change_applications",
                    lazy("May change, not only see"),
                    choices=CARD_LEVELS,
                    many=True,
                    help=lazy("Applications of the card side. Empty: as the profile suggests."),
                ),
                Column(
                    "customer_numbers",
                    lazy("Customer numbers"),
                    choices=numbers_to_choose,
                    many=True,
                    help=lazy("Empty: all of them (Multipass)."),
                ),
                Column(
                    "divisions",
                    lazy("Fleet divisions"),
                    choices=division_choices,
                    many=True,
                    help=lazy("Empty: the whole fleet."),
                ),
                Column("valid_from", lazy("Valid from"), day=True),
                Column("valid_until", lazy("Valid until"), day=True, help=lazy("The last day. Empty: without an end.")),
            ),
            fewest=1,
        ),
    )

    def check(self, rows: dict[str, list[Row]], *, actor: Actor, now: datetime) -> None:
        """Refuse addresses that are there already, and rights beyond those of who loads."""
        users = rows["users"]
        held = grants.holding(actor)
        reach = Reach.now()
        emails = [row.values["email"] for row in users if row.values["email"]]
        known = set(Membership.objects.filter(user__email__in=emails).values_list("user__email", flat=True))
        for row in users:
            if row.values["email"] in known:
                row.fail("email", _("A user of your company has this address already."))
            try:
                rights = self._rights(row, held, reach)
                grants.must_have_days(rights, timezone.localdate(now))
            except ValidationError as error:
                # What could not be read is said already, and is no right that goes too far.
                for name, sentences in error.message_dict.items():
                    if name not in row.errors:
                        row.fail(name, *sentences)
                continue
            if not row.errors:
                row.made = NewUser(contact_in(row, actor.language), rights)

    def _rights(self, row: Row, held: Holding, reach: Reach) -> Rights:
        """Return what a line grants; raises ValidationError by column for what who loads can't grant."""
        values = row.values
        opened = [name for name in values["applications"] if name != EVERYTHING]
        if EVERYTHING in values["applications"]:
            opened = [one.name for one in APPLICATIONS if one.name in held.applications]
        profile = values["profile"] or ""
        levels = values["change_applications"] or [
            name for name in suggested_levels(profile, opened) if name in held.change_applications
        ]
        numbers = [reach.numbers[one] for one in values["customer_numbers"]] or None
        divisions = [reach.divisions[one] for one in values["divisions"]] or None
        if numbers and divisions and any(number not in numbers for _division, number in divisions):
            raise ValidationError({"divisions": [_("A division belongs to a customer number that is not chosen.")]})
        ids = None if divisions is None else tuple(division for division, _number in divisions)
        wanted = Rights(
            profile=profile,
            applications=tuple(opened),
            change_applications=tuple(levels),
            customer_numbers=None if numbers is None else tuple(numbers),
            divisions=ids,
            valid_from=values["valid_from"],
            valid_until=values["valid_until"],
        )
        # Which number a division belongs to was looked at above: the kernel of rights would ask for each line.
        one_query_less = ids if held.divisions is not None else None
        settled = grants.settle(held, replace(wanted, divisions=one_query_less))
        return replace(settled, divisions=ids)

    def turn(self, row: Row) -> str:
        """Write users by their address: another company's file may hold the same people in another order."""
        return row.values["email"] or ""

    def apply_row(self, row: Row, *, actor: Actor, now: datetime) -> None:
        """Create the user and invite them."""
        made: NewUser = row.made
        create_colleague(company=company_in_scope(), contact=made.contact, rights=made.rights, actor=actor, now=now)


@dataclass(frozen=True, slots=True)
class Reach:
    """The numbers and divisions in scope, as a file names them, with their ids."""

    numbers: dict[str, int]
    divisions: dict[str, tuple[int, int]]

    @classmethod
    def now(cls) -> Reach:
        """Return what is in scope now, in two queries."""
        rows: Any = FleetDivision.objects.values_list("customer_number__number", "name", "pk", "customer_number_id")
        return cls(
            dict(CustomerNumber.objects.values_list("number", "pk")),
            {f"{number}: {name}": (pk, number_id) for number, name, pk, number_id in rows},
        )


def company_in_scope() -> Company:
    """Return the company whose file this is."""
    company = require_scope("a user from a file").company
    assert company is not None  # a file of users belongs to a company
    return Company.objects.get(pk=company)


def contact_in(row: Row, language: str) -> Contact:
    """Return who a line is about."""
    values = row.values
    return Contact(
        last_name=values["last_name"],
        first_name=values["first_name"],
        email=values["email"],
        phone=values["phone"],
        language=values["language"] or language,
    )


def card_levels(names: list[str]) -> tuple[str, ...]:
    """Return those of the applications that have a level of their own."""
    return tuple(name for name in names if name in CARD_SIDE)
