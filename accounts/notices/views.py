"""The pages of notices: the list behind the bell, one's own choices, the company's recipients, mail in the browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import django_filters as filters
from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.actors import active_memberships
from accounts.frame import UNREAD
from accounts.models import Membership, Notice, User
from accounts.notices import services
from accounts.notices.forms import MineForm, RecipientsForm
from accounts.notices.reading import said, visible
from fleetportal.core import beside, mail
from fleetportal.core.mail import OutgoingMail
from fleetportal.core.notices import KINDS
from fleetportal.core.pages import ActionPage, Choice, Column, CompanyPage, FormPage, ListPage, Moment, PersonPage
from fleetportal.core.pages.base import act
from fleetportal.core.pages.columns import Writer
from fleetportal.core.pages.forms import Refused

STATES = ((True, lazy("Unread")), (False, lazy("Read")))


class NoticeFilter(filters.FilterSet):
    """The criteria of the list of notices."""

    state = filters.ChoiceFilter(
        field_name="unread",
        label=lazy("State"),
        empty_label=lazy("All"),
        choices=(("unread", lazy("Unread")), ("read", lazy("Read"))),
        method="by_state",
    )
    kind = filters.ChoiceFilter(
        label=lazy("Kind"), empty_label=lazy("All"), choices=lambda: [(one.name, one.label) for one in KINDS.values()]
    )

    class Meta:
        model = Notice
        fields: tuple[str, ...] = ()

    def by_state(self, rows: QuerySet[Notice], name: str, value: str) -> QuerySet[Notice]:
        """Keep what is unread, or what was read."""
        return rows.filter(unread=value == "unread")


@dataclass(frozen=True, slots=True)
class OfKind(Choice):
    """The word for a notice's kind; apps declare theirs after this module is read."""

    def words(self) -> dict[Any, str]:
        """Return the word of each kind in the user's language."""
        return {kind.name: str(kind.label) for kind in KINDS.values()}


@dataclass(frozen=True, slots=True)
class Said(Column):
    """What a notice says, from kind, context and key."""

    def writer(self) -> Writer:
        """Write the sentence."""
        return lambda kind, context, key: escape(said(kind, context))

    def exporter(self) -> Callable[..., Any]:
        """Return the sentence alone."""
        return lambda kind, context, key: said(kind, context)


@dataclass(frozen=True, slots=True)
class Opening(Said):
    """The same as a button that opens what the notice is about and marks it as read: by POST, as whatever acts."""

    prefix: str = ""
    token: str = ""

    def writer(self) -> Writer:
        """Write a form with the sentence as its button."""
        start = format_html(
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><button class="row-link" type="submit">',
            self.token,
        )
        return lambda kind, context, key: (
            f'<form method="post" action="{escape(self.prefix)}{key}/">{start}'
            f"{escape(said(kind, context))}</button></form>"
        )


class NoticeList(ListPage, CompanyPage):
    """What one was told in this company, unread first."""

    permission = "notices.see"
    title = lazy("Notices")
    model = Notice
    filterset_class = NoticeFilter
    searchable = False
    default_order = "-state"
    empty_title = lazy("No notices yet")
    empty_text = lazy("What happens to your cards and requests is told here, and by e-mail as you choose.")
    file_name = "notices"
    columns = (
        Said("notice", lazy("Notice"), ("kind", "context", "pk")),
        OfKind("kind", lazy("Kind"), ("kind",), minor=True),
        Moment("at", lazy("When"), ("created_at",)),
        Choice("state", lazy("State"), ("unread",), sort="unread", choices=STATES),
    )

    def queryset(self) -> QuerySet[Notice]:
        """Return one's own, without what one may not see any more."""
        return visible(self.actor)

    def visible(self) -> tuple[str, list[Column]]:
        """Show sentences as buttons that open what they are about."""
        view, columns = super().visible()
        prefix, token = self.row_prefix(), get_token(self.request)
        return view, [
            Opening(one.name, one.label, one.fields, prefix=prefix, token=token) if type(one) is Said else one
            for one in columns
        ]

    def row_prefix(self) -> str:
        """Return the beginning of a notice's address."""
        return self.url("account:notices")

    def acts(self) -> list[dict[str, Any]]:
        """Offer what concerns all of them."""
        mine = act("mine", _("Choose how notices come"), self.url("account:my_notices"), icon="settings")
        if not beside.answer(self.request, UNREAD):
            return [mine]
        read = act("read", _("Mark all as read"), self.url("account:notices_read"), icon="checklist", method="post")
        return [mine, read]


class ReadAll(FormPage, CompanyPage):
    """Mark every notice of one's own in this company as read; the list's button sends this form."""

    permission = "notices.read"
    template_name = "pages/confirm.html"
    title = lazy("Mark all as read")
    form_class = forms.Form

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(NoticeList.title, self.url("account:notices")), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the list."""
        return self.url("account:notices")

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Return the confirmation, for who comes here without the list's button."""
        return {
            "confirm": {
                "title": self.title,
                "submit_label": self.title,
                "happens": [_("All your notices of this company count as read. They stay in the list.")],
                "items": [],  # a template would take the dictionary's own
                "tone": "primary",
                "cancel_url": self.refused_url(),
                "form": None,
            }
        }

    def act(self, form: forms.Form) -> str:
        """Mark them."""
        services.read_all(actor=self.actor, now=self.now)
        messages.success(self.request, _("All notices are marked as read."))
        return self.refused_url()


