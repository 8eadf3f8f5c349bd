"""The criteria of *Find a vehicle* and *Find a driver*."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as lazy

from accounts.reach import InReach, division_filter, number_filter
from vehicles.models import LICENCES, Driver, Fuel, Vehicle
from vehicles.states import ACTIVE, DRIVER_STATES, VEHICLE_STATES

_ALL = lazy("All")


def _of_state(queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
    # By the column itself, so that an index can be used.
    return queryset.filter(ended_at__isnull=value == ACTIVE)


class VehicleFilter(InReach):
    """The criteria of the list of vehicles."""

    customer_number = number_filter()
    division = division_filter()
    fuel = filters.ChoiceFilter(choices=Fuel.choices, label=lazy("Fuel"), empty_label=_ALL)
    state = filters.ChoiceFilter(method=_of_state, choices=VEHICLE_STATES, label=lazy("State"), empty_label=_ALL)

    class Meta:
        model = Vehicle
        fields: tuple[str, ...] = ()


class DriverFilter(InReach):
    """The criteria of the list of drivers."""

    customer_number = number_filter()
    division = division_filter()
    licence = filters.ChoiceFilter(
        method="holds",
        choices=[(one, one) for one in LICENCES],
        label=lazy("Licence category"),
        empty_label=_ALL,
    )
    state = filters.ChoiceFilter(method=_of_state, choices=DRIVER_STATES, label=lazy("State"), empty_label=_ALL)

    class Meta:
        model = Driver
        fields: tuple[str, ...] = ()

    def holds(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep who holds that category."""
        return queryset.filter(licences__contains=[value])
