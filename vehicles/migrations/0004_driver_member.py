"""Which colleague a driver is; the column is empty at first, so no row is rewritten."""

from django.db import migrations, models

import fleetportal.core.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_division_names"),
        ("vehicles", "0003_sorted"),
    ]

    operations = [
        migrations.AddField(
            model_name="driver",
            name="member",
            field=fleetportal.core.tenancy.TenantForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=models.PROTECT,
                related_name="+",
                to="accounts.membership",
            ),
        ),
    ]
