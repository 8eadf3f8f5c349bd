"""Card numbers (ISO/IEC 7812): each product has a range, and a number is given out once (facts 4.1)."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext as _
from stdnum import luhn

from cards.models import CardProduct


class RangeUsedUp(Exception):
    """The range of a card product has too few numbers left. Its text is the sentence for operator staff."""


def compose(product: CardProduct, serial: int) -> str:
    """Return the card number for a serial: issuer number, serial with leading zeros, check digit where there is one."""
    body = f"{product.issuer_number}{serial:0{_serial_digits(product)}d}"
    return body + luhn.calc_check_digit(body) if product.luhn else body


def allocate(product: CardProduct, count: int) -> list[str]:
    """Take the next `count` numbers out of the product's range, in their order.

    One statement moves the counter, so two batches at once never get the same number; a transaction that is rolled
    back gives its numbers back. Raises `RangeUsedUp`, and takes none, when fewer are left.
    """
    if count < 1:
        return []
    last_serial = 10 ** _serial_digits(product) - 1
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE cards_cardproduct SET next_serial = next_serial + %s"
            " WHERE id = %s AND next_serial + %s - 1 <= %s RETURNING next_serial",
            [count, product.pk, count, last_serial],
        )
        row = cursor.fetchone()
    if row is None:
        raise RangeUsedUp(
            _("The number range of “%(product)s” has fewer than %(count)s numbers left. Give the product a new range.")
            % {"product": product, "count": count}
        )
    return [compose(product, serial) for serial in range(row[0] - count, row[0])]


def _serial_digits(product: CardProduct) -> int:
    return product.number_length - len(product.issuer_number) - (1 if product.luhn else 0)
