"""Ordering a card: the form, the check before confirming, the order."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import resolve
from django.utils.formats import localize_input
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import CustomerNumber
from cards.catalogue import Category, CodeType, OnReach
from cards.codes import can_seal, seal
from cards.describe import address_text, controls_of, country_of_plate, limit_text, products_text
from cards.forms.numbers import AmountField, WholeField
from cards.forms.order import OrderForm
from cards.forms.plastic import SECRETS
from cards.models import Card, CardProduct, Request
from cards.services import ADDRESS, CONTROLS, Order, limits_of, place_order
from fleetportal.core import formkeys
from fleetportal.core.drafts import Draft
from fleetportal.core.pages import CompanyPage, FormPage
from fleetportal.core.pages.base import as_id
from fleetportal.core.pages.forms import Refused
from vehicles.models import Driver, Vehicle

DRAFT = "cards.order"
# What a datalist suggests; whoever has more types the plate or the name.
SUGGESTIONS = 300
# Of so many customer numbers the page knows the address; the check points out what does not fit of any other.
ADDRESSES = 50
# An amount as drafts keep it.
_NEUTRAL = re.compile(r"\d+(\.\d+)?")


class OrderPage(FormPage, CompanyPage):
    """The order form (CRD-1 to CRD-6); sending it leads to the check."""

    permission = "cards.order"
    template_name = "cards/order.html"
    title = lazy("Create a card")
    form_class = OrderForm
    submit_label = lazy("Check the order")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Cards"), self.url("cards:list")), (_("Create a card"), None)]

    def refused_url(self) -> str:
        """Go back to the list."""
        return self.url("cards:list")

    def prepare(self) -> None:
        """Find the draft that is taken up again; one that became an order is said to be placed."""
        self.draft = None
        wanted = self.request.GET.get("draft", "")
        if wanted:
            self.draft = find_draft(self, wanted)

    def form_kwargs(self) -> dict[str, Any]:
        """Say whether a chosen code is set already."""
        return {"code_is_set": self.draft is not None and self.draft.sealed is not None}

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the form: empty, with a draft, or with the settings of a card to copy."""
        self.prepare()
        if self.draft is not None:
            data = typed_here(self.draft)
            initial = {name: data.getlist(name) if len(data.getlist(name)) > 1 else data.get(name) for name in data}
            for name in ("forbidden_days", "countries"):
                initial[name] = data.getlist(name)
            return self.show_form(self.form_class(initial=initial, **self.form_kwargs()))
        return super().get(request, **kwargs)

    def initial(self) -> dict[str, Any]:
        """Return the settings of the card to copy, or sensible ones."""
        wanted = self.request.GET.get("copy", "")
        if wanted:
            card = Card.objects.filter(pk=as_id(wanted)).first()
            if card is None:
                raise Http404
            return copied(card)
        numbers = list(CustomerNumber.objects.all()[:2])
        initial: dict[str, Any] = {"category": Category.VEHICLE, "product": CardProduct.objects.order_by("pk").first()}
        if numbers:
            initial |= {name: getattr(numbers[0], name) for name in ADDRESS}
        if len(numbers) == 1:
            initial["customer_number"] = numbers[0]
        return initial

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Offer plates and names while one types."""
        plates = Vehicle.objects.filter(ended_at__isnull=True).order_by("plate").values_list("plate", flat=True)
        drivers = Driver.objects.filter(ended_at__isnull=True).order_by("last_name", "first_name")
        return {
            "plates": plates[:SUGGESTIONS],
            "drivers": [str(driver) for driver in drivers[:SUGGESTIONS]],
            "can_seal": can_seal(),
            "numbers": CustomerNumber.objects.all()[:ADDRESSES],
        }

    def answer_again(self, form: forms.Form, taken: formkeys.Taken) -> HttpResponse:
        """Let the draft hold what is typed now: who went back and sends the form again means that."""
        place = resolve(urlsplit(taken.receipt).path)
        if place.view_name == "cards:check":
            self.draft = Draft.objects.filter(pk=place.kwargs["pk"], user_id=self.actor.person, kind=DRAFT).first()
            if self.draft is not None:
                return redirect(self.act(form))
        return super().answer_again(form, formkeys.Taken(first=False, same=False))

    def act(self, form: forms.Form) -> str:
        """Keep the checked form as a draft, its code sealed, and go on to the check."""
        data = self.request.POST.copy()
        for name in (*SECRETS, "csrfmiddlewaretoken", formkeys.FIELD):
            data.pop(name, None)
        code = form.cleaned_data.get("secret_code", "")
        sealed = self.draft.sealed if self.draft is not None else None
        if form.cleaned_data["code_type"] != CodeType.CHOSEN:
            sealed = None
        elif code:
            if not can_seal():
                raise forms.ValidationError(_("A code can't be chosen at the moment. Choose another type of code."))
            sealed = seal(code)
        body = neutral(form, data).urlencode()
        if self.draft is None:
            self.draft = Draft(user_id=self.actor.person, kind=DRAFT, created_at=self.now)
        self.draft.data = {"body": body}
        self.draft.sealed = sealed
        self.draft.updated_at = self.now
        self.draft.save()
        return self.url("cards:check", self.draft.pk)


class CheckPage(FormPage, CompanyPage):
    """The check before confirming: address and secret code, and everything else in words (CRD-6, CRD-7)."""

    permission = "cards.order"
    template_name = "cards/check.html"
    title = lazy("Check your order")
    form_class = forms.Form

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [
            (_("Cards"), self.url("cards:list")),
            (_("Create a card"), self.change_url()),
            (_("Check your order"), None),
        ]

    def change_url(self) -> str:
        """Return the form with what was typed."""
        return f"{self.url('cards:new')}?draft={self.kwargs['pk']}"

    def refused_url(self) -> str:
        """Go back to the form."""
        return self.change_url()

    def prepare(self) -> None:
        """Read the draft again: rights, numbers and divisions may have changed since."""
        self.draft = find_draft(self, str(self.kwargs["pk"]))
        self.order_form = OrderForm(typed_here(self.draft), code_is_set=self.draft.sealed is not None)
        if not self.order_form.is_valid():
            raise Refused(_("Something in this order is not right any more. Look at it again."))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Place the order once; the draft ends with it, and a second sending gets the first one's receipt."""
        try:
            return super().post(request, **kwargs)
        except Refused as refusal:
            receipt = formkeys.receipt_of(self.actor.person, request.POST.get(formkeys.FIELD, ""))
            if refusal.done_at and receipt:
                refusal.done_at = receipt
            raise

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the order in words."""
        data = self.order_form.cleaned_data
        controls = type("Controls", (), {**data["controls"], "odometer_entry": data["odometer_entry"]})()
        number: CustomerNumber = data["customer_number"]
        limits = {limit["product"]: limit for limit in data["limits"]}
        chosen = data["code_type"] == CodeType.CHOSEN
        return {
            "change_url": self.change_url(),
            "warnings": self.order_form.warnings,
            "elsewhere": _elsewhere(data),
            "printed_as": data["printed_as"],
            "sections": [
                {
                    "title": _("Card"),
                    "facts": _said(
                        [
                            {"label": _("Type of product"), "value": str(data["product"])},
                            {"label": _("Plate or name on the card"), "value": data["printed_as"]},
                            {"label": _("Category"), "value": Category(data["category"]).label},
                            {"label": _("Country of the plate"), "value": country_of_plate(data["plate_country"])},
                            {"label": _("Extra mention"), "value": data["extra_mention"]},
                            {"label": _("Customer number"), "value": str(number)},
                            {"label": _("Fleet division"), "value": str(data["division"] or "")},
                            {"label": _("Cost centre"), "value": data["cost_centre"]},
                            {"label": _("Vehicle"), "value": str(data["vehicle"] or "")},
                            {"label": _("Driver"), "value": str(data["driver"] or "")},
                        ]
                    ),
                },
                {
                    "title": _("Products, services and limits"),
                    "table": {
                        "headers": [_("Product or service"), _("Limit"), _("When it is reached")],
                        "rows": [
                            [
                                label,
                                limit_text(limits[code]) if code in limits else _("no limit"),
                                str(OnReach(limits[code]["on_reach"]).label) if code in limits else "",
                            ]
                            for code, label in products_text(data["products"])
                        ],
                    },
                },
                {"title": _("Controls"), "facts": _said(controls_of(controls))},
                {
                    "title": _("Delivery address"),
                    "facts": [{"label": _("The card is sent to"), "value": _address(data)}],
                },
                {
                    "title": _("Secret code"),
                    "facts": [
                        {"label": _("Type"), "value": CodeType(data["code_type"]).label},
                        *([self.code_fact()] if chosen else []),
                        {
                            "label": _("Secret codes are sent to"),
                            "value": address_text(number.lines),
                            "help": _(
                                "This address can't be changed here. Write to your usual contact to have it changed."
                            ),
                        },
                    ],
                },
            ],
        }

    def code_fact(self) -> dict[str, Any]:
        """Say that a chosen code is set, and lead to where another one is typed."""
        enter = {"label": _("Enter again"), "url": f"{self.change_url()}#id_secret_code"}
        return {"label": _("Code"), "value": _("set, not shown"), "link": enter}

    def act(self, form: forms.Form) -> str:
        """Place the order and show its receipt, or the form for the next card like it (CRD-8)."""
        if not Draft.objects.filter(pk=self.draft.pk).delete()[0]:
            raise placed(self, self.draft.pk)
        request = place_order(actor=self.actor, order=self.order(), now=self.now)
        receipt = order_url(self, request)
        key = _end_key(self.draft.pk)
        formkeys.take(self.actor.person, key, QueryDict(), self.now)
        formkeys.write_receipt(self.actor.person, key, str(request.pk))
        if "copy" in self.request.POST:
            messages.success(
                self.request,
                _("Order %(number)s for %(card)s is placed. Here is the next one like it.")
                % {"number": request.number, "card": request.label},
            )
            return f"{self.url('cards:new')}?copy={request.card_id}"
        messages.success(
            self.request,
            _("Order %(number)s is placed. We deal with it within 24 hours.") % {"number": request.number},
        )
        return receipt

    def order(self) -> Order:
        """Return the checked order."""
        data = self.order_form.cleaned_data
        chosen = data["code_type"] == CodeType.CHOSEN
        return Order(
            **{
                name: data[name]
                for name in (
                    "product",
                    "customer_number",
                    "division",
                    "category",
                    "printed_as",
                    "plate_country",
                    "extra_mention",
                    "cost_centre",
                    "vehicle",
                    "driver",
                    "products",
                    "limits",
                    "controls",
                    "odometer_entry",
                    "code_type",
                )
            },
            address={name: data[name] for name in ADDRESS},
            sealed_code=bytes(self.draft.sealed) if chosen and self.draft.sealed is not None else None,
        )


def find_draft(page: CompanyPage, wanted: str) -> Draft:
    """Return one's own draft of an order, or raise 404; of one that was confirmed meanwhile, say so (GEN-3, GEN-11)."""
    pk = as_id(wanted)
    draft = Draft.objects.filter(pk=pk, user_id=page.actor.person, kind=DRAFT).first()
    if draft is None:
        raise placed(page, pk)
    return draft


