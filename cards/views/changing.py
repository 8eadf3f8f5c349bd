"""Changing a card: the tabs, and the page that says what a change does before it is confirmed (CRD-40 to CRD-43)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import resolve
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cards.catalogue import CodeType
from cards.codes import can_seal, seal
from cards.describe import address_text
from cards.forms.change import TABS, ChangeForm, has_chosen_code, shown_at_first
from cards.forms.plastic import SECRETS
from cards.history import setting_lines
from cards.lifecycle import ACTIVE
from cards.models import Card, Issue, Request
from cards.plastic import CODE
from cards.rules import sentence
from cards.services import Change, as_ordered, change_card, plan_change
from cards.views.orders import SUGGESTIONS, as_typed, neutral
from fleetportal.core import formkeys
from fleetportal.core.drafts import Draft
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.pages import CompanyPage, FormPage
from fleetportal.core.pages.base import as_id
from fleetportal.core.pages.detail import ObjectMixin
from fleetportal.core.pages.forms import Refused
from vehicles.models import Driver, Vehicle

DRAFT = "cards.change"
# The same words wherever somebody else was first.
MEANWHILE = lazy("Somebody else changed this card meanwhile. Look at it again before you change it.")
STALE = lazy("Something in this change is not right any more. Look at it again.")


class ChangePage(ObjectMixin, FormPage, CompanyPage):
    """What the tabs and the statement share: the card, and the draft that gathers what is changed on it."""

    permission = "cards.change"
    model = Card
    related = ("product", "division", "vehicle", "driver", "customer_number")
    draft: Draft | None

    def card_id(self) -> int:
        """Return the id of the card that is changed."""
        raise NotImplementedError

    def refused_url(self) -> str:
        """Go back to the card."""
        return self.url("cards:card", self.card_id())

    def find_card(self) -> None:
        """Find the card, as it is and as its newest order will make it; refuse what its status does not allow."""
        self.object = self.find(self.card_id())
        if why := sentence("change", self.object):
            raise Refused(why)
        self.ordered, self.limits, self.order = as_ordered(self.object)

    def find_draft(self, wanted: str) -> Draft:
        """Return one's own draft of a change, or raise 404; of one that was confirmed, say so (GEN-3, GEN-11)."""
        pk = as_id(wanted)
        draft = Draft.objects.filter(pk=pk, user_id=self.actor.person, kind=DRAFT).first()
        if draft is None:
            if receipt := formkeys.receipt_of(self.actor.person, _end_key(pk)):
                raise Refused(_("This change was confirmed already. Nothing is changed twice."), done_at=receipt)
            raise Http404
        return draft

    def form_of(self, draft: Draft, tab: str, products: list[str] | None = None) -> ChangeForm:
        """Return a tab of the draft as it would be typed in today's language."""
        code_is_set = draft.sealed is not None or has_chosen_code(self.ordered)
        empty = ChangeForm(tab=tab, card=self.ordered, products=products)
        data = as_typed(empty, draft.data["tabs"][tab])
        return ChangeForm(data, tab=tab, card=self.ordered, products=products, code_is_set=code_is_set)

    def forms_of(self, draft: Draft) -> list[ChangeForm]:
        """Return the tabs of the draft, checked again: rights, divisions and the card may have changed since."""
        products = None
        found = []
        for tab in TABS:
            if tab not in draft.data["tabs"]:
                continue
            form = self.form_of(draft, tab, products)
            if not form.is_valid():
                raise Refused(str(STALE))
            if tab == "products":
                products = form.cleaned_data["products"]
            found.append(form)
        return found

    def change_of(self, draft: Draft) -> Change:
        """Return what the draft changes, all tabs together."""
        change = Change()
        for form in self.forms_of(draft):
            change.values |= form.values()
            change.another_code = change.another_code or form.another()
            if form.tab == "limits":
                change.limits = form.cleaned_data["limits"]
        if draft.sealed is not None and change.values.get("code_type") == CodeType.CHOSEN:
            change.sealed_code = bytes(draft.sealed)
        if change.limits is not None and "products" in change.values:
            change.limits = [limit for limit in change.limits if limit["product"] in change.values["products"]]
        return change


