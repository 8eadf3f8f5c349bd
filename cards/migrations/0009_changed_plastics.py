"""What a changed plastic will carry until it is made; defaults of the database's own, so no row is written anew."""

import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cards", "0008_needs_plastic"),
    ]

    operations = [
        migrations.AddField(
            model_name="issue",
            name="changes",
            field=models.JSONField(encoder=django.core.serializers.json.DjangoJSONEncoder, null=True),
        ),
        migrations.AddField(
            model_name="issue",
            name="new_code",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="issue",
            name="printed_as",
            field=models.CharField(blank=True, db_default="", default="", max_length=26),
        ),
        migrations.AlterField(
            model_name="request",
            name="kind",
            field=models.CharField(
                choices=[
                    ("new_card", "New card"),
                    ("duplicate", "Duplicate"),
                    ("code_letter", "Reissue of the secret code"),
                    ("changed", "Changed plastic"),
                ],
                max_length=12,
            ),
        ),
    ]
