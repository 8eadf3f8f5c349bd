"""The cards app."""

from django.apps import AppConfig


class CardsConfig(AppConfig):
    """Fuel cards and the requests about them."""

    name = "cards"
