"""The addresses of vehicles and drivers in a company (`/PRO-XXXXXX/…`)."""

from __future__ import annotations

from django.urls import path

from vehicles import driver_pages as drivers
from vehicles import vehicle_pages as vehicles

app_name = "vehicles"

urlpatterns = [
    path("vehicles/", vehicles.VehicleList.as_view(), name="list"),
    path("vehicles/new/", vehicles.NewVehicle.as_view(), name="new"),
    path("vehicles/<int:pk>/", vehicles.VehicleDetail.as_view(), name="vehicle"),
    path("vehicles/<int:pk>/change/", vehicles.ChangeVehicle.as_view(), name="change"),
    path("vehicles/<int:pk>/end/", vehicles.EndVehicle.as_view(), name="end"),
    path("drivers/", drivers.DriverList.as_view(), name="drivers"),
    path("drivers/new/", drivers.NewDriver.as_view(), name="new_driver"),
    path("drivers/<int:pk>/", drivers.DriverDetail.as_view(), name="driver"),
    path("drivers/<int:pk>/change/", drivers.ChangeDriver.as_view(), name="change_driver"),
    path("drivers/<int:pk>/end/", drivers.EndDriver.as_view(), name="end_driver"),
]
