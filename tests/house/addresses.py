"""Every address of the portal, found by walking the URL configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from fleetportal.core.pages import Page


@dataclass(frozen=True)
class Address:
    """One URL pattern: its full name (empty when it has none), its route, and what answers it."""

    name: str
    route: str
    view: Any
    parameters: frozenset[str]

    @property
    def page(self) -> type[Page] | None:
        """The page class that answers, or None for a view of another kind."""
        view_class = getattr(self.view, "view_class", None)
        return view_class if isinstance(view_class, type) and issubclass(view_class, Page) else None


def addresses() -> list[Address]:
    """Return all addresses in the order of the URL configuration."""
    return list(_walk(get_resolver().url_patterns, "", "", frozenset()))


def pages() -> dict[str, type[Page]]:
    """Return the addresses that are pages, by name."""
    return {address.name: address.page for address in addresses() if address.page is not None}


def _walk(patterns: list[Any], namespace: str, route: str, given: frozenset[str]) -> Iterator[Address]:
    for pattern in patterns:
        parameters = given | frozenset(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, inner, route + str(pattern.pattern), parameters)
        else:
            assert isinstance(pattern, URLPattern)
            name = f"{namespace}{pattern.name}" if pattern.name else ""
            yield Address(name, route + str(pattern.pattern), pattern.callback, parameters)
