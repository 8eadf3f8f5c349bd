"""The kernel's tables in one place, where Django looks for them; each is defined beside the code that uses it."""

from fleetportal.core.audit import AuditEntry
from fleetportal.core.batches import Batch, BatchRow
from fleetportal.core.drafts import Draft
from fleetportal.core.files import StoredFile
from fleetportal.core.formkeys import FormKey
from fleetportal.core.mail import CaughtMail, OutgoingMail
from fleetportal.core.seals import AuditSeal
from fleetportal.core.search import SearchEntry
from fleetportal.core.views_saved import SavedView
from fleetportal.core.work_models import Heartbeat, JobRun, WorkItem

__all__ = [
    "AuditEntry",
    "AuditSeal",
    "Batch",
    "BatchRow",
    "CaughtMail",
    "Draft",
    "FormKey",
    "Heartbeat",
    "JobRun",
    "OutgoingMail",
    "SavedView",
    "SearchEntry",
    "StoredFile",
    "WorkItem",
]
