"""Pieces of addresses: a company's identifier."""

from __future__ import annotations


class CompanyConverter:
    """Matches a portal identifier, PRO- and six capital letters."""

    regex = "PRO-[A-Z]{6}"

    def to_python(self, value: str) -> str:
        """Keep it as it is."""
        return value

    def to_url(self, value: str) -> str:
        """Keep it as it is."""
        return value
