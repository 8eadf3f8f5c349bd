"""What lists of cards and requests can be filtered by (CRD-30)."""

from __future__ import annotations

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import CustomerNumber
from accounts.reach import InReach, division_filter, number_filter
from cards.catalogue import FUELS, Category, CodeType, RenewalStatus
from cards.lifecycle import CARD_STATUSES, IN_PRODUCTION, RECEIVED, REQUEST_STATUSES
from cards.models import Card, CardProduct, MakerFile, Request
from fleetportal.core.beside import Asker, answer, declare, rows


def numbers(request: Any) -> QuerySet[CustomerNumber]:
    """Return the customer numbers in scope."""
    return CustomerNumber.objects.all()


def _products(asker: Asker) -> Any:
    return rows(CardProduct.objects.order_by("name", "pk"), pk="pk", name="name")


PRODUCTS = "cards.products"
declare(PRODUCTS, _products)


class DateRange(filters.DateFromToRangeFilter):
    """Two days, both included."""

    def __init__(self, **kwargs: Any) -> None:
        widget = filters.widgets.DateRangeWidget(attrs={"type": "date"})
        super().__init__(widget=widget, **kwargs)


# The simple criteria whose choices are rows: name, from how many choices on one can choose.
_ROWS = {"product": 2, "customer_number": 2, "division": 1}


class CardFilter(InReach):
    """The criteria of *Find a card*: the simple ones, and the advanced ones.

    The choices that are rows stand open on every list, so they are asked with the rest of the page (`PRODUCTS` and
    those of what is in reach), and apart only where one of them is asked for without it.
    """

    product = filters.ChoiceFilter(field_name="product_id", label=_("Type of product"), empty_label=_("All"))
    customer_number = number_filter()
    division = division_filter()
    status = filters.ChoiceFilter(
        choices=[(status.value, status.label) for status in CARD_STATUSES], label=_("Status"), empty_label=_("All")
    )
    category = filters.ChoiceFilter(choices=Category.choices, label=_("Card category"), empty_label=_("All"))
    fuel = filters.ChoiceFilter(
        choices=[(product.code, product.label) for product in FUELS],
        method="with_fuel",
        label=_("Fuel"),
        empty_label=_("All"),
    )
    code_type = filters.ChoiceFilter(choices=CodeType.choices, label=_("Type of secret code"), empty_label=_("All"))
    renewal_status = filters.ChoiceFilter(
        choices=RenewalStatus.choices, label=_("Renewal status"), empty_label=_("All")
    )
    expires_on = DateRange(label=_("Expiry"))
    last_used_on = DateRange(label=_("Date of last use"))
    dispatched = filters.BooleanFilter(
        method="only_dispatched", label=_("Dispatched only"), widget=forms.CheckboxInput()
    )

    class Meta:
        model = Card
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A function, which is not copied with the field as what it belongs to would be.
        self.filters["product"].extra["choices"] = lambda: self.products()

    def products(self) -> list[tuple[str, str]]:
        """Return the card products, as choices."""
        return [(str(one["pk"]), gettext(one["name"]) if one["name"] else "") for one in answer(self.request, PRODUCTS)]

    def pointless(self) -> list[str]:
        """Return the criteria that would leave no choice: one customer number, no division. One in use is none."""
        choices = {name: self.filters[name].extra["choices"]() for name in _ROWS}
        return [name for name, least in _ROWS.items() if len(choices[name]) < least and not self.data.get(name)]

    def with_fuel(self, queryset: QuerySet[Card], name: str, value: str) -> QuerySet[Card]:
        """Keep the cards that pay for that fuel or energy."""
        return queryset.filter(products__contains=[value])

    def only_dispatched(self, queryset: QuerySet[Card], name: str, value: bool | None) -> QuerySet[Card]:
        """Keep the cards of which the newest plastic has left the card maker."""
        return queryset.filter(dispatched_at__isnull=False) if value else queryset


class RequestFilter(filters.FilterSet):
    """The criteria of *My requests* and of the operator's queue."""

    status = filters.ChoiceFilter(
        choices=[(status.value, status.label) for status in REQUEST_STATUSES], label=_("Status"), empty_label=_("All")
    )
    kind = filters.ChoiceFilter(choices=Request.Kind.choices, label=_("Type"), empty_label=_("All"))
    customer_number = filters.ModelChoiceFilter(queryset=numbers, label=_("Customer number"), empty_label=_("All"))
    late = filters.BooleanFilter(
        method="only_late",
        label=_("Late only"),
        widget=forms.CheckboxInput(),
    )
    accepted_at = DateRange(label=_("Accepted"))

    class Meta:
        model = Request
        fields: tuple[str, ...] = ()

    def only_late(self, queryset: QuerySet[Request], name: str, value: bool | None) -> QuerySet[Request]:
        """Keep what is open although its 24 hours are over."""
        if not value:
            return queryset
        return queryset.filter(status__in=[RECEIVED, IN_PRODUCTION], due_at__lt=timezone.now())


class QueueFilter(RequestFilter):
    """The criteria of the operator's queue: at first what is open; a search looks at everything."""

    status = filters.ChoiceFilter(
        choices=[*((status.value, status.label) for status in REQUEST_STATUSES), ("all", _("All"))],
        method="by_status",
        label=_("Status"),
        empty_label=_("Open"),
    )

    def filter_queryset(self, queryset: QuerySet[Request]) -> QuerySet[Request]:
        """Keep what is open where neither a status nor a search says otherwise."""
        found: QuerySet[Request] = super().filter_queryset(queryset)
        if self.form.cleaned_data.get("status") or self.data.get("q"):
            return found
        return found.filter(status__in=[RECEIVED, IN_PRODUCTION])

    def by_status(self, queryset: QuerySet[Request], name: str, value: str) -> QuerySet[Request]:
        """Keep the requests of one status, or every one."""
        return queryset if value == "all" else queryset.filter(status=value)


class MakerFileFilter(filters.FilterSet):
    """What is to be looked at among the card maker's files."""

    aside = filters.BooleanFilter(
        method="only_aside", label=_("Only what is not settled yet"), widget=forms.CheckboxInput()
    )

    class Meta:
        model = MakerFile
        fields: tuple[str, ...] = ()

    def only_aside(self, queryset: QuerySet[MakerFile], name: str, value: bool | None) -> QuerySet[MakerFile]:
        """Keep the files that were set aside, whole or in lines, and are not settled."""
        return queryset.filter(MakerFile.OPEN) if value else queryset
