"""What the list of colleagues can be filtered by (ACC-25)."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.colleagues.states import STATES
from accounts.models import Membership
from accounts.rights import APPLICATIONS
from accounts.widgets import LongSelect


class ColleagueFilter(filters.FilterSet):
    """The criteria of *Find users*."""

    state = filters.ChoiceFilter(
        field_name="state", label=_("State"), choices=STATES, empty_label=_("All"), widget=LongSelect
    )
    profile = filters.ChoiceFilter(
        field_name="profile",
        label=_("Profile"),
        choices=Membership.Profile.choices,
        empty_label=_("All"),
        widget=LongSelect,
    )
    application = filters.ChoiceFilter(
        method="with_application",
        label=_("Application"),
        choices=[(one.name, one.label) for one in APPLICATIONS],
        empty_label=_("All"),
        widget=LongSelect,
    )

    class Meta:
        model = Membership
        fields: tuple[str, ...] = ()

    def with_application(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Return who may open that application; the principal user may open all."""
        return queryset.filter(opened__contains=[value])
