"""Requests for customer numbers that somebody does not work for yet (ACC-31)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import fleetportal.core.policies
import fleetportal.core.tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="MultipassRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(blank=True, max_length=12)),
                ("reason", models.CharField(max_length=300)),
                ("for_operator", models.BooleanField(default=False)),
                ("asked_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("", "Waiting"), ("approved", "Approved"), ("refused", "Refused")],
                        default="",
                        max_length=8,
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=300)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
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
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "membership",
                    fleetportal.core.tenancy.TenantForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.membership"
                    ),
                ),
            ],
            options={
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["for_operator", "outcome", "id"], name="accounts_multipass_queue")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "")), fields=("membership",), name="accounts_multipass_one_waits"
                    ),
                    models.UniqueConstraint(fields=("company", "id"), name="accounts_multipassrequest_company_id"),
                    fleetportal.core.policies.RowPolicy(
                        name="accounts_multipassrequest_tenant",
                        using="company_id = (SELECT nullif(current_setting('app.company', true), '')::bigint)",
                    ),
                    fleetportal.core.policies.RowPolicy(
                        name="accounts_multipassrequest_wide", role="wide", using="true"
                    ),
                    fleetportal.core.policies.SameCompany(
                        field="membership",
                        name="accounts_multipassrequest_membership_company",
                        to="accounts.Membership",
                    ),
                ],
            },
        ),
    ]
