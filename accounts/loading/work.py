"""Large files, applied by a worker in chunks (GEN-4, GEN-7)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.loading.divisions import DivisionImporter
from accounts.loading.users import UserImporter
from fleetportal.core.access import Actor
from fleetportal.core.batches import batch_handler
from fleetportal.imports.applying import apply_lines
from fleetportal.imports.models import ImportLine


@batch_handler("accounts.import_users", permission="users.change", model=ImportLine)
def import_users(line_ids: list[int], payload: dict[str, Any], actor: Actor, now: datetime) -> dict[int, str]:
    """Create and invite the users of one chunk."""
    return apply_lines(UserImporter(), line_ids, payload, actor, now)


@batch_handler("accounts.import_divisions", permission="divisions.change", model=ImportLine)
def import_divisions(line_ids: list[int], payload: dict[str, Any], actor: Actor, now: datetime) -> dict[int, str]:
    """Create the divisions of one chunk."""
    return apply_lines(DivisionImporter(), line_ids, payload, actor, now)