class CardChange(ChangePage):
    """Change a card, in tabs; what is typed in one is kept while another is opened (CRD-40, CRD-41)."""

    template_name = "cards/change.html"
    title = lazy("Change")
    form_class = ChangeForm
    submit_label = lazy("Check the change")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Cards"), self.url("cards:list")), (self.object.printed_as, self.refused_url()), (self.title, None)]

    def card_id(self) -> int:
        """Return the card that the address names."""
        return int(self.kwargs["pk"])

    def prepare(self) -> None:
        """Find the card, and the draft that is taken up again."""
        self.find_card()
        wanted = self.request.GET.get("draft", "")
        self.draft = self.find_draft(wanted) if wanted else None
        if self.draft is not None and self.draft.data["card"] != self.object.pk:
            raise Http404
        if self.draft is not None and self.draft.data["version"] != self.object.version:
            raise Refused(str(MEANWHILE))

    def tab(self) -> str:
        """Return the tab that is open."""
        asked = self.request.GET.get("tab", "")
        return asked if asked in TABS else next(iter(TABS))

    def products(self) -> list[str]:
        """Return what the card will pay for, with what was chosen in this change."""
        if self.draft is not None and "products" in self.draft.data["tabs"]:
            form = self.form_of(self.draft, "products")
            if form.is_valid():
                return list(form.cleaned_data["products"])
        return list(self.ordered.products)

    def form_kwargs(self) -> dict[str, Any]:
        """Say which tab and which card, and whether a chosen code is set already."""
        sealed = self.draft is not None and self.draft.sealed is not None
        return {
            "tab": self.tab(),
            "card": self.ordered,
            "products": self.products(),
            "code_is_set": sealed or has_chosen_code(self.ordered),
        }

    def initial(self) -> dict[str, Any]:
        """Return the card as it is or will be made, with what was typed in this change before."""
        initial = shown_at_first(self.ordered, self.limits)
        if self.draft is None or self.tab() not in self.draft.data["tabs"]:
            return initial
        form = self.form_class(**self.form_kwargs())
        data = as_typed(form, self.draft.data["tabs"][self.tab()])
        # A box that is not ticked is not sent.
        typed: dict[str, Any] = {name: data.get(name) for name in form.fields}
        typed |= {name: data.getlist(name) for name in ("forbidden_days", "countries")}
        return initial | typed

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the tabs, and plates and names while one types."""
        drivers = Driver.objects.filter(ended_at__isnull=True).order_by("last_name", "first_name")
        draft = f"&draft={self.draft.pk}" if self.draft is not None else ""
        general = self.tab() == "general"
        names = list(TABS)
        following = names[names.index(self.tab()) + 1 :][:1]
        return {
            "title": _("Change the card %(card)s") % {"card": self.object.printed_as},
            "tabs": [
                {"label": label, "url": f"{self.request.path}?tab={name}{draft}", "current": name == self.tab()}
                for name, label in TABS.items()
            ],
            "statement": self.statement(),
            "more_submits": [
                {"name": "next", "value": name, "label": _("Go on with %(tab)s") % {"tab": TABS[name]}}
                for name in following
            ],
            "plates": Vehicle.objects.filter(ended_at__isnull=True).values_list("plate", flat=True)[:SUGGESTIONS]
            if general
            else [],
            "drivers": [str(driver) for driver in drivers[:SUGGESTIONS]] if general else [],
        }

    def statement(self) -> str:
        """Say before anything is typed that the next page tells what the change does."""
        if self.order is not None and self.order.changes is None:
            return _("The order is not in production yet: it is changed itself.")
        return _("Before anything is changed, the next page says what takes effect at once and what makes a new card.")

    def answer_again(self, form: forms.Form, taken: formkeys.Taken) -> HttpResponse:
        """Let the draft hold what is typed now: who went back and sends the form again means that, its code too."""
        place = resolve(urlsplit(taken.receipt).path)
        if place.view_name == "cards:change_check":
            self.draft = Draft.objects.filter(pk=place.kwargs["pk"], user_id=self.actor.person, kind=DRAFT).first()
            if self.draft is not None:
                return redirect(self.act(form))
        return super().answer_again(form, taken)

    def act(self, form: forms.Form) -> str:
        """Keep the tab in the draft, a code sealed, and go on to the next tab or to the statement."""
        assert isinstance(form, ChangeForm)
        data = form.cleaned_data
        if data["version"] != self.object.version:
            raise TransitionLost(str(MEANWHILE))
        draft = self.draft
        if draft is None:
            kept: dict[str, Any] = {"card": self.object.pk, "version": data["version"], "tabs": {}}
            draft = Draft(user_id=self.actor.person, kind=DRAFT, created_at=self.now, data=kept)
        sent = self.request.POST.copy()
        for name in (*SECRETS, "csrfmiddlewaretoken", formkeys.FIELD):
            sent.pop(name, None)
        draft.data["tabs"][form.tab] = neutral(form, sent).urlencode()
        draft.data["tab"] = form.tab
        if form.tab == "code":
            draft.sealed = self.sealed(data, draft)
        following = self.request.POST.get("next", "")
        something = plan_change(self.object, self.change_of(draft)).something
        if following in TABS and not something and draft.pk is None:
            return f"{self.request.path}?tab={following}"
        if not something and following not in TABS:
            if draft.pk is not None:
                draft.delete()
            messages.success(self.request, _("Nothing was different."))
            return self.refused_url()
        draft.updated_at = self.now
        draft.save()
        if following in TABS:
            return f"{self.request.path}?tab={following}&draft={draft.pk}"
        return self.url("cards:change_check", draft.pk)

    def sealed(self, data: dict[str, Any], draft: Draft) -> bytes | None:
        """Return the sealed code of the change: the one typed now, the one typed before, or none."""
        if data["code_type"] != CodeType.CHOSEN:
            return None
        if not data["secret_code"]:
            return bytes(draft.sealed) if draft.sealed is not None else None
        if not can_seal():
            raise forms.ValidationError(_("A code can't be chosen at the moment. Choose another type of code."))
        return seal(data["secret_code"])


class ChangeCheck(ChangePage):
    """What a change does, field by field: at once, or by a new card; and the button that carries it out (CRD-43)."""

    template_name = "cards/change_check.html"
    title = lazy("Check your change")
    form_class = forms.Form

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [
            (_("Cards"), self.url("cards:list")),
            (self.object.printed_as, self.refused_url()),
            (_("Change"), self.change_url()),
            (self.title, None),
        ]

    def card_id(self) -> int:
        """Return the card that the draft is about."""
        assert self.draft is not None
        return int(self.draft.data["card"])

    def change_url(self) -> str:
        """Return the tab that was filled in last, with what was typed."""
        assert self.draft is not None
        tab = self.draft.data.get("tab", "")
        return f"{self.url('cards:change', self.card_id())}?tab={tab}&draft={self.draft.pk}"

    def prepare(self) -> None:
        """Read the draft again, and plan what it does to the card as it stands now."""
        self.draft = draft = self.find_draft(str(self.kwargs["pk"]))
        self.find_card()
        if draft.data["version"] != self.object.version:
            raise Refused(self.overtaken())
        self.change = self.change_of(draft)
        self.plan = plan_change(self.object, self.change)

    def overtaken(self) -> str:
        """Say who was first: somebody with a new plastic, or with anything else."""
        if self.order is not None and self.order.changes is not None:
            return _("A new plastic of this card was ordered meanwhile. Look at it before you order another change.")
        return str(MEANWHILE)

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the statement."""
        plan = self.plan
        sections = [
            self.section(title, settings)
            for title, settings in (
                (_("Takes effect at once"), () if plan.direct else plan.at_once),
                (_("Changes the order"), plan.at_once if plan.direct else ()),
                (_("Makes a new card") if not plan.changed else _("Changes the new card"), plan.plastic),
            )
            if settings
        ]
        return {
            "title": _("Check the change of %(card)s") % {"card": self.object.printed_as},
            "sections": sections,
            "happens": self.happens(),
            "said": ",".join(plan.plastic),
            "verb": self.verb(),
            "change_url": self.change_url(),
        }

    def section(self, title: str, settings: tuple[str, ...]) -> dict[str, Any]:
        """Return a table of what changes: before and after, field by field."""
        plan = self.plan
        lines = setting_lines(plan.before, plan.before_limits, plan.after, plan.after_limits, settings)
        if CODE in settings:
            lines.append({"label": _("Secret code"), "before": _("as it is"), "after": self.code_words()})
        return {
            "title": title,
            "table": {
                "headers": [_("Setting"), _("Before"), _("After")],
                "rows": [[line["label"], line["before"], line["after"]] for line in lines],
            },
        }

    def code_words(self) -> str:
        """Say of the new code what may be said: never the code."""
        if self.change.sealed_code is not None:
            return _("set, not shown")
        return _("calculated anew") if self.plan.after.code_type == CodeType.CALCULATED else _("a personal code")

    def happens(self) -> list[str]:
        """Say what follows from it (CRD-43, PIN-3)."""
        plan, lines = self.plan, []
        if plan.direct:
            lines.append(_("The order itself is changed before production: it keeps its request and its rank."))
        elif plan.changed and plan.plastic and plan.order is not None:
            lines.append(
                _("A new card is ordered already, rank %(rank)s: it is made with these changes as well.")
                % {"rank": plan.order.rank}
            )
        elif plan.plastic:
            lines += self.new_card()
        if CODE in plan.plastic:
            lines.append(_("The new card has another secret code. The old card keeps its own."))
        if plan.new_code and plan.after.code_type == CodeType.CALCULATED:
            address = address_text(self.object.customer_number.lines)
            lines.append(_("The letter with the code is sent to %(address)s.") % {"address": address})
        return lines

    def new_card(self) -> list[str]:
        """Say what a new plastic means."""
        newest = Issue.objects.filter(card=self.object).order_by("-rank").first()
        rank = newest.rank + 1 if newest is not None else 1
        used = Issue.objects.filter(card=self.object, status=ACTIVE).order_by("-rank").first()
        lines = [
            _("A new card is made within 24 hours, with the same number and rank %(rank)s.") % {"rank": rank},
            _("It is sent to %(address)s.") % {"address": address_text(self.plan.after.lines)},
        ]
        if used is not None and used.expires_on is not None:
            day = date_format(used.expires_on, "SHORT_DATE_FORMAT")
            lines.append(
                _("The old card, rank %(rank)s, stays valid until %(day)s. Destroy it when the new one arrives.")
                % {"rank": used.rank, "day": day}
            )
        lines.append(_("The request of the new card can be withdrawn as long as production has not begun."))
        return lines

    def verb(self) -> str:
        """Return the verb of the button."""
        if self.plan.direct:
            return _("Change the order")
        if self.plan.changed and self.plan.plastic:
            return _("Change the new card")
        return _("Save and order the new card") if self.plan.plastic else _("Save the changes")

    def act(self, form: forms.Form) -> str:
        """Carry the change out once; the draft ends with it."""
        draft = self.draft
        if draft is None or not Draft.objects.filter(pk=draft.pk).delete()[0]:
            receipt = formkeys.receipt_of(self.actor.person, _end_key(self.kwargs["pk"]))
            sentence = _("This change was confirmed already. Nothing is changed twice.")
            raise Refused(sentence, done_at=receipt or self.refused_url())
        said = tuple(name for name in self.request.POST.get("said", "").split(",") if name)
        done = change_card(
            actor=self.actor,
            card=self.object,
            version=draft.data["version"],
            change=self.change,
            said=said,
            now=self.now,
        )
        receipt = self.receipt(done.request)
        key = _end_key(draft.pk)
        formkeys.take(self.actor.person, key, QueryDict(), self.now)
        formkeys.write_receipt(self.actor.person, key, receipt)
        messages.success(self.request, self.done_words(done.something, done.request))
        return receipt

    def receipt(self, request: Request | None) -> str:
        """Return where what was done is shown: the request of a new plastic, else the card."""
        if request is not None and self.plan.plastic and self.actor.may("requests.see"):
            return self.url("cards:request", request.pk)
        return self.refused_url()

    def done_words(self, something: bool, request: Request | None) -> str:
        """Say what was done."""
        if not something:
            return _("Nothing was different.")
        if self.plan.direct:
            return _("The order is changed.")
        if request is None:
            return _("The changes are saved and take effect at once.")
        if self.plan.changed:
            return _("The new card is changed: request %(number)s.") % {"number": request.number}
        return _("The new card is ordered: request %(number)s. It is made within 24 hours.") % {
            "number": request.number
        }


def _end_key(draft_id: int | None) -> str:
    """Return the key under which the end of a draft is kept."""
    return f"change {draft_id}"
