"""What Activity finds one kind of act by, and counts by; the indexes are built while the portal goes on working."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("core", "0009_search_few"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index(fields=["company", "verb", "at", "id"], name="core_auditentry_verb"),
        ),
        AddIndexConcurrently(
            model_name="auditentry",
            index=models.Index(fields=["company", "at", "id"], include=["kind"], name="core_auditentry_when"),
        ),
        RemoveIndexConcurrently(model_name="auditentry", name="core_auditentry_at"),
    ]
