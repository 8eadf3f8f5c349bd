"""Card products as operator staff see them, and which changes of their cards need a new plastic (CRD-42)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cards.catalogue import Category
from cards.forms.fields import Group, Grouped
from cards.models import CardProduct
from cards.plastic import ACCOUNT, mention_of, rules
from cards.services.products import decide_plastic, version_of
from fleetportal.core.pages import Column, FormPage, Link, ListPage, OperatorPage, Text, Translated
from fleetportal.core.pages.detail import ObjectMixin

PLASTIC, AT_ONCE = "plastic", "at_once"
CHOICES = [(PLASTIC, lazy("Makes a new card")), (AT_ONCE, lazy("Takes effect at once"))]


class ProductList(ListPage, OperatorPage):
    """The kinds of card that the operator offers."""

    permission = "operator.see"
    title = lazy("Card products")
    model = CardProduct
    searchable = False
    default_order = "code"
    empty_title = lazy("No card products yet")
    empty_text = lazy("The kinds of card that you offer stand here.")
    file_name = "card-products"
    columns = (
        Link("code", lazy("Code"), ("code", "pk"), sort="code"),
        Translated("name", lazy("Name"), ("name",)),
        Text("issuer", lazy("Issuer number"), ("issuer_number",)),
        Text("validity", lazy("Months of validity"), ("validity_months",), numeric=True),
    )

    def row_prefix(self) -> str:
        """Return the beginning of a product's address."""
        return self.url("operator:products")

    def visible(self) -> tuple[str, list[Column]]:
        """Lead to a product only who decides on it."""
        view, columns = super().visible()
        if not self.actor.may(ProductRules.permission):
            columns = [Text(one.name, one.label, one.fields[:1]) if isinstance(one, Link) else one for one in columns]
        return view, columns


class PlasticForm(Grouped):
    """For each setting of a card whether another value makes a new card; nothing is preset that is not decided."""

    version = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mentions = tuple(mention_of(one.value) for one in Category)
        for name, label in rules():
            self.fields[name] = forms.ChoiceField(choices=CHOICES, label=label, widget=forms.RadioSelect)

    def layout(self) -> list[Group]:
        """Return the settings, the extra mention apart: where it is printed depends on the category."""
        names = tuple(name for name, _label in rules() if name not in self.mentions)
        always = ", ".join(str(setting.label) for setting in ACCOUNT)
        return [
            Group(
                _("When it is changed"),
                names,
                _("At once in any case: %(settings)s. The secret code always makes a new card.") % {"settings": always},
            ),
            Group(
                _("Extra mention, by category of the card"),
                self.mentions,
                _("Where it makes a new card, it is printed; where it takes effect at once, it is not."),
            ),
        ]

    def _group(self, group: Group) -> dict[str, Any]:
        """Let the two answers of a setting stand in one line."""
        found = super()._group(group)
        for bound in found["fields"]:
            bound.field.place = "field-inline"
        return found

    def needing(self) -> list[str]:
        """Return what needs a new plastic."""
        return [name for name, _label in rules() if self.cleaned_data[name] == PLASTIC]


class ProductRules(ObjectMixin, FormPage, OperatorPage):
    """Decide for one card product what a change of its cards does (CRD-42)."""

    permission = "operator.products"
    model = CardProduct
    form_class = PlasticForm
    submit_label = lazy("Save what changes do")

    def prepare(self) -> None:
        """Find the product."""
        self.object: CardProduct = self.find(self.kwargs["pk"])
        self.title = _("What changes do: %(product)s") % {"product": self.object}

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Card products"), self.url("operator:products")), (str(self.object), None)]

    def refused_url(self) -> str:
        """Go back to the products."""
        return self.url("operator:products")

    def initial(self) -> dict[str, Any]:
        """Show what is decided."""
        needing = self.object.needs_plastic
        shown: dict[str, Any] = {name: PLASTIC if name in needing else AT_ONCE for name, _label in rules()}
        return shown | {"version": version_of(self.object)}

    def act(self, form: forms.Form) -> str:
        """Decide it."""
        assert isinstance(form, PlasticForm)
        changed = decide_plastic(
            actor=self.actor,
            product=self.object,
            needing=form.needing(),
            version=form.cleaned_data["version"],
            now=self.now,
        )
        text = _("What changes of %(product)s do is decided.") if changed else _("Nothing was different.")
        messages.success(self.request, text % {"product": self.object} if changed else text)
        return self.refused_url()
