"""Companies that are there already have had their first connection; those that come after this have it before them."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        # The default fills what is there without touching a row: an UPDATE would see none, for row-level security binds
        # the owner too. Later companies begin without it.
        migrations.AddField(
            model_name="company",
            name="initialised_at",
            field=models.DateTimeField(blank=True, default=django.utils.timezone.now, null=True),
        ),
        migrations.AlterField(
            model_name="company", name="initialised_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="company",
            name="origin",
            field=models.CharField(
                choices=[
                    ("loaded", "loaded by the operator"),
                    ("dealer", "registered by a dealer"),
                    ("own", "registered by its own user"),
                ],
                default="loaded",
                max_length=6,
            ),
        ),
    ]
