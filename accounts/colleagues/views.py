"""Finding colleagues, the page of one colleague, creating and changing them (ACC-20 to ACC-26)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Case, DateTimeField, F, QuerySet, Value, When
from django.http import Http404
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.colleagues import grants, invitations, services
from accounts.colleagues.filters import ColleagueFilter
from accounts.colleagues.finding import KIND
from accounts.colleagues.forms import ColleagueForm, initial_of
from accounts.colleagues.states import INACTIVE, INVITED, STATES, state_of
from accounts.colleagues.words import colleague_history, divisions_text, numbers_text
from accounts.models import Membership
from accounts.rights import APPLICATIONS
from fleetportal.core import related
from fleetportal.core.pages import (
    Badge,
    Choice,
    CompanyPage,
    Date,
    DetailPage,
    FormPage,
    Link,
    ListPage,
    Moment,
    Text,
)
from fleetportal.core.pages.base import act
from fleetportal.core.pages.detail import ObjectMixin
from fleetportal.core.pages.forms import Refused

PRINCIPAL = "principal"
PROFILES = [(PRINCIPAL, lazy("Principal user")), *Membership.Profile.choices]


def shown(page: CompanyPage) -> QuerySet[Any]:
    """Return the company's members with their state, their word for a profile and what they may open."""
    everything = [one.name for one in APPLICATIONS]
    return Membership.objects.annotate(
        state=state_of(timezone.localdate(page.now)),
        role=Case(When(is_principal=True, then=Value(PRINCIPAL)), default=F("profile")),
        opened=Case(When(is_principal=True, then=Value(everything)), default=F("applications")),
        # Of who has not joined, this company knows nothing but what it entered.
        seen_at=Case(When(invited_at__isnull=True, then=F("user__last_login")), output_field=DateTimeField()),
    )


def held_by(page: CompanyPage) -> grants.Holding:
    """Return what the person before the page may grant."""
    return grants.holding(page.actor, page.request.presence.membership)


class UserList(ListPage, CompanyPage):
    """*My account → Find users* (ACC-25)."""

    permission = "users.see"
    title = lazy("Users")
    model = Membership
    filterset_class = ColleagueFilter
    search_kind = KIND
    search_placeholder = lazy("Name, e-mail address or phone")
    default_order = "name"
    act_fields = ("state", "touchable")
    empty_title = lazy("No users")
    empty_text = lazy("The colleagues you create stand here, with their profile and state.")
    file_name = "users"
    columns = (
        Link("name", lazy("Name"), ("name", "pk"), sort="name"),
        Text("email", lazy("E-mail address"), ("user__email",)),
        Choice("profile", lazy("Profile"), ("role",), choices=PROFILES),
        Badge("state", lazy("State"), ("state",), choices=STATES),
        Date("from", lazy("Valid from"), ("valid_from",), minor=True),
        Date("until", lazy("Valid until"), ("valid_until",)),
        Moment("seen", lazy("Last sign-in"), ("seen_at",), minor=True),
    )

    def queryset(self) -> QuerySet[Any]:
        """Return the members, with whether they are the reader's to change."""
        if not self.actor.may("users.change"):
            return shown(self).annotate(touchable=Value(False))
        return shown(self).annotate(touchable=grants.touchable(self.actor, held_by(self)))

    def row_prefix(self) -> str:
        """Return the beginning of a colleague's address."""
        return self.url("account:users")

    def row_acts(self, *values: Any) -> list[tuple[str, str, str]]:
        """Return what can be done with a colleague of that state."""
        state, touchable = values
        if not touchable:
            return []
        found = [(_("Change"), "change/", "pencil")]
        if state == INVITED:
            found.append((_("Invite again"), "invite/", "send"))
        found.append(
            (_("Make active"), "activate/", "player-play")
            if state == INACTIVE
            else (_("Make inactive"), "deactivate/", "ban")
        )
        return found

    def acts(self) -> list[dict[str, Any]]:
        """Offer the overview and the creation of a colleague."""
        found = [act("rights", _("User rights"), self.url("account:rights"), icon="list-details")]
        if self.actor.may("users.change"):
            url = self.url("account:new_user")
            found.insert(0, act("new", _("Create a user"), url, icon="user-plus", tone="primary"))
            found.append(act("import", _("Users from a file"), self.url("account:import_users"), icon="upload"))
        if self.actor.may("company.handover"):
            url = self.url("account:handover")
            found.append(act("handover", _("Hand over the role of the principal user"), url, icon="arrows-exchange"))
        return found


