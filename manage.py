#!/usr/bin/env python
"""The portal's command line: `python manage.py help` lists what it can do, and `up` runs the portal."""

import os
import sys

# These commands change the schema, so they sign in as the role that owns it (decision 4).
OWNER_COMMANDS = {"migrate", "makemigrations", "sqlmigrate", "showmigrations", "squashmigrations", "optimizemigration"}


def main() -> None:
    """Run one management command, as the schema's owner where it changes the schema."""
    if len(sys.argv) > 1 and sys.argv[1] == "up":  # before the settings load: they need the servers that it starts
        from fleetportal.engines import supervisor

        sys.exit(supervisor.main(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleetportal.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ["PORTAL_DB_ROLE"] = "owner"
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
