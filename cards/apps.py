"""The cards app."""

from django.apps import AppConfig


class CardsConfig(AppConfig):
    """Fuel cards and the requests about them."""

    name = "cards"

    def ready(self) -> None:
        """Declare what lies in divisions, what the audit's entries are called, and what is a member's own."""
        from cards import declared, own, related  # noqa: F401  # importing them is the declaration