class UserDetail(DetailPage):
    """One colleague: who they are, what they may do, what happened."""

    permission = "users.see"
    model = Membership

    def find(self, pk: int) -> Any:
        """Return the colleague with their state and what they may open."""
        row = shown(self).select_related("user").filter(pk=pk).first() if pk < 2**63 else None
        if row is None:
            raise Http404
        return row

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Users"), self.url("account:users")), (self.object.name, None)]

    def detail(self, row: Any) -> dict[str, Any]:
        """Return the colleague's page."""
        state, opened, role = row.state, row.opened, row.role
        self.rights, self.open_one = grants.rights_of(row), invitations.open_one(row) if row.invited_at else None
        words: dict[str, Any] = dict(STATES)
        return {
            "title": row.name,
            "subtitle": str(dict(PROFILES)[role]),
            "status": {"value": state, "label": words[state]},
            "notices": self.notices(row, state),
            **self.offers(row, state),
            "sections": [
                {"title": _("General"), "facts": self.facts(row)},
                {"title": _("Applications"), "table": self.applications(row, opened), "empty": _("None.")},
                *related.sections(row, self.actor),
            ],
            "timeline": colleague_history(row),
        }

    def facts(self, row: Membership) -> list[dict[str, Any]]:
        """Return who the colleague is, and their limits."""
        known, rights = invitations.contact_of(row), self.rights
        seen = row.user.last_login if row.invited_at is None else None
        return [
            {"label": _("Last name"), "value": known.last_name},
            {"label": _("First name"), "value": known.first_name},
            {"label": _("E-mail address"), "value": known.email},
            {"label": _("Phone"), "value": known.phone},
            {"label": _("Customer numbers"), "value": numbers_text(_list(rights.customer_numbers))},
            {"label": _("Fleet divisions"), "value": divisions_text(_list(rights.divisions))},
            {"label": _("Valid from"), "value": _day(rights.valid_from)},
            {"label": _("Valid until"), "value": _day(rights.valid_until)},
            {
                "label": _("Last sign-in"),
                "value": date_format(timezone.localtime(seen), "DATETIME_FORMAT") if seen else "",
            },
        ]

    def applications(self, row: Membership, opened: list[str]) -> dict[str, Any]:
        """Return the applications with the level of each."""
        off = self.company.options_off
        rows = [
            [str(one.label), level_word(grants.level(row, one.name))]
            for one in APPLICATIONS
            if one.name in opened and one.name not in off
        ]
        return {"headers": [_("Application"), _("Right")], "rows": rows}

    def notices(self, row: Membership, state: str) -> list[dict[str, Any]]:
        """Say how it stands with an invitation."""
        if state != INVITED:
            return []
        opened = self.open_one
        if opened is None or (opened.expires_at and opened.expires_at <= self.now):
            text = _("The invitation has ended. Invite again to send a new one.")
            return [{"tone": "warning", "text": text}]
        if opened.expires_at is None:
            return [{"tone": "info", "text": _("The invitation is on its way.")}]
        until = date_format(timezone.localtime(opened.expires_at), "DATETIME_FORMAT")
        return [{"tone": "info", "text": _("The invitation was sent and works until %(until)s.") % {"until": until}}]

    def offers(self, row: Membership, state: str) -> dict[str, Any]:
        """Return the buttons; who is not the reader's to change has none."""
        if not self.actor.may("users.change"):
            return {"acts": [], "dangers": []}
        if grants.refusal(self.actor, row, held=held_by(self), rights=self.rights):
            return {"acts": [], "dangers": []}
        here = self.url("account:user", row.pk)
        acts = [act("change", _("Change"), f"{here}change/", icon="pencil", tone="primary")]
        dangers = []
        if row.invited_at is not None:
            acts.append(act("invite", _("Invite again"), f"{here}invite/", icon="send"))
            if self.open_one is not None:
                dangers.append(
                    act("withdraw", _("Withdraw the invitation"), f"{here}withdraw/", icon="x", tone="danger")
                )
        if row.is_active:
            dangers.append(act("deactivate", _("Make inactive"), f"{here}deactivate/", icon="ban", tone="danger"))
        else:
            acts.append(act("activate", _("Make active"), f"{here}activate/", icon="player-play"))
        return {"acts": acts, "dangers": dangers}


