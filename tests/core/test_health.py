"""Health: who is not alive is named, alone; a cache that is gone is no error; an owner's role is refused."""

from __future__ import annotations

import json
import os
import time
from datetime import timedelta

import psycopg
import pytest
import redis.exceptions
from django.core.cache import caches
from django.db import connection
from django.test import RequestFactory, override_settings

from fleetportal.core import cache as cache_module
from fleetportal.core import health, heartbeat, startup
from fleetportal.core.work_models import Heartbeat

# The health view looks through a connection of its own, so what it is to see must be committed.
pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def hearts(monkeypatch):
    monkeypatch.setattr(startup, "_role_checked", False)
    heartbeat.beat("worker-1", Heartbeat.Kind.WORKER)
    heartbeat.beat("beat-1", Heartbeat.Kind.BEAT)


def ask():
    response = health.healthz(RequestFactory().get("/healthz"))
    return response.status_code, json.loads(response.content)


def stop_heart(kind):
    Heartbeat.objects.filter(kind=kind).update(at=Heartbeat.objects.get(kind=kind).at - timedelta(seconds=25))


def lose_database(monkeypatch):
    """Let connections that are made from now on find nobody."""
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")


def test_all_alive_is_ok(hearts):
    status, answer = ask()
    assert (status, answer["status"], answer["down"]) == (200, "ok", [])
    assert answer["checks"].keys() == {"web", "database", "broker", "worker", "beat"}


@pytest.mark.parametrize("kind", ["worker", "beat"])
def test_a_heart_that_stopped_is_named_alone(hearts, kind):
    stop_heart(kind)
    status, answer = ask()
    assert (status, answer["status"], answer["down"]) == (503, "degraded", [kind])
    assert "25 seconds ago" in answer["checks"][kind]["why"]


def test_nobody_was_ever_there():
    status, answer = ask()
    assert (status, answer["down"]) == (503, ["worker", "beat"])


def test_one_living_worker_is_enough(hearts):
    stop_heart("worker")
    heartbeat.beat("worker-2", Heartbeat.Kind.WORKER)
    assert ask()[0] == 200


def test_a_broker_that_is_gone_is_named_alone(hearts):
    with override_settings(CELERY_BROKER_URL=NOBODY):
        status, answer = ask()
    assert (status, answer["down"]) == (503, ["broker"])


def test_a_database_that_is_gone_is_named_alone_and_the_rest_is_unknown(hearts, monkeypatch):
    lose_database(monkeypatch)
    status, answer = ask()
    assert (status, answer["down"]) == (503, ["database"])
    assert answer["checks"]["worker"] == {"alive": None, "why": health.UNKNOWN}


def test_livez_answers_for_the_web_process_alone(monkeypatch):
    lose_database(monkeypatch)
    response = health.livez(RequestFactory().get("/livez"))
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert not health.livez.login_required
    assert not health.healthz.login_required


def owner_connection():
    parts = psycopg.conninfo.conninfo_to_dict(os.environ["DATABASE_OWNER_URL"])
    return psycopg.connect(**{**parts, "dbname": connection.settings_dict["NAME"]}, autocommit=True)


def test_the_portals_own_role_is_fine(hearts):
    startup.refuse_owner_role()
    with startup.connect() as own:
        assert startup.role_complaint(own) == ""


def test_the_owners_role_is_refused_at_the_start_and_by_healthz(hearts, monkeypatch):
    monkeypatch.setattr(startup, "connect", owner_connection)
    with pytest.raises(SystemExit, match="owns the tables"):
        startup.refuse_owner_role()
    status, answer = ask()
    assert (status, answer["down"]) == (503, ["database"])
    assert "portal_owner" not in json.dumps(answer)


def test_a_role_that_inherits_the_wide_one_is_refused_at_the_start(hearts, settings):
    settings.WIDE_ROLE = settings.APP_ROLE  # every role has its own rights without asking
    with pytest.raises(SystemExit, match=f"inherits {settings.WIDE_ROLE}"):
        startup.refuse_owner_role()
    assert ask()[1]["down"] == ["database"]


def test_a_database_that_is_not_there_yet_does_not_end_the_start(hearts, monkeypatch, caplog):
    lose_database(monkeypatch)
    startup.refuse_owner_role()
    assert "its role is checked when it does" in caplog.text


@pytest.fixture
def dead_cache(settings, monkeypatch):
    monkeypatch.setattr(cache_module.ForgivingClient, "_silent_until", 0.0)
    monkeypatch.setattr(cache_module.ForgivingClient, "_logged_at", -cache_module.LOG_EVERY)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": NOBODY}}
    return caches["default"]


def test_a_cache_that_is_gone_is_a_miss_said_once_and_not_waited_for(dead_cache, caplog):
    began = time.monotonic()
    assert dead_cache.get("a", "default") == "default"
    dead_cache.set("a", 1, 60)
    assert dead_cache.add("a", 1) is True
    assert dead_cache.incr("a") == 1
    assert dead_cache.get_many(["a"]) == {}
    assert dead_cache.touch("a") is False
    assert dead_cache.delete("a") is False
    assert dead_cache.has_key("a") is False
    assert dead_cache.get_or_set("b", lambda: 5) == 5
    dead_cache.set_many({"a": 1})
    dead_cache.delete_many(["a"])
    dead_cache.clear()
    assert time.monotonic() - began < 2
    assert caplog.text.count("The cache does not answer") == 1


def test_a_cache_that_answers_keeps(settings, monkeypatch):
    monkeypatch.setattr(cache_module.ForgivingClient, "_silent_until", 0.0)
    cache = caches["default"]
    cache.set("a", 1, 60)
    assert cache.incr("a") == 2
    assert (cache.get("a"), cache.get("missing")) == (2, None)
    with pytest.raises(ValueError, match="missing"):
        cache.incr("missing")


def test_a_slow_cache_is_a_miss_and_asked_again_later(monkeypatch):
    monkeypatch.setattr(cache_module.ForgivingClient, "_silent_until", 0.0)
    cache = caches["default"]
    cache.set("a", 1, 60)
    client = cache._cache

    def too_slow(*_args, **_kwargs):
        raise redis.exceptions.TimeoutError

    with monkeypatch.context() as patched:
        patched.setattr(cache_module.RedisCacheClient, "get", too_slow)
        assert cache.get("a") is None
    assert cache.get("a") is None
    monkeypatch.setattr(type(client), "_silent_until", 0.0)
    assert cache.get("a") == 1
