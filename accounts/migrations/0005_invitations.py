"""Invitations of colleagues (ACC-23, ACC-24)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import fleetportal.core.policies
import fleetportal.core.tenancy


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_joining")]

    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                    "membership",
                    fleetportal.core.tenancy.TenantForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="accounts.membership",
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("last_name", models.CharField(max_length=60)),
                ("first_name", models.CharField(max_length=60)),
                ("phone", models.CharField(blank=True, max_length=20)),
                (
                    "sender",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("nonce", models.CharField(max_length=64)),
                ("token_hash", models.CharField(max_length=64, null=True, unique=True)),
                ("wrong_tries", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("queued_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ending",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("used", "used"),
                            ("replaced", "replaced by a newer one"),
                            ("withdrawn", "withdrawn"),
                            ("tries", "ended after too many wrong answers"),
                        ],
                        max_length=9,
                    ),
                ),
            ],
            options={
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("membership",),
                        name="accounts_invitation_one_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("wrong_tries__lte", 5)), name="accounts_invitation_tries"
                    ),
                    models.UniqueConstraint(fields=("company", "id"), name="accounts_invitation_company_id"),
                    fleetportal.core.policies.RowPolicy(
                        name="accounts_invitation_tenant",
                        using="company_id = (SELECT nullif(current_setting('app.company', true), '')::bigint)",
                    ),
                    fleetportal.core.policies.RowPolicy(name="accounts_invitation_wide", role="wide", using="true"),
                    fleetportal.core.policies.SameCompany(
                        field="membership", name="accounts_invitation_membership_company", to="accounts.Membership"
                    ),
                ],
            },
        ),
    ]
