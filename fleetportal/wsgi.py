"""The portal as a WSGI application (PEP 3333), served by gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleetportal.settings")

application = get_wsgi_application()

from fleetportal.core.startup import refuse_owner_role  # noqa: E402  # needs the settings, so it comes after them

refuse_owner_role()

# Python's collector looks for cycles after every 700 new objects. A page makes thousands that end with it and a
# download makes millions, nearly none of them in a cycle: looking less often saves a fifth of a download's time.
gc.set_threshold(50_000, 20, 20)
