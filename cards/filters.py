"""What lists of cards and requests can be filtered by (CRD-30)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import CustomerNumber, FleetDivision
from cards.catalogue import FUELS, Category, CodeType, RenewalStatus
from cards.lifecycle import CARD_STATUSES, IN_PRODUCTION, RECEIVED, REQUEST_STATUSES
from cards.models import Card, CardProduct, MakerFile, Request


def numbers(request: Any) -> QuerySet[CustomerNumber]:
    """Return the customer numbers in scope."""
    return CustomerNumber.objects.all()


def _named(what: str, rows: QuerySet[Any], first: Any, second: Any) -> QuerySet[Any]:
    """Return rows as id, what they are, and two texts that name them: parts of one query."""
    columns = {
        name: Cast(value, TextField()) for name, value in (("what", Value(what)), ("first", first), ("second", second))
    }
    return rows.order_by().annotate(**columns).values_list("id", *columns)


class DateRange(filters.DateFromToRangeFilter):
    """Two days, both included."""

    def __init__(self, **kwargs: Any) -> None:
        widget = filters.widgets.DateRangeWidget(attrs={"type": "date"})
        super().__init__(widget=widget, **kwargs)


# The simple criteria whose choices are rows: name, from how many choices on one can choose.
_ROWS = {"product": 2, "customer_number": 2, "division": 1}


class CardFilter(filters.FilterSet):
    """The criteria of *Find a card*: the simple ones, and the advanced ones.

    The choices that are rows stand open on every list, so all of them are fetched in one query, and only when a form
    is drawn or one of them is asked for.
    """

    product = filters.ChoiceFilter(field_name="product_id", label=_("Type of product"), empty_label=_("All"))
    customer_number = filters.ChoiceFilter(
        field_name="customer_number_id", label=_("Customer number"), empty_label=_("All")
    )
    division = filters.ChoiceFilter(field_name="division_id", label=_("Fleet division"), empty_label=_("All"))
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
        for name in _ROWS:
            # A function, not a list: asked only when the field is drawn or its value is looked up.
            self.filters[name].extra["choices"] = lambda name=name: self.rows[name]

    @cached_property
    def rows(self) -> dict[str, list[tuple[str, str]]]:
        """The products, customer numbers and divisions in scope, as choices."""
        found = list(
            _named("product", CardProduct.objects.all(), F("name"), Value(""))
            .union(
                _named("customer_number", CustomerNumber.objects.all(), F("number"), F("name")),
                _named("division", FleetDivision.objects.all(), F("name"), F("customer_number__number")),
                all=True,
            )
            .order_by("first", "second", "id")
        )
        names = Counter(first for _pk, what, first, _second in found if what == "division")
        rows: dict[str, list[tuple[str, str]]] = {name: [] for name in _ROWS}
        for pk, what, first, second in found:
            # Two divisions of one name are told apart by their customer numbers.
            both = what == "customer_number" or (what == "division" and names[first] > 1)
            word = gettext(first) if what == "product" and first else first
            rows[what].append((str(pk), f"{word} · {second}" if both else word))
        return rows

    def pointless(self) -> list[str]:
        """Return the criteria that would leave no choice: one customer number, no division. One in use is none."""
        return [name for name, least in _ROWS.items() if len(self.rows[name]) < least and not self.data.get(name)]

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
