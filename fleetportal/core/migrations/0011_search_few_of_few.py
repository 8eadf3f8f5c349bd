"""The search for a few stops where it has looked at all there is (for databases that have an earlier one)."""

from django.db import migrations

from fleetportal.core.search_few import CREATE_FUNCTION


class Migration(migrations.Migration):
    dependencies = [("core", "0010_activity_verbs")]

    operations = [
        migrations.RunSQL(
            CREATE_FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1), migrations.RunSQL.noop
        )
    ]
