"""Criteria by what a member has in reach: the customer numbers and divisions in scope, as choices of a list."""

from __future__ import annotations

from collections import Counter
from typing import Any

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from accounts.models import CustomerNumber, FleetDivision
from fleetportal.core.beside import Asker, answer, declare, rows

NUMBERS, DIVISIONS = "reach.numbers", "reach.divisions"


def _numbers(asker: Asker) -> Any:
    return rows(CustomerNumber.objects.order_by("number", "name", "pk"), pk="pk", number="number", name="name")


def _divisions(asker: Asker) -> Any:
    divisions = FleetDivision.objects.order_by("name", "customer_number__number", "pk")
    return rows(divisions, pk="pk", name="name", number="customer_number__number")


declare(NUMBERS, _numbers)
declare(DIVISIONS, _divisions)


def number_choices(request: Any) -> list[tuple[str, str]]:
    """Return the customer numbers in scope, each with its name."""
    return [(str(one["pk"]), f"{one['number']} · {one['name']}") for one in answer(request, NUMBERS)]


def division_choices(request: Any) -> list[tuple[str, str]]:
    """Return the divisions in scope; two of one name are told apart by their customer numbers."""
    found = answer(request, DIVISIONS)
    alike = Counter(one["name"] for one in found)
    return [
        (str(one["pk"]), f"{one['name']} · {one['number']}" if alike[one["name"]] > 1 else one["name"]) for one in found
    ]


def number_filter() -> filters.ChoiceFilter:
    """Return the criterion of the customer number; its set is `InReach`."""
    return filters.ChoiceFilter(field_name="customer_number_id", label=_("Customer number"), empty_label=_("All"))


def division_filter() -> filters.ChoiceFilter:
    """Return the criterion of the division; its set is `InReach`."""
    return filters.ChoiceFilter(field_name="division_id", label=_("Fleet division"), empty_label=_("All"))


class InReach(filters.FilterSet):
    """A set with criteria by customer number or division; its list names `NUMBERS` and `DIVISIONS` in `beside`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("customer_number", number_choices), ("division", division_choices)):
            if name in self.filters:
                # A function, not a list: asked only when the field is drawn or its value is looked up.
                self.filters[name].extra["choices"] = lambda choices=choices: choices(self.request)
