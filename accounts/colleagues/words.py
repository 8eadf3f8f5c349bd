"""A colleague's rights and changes in words: for pages, for the history and for the mail that says what changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import CustomerNumber, FleetDivision, Invitation, Membership
from accounts.rights import APPLICATIONS
from fleetportal.core.audit import AuditEntry
from fleetportal.core.mail import OutgoingMail, mail_context
from fleetportal.core.pages.detail import history

LABELS = {one.name: one.label for one in APPLICATIONS}
_FIELDS = {
    "last_name": lambda: _("Last name"),
    "first_name": lambda: _("First name"),
    "email": lambda: _("E-mail address"),
    "phone": lambda: _("Phone"),
    "profile": lambda: _("Profile"),
    "applications": lambda: _("Applications"),
    "change_applications": lambda: _("May change, not only see"),
    "customer_numbers": lambda: _("Customer numbers"),
    "divisions": lambda: _("Fleet divisions"),
    "valid_from": lambda: _("Valid from"),
    "valid_until": lambda: _("Valid until"),
    "is_active": lambda: _("Access"),
}
_NOTHING = "–"


def applications_text(names: list[str]) -> str:
    """Return applications as a list of words."""
    return ", ".join(str(LABELS.get(name, name)) for name in names) or _NOTHING


def numbers_text(ids: list[int] | None) -> str:
    """Return customer numbers as a list; those out of the reader's reach stay unnamed."""
    if ids is None:
        return _("All (Multipass)")
    found = CustomerNumber.objects.filter(pk__in=ids).order_by("number").values_list("number", flat=True)
    return _listed(list(found), len(ids))


def divisions_text(ids: list[int] | None) -> str:
    """Return divisions as a list; those out of the reader's reach stay unnamed."""
    if ids is None:
        return _("The whole fleet")
    found = FleetDivision.objects.filter(pk__in=ids).order_by("name").values_list("name", flat=True)
    return _listed(list(found), len(ids))


def _listed(names: list[str], count: int) -> str:
    more = count - len(names)
    return ", ".join(names + ([_("%(count)s more") % {"count": more}] if more > 0 else [])) or _NOTHING


def _day(value: Any) -> str:
    day = value if isinstance(value, date) else parse_date(str(value or ""))
    return date_format(day, "DATE_FORMAT") if day else _NOTHING


def said(name: str, value: Any) -> str:
    """Return one value of a colleague as the reader would say it."""
    if name in {"applications", "change_applications"}:
        return applications_text(value or [])
    if name == "profile":
        return str(Membership.Profile(value).label)
    if name == "customer_numbers":
        return numbers_text(value)
    if name == "divisions":
        return divisions_text(value)
    if name in {"valid_from", "valid_until"}:
        return _day(value)
    if name == "is_active":
        return pgettext("user", "active") if value else pgettext("user", "inactive")
    return str(value or _NOTHING)


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, str]]:
    """Return what changed: for each thing its label, what it is and what it was."""
    lines = []
    for name, value in after.items():
        if name not in _FIELDS:
            continue
        label = _FIELDS[name]()
        if name in {"applications", "change_applications"}:
            lines += _moved(label, before.get(name) or [], value or [])
        else:
            lines.append({"label": label, "before": said(name, before.get(name)), "after": said(name, value)})
    return lines


def _moved(label: str, before: list[str], after: list[str]) -> list[dict[str, str]]:
    """Return what was given and what was taken away, instead of two long lists."""
    moved = (
        (_("%(what)s, given") % {"what": label}, [name for name in after if name not in before]),
        (_("%(what)s, taken away") % {"what": label}, [name for name in before if name not in after]),
    )
    return [{"label": head, "before": "", "after": applications_text(names)} for head, names in moved if names]


def changes_text(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return what changed, a line for each."""
    both, alone = _("%(label)s: %(after)s, before: %(before)s"), _("%(label)s: %(after)s")
    return [(both if line["before"] else alone) % line for line in changes(before, after)]


@mail_context("colleague_changed", kept=("company", "changes", "recipient_name"))
def _change_mail(mail: OutgoingMail, now: datetime) -> dict[str, Any] | None:
    """Say what changed, in the recipient's language, when the mail is sent (ACC-26)."""
    membership = Membership.objects.select_related("company").get(pk=mail.context["membership"])
    return {
        "company": membership.company.legal_name,
        "changes": changes_text(mail.context["before"], mail.context["after"]),
        "recipient_name": membership.name,
    }


def _changed(entry: AuditEntry) -> tuple[str, list[dict[str, str]]]:
    if set(entry.after) == {"is_active"}:
        return (_("Made active again") if entry.after["is_active"] else _("Made inactive")), []
    return _("Changed"), changes(entry.before, entry.after)


def _ended(entry: AuditEntry) -> tuple[str, list[dict[str, str]]]:
    why = str(Invitation.Ending(entry.after["ending"]).label)
    return _("Invitation ended"), [{"label": _("Reason"), "before": "", "after": why}]


def colleague_history(membership: Membership) -> list[dict[str, Any]]:
    """Return what happened to a colleague, newest first."""
    words = {
        "accounts.member_added": _("Created"),
        "accounts.member_changed": _changed,
        "accounts.invited": _("Invited"),
        "accounts.invitation_ended": _ended,
        "accounts.invitation_wrong": _("Wrong answer to the invitation"),
        "accounts.joined": _("Joined"),
        "accounts.principal_given": lambda entry: (
            _("Role of the principal user handed over to %(to)s") % entry.after,
            [],
        ),
        "accounts.principal_taken": lambda entry: (
            _("Role of the principal user taken over from %(from)s") % entry.after,
            [],
        ),
        "multipass.asked": _("Asked for a customer number"),
        "multipass.approved": _("Customer number approved"),
        "multipass.refused": _("Customer number refused"),
    }
    return history([("accounts.membership", [membership.pk])], words, {"": _("The portal")})
