"""Handing the principal role of a company to another member (ACC-12)."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.actors import in_force
from accounts.colleagues.finding import find_again
from accounts.models import Company, Membership, MembershipDivision, MembershipNumber
from accounts.rights import APPLICATIONS, CARD_SIDE
from fleetportal.core import audit
from fleetportal.core.access import Actor
from fleetportal.core.lifecycle import TransitionLost
from fleetportal.core.mail import OutgoingMail, mail_context, queue_mail
from fleetportal.core.pages import CompanyPage, FormPage
from fleetportal.core.pages.forms import Refused


def candidates(now: datetime) -> QuerySet[Membership]:
    """Return the members of the company in scope who could take the role: those who get in today, without an end."""
    return Membership.objects.filter(
        in_force(timezone.localdate(now)), Q(user__is_active=True), is_principal=False
    ).order_by("name", "pk")


def hand_over(*, to: Membership, actor: Actor, now: datetime) -> Membership:
    """Make another member the principal user; the actor stays as an Administrator with everything open (ACC-12).

    Both rows are locked and looked at again, so that of two handovers at once one is refused and the company has one
    principal user at every moment. Both are told by mail. Raises TransitionLost where the actor is the principal user
    no more, or the other can't take the role any more.
    """
    actor.must("company.handover")
    rows = Membership.objects.select_for_update(of=("self",)).select_related("user", "company")
    locked = {row.pk: row for row in rows.filter(pk__in=[actor.membership, to.pk]).order_by("pk")}
    old, new = locked.get(actor.membership or 0), locked.get(to.pk)
    if old is None or not old.is_principal:
        raise TransitionLost(_("You are not the principal user any more."))
    if new is None or not candidates(now).filter(pk=new.pk).exists():
        raise TransitionLost(_("This colleague can't take over the role: they have no access at the moment."))
    everything = {
        "profile": Membership.Profile.ADMINISTRATOR,
        "applications": [one.name for one in APPLICATIONS],
        "change_applications": [one.name for one in APPLICATIONS if one.name in CARD_SIDE],
        "all_customer_numbers": True,
        "all_divisions": True,
        "version": F("version") + 1,
    }
    # In this order: the database lets a company have one principal user, and not two for a moment.
    Membership.objects.filter(pk=old.pk).update(is_principal=False, **everything)
    Membership.objects.filter(pk=new.pk).update(is_principal=True, valid_from=None, valid_until=None, **everything)
    MembershipNumber.objects.filter(membership=new).delete()
    MembershipDivision.objects.filter(membership=new).delete()
    audit.record(actor, "accounts.principal_given", old, now=now, after={"to": new.name})
    audit.record(actor, "accounts.principal_taken", new, now=now, after={"from": old.name})
    company = Company.objects.get(pk=old.company_id)
    before, after = {"principal": old.name}, {"principal": new.name}
    audit.record(actor, "accounts.principal_changed", company, now=now, before=before, after=after)
    find_again([old.pk, new.pk])
    for member, template in ((old, "principal_given"), (new, "principal_taken")):
        queue_mail(
            template,
            user=member.user,
            context={"old": old.pk, "new": new.pk, "path": f"/{old.company.identifier}/"},
            key=f"{template}:{uuid.uuid4()}",
            now=now,
        )
    new.refresh_from_db()
    return new


_KEPT = ("company", "old_name", "new_name", "recipient_name")


@mail_context("principal_given", kept=_KEPT)
@mail_context("principal_taken", kept=_KEPT)
def _names(mail: OutgoingMail, now: datetime) -> dict[str, Any]:
    """Name both and the company, when the mail is sent."""
    members = Membership.objects.select_related("company", "user").in_bulk([mail.context["old"], mail.context["new"]])
    old, new = members[mail.context["old"]], members[mail.context["new"]]
    recipient = old if mail.template == "principal_given" else new
    return {
        "company": old.company.legal_name,
        "old_name": old.user.full_name,
        "new_name": new.user.full_name,
        "recipient_name": recipient.user.full_name,
    }


class HandoverForm(forms.Form):
    """Who takes over the role."""

    member = forms.ModelChoiceField(
        Membership.objects.none(), label=lazy("New principal user"), empty_label=lazy("Choose a colleague")
    )
    sure = forms.BooleanField(label=lazy("Yes, I hand over the role of the principal user."))

    def __init__(self, *args: Any, now: datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if now is not None:
            self.fields["member"].queryset = candidates(now)  # type: ignore[attr-defined]


class Handover(FormPage, CompanyPage):
    """Hand over the role, with the password given once more a short while ago."""

    permission = "company.handover"
    fresh = True
    template_name = "pages/confirm.html"
    title = lazy("Hand over the role of the principal user")
    form_class = HandoverForm
    submit_label = lazy("Hand over the role")
    tone = "danger"

    def prepare(self) -> None:
        """Refuse where there is nobody to hand it to."""
        if not candidates(self.now).exists():
            raise Refused(_("There is no active colleague to hand the role to. Create one first."))

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [(_("Users"), self.refused_url()), (self.title, None)]

    def refused_url(self) -> str:
        """Go back to the users."""
        return self.url("account:users")

    def form_kwargs(self) -> dict[str, Any]:
        """Tell the form of which moment the candidates are."""
        return {"now": self.now}

    def extra(self, form: forms.Form) -> dict[str, Any]:
        """Say what happens."""
        confirm = {
            "title": self.title,
            "submit_label": self.submit_label,
            "tone": self.tone,
            "cancel_url": self.refused_url(),
            "form": form,
            "happens": [
                _("The colleague that you choose holds every application as Administrator, without limits or end."),
                _("You stay Administrator, with every application. The new principal user can change your rights."),
                _("Both of you are told by e-mail."),
            ],
            "not_happens": [
                _("You can't take the role back: only the new principal user can hand it on."),
                _("Cards, requests and the rights of other colleagues stay as they are."),
            ],
        }
        return {"confirm": confirm}

    def act(self, form: forms.Form) -> str:
        """Hand it over."""
        new = hand_over(to=form.cleaned_data["member"], actor=self.actor, now=self.now)
        messages.success(self.request, _("%(name)s is the principal user now.") % {"name": new.name})
        return self.refused_url()
