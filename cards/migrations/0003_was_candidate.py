"""Whether a cancelled card was a candidate for renewal; a default of the database's own, so no row is written anew."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cards", "0002_request_documents"),
    ]

    operations = [
        migrations.AddField(
            model_name="card",
            name="was_candidate",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