class OpenNotice(ActionPage):
    """Open what a notice is about, which marks it as read; the list's rows send this form."""

    permission = "notices.read"
    model = Notice

    def find(self, pk: int) -> Any:
        """Return the notice, or raise 404: also when what it is about is not to be seen any more (GEN-1)."""
        row = visible(self.actor).filter(pk=pk).first() if pk < 2**63 else None
        if row is None:
            raise Http404
        return row

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(NoticeList.title, self.url("account:notices")), (KINDS[self.object.kind].label, None)]

    def refusal(self, row: Notice) -> str:
        """Say nothing: a notice can be opened again and again."""
        return ""

    def refused_url(self) -> str:
        """Go back to the list."""
        return self.url("account:notices")

    def confirm(self, row: Notice) -> dict[str, Any]:
        """Say what it is, for who comes here without the list's button."""
        at = date_format(timezone.localtime(row.created_at), "SHORT_DATETIME_FORMAT")
        return {
            "title": said(row.kind, row.context),
            "submit_label": _("Open"),
            "happens": [_("What this notice is about opens, and the notice counts as read.")],
            "items": [f"{KINDS[row.kind].label}, {at}"],
        }

    def act(self, form: forms.Form) -> str:
        """Mark it as read and go where it leads."""
        services.read(actor=self.actor, notice=self.object, now=self.now)
        return str(self.object.context.get("path") or self.refused_url())


class MyNotices(FormPage, CompanyPage):
    """How the notices of this company come to oneself (ACC-41)."""

    permission = "notices.read"
    title = lazy("My notices")
    lead = lazy("Each notice stands behind the bell. Choose which come by e-mail as well, at once or each morning.")
    form_class = MineForm

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(NoticeList.title, self.url("account:notices")), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the list."""
        return self.url("account:notices")

    def form_kwargs(self) -> dict[str, Any]:
        """Tell the form which kinds there are for this person, and how they come now."""
        return {"kinds": services.kinds_of(self.actor), "now": services.choices_of(self.actor)}

    def act(self, form: forms.Form) -> str:
        """Keep the choice."""
        services.choose(actor=self.actor, channels=form.cleaned_data, now=self.now)
        messages.success(self.request, _("Your choice is saved. It holds for what happens from now on."))
        return self.refused_url()


class NoticeSettings(FormPage, CompanyPage):
    """Which users of the company receive which kind of notice, in two lists (ACC-40)."""

    permission = "company.settings"
    template_name = "accounts/notices/settings.html"
    title = lazy("Notification settings")
    lead = lazy(
        "Choose who receives each kind of notice. Everybody is told only of what lies within their customer numbers and"
        " divisions; who did or asked for something is told of it in any case."
    )
    form_class = RecipientsForm

    def prepare(self) -> None:
        """Look up who receives what now; raise `Refused` where there is nothing to choose."""
        self.choice = services.Recipients(self.actor, self.now)
        if not self.choice.kinds:
            raise Refused(_("There is no kind of notice to choose recipients for."))

    def form_kwargs(self) -> dict[str, Any]:
        """Tell the form whom one can choose, and who is chosen."""
        return {"choice": self.choice}

    def act(self, form: forms.Form) -> str:
        """Keep the choice; raises ValidationError when somebody else changed it meanwhile."""
        assert isinstance(form, RecipientsForm)
        changed = services.set_recipients(
            actor=self.actor, version=form.cleaned_data["version"], chosen=form.chosen(), now=self.now
        )
        said_so = _("The recipients are saved.") if changed else _("Nothing was changed.")
        messages.success(self.request, said_so)
        return self.request.path


class MailPage(PersonPage):
    """A mail read in the browser by its recipient (ACC-42), without the link that opens something."""

    permission = "account.see"
    template_name = "accounts/notices/mail.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show it, or say that it is not kept; 404 for another person's, and for a company that one has left."""
        pk = kwargs["pk"]
        rows = OutgoingMail.objects.select_related("recipient").filter(recipient=self.actor.person)
        row = rows.filter(pk=pk).first() if pk < 2**63 else None
        if row is None:
            raise Http404
        if row.company_id is not None and not self._reaches(row.company_id):
            raise Http404
        return self.show(title=row.subject or _("A message"), letter=mail.letter(row), mail=row)

    def _reaches(self, company_id: int) -> bool:
        """Say whether that company writes to this person still: a member, somebody invited, or operator staff."""
        person = self.request.user
        if isinstance(person, User) and person.kind == User.Kind.OPERATOR:
            return True
        mine = active_memberships(self.actor.person, timezone.localdate(self.now))
        invited = Membership.objects.filter(
            user_id=self.actor.person, company_id=company_id, is_active=True, invited_at__isnull=False
        )
        return company_id in {one.company_id for one in mine} or invited.exists()
