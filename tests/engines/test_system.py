"""What the engines ask of the operating system."""

import os
import pwd
import signal
import socket
import stat
import subprocess
import sys

import pytest

from fleetportal.engines import system
from fleetportal.engines.errors import EngineError
from tests.engines.waiting import alive, until

NOBODY = pwd.getpwnam("nobody")
# Someone whom the person who runs these tests can't be.
STRANGER = pwd.struct_passwd(("stranger", "x", 54_321, 54_321, "", "/", "/usr/sbin/nologin"))


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_file_is_readable_by_its_owner_only_and_replaced_whole(tmp_path):
    file = tmp_path / "secret"
    file.write_text("old and longer")
    file.chmod(0o644)
    system.write_private(file, "new")
    assert file.read_text() == "new"
    assert mode(file) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_directory_gets_its_mode_whatever_the_umask(home):
    before = os.umask(0o077)
    try:
        system.make_directory(home / "a" / "b", 0o711)
    finally:
        os.umask(before)
    assert mode(home / "a" / "b") == 0o711


def test_an_existing_directory_keeps_its_mode(home):
    (home / "kept").mkdir(mode=0o700)
    system.make_directory(home / "kept", 0o755)
    assert mode(home / "kept") == 0o700


def test_a_closed_directory_is_not_opened_but_passed_by(home, monkeypatch):
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    shared = home / "shared"
    monkeypatch.setattr(system, "SHARED_DIR", shared)
    assert system.reachable(home / "other", STRANGER)
    assert not system.reachable(closed / "var", STRANGER)
    place = system.reachable_home(closed / "var", STRANGER)
    assert place.parent == shared
    assert place == system.reachable_home(closed / "var", STRANGER)
    assert mode(closed) == 0o700
    assert not (closed / "var").exists()


def test_an_open_directory_is_used_as_it_is(home):
    assert system.reachable_home(home / "engines", STRANGER) == home / "engines"


def test_programs_in_a_closed_place_are_copied_once(home, monkeypatch):
    closed = home / "closed"
    (closed / "package" / "bin").mkdir(parents=True)
    (closed / "package" / "bin" / "server").write_text("one")
    (closed / "package.libs").mkdir()
    closed.chmod(0o700)
    monkeypatch.setattr(system, "SHARED_DIR", home / "shared")
    sources = [closed / "package", closed / "package.libs"]
    copy = system.reachable_copy(sources, "package-1", STRANGER)
    assert copy == home / "shared" / "package-1"
    assert (copy / "package" / "bin" / "server").read_text() == "one"
    assert (copy / "package.libs").is_dir()
    (closed / "package" / "bin" / "server").write_text("two")
    assert system.reachable_copy(sources, "package-1", STRANGER) == copy
    assert (copy / "package" / "bin" / "server").read_text() == "one"
    assert [path.name for path in (home / "shared").iterdir()] == ["package-1"]


def test_without_a_service_user_everything_is_reachable(home):
    (home / "closed").mkdir(mode=0o700)
    assert system.reachable_copy([home / "closed"], "x", None) == home


def test_a_port_stays_while_it_is_free_and_moves_when_it_is_taken():
    port = system.free_port()
    assert port in system.PORTS
    assert system.free_port(port) == port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert not system.port_is_free(port)
        assert system.free_port(port) != port


def test_a_port_taken_on_every_address_counts_as_taken():
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        assert not system.port_is_free(taken.getsockname()[1])


def test_root_runs_the_servers_as_someone_else_and_others_as_themselves(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert system.service_user() is None
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PORTAL_SERVICE_USER", "nobody")
    assert system.service_user() == NOBODY
    monkeypatch.setenv("PORTAL_SERVICE_USER", "no-such-user")
    with pytest.raises(EngineError, match="no-such-user"):
        system.service_user()
    monkeypatch.delenv("PORTAL_SERVICE_USER")
    monkeypatch.setattr(system, "_find_user", lambda name: None)
    monkeypatch.setattr(system.shutil, "which", lambda name: None)
    assert system.service_user() == NOBODY


def test_a_child_ends_when_its_parent_is_killed(tmp_path):
    program = (
        "import subprocess, sys, signal, time\n"
        "from fleetportal.engines import system\n"
        "prepare = system.before_exec(signal.SIGTERM)\n"
        "child = subprocess.Popen(['sleep', '60'], start_new_session=True, preexec_fn=prepare)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.send_signal(signal.SIGKILL)
    until(lambda: not alive(child))
