"""What stands before a company's pages: its first connection, and general conditions that are new (ONB-1, ONB-5)."""

from __future__ import annotations

from django.contrib import messages
from django.urls import Resolver404, resolve, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts.gates import gate
from accounts.models import User
from accounts.onboarding.pages import FirstConnection, steps_for
from fleetportal.core.http import PortalRequest

# After the second factor: who accepts conditions for a company has proven who they are.
ORDER = 50
WAITING, CONDITIONS = "account:waiting", "account:conditions"


@gate(ORDER)
def first_connection_gate(request: PortalRequest) -> str:
    """Lead the principal user to the first connection or to new conditions, and colleagues to the page that says why.

    New conditions are asked for from the next sign-in on: a session that was open before goes on.
    """
    if request.presence is None:
        return ""
    membership = request.presence.membership
    company = membership.company
    here = _name_of(request)
    address = ""
    if company.initialised_at is None:
        if here == WAITING or here.startswith(f"{FirstConnection.url_name}_"):
            return ""
        if membership.is_principal:
            names = [step.name for step in steps_for(company)]
            step = FirstConnection.place(membership.user_id, names)
            address = reverse(f"{FirstConnection.url_name}_{step}", args=[company.identifier])
        else:
            address = reverse(WAITING, args=[company.identifier])
    elif membership.is_principal and here != CONDITIONS:
        user = request.user
        assert isinstance(user, User)  # nobody else is present in a company
        asked_at, signed_in = membership.conditions_asked_at, user.last_login
        if asked_at is not None and (signed_in is None or asked_at <= signed_in):
            address = reverse(CONDITIONS, args=[company.identifier])
            if request.method == "GET":
                address += "?" + urlencode({"next": request.get_full_path()})
    if address and request.method == "POST":
        messages.warning(request, _("What you sent was not carried out: this comes first."))
    return address


def _name_of(request: PortalRequest) -> str:
    """Return the name of the address that is asked for, or an empty text where there is none."""
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""
