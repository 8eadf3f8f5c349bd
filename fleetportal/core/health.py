"""Is the portal well? `/livez` answers for this process, `/healthz` for everything it needs, each by name."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from fleetportal.core import heartbeat, startup

logger = logging.getLogger(__name__)

BROKER_SECONDS = 1
UNKNOWN = "unknown while the database does not answer"

Check = dict[str, Any]


@login_not_required
@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """Answer for the web process alone."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer for web, database, broker, worker and beat: 200 when all are alive, else 503 with the names of the others.

    What can't be known, because the database that knows it is gone, is said to be unknown.
    """
    checks: dict[str, Check] = {"web": {"alive": True}, **database(), "broker": broker()}
    down = [name for name, check in checks.items() if check["alive"] is False]
    well = all(check["alive"] for check in checks.values())
    body = {"status": "ok" if well else "degraded", "down": down, "checks": checks}
    return JsonResponse(body, status=200 if well else 503)


def database() -> dict[str, Check]:
    """Ask the database, on a connection of its own that gives up soon, and read the heartbeats that stand in it."""
    try:
        with startup.connect() as own:
            own.execute("SET statement_timeout = '2s'")
            complaint = startup.role_complaint(own)
            ages = dict(
                own.execute(
                    "SELECT kind, extract(epoch FROM clock_timestamp() - max(at))::float"
                    " FROM core_heartbeat GROUP BY kind"
                ).fetchall()
            )
    except psycopg.Error as error:
        logger.warning("healthz: the database does not answer (%s).", type(error).__name__)
        gone = {"alive": False, "why": "does not answer"}
        return {"database": gone, "worker": {"alive": None, "why": UNKNOWN}, "beat": {"alive": None, "why": UNKNOWN}}
    if complaint:
        logger.error("%s", complaint)
    mine: Check = {"alive": False, "why": "its role is refused, see the log"} if complaint else {"alive": True}
    return {"database": mine, "worker": _heart(ages.get("worker")), "beat": _heart(ages.get("beat"))}


def broker() -> Check:
    """Ask the broker, which gets a second to answer."""
    client = redis.Redis.from_url(
        settings.CELERY_BROKER_URL, socket_timeout=BROKER_SECONDS, socket_connect_timeout=BROKER_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError as error:
        logger.warning("healthz: the broker does not answer (%s).", type(error).__name__)
        return {"alive": False, "why": "does not answer"}
    finally:
        client.close()
    return {"alive": True}


def _heart(age: float | None) -> Check:
    if age is None:
        return {"alive": False, "why": "was never there"}
    if age > heartbeat.GONE_AFTER:
        return {"alive": False, "why": f"last seen {age:.0f} seconds ago", "age": round(age, 1)}
    return {"alive": True, "age": round(age, 1)}
