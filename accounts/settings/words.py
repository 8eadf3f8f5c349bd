"""Entries about divisions, companies and the principal role in words, for their histories."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Company, FleetDivision
from accounts.rights import APPLICATIONS
from fleetportal.core.audit import AuditEntry
from fleetportal.core.pages.detail import history

_PARTS = {one.name: one.label for one in APPLICATIONS}


def _renamed(entry: AuditEntry) -> tuple[str, list[dict[str, str]]]:
    return _("Renamed"), [{"label": _("Name"), "before": entry.before["name"], "after": entry.after["name"]}]


def division_history(division: FleetDivision) -> list[dict[str, Any]]:
    """Return what happened to a division, newest first."""
    words = {
        "divisions.created": _("Created"),
        "divisions.renamed": _renamed,
        "divisions.closed": _("Closed"),
        "divisions.opened": _("Opened again"),
        "divisions.emptied": lambda entry: (_("Content moved to %(name)s") % {"name": entry.after["to"]}, []),
        "divisions.filled": lambda entry: (_("Content taken over from %(name)s") % {"name": entry.after["from"]}, []),
    }
    return history([("accounts.fleetdivision", [division.pk])], words, {"": _("The portal")})


def parts_text(names: list[str]) -> str:
    """Return parts of the portal as a list of words."""
    return ", ".join(str(_PARTS.get(name, name)) for name in names) or "–"


def _options(entry: AuditEntry) -> tuple[str, list[dict[str, str]]]:
    line = {
        "label": _("Switched off"),
        "before": parts_text(entry.before["options_off"]),
        "after": parts_text(entry.after["options_off"]),
    }
    return _("Parts of the portal changed"), [line]


def company_history(company: Company) -> list[dict[str, Any]]:
    """Return what happened to a company, newest first."""
    words = {
        "accounts.company_created": _("Created"),
        "accounts.options_changed": _options,
        "accounts.second_factor_required": _("Second factor required"),
        "accounts.second_factor_not_required": _("Second factor not required any more"),
        "accounts.principal_changed": lambda entry: (
            _("Principal user changed"),
            [{"label": _("Principal user"), "before": entry.before["principal"], "after": entry.after["principal"]}],
        ),
        "accounts.number_added": lambda entry: (_("Customer number added: %(number)s") % entry.after, []),
    }
    return history([("accounts.company", [company.pk])], words, {"": _("The portal")})
