"""The pages on which a view of a list is kept, changed and deleted (GEN-6)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from django import forms
from django.http import Http404, QueryDict
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from fleetportal.core import views_saved
from fleetportal.core.pages.arranging import view_url
from fleetportal.core.pages.base import CompanyPage, OperatorPage, act
from fleetportal.core.pages.forms import FormPage, Refused
from fleetportal.core.pages.listing import ListPage


class ViewForm(forms.Form):
    """The name of a view, and whether the list opens with it."""

    use_required_attribute = False

    name = forms.CharField(
        label=lazy("Name"),
        max_length=views_saved.LONGEST_NAME,
        error_messages={"required": lazy("Give the view a name.")},
    )
    is_default = forms.BooleanField(label=lazy("Open the list with this view"), required=False)


class ViewChangeForm(ViewForm):
    """The same, with what the list shows now."""

    take_over = forms.BooleanField(
        label=lazy("Take over what the list shows now"),
        help_text=lazy("Search, filters, order and columns, as they stood when you came here."),
        required=False,
    )


class _ViewPage(FormPage):
    """What the three pages share: the list that they are about, and the way back to it."""

    permission = views_saved.PERMISSION

    path, params, place = "", QueryDict(), ""
    list_title: Any = lazy("Views")

    def read_list(self) -> None:
        """Read the address of the list one comes from; raises 404 for what is no list that this person may open."""
        wanted = urlsplit(self.request.GET.get("list", ""))
        self.path, self.params = wanted.path, QueryDict(wanted.query)
        try:
            match = resolve(self.path)
        except Resolver404 as error:
            raise Http404 from error
        view: Any = getattr(match.func, "view_class", object)
        area = CompanyPage if isinstance(self, CompanyPage) else OperatorPage
        here = self.kwargs.get("company") == match.kwargs.get("company")
        # A page that acts on a selection is built on the list, and is none.
        listed = isinstance(view, type) and issubclass(view, ListPage) and not issubclass(view, FormPage)
        if not (listed and issubclass(view, area) and here and self.actor.may(view.permission)):
            raise Http404
        self.place, self.list_title = match.view_name, view.title

    def opens(self, path: str) -> bool:
        """Say whether the reader may open the page of that address; a right to a list can be lost after a view."""
        try:
            view: Any = getattr(resolve(path).func, "view_class", None)
        except Resolver404:
            return False
        return view is not None and self.actor.may(view.permission)

    def first_page(self) -> str:
        """Return the first page of this area."""
        return f"/{self.kwargs['company']}/" if "company" in self.kwargs else "/operator/"

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(self.list_title, self.refused_url()), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the list as it was; without one, to the first page."""
        if not self.path:
            return self.first_page()
        query = self.params.urlencode()
        return f"{self.path}?{query}" if query else self.path


class _Existing(_ViewPage):
    """A page about one of the reader's views; another person's is not there (404)."""

    view: views_saved.SavedView

    def prepare(self) -> None:
        """Find the view, and its list: as one came from it, or as the view shows it."""
        pk = min(self.kwargs["pk"], 2**63 - 1)
        found = views_saved.mine(self.actor.person).filter(pk=pk).first()
        if found is None:
            raise Http404
        self.view = found
        try:
            self.read_list()
        except Http404:
            self.place = ""
            if self.opens(self.home()):
                self.path, self.params = self.home(), QueryDict(found.words())
            else:
                self.path, self.params = "", QueryDict()
        if self.place != found.place:
            # One came from elsewhere: then there is nothing to take over.
            self.place = ""

    def home(self) -> str:
        """Return the list's own address; a list that is gone leads to the first page."""
        try:
            return reverse(self.view.place, args=[self.kwargs["company"]] if "company" in self.kwargs else [])
        except NoReverseMatch:
            return self.first_page()

    def list_words(self) -> str:
        """Return the list that one came from, for the address of the next page."""
        return urlencode({"list": self.refused_url()})


class NewView(_ViewPage):
    """Keep what a list shows as a view of one's own."""

    title = lazy("Save as a view")
    lead = lazy("The search, the filters, the order and the columns of the list, under a name of your own.")
    form_class = ViewForm
    submit_label = lazy("Save")

    def prepare(self) -> None:
        """Read which list."""
        if not self.request.GET.get("list"):
            raise Refused(_("Open a list, and save there what you see."))
        self.read_list()

    def act(self, form: forms.Form) -> str:
        """Keep it, and open the list with it."""
        view = views_saved.save_view(
            actor=self.actor,
            place=self.place,
            name=form.cleaned_data["name"],
            query=views_saved.kept_of(self.params),
            is_default=form.cleaned_data["is_default"],
            now=self.now,
        )
        return f"{self.path}?{view.words()}"


class ChangeView(_Existing):
    """Rename a view, let the list open with it, or let it show what the list shows now."""

    title = lazy("Change the view")
    form_class = ViewChangeForm
    submit_label = lazy("Save")

    def acts(self) -> list[dict[str, Any]]:
        """Offer to delete it."""
        url = f"{view_url(self, 'delete', self.view.pk)}?{self.list_words()}"
        return [act("delete", _("Delete the view"), url, icon="trash", tone="danger")]

    def initial(self) -> dict[str, Any]:
        """Return the view as it is."""
        return {"name": self.view.name, "is_default": self.view.is_default}

    def make_form(self, data: Any = None, files: Any = None) -> forms.Form:
        """Return the form; without a list that shows something else there is nothing to take over."""
        form = super().make_form(data, files)
        if not self.place or views_saved.kept_of(self.params) == self.view.query:
            del form.fields["take_over"]
        return form

    def act(self, form: forms.Form) -> str:
        """Change it, and open the list with it."""
        over = form.cleaned_data.get("take_over", False)
        query = views_saved.kept_of(self.params) if over else self.view.query
        views_saved.change_view(
            actor=self.actor,
            view=self.view,
            name=form.cleaned_data["name"],
            query=query,
            is_default=form.cleaned_data["is_default"],
        )
        self.view.query = query
        return f"{self.home()}?{self.view.words()}"


class DeleteView(_Existing):
    """Delete a view; the list stays as it is."""

    title = lazy("Delete the view")
    template_name = "pages/confirm.html"
    form_class = forms.Form
    submit_label = lazy("Delete the view")
    tone = "danger"

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the confirmation."""
        return {
            "confirm": {
                "title": _("Delete the view %(name)s") % {"name": self.view.name},
                "submit_label": self.submit_label,
                "happens": [_("The view is gone, for you alone: nobody else has it.")],
                "not_happens": [_("What the list holds stays as it is.")],
                "tone": "danger",
                "cancel_url": self.refused_url(),
                "form": None,
            }
        }

    def act(self, form: forms.Form) -> str:
        """Delete it and go back to the whole list."""
        views_saved.delete_view(actor=self.actor, view=self.view)
        return f"{self.home()}?saved=0"


class CompanyNewView(NewView, CompanyPage):
    """Keep a view of a company's list."""


class CompanyChangeView(ChangeView, CompanyPage):
    """Change a view of a company's list."""


class CompanyDeleteView(DeleteView, CompanyPage):
    """Delete a view of a company's list."""


class OperatorNewView(NewView, OperatorPage):
    """Keep a view of one of the operator's lists."""


class OperatorChangeView(ChangeView, OperatorPage):
    """Change a view of one of the operator's lists."""


class OperatorDeleteView(DeleteView, OperatorPage):
    """Delete a view of one of the operator's lists."""
