"""When what a mail was written from was emptied: a column that may be null, added at once on any table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_audit_seals"),
    ]

    operations = [
        migrations.AddField(model_name="outgoingmail", name="emptied_at", field=models.DateTimeField(null=True)),
    ]
