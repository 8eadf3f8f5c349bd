"""The portal as a WSGI application (PEP 3333), served by gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleetportal.settings")

application = get_wsgi_application()

from fleetportal.core.startup import refuse_owner_role  # noqa: E402  # needs the settings, so it comes after them

refuse_owner_role()
