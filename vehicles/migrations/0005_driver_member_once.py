"""A colleague is one driver of a customer number, and of their own company; made while the portal goes on working."""

from django.db import migrations, models

import fleetportal.core.policies

# What an interrupted run left behind is made anew.
ONCE = """
    CREATE UNIQUE INDEX CONCURRENTLY "vehicles_driver_member_once" ON "vehicles_driver"
    ("company_id", "member_id", "customer_number_id") WHERE ("ended_at" IS NULL AND "member_id" IS NOT NULL)
"""
# Rows are checked after the constraint has taken effect for new ones, so that nobody waits for it.
COMPANY = """
    ALTER TABLE "vehicles_driver" ADD CONSTRAINT "vehicles_driver_member_company" FOREIGN KEY (company_id, "member_id")
    REFERENCES "accounts_membership" (company_id, id) DEFERRABLE INITIALLY DEFERRED NOT VALID
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("vehicles", "0004_driver_member"),
    ]

    operations = [
        migrations.RunSQL('DROP INDEX CONCURRENTLY IF EXISTS "vehicles_driver_member_once"', migrations.RunSQL.noop),
        migrations.RunSQL(
            ONCE,
            'DROP INDEX CONCURRENTLY IF EXISTS "vehicles_driver_member_once"',
            state_operations=[
                migrations.AddConstraint(
                    model_name="driver",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True), ("member__isnull", False)),
                        fields=("company", "member", "customer_number"),
                        name="vehicles_driver_member_once",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            'ALTER TABLE "vehicles_driver" DROP CONSTRAINT IF EXISTS "vehicles_driver_member_company"',
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            COMPANY,
            'ALTER TABLE "vehicles_driver" DROP CONSTRAINT IF EXISTS "vehicles_driver_member_company"',
            state_operations=[
                migrations.AddConstraint(
                    model_name="driver",
                    constraint=fleetportal.core.policies.SameCompany(
                        field="member", name="vehicles_driver_member_company", to="accounts.Membership"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            'ALTER TABLE "vehicles_driver" VALIDATE CONSTRAINT "vehicles_driver_member_company"',
            migrations.RunSQL.noop,
        ),
    ]