def placed(page: CompanyPage, draft_id: int | None) -> Exception:
    """Return the refusal that leads to the order that a draft became; a draft that became none is not there."""
    receipt = formkeys.receipt_of(page.actor.person, _end_key(draft_id))
    request = Request.objects.filter(pk=as_id(receipt)).first()
    if request is None:
        return Http404()
    sentence = _("This order was placed already: request %(number)s. Nothing is ordered twice.")
    return Refused(sentence % {"number": request.number}, done_at=order_url(page, request))


def order_url(page: CompanyPage, request: Request) -> str:
    """Return where an order is shown: its request, or for who may not open requests its card."""
    if page.actor.may("requests.see"):
        return page.url("cards:request", request.pk)
    return page.url("cards:card", request.card_id) if page.actor.may("cards.see") else page.url("cards:home")


def _end_key(draft_id: int | None) -> str:
    """Return the key under which the order that a draft became is kept."""
    return f"draft {draft_id}"


def typed_here(draft: Draft) -> QueryDict:
    """Return a draft as it would be typed in today's language: it may have been begun in another one (GEN-8)."""
    return as_typed(OrderForm(), draft.data["body"])


def as_typed(form: forms.Form, body: str) -> QueryDict:
    """Return what a draft keeps of a form as it would be typed in today's language."""
    data = QueryDict(body, mutable=True)
    for name in _amounts(form):
        typed = str(data.get(name, ""))
        if _NEUTRAL.fullmatch(typed):
            data[name] = localize_input(Decimal(typed))
    return data


