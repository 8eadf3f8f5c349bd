"""The Celery application: it reminds workers to look at what is due; what is due stands in PostgreSQL (GEN-5)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fleetportal.settings")

app = Celery("fleetportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["fleetportal.core"])
