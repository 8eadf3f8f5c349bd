"""The vehicles app."""

from django.apps import AppConfig


class VehiclesConfig(AppConfig):
    """Vehicles and drivers, as far as cards need them."""

    name = "vehicles"
