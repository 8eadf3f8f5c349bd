"""Members can be invited, have a name in their company's lists, and count their changes (ACC-24)."""

from django.db import migrations, models

# The owner of the table is bound by its policies as well, and no company is in scope here: the force is taken off for
# this one statement, within the migration's transaction.
NAME_MEMBERS = [
    "ALTER TABLE accounts_membership NO FORCE ROW LEVEL SECURITY",
    """
    UPDATE accounts_membership m SET name = btrim(u.last_name || ' ' || u.first_name)
    FROM accounts_user u WHERE u.id = m.user_id AND m.name = ''
    """,
    "ALTER TABLE accounts_membership FORCE ROW LEVEL SECURITY",
]


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_conditions")]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="invited_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="name",
            field=models.CharField(blank=True, max_length=121),
        ),
        migrations.AddField(
            model_name="membership",
            name="version",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.RunSQL(NAME_MEMBERS, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="membership",
            index=models.Index(fields=["company", "name", "id"], name="accounts_membership_name"),
        ),
    ]
