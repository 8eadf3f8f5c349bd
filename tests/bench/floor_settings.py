"""Settings of the floor: the portal's, behind the wide door so that no policy is asked."""

from fleetportal.settings import *  # noqa: F403  # a settings module of settings
from fleetportal.settings import DATABASES, WIDE_ROLE

ROOT_URLCONF = "tests.bench.floor_rights"
DATABASES["default"]["OPTIONS"]["options"] += f" -c role={WIDE_ROLE}"
