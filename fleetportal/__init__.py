"""Fleet Portal: the place where a mobility provider's business customers run their fleets."""

from fleetportal.celery import app as celery_app

__all__ = ["celery_app"]
