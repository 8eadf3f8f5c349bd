"""What is done with many cards at once, blocking above all, and following it to its end (CRD-54, GEN-4)."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from cards.catalogue import BlockReason
from cards.lifecycle import CARD
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

    def promise(self, payload: dict[str, Any]) -> str:
        """Promise it for all of the selection as of this moment; return the page that shows how far it is."""
        batch = start_batch(
            self.batch_kind,
            self.chosen.values_list("pk", "printed_as"),
            self.actor,
            payload,
            self.now,
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
        not_happens = [_("No duplicates are ordered. Block a card on its own page to order one.")]
        if refused:
            said = ngettext(
                "%(count)s of the %(total)s selected cards stays as it is, because of its status: %(statuses)s.",
                "%(count)s of the %(total)s selected cards stay as they are, because of their status: %(statuses)s.",
                refused,
            )
            not_happens.insert(0, said % {"count": refused, "total": self.total, "statuses": self.statuses()})
        possible_cards = self.chosen.filter(self.able).order_by("-pk")
        names = list(possible_cards.values_list("printed_as", flat=True)[:SHOWN])
        return {
            "confirm": {
                "title": ngettext("Block %(count)s card", "Block %(count)s cards", possible) % {"count": possible},
                "submit_label": ngettext("Block %(count)s card now", "Block %(count)s cards now", possible)
                % {"count": possible},
                "happens": happens,
                "not_happens": not_happens,
                "items": names,
                "more": possible - len(names),
                "tone": "danger",
                "cancel_url": self.refused_url(),
                "form": form,
            },
            "title": self.title,
        }

    def statuses(self) -> str:
        """Return the statuses of what can't be blocked, each with its count, the most frequent first."""
        counts = self.chosen.exclude(self.able).order_by().values_list("status").annotate(count=Count("pk"))
        return ", ".join(
            f"{CARD.label(status)} ({number_format(count, force_grouping=True)})"
            for status, count in sorted(counts, key=lambda pair: (-pair[1], pair[0]))
        )

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
        return self.promise({"reason": reason})


class JobProgress(ObjectMixin, CompanyPage):
    """How far a bulk action is, and in the end what could not be done and why; seen by whoever asked for it."""

    permission = "jobs.see"
    template_name = "pages/progress.html"
    model = Batch
    shown: ClassVar[int] = 200

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        cards = [(_("Cards"), self.url("cards:list"))] if self.actor.may("cards.see") else []
        return [*cards, (str(self.object), None)]

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
            "title": str(batch),
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
        return self.show(template, title=str(batch), progress=progress)
