"""What is done with many cards at once, blocking above all, and following it to its end (CRD-54, GEN-4)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from cards.catalogue import BlockReason
from cards.models import Card
from cards.services import block_card
from cards.views.cards import CardList
from fleetportal.core.batches import Batch, BatchRow, start_batch
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.pages import CompanyPage, FormPage
from fleetportal.core.pages.base import act, as_id
from fleetportal.core.pages.detail import ObjectMixin
from fleetportal.core.pages.forms import Refused
from fleetportal.core.pages.listing import Found

# Up to so many are done while one waits; more become a job with its own page.
AT_ONCE = 5
SHOWN = 8


class BlockManyForm(forms.Form):
    """One reason for all."""

    use_required_attribute = False

    reason = forms.ChoiceField(
        choices=BlockReason.choices,
        label=lazy("Reason"),
        widget=forms.RadioSelect,
        error_messages={"required": lazy("Choose a reason.")},
    )


class ManyCards(CardList, FormPage):
    """A page that confirms something for a selection, or for all that match the filter, and does it or promises it."""

    template_name = "pages/confirm.html"
    form_class = forms.Form
    # Which cards allow it, and what is said where none does.
    able: ClassVar[Q]
    none_able: Any
    # The kind of work that more than a few become.
    batch_kind: ClassVar[str]
    chosen: QuerySet[Card]

    get = FormPage.get
    post = FormPage.post

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Cards"), self.url("cards:list")), (self.title, None)]

    def acts(self) -> list[dict[str, Any]]:
        """Offer nothing beside the confirmation."""
        return []

    def refused_url(self) -> str:
        """Go back to the list, with its filter."""
        params = self.request.GET.copy()
        for name in ("select", "all", "do"):
            params.pop(name, None)
        query = params.urlencode()
        return f"{self.url('cards:list')}?{query}" if query else self.url("cards:list")

    def prepare(self) -> None:
        """Find what was selected; what is not in scope is not among it."""
        params: QueryDict = self.request.GET
        if params.get("all"):
            found = Found(self, params, cap=None)
            if found.unreadable:
                raise Refused(_("One of the filters can't be read. Set it again, then select."))
            self.chosen = found.queryset
        else:
            ids = {as_id(one) for one in params.getlist("select")}
            if not ids:
                raise Refused(_("Select at least one card."))
            self.chosen = Card.objects.filter(pk__anyof=ids - {None})
            if self.chosen.count() != len(ids):
                raise Refused(_("Some of the cards you selected are not there any more. Select again."))
        self.total = self.chosen.count()
        self.possible = self.chosen.filter(self.able).count()
        if not self.total:
            raise Refused(_("No card matches."))
        # Asked only before the confirmation: a form sent twice finds it done with its cards, and gets its receipt.
        if not self.possible and self.request.method == "GET":
            raise Refused(str(self.none_able))

    def promise(self, label: str, payload: dict[str, Any]) -> str:
        """Promise it for all of the selection as of this moment; return the page that shows how far it is."""
        batch = start_batch(
            self.batch_kind,
            self.chosen.values_list("pk", "printed_as"),
            self.actor,
            payload,
            self.now,
            label=label,
            result_path=self.url("cards:list").removesuffix("cards/") + "jobs/{batch}/",
        )
        return self.url("cards:job", batch.pk)


class BlockMany(ManyCards):
    """Confirm the block of a selection, or of all that match the filter: what will happen to how many."""

    permission = "cards.block"
    title = lazy("Block cards")
    form_class = BlockManyForm
    tone = "danger"
    able = Q(live=True)
    none_able = lazy("None of these cards can be blocked because of their status.")
    batch_kind = "cards.block_many"

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the confirmation, with exact counts."""
        possible, refused = self.possible, self.total - self.possible
        happens = [
            ngettext(
                "%(count)s card is blocked: refused at every terminal, at once.",
                "%(count)s cards are blocked: refused at every terminal, at once.",
                possible,
            )
            % {"count": possible},
            _("A block can't be undone."),
        ]
        if refused:
            happens.append(
                ngettext(
                    "%(count)s card can't be blocked because of its status; the result says why.",
                    "%(count)s cards can't be blocked because of their status; the result says why.",
                    refused,
                )
                % {"count": refused}
            )
        names = list(self.chosen.order_by("-pk").values_list("printed_as", flat=True)[:SHOWN])
        return {
            "confirm": {
                "title": ngettext("Block %(count)s card", "Block %(count)s cards", self.total) % {"count": self.total},
                "submit_label": ngettext("Block %(count)s card now", "Block %(count)s cards now", possible)
                % {"count": possible},
                "happens": happens,
                "not_happens": [_("No duplicates are ordered. Block a card on its own page to order one.")],
                "items": names,
                "more": self.total - len(names),
                "tone": "danger",
                "cancel_url": self.refused_url(),
                "form": form,
            },
            "title": self.title,
        }

    def act(self, form: forms.Form) -> str:
        """Block a few at once; more than five become a job."""
        reason = form.cleaned_data["reason"]
        if self.total <= AT_ONCE:
            done = 0
            for card in self.chosen.order_by("pk"):
                try:
                    with transaction.atomic():
                        block_card(actor=self.actor, card=card, reason=reason, duplicate=False, now=self.now)
                except TransitionLost as lost:
                    messages.error(self.request, f"{card.printed_as}: {lost}")
                else:
                    done += 1
            if done:
                messages.success(
                    self.request,
                    ngettext("%(count)s card is blocked.", "%(count)s cards are blocked.", done) % {"count": done},
                )
            return self.refused_url()
        return self.promise(_("Block of %(count)s cards") % {"count": self.total}, {"reason": reason})


class JobProgress(ObjectMixin, CompanyPage):
    """How far a bulk action is, and in the end what could not be done and why; seen by whoever asked for it."""

    permission = "jobs.see"
    template_name = "pages/progress.html"
    model = Batch
    shown: ClassVar[int] = 200

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        cards = [(_("Cards"), self.url("cards:list"))] if self.actor.may("cards.see") else []
        return [*cards, (self.object.label, None)]

    def find(self, pk: int) -> Any:
        """Return one's own bulk action, or raise 404."""
        batch = super().find(pk)
        if batch.requested_by_id != self.actor.user:
            return super().find(-1)
        return batch

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it; htmx asks again for the moving part while it runs."""
        self.object = batch = self.find(kwargs["pk"])
        finished = batch.status == Batch.Status.DONE
        stopped = BatchRow.objects.filter(batch=batch, status__in=["refused", "failed"]).order_by("pk")[: self.shown]
        cards = self.url("cards:list")
        progress = {
            "title": batch.label,
            "done": batch.done,
            "failed": batch.failed,
            "total": batch.total,
            "percent": round(100 * (batch.done + batch.failed) / batch.total) if batch.total else 100,
            "finished": finished,
            "poll_url": request.path,
            "result_rows": [
                {
                    "label": row.label,
                    "url": f"{cards}{row.object_id}/" if self.actor.may("cards.see") else "",
                    "reason": row.reason,
                }
                for row in stopped
            ]
            if finished
            else [],
            "next": [act("list", _("Back to the cards"), cards)] if self.actor.may("cards.see") else [],
        }
        template = "pages/_progress_region.html" if request.htmx else self.template_name  # type: ignore[attr-defined]
        return self.show(template, title=batch.label, progress=progress)
