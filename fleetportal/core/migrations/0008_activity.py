"""What Activity is sorted by; the indexes are built while the portal goes on working."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("core", "0007_mail_of_a_person"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index(fields=["company", "at", "id"], name="core_auditentry_at"),
        ),
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index(fields=["company", "actor", "at", "id"], name="core_auditentry_actor"),
        ),
    ]
