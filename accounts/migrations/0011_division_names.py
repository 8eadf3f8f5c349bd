"""What the list of fleet divisions is sorted by; the index is built while the portal goes on working."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("accounts", "0010_multipass"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="fleetdivision",
            index=models.Index(fields=["company", "name", "id"], name="accounts_division_name"),
        ),
    ]
