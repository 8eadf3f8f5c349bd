"""Gates of the portal: what a person has to do before their pages open, such as setting up a second factor.

A gate is asked with each request in a company or in the operator's area, once the scope is entered. It returns the
address to which the person is led instead, or an empty text. Pages under `/accounts/` stand before all gates.
"""

from __future__ import annotations

from collections.abc import Callable

from fleetportal.core.http import PortalRequest

Gate = Callable[[PortalRequest], str]

_GATES: list[tuple[int, Gate]] = []


def gate(order: int) -> Callable[[Gate], Gate]:
    """Register a gate; those with a lower `order` are asked first. Two of the same order are a mistake: ValueError."""

    def register(function: Gate) -> Gate:
        if any(other == order for other, _gate in _GATES):
            raise ValueError(f"Two gates have the order {order}.")
        _GATES.append((order, function))
        _GATES.sort(key=lambda pair: pair[0])
        return function

    return register


def closed(request: PortalRequest) -> str:
    """Return where the first gate that is closed leads, or an empty text when all are open."""
    return next((address for _order, ask in _GATES if (address := ask(request))), "")
