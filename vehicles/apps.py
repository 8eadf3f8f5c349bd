"""The vehicles app."""

from django.apps import AppConfig


class VehiclesConfig(AppConfig):
    """Vehicles and drivers, as far as cards need them."""

    name = "vehicles"

    def ready(self) -> None:
        """Declare what lies in divisions, and what the audit's entries are called."""
        from vehicles import declared  # noqa: F401  # importing it is the declaration