def _list(ids: tuple[int, ...] | None) -> list[int] | None:
    return None if ids is None else list(ids)


def _day(day: Any) -> str:
    return date_format(day, "DATE_FORMAT") if day else ""


def level_word(level: str) -> str:
    """Return the word for a level."""
    return {"change": _("change"), "see": _("see")}.get(level, "")


class NewUser(FormPage, CompanyPage):
    """*My account → Create a user* (ACC-20 to ACC-23)."""

    permission = "users.change"
    fresh = True
    template_name = "accounts/colleagues/form.html"
    title = lazy("Create a user")
    form_class = ColleagueForm
    submit_label = lazy("Create and invite")

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Users"), self.url("account:users")), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the list."""
        return self.url("account:users")

    def form_kwargs(self) -> dict[str, Any]:
        """Tell the form what may be granted."""
        return {"held": held_by(self), "options_off": self.company.options_off}

    def initial(self) -> dict[str, Any]:
        """Begin with the creator's language, and with the least."""
        return {"language": self.actor.language, "profile": Membership.Profile.CONSULTATION}

    def act(self, form: Any) -> str:
        """Create the colleague and invite them."""
        made = services.create_colleague(
            company=self.company, contact=form.contact(), rights=form.wanted(), actor=self.actor, now=self.now
        )
        messages.success(
            self.request,
            _("%(name)s is created. An invitation is sent to %(email)s.")
            % {"name": made.name, "email": form.cleaned_data["email"]},
        )
        return self.url("account:user", made.pk)


class ChangeUser(ObjectMixin, FormPage, CompanyPage):
    """Change a colleague's contact data, rights, limits and validity (ACC-25, ACC-26)."""

    permission = "users.change"
    fresh = True
    template_name = "accounts/colleagues/form.html"
    form_class = ColleagueForm
    submit_label = lazy("Save the changes")
    model = Membership
    related = ("user",)

    def prepare(self) -> None:
        """Find the colleague and refuse who is not the actor's to change."""
        self.object = self.find(self.kwargs["pk"])
        self.held, self.rights = held_by(self), grants.rights_of(self.object)
        if sentence := grants.refusal(self.actor, self.object, held=self.held, rights=self.rights):
            raise Refused(sentence)
        self.title = _("Change %(name)s") % {"name": self.object.name}
        self.known = invitations.contact_of(self.object)

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [
            (_("Users"), self.url("account:users")),
            (self.object.name, self.refused_url()),
            (_("Change"), None),
        ]

    def refused_url(self) -> str:
        """Go back to the colleague."""
        return self.url("account:user", self.kwargs["pk"])

    def form_kwargs(self) -> dict[str, Any]:
        """Tell the form what may be granted, and what is the colleague's own affair."""
        return {
            "held": self.held,
            "options_off": self.company.options_off,
            "before": self.rights,
            "personal": services.own_data_only(self.object),
            "joined": self.object.invited_at is None,
        }

    def initial(self) -> dict[str, Any]:
        """Show what is known."""
        return initial_of(self.rights, self.known, self.object)

    def act(self, form: Any) -> str:
        """Change the colleague; they are told by mail."""
        changed = services.change_colleague(
            membership=self.object,
            version=form.cleaned_data["version"] or 0,
            contact=form.contact(self.known.language),
            rights=form.wanted(),
            actor=self.actor,
            now=self.now,
        )
        if changed:
            messages.success(
                self.request, _("The changes are saved. %(name)s is told by e-mail.") % {"name": self.object.name}
            )
        else:
            messages.info(self.request, _("Nothing was changed."))
        return self.refused_url()
