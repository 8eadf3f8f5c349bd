"""What nobody needs any more is removed: keys of forms sent long ago, drafts that nobody took up again (GEN-14)."""

from __future__ import annotations

from datetime import datetime, timedelta

from fleetportal.core.drafts import Draft
from fleetportal.core.formkeys import FormKey
from fleetportal.core.work import periodic

# A form is sent again within minutes, by a reload or from a history within days.
KEYS_KEPT = timedelta(days=14)
# A draft holds addresses, and perhaps a sealed code.
DRAFTS_KEPT = timedelta(days=14)


@periodic("core.forget_forms", every=timedelta(days=1), quiet=True)
def forget_forms(now: datetime) -> int:
    """Remove form keys and drafts that are older than their term; returns how many."""
    keys, _by_model = FormKey.objects.filter(at__lt=now - KEYS_KEPT).delete()
    drafts, _by_model = Draft.objects.filter(updated_at__lt=now - DRAFTS_KEPT).delete()
    return keys + drafts
