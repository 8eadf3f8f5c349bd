"""The addresses for secret codes, as operator staff find and change them (PIN-6)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.finding import NUMBER
from accounts.models import CustomerNumber
from cards.describe import address_text
from cards.forms.fields import DeliveryFields, Group
from cards.letters.addresses import change_code_address, numbers_with_since, version_of
from cards.models import CodeAddressChange
from cards.services import ADDRESS
from cards.views.requests import moment
from fleetportal.core.files import attachment
from fleetportal.core.pages import FormPage, Link, ListPage, Moment, OperatorPage, Text
from fleetportal.core.pages.base import act
from fleetportal.core.pages.detail import ObjectMixin


class CodeAddressList(ListPage, OperatorPage):
    """The customer numbers of all companies, each with the address that its secret codes go to."""

    permission = "operator.see"
    title = lazy("Addresses for secret codes")
    lead = lazy("Where the code letters of each customer number go. An address changes on a written request only.")
    model = CustomerNumber
    search_kind = NUMBER
    search_placeholder = lazy("Customer number or its name")
    default_order = "number"
    empty_title = lazy("No customer numbers yet")
    empty_text = lazy("The customer numbers of the companies that are loaded stand here.")
    file_name = "code-addresses"
    columns = (
        Link("number", lazy("Customer number"), ("number", "pk"), sort="number"),
        Text("company", lazy("Company"), ("company__legal_name",)),
        Text("recipient", lazy("Recipient"), ("recipient",)),
        Text("street", lazy("Street and number"), ("street",)),
        Text("town", lazy("Town"), ("postal_code", "town")),
        Text("country", lazy("Country"), ("country",), minor=True),
        Moment("since", lazy("Changed"), ("since",)),
    )

    def queryset(self) -> Any:
        """Return the customer numbers with the moment of their last change."""
        return numbers_with_since()

    def row_prefix(self) -> str:
        """Return the beginning of an address' page."""
        return self.url("operator:code_addresses")


class CodeAddressDetail(ObjectMixin, OperatorPage):
    """The address for secret codes of one customer number, and each change with its written request."""

    permission = "operator.see"
    template_name = "pages/detail.html"
    model = CustomerNumber
    related = ("company",)

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Addresses for secret codes"), self.url("operator:code_addresses")), (self.object.number, None)]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it."""
        self.object: CustomerNumber = self.find(kwargs["pk"])
        row = self.object
        changes = CodeAddressChange.objects.filter(customer_number=row).select_related("file", "changed_by")
        company = format_html('<a href="{}">{}</a>', self.url("operator:company", row.company_id), row.company)
        acts = []
        if self.actor.may("operator.companies"):
            url = self.url("operator:code_address_change", row.pk)
            acts.append(act("change", _("Change the address"), url, icon="edit", tone="primary"))
        detail = {
            "title": _("Address for secret codes of %(number)s") % {"number": row.number},
            "subtitle": row.name,
            "acts": acts,
            "sections": [
                {
                    "title": _("General"),
                    "facts": [
                        {"label": _("Company"), "value": company},
                        {"label": _("Customer number"), "value": row.number},
                        {"label": _("Address"), "value": address_text(row.lines)},
                    ],
                },
                {
                    "title": _("Changes"),
                    "table": {
                        "headers": [_("Changed"), _("Address"), _("Changed by"), _("Written request")],
                        "rows": [
                            [
                                moment(change.changed_at),
                                address_text(change.lines),
                                str(change.changed_by or ""),
                                format_html(
                                    '<a href="{}">{}</a>',
                                    self.url("operator:code_address_letter", change.pk),
                                    change.file.original_name,
                                ),
                            ]
                            for change in changes[:100]
                        ],
                    },
                    "empty": _("The address was never changed."),
                },
            ],
            "timeline": [],
        }
        return self.show(title=detail["title"], detail=detail)


class CodeAddressForm(DeliveryFields):
    """The new address, and the letter that asks for it."""

    written = forms.FileField(
        label=lazy("Signed letter"),
        help_text=lazy("A PDF, JPEG or PNG of at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
        error_messages={
            "required": lazy("Attach the written request."),
            "missing": lazy("Attach the written request."),
            "empty": lazy("This file is empty."),
        },
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def layout(self) -> list[Group]:
        """Return the address, and the letter that asks for it."""
        return [Group(_("New address"), self.delivery), Group(_("Written request"), ("written",))]


class CodeAddressEdit(ObjectMixin, FormPage, OperatorPage):
    """Change the address for secret codes, with the password given once more a short while ago."""

    permission = "operator.companies"
    fresh = True
    model = CustomerNumber
    related = ("company",)
    form_class = CodeAddressForm
    submit_label = lazy("Change the address")
    lead = lazy(
        "Code letters that are not in production yet go to the new address, and so do all later ones."
        " The principal user of the company is told."
    )

    def prepare(self) -> None:
        """Find the customer number."""
        self.object: CustomerNumber = self.find(self.kwargs["pk"])
        self.title = _("Change the address for secret codes of %(number)s") % {"number": self.object.number}

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [
            (_("Addresses for secret codes"), self.url("operator:code_addresses")),
            (self.object.number, self.refused_url()),
            (_("Change"), None),
        ]

    def refused_url(self) -> str:
        """Go back to the address."""
        return self.url("operator:code_address", self.kwargs["pk"])

    def initial(self) -> dict[str, Any]:
        """Return the address as it is."""
        return {**{name: getattr(self.object, name) for name in ADDRESS}, "version": version_of(self.object)}

    def act(self, form: forms.Form) -> str:
        """Change it; what the file is, is read from its content."""
        data = form.cleaned_data
        try:
            change_code_address(
                number=self.object,
                address={name: data[name] for name in ADDRESS},
                written=data["written"],
                version=data["version"],
                actor=self.actor,
                now=self.now,
            )
        except forms.ValidationError as error:
            raise forms.ValidationError({"written": error.messages}) from error
        text = _("The address for secret codes of %(number)s is changed, and the principal user is told.")
        messages.success(self.request, text % {"number": self.object.number})
        return self.refused_url()


class CodeAddressLetter(ObjectMixin, OperatorPage):
    """The written request behind a change, as a file to save."""

    permission = "operator.see"
    model = CodeAddressChange
    related = ("file",)

    def get(self, request: HttpRequest, **kwargs: Any) -> FileResponse:
        """Send it."""
        return attachment(self.find(kwargs["pk"]).file)
