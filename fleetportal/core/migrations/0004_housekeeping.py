"""What housekeeping finds the oldest by; the indexes are built while the portal goes on working."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("core", "0003_mail_emptied"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="batch", index=models.Index(fields=["finished_at"], name="core_batch_finished")
        ),
        AddIndexConcurrently(
            model_name="outgoingmail",
            index=models.Index(
                fields=["created_at"],
                condition=models.Q(("emptied_at", None), ("status__in", ["sent", "dropped"])),
                name="core_outgoingmail_full",
            ),
        ),
        AddIndexConcurrently(
            model_name="workitem",
            index=models.Index(
                fields=["finished_at"],
                condition=models.Q(("status__in", ["done", "cancelled"])),
                name="core_workitem_ended",
            ),
        ),
    ]
