from django.db import migrations

from fleetportal.core.search_few import CREATE_FUNCTION, DROP_FUNCTION


class Migration(migrations.Migration):
    dependencies = [("core", "0008_activity")]

    operations = [migrations.RunSQL(CREATE_FUNCTION, DROP_FUNCTION)]
