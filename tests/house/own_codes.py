"""The addresses for secret codes that the walk acts on, and valid forms about them."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from cards.models import CodeAddressChange
from fleetportal.core.scope import all_companies
from tests import factories
from tests.factories import NOW

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def prepare(world: Any, mark: str) -> None:
    """Name the customer numbers, and change the address of one in Acme and one in Borea."""
    for scope, number in (("own", world.numbers["one"]), ("other_company", world.numbers["borea"])):
        text = mark if scope == "other_company" else "Acme"
        world.ids["customer_number", scope] = number.pk
        world.ids["address_change", scope] = factories.code_address_change(number, recipient=text, street=text).pk


def body(world: Any, name: str, scope: str) -> dict[str, Any] | None:
    """Return a valid form, or None for a page of another kind."""
    if name != "operator:code_address_change":
        return None
    number = world.ids.get(("customer_number", scope), 0)
    with all_companies(reason="test"):
        newest = CodeAddressChange.objects.filter(customer_number_id=number).order_by("-pk").first()
    return {
        "recipient": f"Acme {NOW:%Y}", "street": "Nieuwstraat 7", "postal_code": "9000", "town": "Gent",
        "country": "BE", "version": newest.pk if newest else 0,
        "written": SimpleUploadedFile("letter.png", PNG, "image/png"),
    }  # fmt: skip