def neutral(form: forms.Form, data: QueryDict) -> QueryDict:
    """Return what was sent with its amounts as a draft keeps them: with a point and no grouping."""
    for name in _amounts(form):
        amount = form.cleaned_data.get(name)
        data[name] = "" if amount is None else f"{Decimal(amount):f}"
    return data


def _amounts(form: forms.Form) -> list[str]:
    """Return the numbers, which are typed in the way of a language; a draft keeps them with a point and no grouping."""
    return [name for name, field in form.fields.items() if isinstance(field, AmountField | WholeField)]


def copied(card: Card) -> dict[str, Any]:
    """Return the settings of a card for the next one: all but plate or name, and secret code (CRD-8, CRD-20)."""
    initial: dict[str, Any] = {name: getattr(card, name) for name in (*CONTROLS, *ADDRESS)}
    initial |= {
        name: getattr(card, name)
        for name in (
            "product",
            "customer_number",
            "division",
            "category",
            "plate_country",
            "extra_mention",
            "cost_centre",
            "odometer_entry",
            "code_type",
        )
    }
    initial |= {f"pays_{code}": True for code in card.products}
    # A ceiling may wait for a plastic that will pay for more (CRD-43); a copy is of the card as it is.
    for limit in (one for one in limits_of(card) if one["product"] in card.products):
        name = f"limit_{limit['product']}"
        initial |= {f"{name}_{key}": limit[key] for key in ("amount", "unit", "period", "on_reach")}
    return initial


def _said(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what was left empty: who checks an order looks at what was filled in."""
    return [fact for fact in facts if fact["value"]]


def _elsewhere(data: dict[str, Any]) -> str:
    """Point out an address that is another customer number's: the form opens with that of the first one."""
    number: CustomerNumber = data["customer_number"]
    address = {name: data[name] for name in ADDRESS}
    if all(getattr(number, name) == line for name, line in address.items()):
        return ""
    other = CustomerNumber.objects.filter(**address).exclude(pk=number.pk).first()
    if other is None:
        return ""
    return _("The card is sent to the address of %(other)s, but it is billed to %(number)s.") % {
        "other": other,
        "number": number,
    }


def _address(data: dict[str, Any]) -> str:
    return address_text([data["recipient"], data["street"], f"{data['postal_code']} {data['town']}", data["country"]])
