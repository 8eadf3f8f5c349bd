"""Code letters: their orders, and batches of them beside the batches of cards; no row is written anew."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import fleetportal.core.policies
import fleetportal.core.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("cards", "0004_settled"),
        migrations.swappable_dependency(settings.TENANT_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="kind",
            field=models.CharField(
                choices=[("cards", "Cards"), ("letters", "Code letters")],
                db_default="cards",
                default="cards",
                max_length=7,
            ),
        ),
        migrations.AlterField(
            model_name="request",
            name="kind",
            field=models.CharField(
                choices=[
                    ("new_card", "New card"),
                    ("duplicate", "Duplicate"),
                    ("code_letter", "Reissue of the secret code"),
                ],
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="CodeLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recipient", models.CharField(max_length=80, verbose_name="recipient")),
                ("street", models.CharField(max_length=80, verbose_name="street and number")),
                ("postal_code", models.CharField(max_length=10, verbose_name="postal code")),
                ("town", models.CharField(max_length=60, verbose_name="town")),
                ("country", models.CharField(default="BE", max_length=2, verbose_name="country")),
                ("rank", models.PositiveSmallIntegerField()),
                ("ordered_at", models.DateTimeField()),
                ("batch_id", models.BigIntegerField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("reference", models.CharField(blank=True, max_length=40)),
                (
                    "card",
                    fleetportal.core.tenancy.TenantForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="letters", to="cards.card"
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
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("batch_id__isnull", False)),
                        fields=["batch_id"],
                        name="cards_codeletter_batch",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("company", "id"), name="cards_codeletter_company_id"),
                    fleetportal.core.policies.RowPolicy(
                        name="cards_codeletter_tenant",
                        using="company_id = (SELECT nullif(current_setting('app.company', true), '')::bigint)",
                    ),
                    fleetportal.core.policies.RowPolicy(name="cards_codeletter_wide", role="wide", using="true"),
                    fleetportal.core.policies.SameCompany(
                        field="card", name="cards_codeletter_card_company", to="cards.Card"
                    ),
                ],
            },
        ),
    ]
