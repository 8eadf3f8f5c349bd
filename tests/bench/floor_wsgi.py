"""The floor as a WSGI application without middleware, for the same server as the portal's."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.floor_settings"

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler

# The apps look for their middleware while they load; what serves has none.
django.setup(set_prefix=False)
settings.MIDDLEWARE = []
application = WSGIHandler()
