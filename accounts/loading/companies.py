"""A company from a file: itself, its customer numbers, its divisions, its users with their old rights (ONB-7)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from stdnum.be import vat

from accounts.colleagues.contact import Contact, clean_email, clean_name, clean_phone
from accounts.loading import services
from accounts.loading.divisions import clean_division
from accounts.loading.users import CARD_LEVELS, PERSON, contact_in
from accounts.models import Company, CustomerNumber, OldLogin
from accounts.postal import clean_postal_code
from accounts.rights import APPLICATIONS
from accounts.safety.oldportal import name_hashes
from fleetportal.core import search
from fleetportal.core.access import Actor
from fleetportal.imports.declaring import Column, Importer, Row, Sheet, refuse_doubled

_BELGIAN = "BE"
_OLD_NAME = Column(
    "old_user_name",
    lazy("Old user name"),
    longest=150,
    help=lazy("In the portal before this one; it leads its owner over, once."),
)
_COUNTRY = re.compile(r"[A-Z]{2}\Z")


def clean_vat(text: str) -> str:
    """Return a VAT number as it is kept; a Belgian one is checked. Raises ValidationError."""
    number = re.sub(r"[\s.]", "", text).upper()
    digits = number.removeprefix(_BELGIAN)
    if digits.isdigit():
        if not vat.is_valid(digits):
            raise ValidationError(_("This is not a Belgian VAT number: its check digits do not fit."))
        return f"{_BELGIAN}{vat.compact(digits)}"
    if not re.fullmatch(r"[A-Z]{2}[A-Z0-9+*]{2,14}", number):
        raise ValidationError(_("A VAT number begins with two letters for the country, such as BE0403170701."))
    return number


def clean_country(text: str) -> str:
    """Return a country as two capitals; raises ValidationError."""
    if not _COUNTRY.match(text.upper()):
        raise ValidationError(_("A country is two letters, such as BE."))
    return text.upper()


def clean_number(text: str) -> str:
    """Return a customer number: digits only; raises ValidationError."""
    if not (text.isascii() and text.isdigit()):
        raise ValidationError(_("A customer number consists of digits."))
    return text


_NUMBER = Column("customer_number", lazy("Customer number"), required=True, exact=True, longest=12, parse=clean_number)
_POSTAL = Column("postal_code", lazy("Postal code"), exact=True, longest=10)
_TOWN = Column("town", lazy("Town"), longest=60)
_LAND = Column("country", lazy("Country"), parse=clean_country, help=lazy("Two letters. Empty: BE."))


def _needed(column: Column) -> Column:
    return Column(
        column.name, column.label, required=True, exact=column.exact, longest=column.longest, parse=column.parse
    )


class CompanyImporter(Importer):
    """Loads one company, as a whole or not at all."""

    kind = "accounts.company"
    most_rows = 2000
    sheets = (
        Sheet(
            "company",
            lazy("Company"),
            (
                Column("legal_name", lazy("Legal name"), required=True, longest=120),
                Column("vat_number", lazy("VAT number"), longest=20, parse=clean_vat),
                Column("address", lazy("Street and number"), longest=120),
                _POSTAL,
                _TOWN,
                _LAND,
                Column("company_phone", lazy("Phone of the company"), exact=True, longest=20),
                Column("company_email", lazy("E-mail address of the company"), parse=clean_email, longest=254),
                Column("legal_representative", lazy("Legal representative"), longest=120),
                Column("principal_last_name", lazy("Principal user: last name"), required=True, parse=clean_name),
                Column("principal_first_name", lazy("Principal user: first name"), required=True, parse=clean_name),
                Column(
                    "principal_email",
                    lazy("Principal user: e-mail address"),
                    required=True,
                    parse=clean_email,
                    longest=254,
                    help=lazy("The link to the first connection goes there."),
                ),
                Column("principal_phone", lazy("Principal user: phone"), required=True, exact=True, parse=clean_phone),
                Column("principal_language", lazy("Principal user: language"), choices=PERSON[4].choices),
                _OLD_NAME,
            ),
            fewest=1,
            most=1,
        ),
        Sheet(
            "numbers",
            lazy("Customer numbers"),
            (
                Column(
                    "customer_number",
                    lazy("Customer number"),
                    required=True,
                    exact=True,
                    unique=True,
                    longest=12,
                    parse=clean_number,
                ),
                Column("name", lazy("Name"), required=True, longest=60),
                Column("recipient", lazy("Recipient"), required=True, longest=80),
                Column("street", lazy("Street and number of the recipient"), required=True, longest=80),
                _needed(_POSTAL),
                _needed(_TOWN),
                _LAND,
            ),
            fewest=1,
        ),
        Sheet(
            "divisions",
            lazy("Fleet divisions"),
            (_NUMBER, Column("name", lazy("Name"), required=True, longest=60, parse=clean_division)),
        ),
        Sheet(
            "users",
            lazy("Users"),
            (
                *PERSON,
                Column(
                    "applications",
                    lazy("Applications"),
                    required=True,
                    many=True,
                    choices=tuple((one.name, one.label) for one in APPLICATIONS),
                    help=lazy("What the user could open. Fleet data can be seen and not changed at first."),
                ),
                Column(
                    "change_applications",
                    lazy("May change, not only see"),
                    many=True,
                    choices=CARD_LEVELS,
                    help=lazy("Applications of the card side, as in the portal before this one."),
                ),
                Column(
                    "customer_numbers",
                    lazy("Customer numbers"),
                    many=True,
                    exact=True,
                    help=lazy("Of this file. Empty: all of them (Multipass)."),
                ),
                Column(
                    "divisions",
                    lazy("Fleet divisions"),
                    many=True,
                    help=lazy("Of this file, by name, or as 70000001: Brussels. Empty: the whole fleet."),
                ),
                Column("valid_until", lazy("Valid until"), day=True, help=lazy("The last day. Empty: without an end.")),
                _OLD_NAME,
            ),
        ),
    )

    def check(self, rows: dict[str, list[Row]], *, actor: Actor, now: datetime) -> None:
        """Refuse what the portal has already, and what does not belong together in the file."""
        _check_company(rows["company"])
        _check_postal_codes([*rows["company"], *rows["numbers"]])
        numbers = [row.values["customer_number"] for row in rows["numbers"]]
        known = set(CustomerNumber.objects.filter(number__in=numbers).values_list("number", flat=True))
        for row in rows["numbers"]:
            if row.values["customer_number"] in known:
                row.fail("customer_number", _("This customer number is there already."))
        refuse_doubled(rows["divisions"], ("customer_number", "name"))
        for row in rows["divisions"]:
            if row.values["customer_number"] and row.values["customer_number"] not in numbers:
                row.fail("customer_number", _("This customer number is not on its sheet."))
        parts = [(row.values["customer_number"], row.values["name"]) for row in rows["divisions"]]
        principal = {row.values["principal_email"] for row in rows["company"]} - {None}
        for row in rows["users"]:
            if row.values["email"] in principal:
                row.fail("email", _("The principal user has this address already."))
            self._user(row, {*numbers}, [(number, name) for number, name in parts if number and name], actor)
        _check_old_names([*rows["company"], *rows["users"]])

    def _user(self, row: Row, numbers: set[Any], parts: list[tuple[str, str]], actor: Actor) -> None:
        values = row.values
        for number in values["customer_numbers"]:
            if number not in numbers:
                row.fail("customer_numbers", _("“%(word)s” is not one of the allowed values.") % {"word": number})
        chosen: list[tuple[str, str]] = []
        for word in values["divisions"]:
            fitting = [part for part in parts if _names(part, word)]
            if len(fitting) == 1:
                chosen += fitting
            elif fitting:
                row.fail(
                    "divisions",
                    _("Several divisions are called “%(word)s”; write 70000001: Brussels.") % {"word": word},
                )
            else:
                row.fail("divisions", _("“%(word)s” is not one of the allowed values.") % {"word": word})
        own = values["customer_numbers"]
        if own and any(number not in own for number, _name in chosen):
            row.fail("divisions", _("A division belongs to a customer number that is not chosen."))
        if extra := set(values["change_applications"]) - set(values["applications"]):
            words = ", ".join(str(one.label) for one in APPLICATIONS if one.name in extra)
            row.fail("change_applications", _("Not among the applications: %(words)s.") % {"words": words})
        if not row.errors:
            row.made = services.Loaded(
                contact=contact_in(row, actor.language),
                applications=tuple(values["applications"]),
                change_applications=tuple(values["change_applications"]),
                customer_numbers=tuple(own),
                divisions=tuple(chosen),
                valid_until=values["valid_until"],
                old_user_name=values["old_user_name"] or "",
            )

    def apply(self, rows: dict[str, list[Row]], *, actor: Actor, now: datetime) -> None:
        """Load the company."""
        (company,) = rows["company"]
        values = company.values
        details = {name: values[name] or "" for name in _DETAILS}
        services.load_company(
            details={
                **details,
                "phone": values["company_phone"] or "",
                "email": values["company_email"] or "",
                "country": values["country"] or _BELGIAN,
            },
            principal=Contact(
                last_name=values["principal_last_name"],
                first_name=values["principal_first_name"],
                email=values["principal_email"],
                phone=values["principal_phone"],
                language=values["principal_language"] or actor.language,
            ),
            principal_old_name=values["old_user_name"] or "",
            numbers=[
                {
                    "number": row.values["customer_number"],
                    "country": row.values["country"] or _BELGIAN,
                    **{name: row.values[name] for name in ("name", "recipient", "street", "postal_code", "town")},
                }
                for row in rows["numbers"]
            ],
            divisions=[(row.values["customer_number"], row.values["name"]) for row in rows["divisions"]],
            users=[row.made for row in rows["users"]],
            actor=actor,
            now=now,
        )


_DETAILS = ("legal_name", "vat_number", "address", "postal_code", "town", "legal_representative")


def _names(part: tuple[str, str], word: str) -> bool:
    """Say whether a division is meant by its name, or by its customer number and name."""
    number, name = part
    head, colon, rest = word.partition(":")
    if colon and head.strip() == number:
        return search.plain(rest.strip()) == search.plain(name)
    return search.plain(word) == search.plain(name)


def _check_company(rows: list[Row]) -> None:
    for row in rows:
        number = row.values["vat_number"]
        if number and (found := Company.objects.filter(vat_number=number).first()):
            words = {"company": found.legal_name, "identifier": found.identifier}
            row.fail("vat_number", _("%(company)s (%(identifier)s) has this VAT number already.") % words)


def _check_postal_codes(rows: list[Row]) -> None:
    """Refuse postal codes that their country does not have; a country that can't be read says so itself."""
    for row in rows:
        code = row.values["postal_code"]
        if code and "country" not in row.errors:
            try:
                row.values["postal_code"] = clean_postal_code(code, row.values["country"] or _BELGIAN)
            except ValidationError as error:
                row.fail("postal_code", *error.messages)


def _check_old_names(rows: list[Row]) -> None:
    """Refuse old user names that two have, here or in what was loaded before (ACC-8)."""
    hashes = {row.pk or id(row): name_hashes(row.values["old_user_name"] or "") for row in rows}
    every = {one for found in hashes.values() for one in found}
    known = set(OldLogin.objects.filter(name_hash__in=every).values_list("name_hash", flat=True))
    seen: dict[str, Row] = {}
    for row in rows:
        if not row.values["old_user_name"]:
            continue
        found = hashes[row.pk or id(row)]
        first = seen.setdefault(found[0], row)
        if first is not row:
            row.fail("old_user_name", _("This stands in line %(line)s already.") % {"line": first.line})
        elif known.intersection(found):
            row.fail("old_user_name", _("This old user name was loaded before."))
