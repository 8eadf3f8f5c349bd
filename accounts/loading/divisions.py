"""Fleet divisions from a file (ACC-32, GEN-7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.loading.users import numbers_to_choose
from accounts.models import CustomerNumber, FleetDivision
from accounts.settings import divisions
from fleetportal.core import search
from fleetportal.core.access import Actor
from fleetportal.imports.declaring import Column, Importer, Row, Sheet, refuse_doubled


def clean_division(text: str) -> str:
    """Return the name of a division as it is kept; raises ValidationError."""
    try:
        return divisions.clean_name(text)
    except ValidationError as error:
        raise ValidationError(error.messages) from None


class DivisionImporter(Importer):
    """Creates fleet divisions under the customer numbers in scope."""

    kind = "accounts.divisions"
    sheets = (
        Sheet(
            "divisions",
            lazy("Fleet divisions"),
            (
                Column(
                    "customer_number",
                    lazy("Customer number"),
                    required=True,
                    choices=numbers_to_choose,
                    exact=True,
                ),
                Column(
                    "name",
                    lazy("Name"),
                    required=True,
                    parse=clean_division,
                    help=lazy("Of the site or department, at most 60 characters."),
                ),
            ),
            fewest=1,
        ),
    )

    def check(self, rows: dict[str, list[Row]], *, actor: Actor, now: datetime) -> None:
        """Refuse names that a customer number has already, in the file or in the portal."""
        lines = rows["divisions"]
        numbers = {one.number: one for one in CustomerNumber.objects.all()}
        existing: Any = FleetDivision.objects.values_list("customer_number__number", "name")
        taken = {(number, search.plain(name)) for number, name in existing}
        refuse_doubled(lines, ("customer_number", "name"))
        for row in lines:
            number, name = row.values["customer_number"], row.values["name"]
            if number and name and (number, search.plain(name)) in taken:
                row.fail("name", _("This customer number has a division of that name already."))
            row.made = numbers.get(number)

    def apply_row(self, row: Row, *, actor: Actor, now: datetime) -> None:
        """Create the division."""
        divisions.create_division(number=row.made, name=row.values["name"], actor=actor, now=now)
