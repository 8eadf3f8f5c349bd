"""The life cycle of our Valkey."""

import os
import signal
import stat
from pathlib import Path

import pytest
import redis

from fleetportal.engines import valkey as engine
from fleetportal.engines.errors import EngineError
from fleetportal.engines.valkey import Valkey


@pytest.fixture
def running(home):
    server = Valkey(home, home / "valkey.log")
    server.prepare()
    server.start().wait_ready()
    yield server
    server.process.stop()


def client(server):
    return redis.Redis.from_url(server.urls()["REDIS_URL"] + "/0", socket_timeout=5)


def test_it_answers_on_loopback_with_the_password_only(running):
    with client(running) as connection:
        assert connection.ping()
        assert connection.config_get("bind") == {"bind": "127.0.0.1"}
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    with redis.Redis(port=running.config["port"]) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_the_password_is_in_no_list_of_processes_and_in_no_open_file(running):
    shown = Path(f"/proc/{running.process.pid}/cmdline").read_text()
    assert running.config["password"] not in shown
    assert stat.S_IMODE(running.config_file.stat().st_mode) == 0o600
    assert running.config["password"] not in running.log.read_text()


def test_what_was_written_is_there_after_a_kill(running):
    with client(running) as connection:
        connection.set("kept", "7")
        connection.execute_command("WAITAOF", 1, 0, 2000)
    port = running.config["port"]
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.popen.wait()
    again = Valkey(running.home, running.log)
    again.prepare()
    assert again.config["port"] == port
    again.start().wait_ready()
    try:
        with client(again) as connection:
            assert connection.get("kept") == b"7"
    finally:
        again.process.stop()


def test_tests_keep_nothing_on_disk(home):
    server = Valkey(home, home / "valkey.log", persistent=False)
    server.prepare()
    server.start().wait_ready()
    with client(server) as connection:
        connection.set("gone", "1")
    server.process.stop()
    assert server.process.popen.returncode == 0
    assert list(server.data.iterdir()) == []


def test_without_the_wheel_the_machines_own_serves_or_its_package_is_named(monkeypatch):
    monkeypatch.setattr(engine, "_wheel_program", lambda: None)
    monkeypatch.setattr(engine.shutil, "which", lambda name: None)
    with pytest.raises(EngineError, match="apt-get install redis-server"):
        engine.find_program()
    monkeypatch.setattr(engine.shutil, "which", lambda name: f"/usr/bin/{name}" if name == "redis-server" else None)
    assert engine.find_program() == Path("/usr/bin/redis-server")
