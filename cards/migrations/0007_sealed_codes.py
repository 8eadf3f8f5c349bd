"""What a file of the card maker is, and when its letters were printed; defaults of the database itself."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cards", "0006_code_address_changes"),
    ]

    operations = [
        migrations.AddField(
            model_name="makerfile",
            name="kind",
            field=models.CharField(
                choices=[("answer", "Answer"), ("codes", "Sealed codes")],
                db_default="answer",
                default="answer",
                max_length=6,
            ),
        ),
        migrations.AddField(
            model_name="makerfile",
            name="printed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
