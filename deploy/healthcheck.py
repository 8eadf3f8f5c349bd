"""Says whether a container does its work: `healthcheck.py web|worker|beat`; docker's health checks run it."""

from __future__ import annotations

import http.client
import os
import sys
from urllib.parse import urlsplit

import psycopg

# A worker or beat writes down every 5 seconds that it is there.
GONE_AFTER = 30


def web(port: int = 8000) -> bool:
    """Say whether /livez answers 200 under the first host name that the portal accepts."""
    named = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip().lstrip(".")
    host = named if named not in {"", "*"} else urlsplit(os.environ.get("PORTAL_URL", "")).hostname or "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/livez", headers={"Host": host})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def heartbeat(kind: str) -> bool:
    """Say whether a worker or beat has lately written down in the database that it is there."""
    question = "SELECT coalesce(max(at) > clock_timestamp() - make_interval(secs => %s), false) FROM core_heartbeat"
    try:
        with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=3) as connection:
            answer = connection.execute(question + " WHERE kind = %s", [GONE_AFTER, kind]).fetchone()
    except psycopg.Error:
        return False
    return bool(answer and answer[0])


def main(what: str) -> int:
    """Return the exit code that docker wants: 0 when all is well."""
    return 0 if (web() if what == "web" else heartbeat(what)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
