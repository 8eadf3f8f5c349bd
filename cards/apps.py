"""The cards app."""

from django.apps import AppConfig


class CardsConfig(AppConfig):
    """Fuel cards and the requests about them."""

    name = "cards"

    def ready(self) -> None:
        """Declare what lies in divisions, and what the audit's entries are called."""
        from cards import declared, related  # noqa: F401  # importing them is the declaration
