"""Whether a company requires a second factor of its people; none does that is there already."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_addresses")]

    operations = [
        migrations.AddField(
            model_name="company", name="second_factor_required", field=models.BooleanField(default=False)
        ),
    ]
