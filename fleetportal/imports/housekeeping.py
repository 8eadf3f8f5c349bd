"""Files that were read are forgotten after two weeks: they hold names and addresses (GEN-14)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from fleetportal.core.activity import Subject, declare_subject, declare_verbs
from fleetportal.core.housekeeping import remove_some
from fleetportal.core.named import declare_work
from fleetportal.core.work import periodic
from fleetportal.imports.models import Import, ImportLine

KEPT = timedelta(days=14)

declare_work({"imports.forget": _("Remove files that were read in")})
declare_subject(Subject(Import, _("File"), "activity.see", label="file_name"))
declare_verbs({"imports.applied": _("File applied")})


@periodic("imports.forget", every=timedelta(hours=1), quiet=True)
def forget(now: datetime) -> int:
    """Remove files that were checked two weeks ago, applied or not, with their lines; returns how many."""
    oldest = list(
        Import.objects.filter(created_at__lt=now - KEPT).order_by("created_at").values_list("pk", flat=True)[:100]
    )
    removed = remove_some(ImportLine.objects.filter(upload__in=oldest).order_by("upload_id", "pk"))
    left = ImportLine.objects.filter(upload=models.OuterRef("pk"))
    return removed + remove_some(Import.objects.filter(pk__in=oldest).exclude(models.Exists(left)))
