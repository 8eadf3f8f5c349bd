"""What the lists of vehicles and drivers are sorted by; the indexes are built while the portal goes on working."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("vehicles", "0002_details"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="driver",
            index=models.Index(fields=["company", "last_name", "id"], name="vehicles_driver_last_name"),
        ),
        AddIndexConcurrently(
            model_name="vehicle",
            index=models.Index(fields=["company", "plate", "id"], name="vehicles_vehicle_plate"),
        ),
    ]
