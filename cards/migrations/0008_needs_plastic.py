"""Which changes need a new plastic, a table for each card product; those that exist begin with CRD-42 as it is read."""

import django.contrib.postgres.fields
from django.db import migrations, models

import cards.plastic


class Migration(migrations.Migration):
    dependencies = [
        ("cards", "0007_sealed_codes"),
    ]

    operations = [
        migrations.AddField(
            model_name="cardproduct",
            name="needs_plastic",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=30), default=cards.plastic.reading, size=None
            ),
        ),
    ]
