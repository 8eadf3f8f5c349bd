"""Changes of the addresses for secret codes; an empty table."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import fleetportal.core.policies
import fleetportal.core.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_division_names"),
        ("cards", "0005_code_letters"),
        ("core", "0011_search_few_of_few"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        migrations.swappable_dependency(settings.TENANT_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CodeAddressChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recipient", models.CharField(max_length=80, verbose_name="recipient")),
                ("street", models.CharField(max_length=80, verbose_name="street and number")),
                ("postal_code", models.CharField(max_length=10, verbose_name="postal code")),
                ("town", models.CharField(max_length=60, verbose_name="town")),
                ("country", models.CharField(default="BE", max_length=2, verbose_name="country")),
                ("changed_at", models.DateTimeField()),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.TENANT_MODEL,
                    ),
                ),
                (
                    "customer_number",
                    fleetportal.core.tenancy.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.customernumber"
                    ),
                ),
                (
                    "file",
                    fleetportal.core.tenancy.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="core.storedfile"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("company", "id"), name="cards_codeaddresschange_company_id"),
                    fleetportal.core.policies.RowPolicy(
                        name="cards_codeaddresschange_tenant",
                        using="company_id = (SELECT nullif(current_setting('app.company', true), '')::bigint)",
                    ),
                    fleetportal.core.policies.RowPolicy(name="cards_codeaddresschange_wide", role="wide", using="true"),
                    fleetportal.core.policies.SameCompany(
                        field="customer_number",
                        name="cards_codeaddresschange_customer_number_company",
                        to="accounts.CustomerNumber",
                    ),
                    fleetportal.core.policies.SameCompany(
                        field="file", name="cards_codeaddresschange_file_company", to="core.StoredFile"
                    ),
                ],
            },
        ),
    ]
