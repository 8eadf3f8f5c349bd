"""Documents that go with a request, a purchase order for one: added by the customer, read by the operator too."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cards.models import Request, RequestDocument
from cards.services import attach_document, may_attach
from fleetportal.core.files import attachment
from fleetportal.core.pages import CompanyPage, FormPage, OperatorPage, Page
from fleetportal.core.pages.detail import ObjectMixin
from fleetportal.core.pages.forms import Refused


class DocumentForm(forms.Form):
    """One file."""

    use_required_attribute = False

    file = forms.FileField(
        label=lazy("Document"),
        help_text=lazy("A PDF of at most 10 MB."),
        widget=forms.FileInput(attrs={"accept": "application/pdf"}),
        error_messages={
            "required": lazy("Choose a file."),
            "missing": lazy("Choose a file."),
            "empty": lazy("This file is empty."),
        },
    )


class DocumentAdd(ObjectMixin, FormPage, CompanyPage):
    """Add a document to a request that is still open."""

    permission = "requests.attach"
    title = lazy("Add a document")
    model = Request
    form_class = DocumentForm
    submit_label = lazy("Add the document")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [
            (_("My requests"), self.url("cards:requests")),
            (self.object.number, self.refused_url()),
            (self.title, None),
        ]

    def refused_url(self) -> str:
        """Go back to the request."""
        return self.url("cards:request", self.kwargs["pk"])

    def prepare(self) -> None:
        """Find the request; one that has ended takes no more documents."""
        self.object = self.find(self.kwargs["pk"])
        if not may_attach(self.object):
            raise Refused(_("This request has ended; no document can be added to it any more."))

    def act(self, form: forms.Form) -> str:
        """Keep the file; what it is, is read from its content."""
        try:
            attach_document(actor=self.actor, request=self.object, upload=form.cleaned_data["file"], now=self.now)
        except forms.ValidationError as error:
            raise forms.ValidationError({"file": error.messages}) from error
        messages.success(self.request, _("The document is added to the request."))
        return self.refused_url()


class _Download(ObjectMixin, Page):
    """A document as a file to save, for whoever may see its request."""

    model = RequestDocument
    related = ("file",)

    def get(self, request: HttpRequest, **kwargs: Any) -> FileResponse:
        """Send it."""
        return attachment(self.find(kwargs["pk"]).file)


class DocumentDownload(_Download, CompanyPage):
    """A document of one of the company's requests."""

    permission = "requests.see"


class DocumentOfAll(_Download, OperatorPage):
    """A document as operator staff see it."""

    permission = "operator.see"
