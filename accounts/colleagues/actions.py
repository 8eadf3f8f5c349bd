"""The acts on one colleague: inactive, active again, invite again, withdraw the invitation (ACC-24, ACC-27)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.colleagues import grants, invitations, services
from accounts.models import Membership
from fleetportal.core.pages import ActionPage


class _Action(ActionPage):
    """A confirmation about one colleague."""

    permission = "users.change"
    model = Membership
    related = ("user",)

    def crumbs(self) -> list[tuple[Any, str | None]]:
        """Return the way here."""
        return [
            (_("Users"), self.url("account:users")),
            (self.object.name, self.refused_url()),
            (self.submit_label, None),
        ]

    def refused_url(self) -> str:
        """Go back to the colleague."""
        return self.url("account:user", self.kwargs["pk"])

    def refusal(self, row: Membership) -> str:
        """Refuse who is not the actor's to change, and what does not fit the state."""
        return grants.refusal(self.actor, row) or self.misfit(row)

    def misfit(self, row: Membership) -> str:
        """Return why the state does not allow it, or an empty text."""
        raise NotImplementedError


class Deactivate(_Action):
    """Make a colleague inactive; the password is not asked for again: who has to be kept out can't wait."""

    submit_label = lazy("Make inactive")
    tone = "danger"

    def misfit(self, row: Membership) -> str:
        """Refuse who is inactive, and the last administrator."""
        return "" if row.is_active else _("This colleague is inactive.")

    def confirm(self, row: Membership) -> dict[str, Any]:
        """Say what happens."""
        return {
            "title": _("Make %(name)s inactive") % {"name": row.name},
            "happens": [
                _("%(name)s can't open this company any more, at once and on every device.") % {"name": row.name},
                _("%(name)s is told by e-mail.") % {"name": row.name},
            ],
            "not_happens": [
                _("Nothing is deleted: the rights stay noted, and you can make the colleague active again."),
                _("Cards and requests stay as they are."),
            ],
            "items": [row.name],
        }

    def act(self, form: forms.Form) -> str:
        """Make them inactive."""
        services.set_active(membership=self.object, active=False, actor=self.actor, now=self.now)
        messages.success(self.request, _("%(name)s is inactive.") % {"name": self.object.name})
        return self.refused_url()


class Activate(_Action):
    """Make a colleague active again."""

    fresh = True
    submit_label = lazy("Make active")

    def misfit(self, row: Membership) -> str:
        """Refuse who is active."""
        return _("This colleague is active.") if row.is_active else ""

    def confirm(self, row: Membership) -> dict[str, Any]:
        """Say what happens."""
        return {
            "title": _("Make %(name)s active again") % {"name": row.name},
            "happens": [
                _("%(name)s gets in again with the rights and limits from before.") % {"name": row.name},
                _("%(name)s is told by e-mail.") % {"name": row.name},
            ],
            "items": [row.name],
        }

    def act(self, form: forms.Form) -> str:
        """Make them active."""
        services.set_active(membership=self.object, active=True, actor=self.actor, now=self.now)
        messages.success(self.request, _("%(name)s is active again.") % {"name": self.object.name})
        return self.refused_url()


class Invite(_Action):
    """Send a new invitation."""

    submit_label = lazy("Invite again")

    def misfit(self, row: Membership) -> str:
        """Refuse who has joined."""
        return _("This colleague has joined already.") if row.invited_at is None else ""

    def confirm(self, row: Membership) -> dict[str, Any]:
        """Say what happens."""
        known = invitations.contact_of(row)
        return {
            "title": _("Invite %(name)s again") % {"name": row.name},
            "happens": [
                _("A new invitation is sent to %(email)s. It works once, for seven days.") % {"email": known.email},
                _("The link of the invitation before works no more."),
            ],
            "items": [row.name],
        }

    def act(self, form: forms.Form) -> str:
        """Send it."""
        made = services.renew_invitation(membership=self.object, actor=self.actor, now=self.now)
        messages.success(self.request, _("A new invitation is sent to %(email)s.") % {"email": made.email})
        return self.refused_url()


class Withdraw(_Action):
    """Withdraw the open invitation."""

    submit_label = lazy("Withdraw the invitation")
    tone = "danger"

    def misfit(self, row: Membership) -> str:
        """Refuse where none is open."""
        return "" if invitations.open_one(row) else _("No invitation is open.")

    def confirm(self, row: Membership) -> dict[str, Any]:
        """Say what happens."""
        return {
            "title": _("Withdraw the invitation of %(name)s") % {"name": row.name},
            "happens": [_("The link that was sent works no more.")],
            "not_happens": [_("The colleague stays in the list, and you can invite them again.")],
            "items": [row.name],
        }

    def act(self, form: forms.Form) -> str:
        """Withdraw it."""
        services.withdraw_invitation(membership=self.object, actor=self.actor, now=self.now)
        messages.success(self.request, _("The invitation of %(name)s is withdrawn.") % {"name": self.object.name})
        return self.refused_url()
