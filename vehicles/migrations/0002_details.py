"""What a fleet manager enters of vehicles and drivers; the columns have constant defaults, so no row is rewritten."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("vehicles", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="driver",
            name="licences",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=3), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="driver",
            name="phone",
            field=models.CharField(blank=True, default="", max_length=30, verbose_name="phone"),
        ),
        migrations.AddField(
            model_name="driver",
            name="version",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="vehicle",
            name="cost_centre",
            field=models.CharField(blank=True, default="", max_length=20, verbose_name="cost centre"),
        ),
        migrations.AddField(
            model_name="vehicle",
            name="fuel",
            field=models.CharField(
                blank=True,
                choices=[
                    ("diesel", "Diesel"),
                    ("petrol", "Petrol"),
                    ("electric", "Electric"),
                    ("hybrid", "Hybrid"),
                    ("plug_in", "Plug-in hybrid"),
                    ("lpg", "LPG"),
                    ("cng", "CNG"),
                    ("hydrogen", "Hydrogen"),
                ],
                default="",
                max_length=8,
                verbose_name="fuel",
            ),
        ),
        migrations.AddField(
            model_name="vehicle",
            name="version",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="vehicle",
            name="vin",
            field=models.CharField(blank=True, default="", max_length=25, verbose_name="VIN"),
        ),
        migrations.AddField(
            model_name="vehicle",
            name="vin_reason",
            field=models.CharField(blank=True, default="", max_length=80),
        ),
        migrations.AddConstraint(
            model_name="vehicle",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True), models.Q(("vin", ""), _negated=True)),
                fields=("company", "vin"),
                name="vehicles_vehicle_vin_once",
            ),
        ),
    ]
