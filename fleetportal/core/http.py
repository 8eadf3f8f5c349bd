"""A request as the portal's middleware leaves it: who acts, in which company, when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from fleetportal.core.access import Actor


class PortalRequest(HttpRequest):
    """What views may rely on; the attributes are set by ScopeMiddleware and HtmxMiddleware.

    `actor` is None outside of a company, of the operator's area and of a person's own pages; `presence` says how the
    person is present in the company (accounts.actors.Presence), which the kernel passes on without knowing it.
    `proven_at` is when the person last gave their password in this session.
    """

    actor: Actor | None
    presence: Any
    proven_at: datetime | None
    now: datetime
    request_id: str
    failed: bool
    htmx: HtmxDetails
