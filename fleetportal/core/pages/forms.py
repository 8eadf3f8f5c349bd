"""Pages with a form: what was typed is kept, errors stand at their fields, and a form sent twice acts once."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from fleetportal.core import formkeys
from fleetportal.core.http import PortalRequest
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.missing import name_missing
from fleetportal.core.pages.base import CompanyPage, Page
from fleetportal.core.pages.detail import ObjectMixin


class Refused(Exception):
    """The act is not possible; its text is the sentence for the user.

    `done_at` is the address of what was asked for, where it has happened already: the sentence is said there.
    """

    def __init__(self, sentence: str, *, done_at: str = "") -> None:
        super().__init__(sentence)
        self.done_at = done_at


def between_check_and_act() -> None:
    """Do nothing; race tests put a barrier here, between looking at a row and changing it."""


class FormPage(Page):
    """A page with one form; `act` does the work with valid data and returns the address of the receipt."""

    template_name = "pages/form.html"
    form_class: ClassVar[type[forms.Form]]
    submit_label: Any = ""
    tone: ClassVar[str] = "primary"

    def prepare(self) -> None:
        """Look up what the page is about, before form and act; may raise 404 or `Refused`."""

    def form_kwargs(self) -> dict[str, Any]:
        """Return further arguments for the form."""
        return {}

    def initial(self) -> dict[str, Any]:
        """Return what the form shows at first."""
        return {}

    def make_form(self, data: Any = None, files: Any = None) -> forms.Form:
        """Return the form, empty or with what was sent."""
        return self.form_class(data, files, **{"initial": self.initial()} | self.form_kwargs())

    def act(self, form: forms.Form) -> str:
        """Do what the form asks, in the current transaction, and return the address to go to."""
        raise NotImplementedError

    def refused_url(self) -> str:
        """Return where a refusal is shown."""
        return self.request.path

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return what else the template shows."""
        return {}

    def dispatch(self, request: PortalRequest, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]  # as Page
        """Turn a refusal into a message on the page it belongs to."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except Refused as refusal:
            if refusal.done_at:
                messages.info(request, str(refusal))
                return redirect(refusal.done_at)
            messages.error(request, str(refusal))
            return redirect(self.refused_url())

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the form."""
        self.prepare()
        return self.show_form(self.make_form())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Check and act once; a second sending of the same form gets the first one's receipt."""
        self.prepare()
        form = self.make_form(request.POST, request.FILES or None)
        name_missing(form)
        if not form.is_valid():
            return self.show_form(form)
        between_check_and_act()
        key = request.POST.get(formkeys.FIELD, "")
        try:
            with transaction.atomic():
                if key:
                    taken = formkeys.take(self.actor.person, key, request.POST, self.now)
                    if not taken.first:
                        return self.answer_again(form, taken)
                receipt = self.act(form)
                if key:
                    formkeys.write_receipt(self.actor.person, key, receipt)
        except TransitionLost as lost:
            raise Refused(str(lost)) from lost
        except forms.ValidationError as error:
            form.add_error(None, error)
            return self.show_form(form)
        return redirect(receipt)

    def answer_again(self, form: forms.Form, taken: formkeys.Taken) -> HttpResponse:
        """Answer a form that was sent before: with its receipt, or with the form where something else was typed."""
        if taken.same:
            return redirect(taken.receipt or self.request.path)
        form.add_error(
            None, _("This form was sent already. Check what you typed and send it again to do it once more.")
        )
        return self.show_form(form)

    def show_form(self, form: forms.Form) -> HttpResponse:
        """Render the form with a fresh key."""
        return self.show(
            form=form,
            form_key=formkeys.new_key(),
            submit_label=self.submit_label,
            tone=self.tone,
            **({"cancel_url": self.refused_url()} | self.extra(form)),  # noqa: S610  # no queryset
        )


class ActionPage(ObjectMixin, FormPage, CompanyPage):
    """The confirmation of one action on one row: what happens, what does not, and a button with the verb."""

    template_name = "pages/confirm.html"
    form_class = forms.Form

    def prepare(self) -> None:
        """Find the row and refuse what its status does not allow."""
        self.object = self.find(self.kwargs["pk"])
        if sentence := self.refusal(self.object):
            raise Refused(sentence)

    def refusal(self, row: Any) -> str:
        """Return the sentence that says why the action is not possible now, or an empty text."""
        raise NotImplementedError

    def confirm(self, row: Any) -> dict[str, Any]:
        """Return title, what happens, what does not (see docs/developers/pages.md)."""
        raise NotImplementedError

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the confirmation."""
        confirm = {
            "submit_label": self.submit_label,
            "tone": self.tone,
            "cancel_url": self.refused_url(),
            "form": form if form.fields else None,
            **self.confirm(self.object),
        }
        return {"confirm": confirm, "title": confirm["title"]}
