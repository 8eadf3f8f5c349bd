"""The addresses for secret codes as the company sees them: where code letters go, and since when (PIN-6)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as lazy

from accounts.models import CustomerNumber
from cards.letters.addresses import numbers_with_since
from fleetportal.core.pages import CompanyPage, ListPage, Moment, Text


class CodeAddresses(ListPage, CompanyPage):
    """The customer numbers in one's scope, each with the one address that its secret codes go to."""

    permission = "cards.see"
    title = lazy("Addresses for secret codes")
    lead = lazy(
        "Where code letters are sent. An address can't be changed in the portal: that needs a written request to your"
        " usual contact."
    )
    model = CustomerNumber
    searchable = False
    default_order = "number"
    empty_title = lazy("No customer numbers yet")
    empty_text = lazy("Your customer numbers stand here, each with its address.")
    file_name = "code-addresses"
    columns = (
        Text("number", lazy("Customer number"), ("number",), sort="number"),
        Text("name", lazy("Name"), ("name",)),
        Text("recipient", lazy("Recipient"), ("recipient",)),
        Text("street", lazy("Street and number"), ("street",)),
        Text("town", lazy("Town"), ("postal_code", "town")),
        Text("country", lazy("Country"), ("country",), minor=True),
        Moment("since", lazy("Changed"), ("since",)),
    )

    def queryset(self) -> Any:
        """Return the customer numbers with the moment of their last change."""
        return numbers_with_since()

    def row_prefix(self) -> str:
        """Return the list's own address: a row has no page."""
        return self.url("cards:code_addresses")
