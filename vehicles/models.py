"""Vehicles and drivers, as far as a card is linked with them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from fleetportal.core.tenancy import Tenancy, TenantForeignKey, TenantModel


class Vehicle(TenantModel):
    """A vehicle of the fleet. Its plate is kept as printed, and in a form to compare (facts 4.13)."""

    tenancy = Tenancy(customer_number="customer_number", division="division")

    customer_number = TenantForeignKey("accounts.CustomerNumber", related_name="+")
    division = TenantForeignKey("accounts.FleetDivision", null=True, blank=True, related_name="+")
    plate = models.CharField(_("plate"), max_length=15)
    plate_country = models.CharField(_("country of the plate"), max_length=2, default="BE")
    plate_key = models.CharField(max_length=15)
    make = models.CharField(_("make"), max_length=30, blank=True)
    model = models.CharField(_("model"), max_length=40, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "plate_country", "plate_key"],
                condition=models.Q(ended_at__isnull=True),
                name="vehicles_vehicle_plate_once",
            )
        ]

    def __str__(self) -> str:
        return self.plate


class Driver(TenantModel):
    """Somebody who drives for the company; no user of the portal unless invited as one."""

    tenancy = Tenancy(customer_number="customer_number", division="division")

    customer_number = TenantForeignKey("accounts.CustomerNumber", related_name="+")
    division = TenantForeignKey("accounts.FleetDivision", null=True, blank=True, related_name="+")
    last_name = models.CharField(_("last name"), max_length=60)
    first_name = models.CharField(_("first name"), max_length=60)
    email = models.EmailField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["company", "last_name", "first_name"], name="vehicles_driver_name")]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"
