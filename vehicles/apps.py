"""The vehicles app."""

from django.apps import AppConfig


class VehiclesConfig(AppConfig):
    """Vehicles and drivers, as far as cards need them."""

    name = "vehicles"

    def ready(self) -> None:
        """Declare what lies in divisions, what the audit's entries are called, and who has an own view."""
        from vehicles import colleagues, declared  # noqa: F401  # importing them is the declaration
