"""Vehicles and drivers of a fleet."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from fleetportal.core.tenancy import Tenancy, TenantForeignKey, TenantModel


class Fuel(models.TextChoices):
    """What drives a vehicle."""

    DIESEL = "diesel", _("Diesel")
    PETROL = "petrol", _("Petrol")
    ELECTRIC = "electric", _("Electric")
    HYBRID = "hybrid", _("Hybrid")
    PLUG_IN = "plug_in", _("Plug-in hybrid")
    LPG = "lpg", _("LPG")
    CNG = "cng", _("CNG")
    HYDROGEN = "hydrogen", _("Hydrogen")


# Categories of the driving licence (directive 2006/126/EC), and the Belgian G for tractors.
LICENCES = ("AM", "A1", "A2", "A", "B", "BE", "C1", "C1E", "C", "CE", "D1", "D1E", "D", "DE", "G")


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
    # In capitals, without spaces; why it is none of 17 characters stands beside it.
    vin = models.CharField(_("VIN"), max_length=25, blank=True, default="")
    vin_reason = models.CharField(max_length=80, blank=True, default="")
    fuel = models.CharField(_("fuel"), max_length=8, choices=Fuel, blank=True, default="")
    cost_centre = models.CharField(_("cost centre"), max_length=20, blank=True, default="")
    ended_at = models.DateTimeField(null=True, blank=True)
    # Counts changes, so that two people who change the same vehicle at once notice each other (GEN-3).
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "plate_country", "plate_key"],
                condition=models.Q(ended_at__isnull=True),
                name="vehicles_vehicle_plate_once",
            ),
            models.UniqueConstraint(
                fields=["company", "vin"],
                condition=models.Q(ended_at__isnull=True) & ~models.Q(vin=""),
                name="vehicles_vehicle_vin_once",
            ),
        ]
        indexes = [models.Index(fields=["company", "plate", "id"], name="vehicles_vehicle_plate")]

    def __str__(self) -> str:
        return self.plate


class Driver(TenantModel):
    """Somebody who drives for the company; no user of the portal unless invited as one.

    Where they are, `member` says which colleague it is: that one sees in their own view what is theirs (ACC-9).
    """

    tenancy = Tenancy(customer_number="customer_number", division="division")

    customer_number = TenantForeignKey("accounts.CustomerNumber", related_name="+")
    division = TenantForeignKey("accounts.FleetDivision", null=True, blank=True, related_name="+")
    last_name = models.CharField(_("last name"), max_length=60)
    first_name = models.CharField(_("first name"), max_length=60)
    email = models.EmailField(blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True, default="")
    licences = ArrayField(models.CharField(max_length=3), default=list, blank=True)
    # The constraint below is the index by which a colleague's own driver is found.
    member = TenantForeignKey("accounts.Membership", null=True, blank=True, related_name="+", db_index=False)
    ended_at = models.DateTimeField(null=True, blank=True)
    # As a vehicle's.
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "member", "customer_number"],
                condition=models.Q(ended_at__isnull=True, member__isnull=False),
                name="vehicles_driver_member_once",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "last_name", "first_name"], name="vehicles_driver_name"),
            # What the list is sorted by.
            models.Index(fields=["company", "last_name", "id"], name="vehicles_driver_last_name"),
        ]

    def __str__(self) -> str:
        return f"{self.last_name} {self.first_name}"
