"""docker-compose.yml and the Dockerfile, as far as they can be tried without an engine for containers."""

import http.server
import json
import os
import re
import stat
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from deploy import healthcheck

REPOSITORY = Path(__file__).resolve().parents[2]
COMPOSE = (REPOSITORY / "docker-compose.yml").read_text()
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()


def blocks(text, indent):
    """The mappings at this depth: name → the lines below it. Enough for a file that we write ourselves."""
    found = {}
    name = None
    for line in text.splitlines():
        if match := re.match(rf"^ {{{indent}}}([\w-]+):\s*(.*)$", line):
            name = match[1]
            found[name] = match[2] + "\n"
        elif name is not None and (line.startswith(" " * (indent + 1)) or not line.strip()):
            found[name] += line + "\n"
        elif line.strip() and not line.startswith("#"):
            name = None
    return found


SERVICES = blocks(blocks(COMPOSE, 0)["services"], 2)
PORTAL = blocks(COMPOSE, 0)["x-portal"]


def command_of(service):
    """The command of a service, as a list of words."""
    if found := re.search(r"^    command: (\[.*\])", SERVICES[service], re.MULTILINE):
        return json.loads(found[1])
    return json.loads(re.search(r"^CMD (\[.*\])", DOCKERFILE, re.MULTILINE)[1])


def test_every_part_has_a_container():
    assert set(SERVICES) == {"db", "valkey", "migrate", "web", "worker", "beat", "mail"}


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "migrate"])
def test_every_container_that_stays_has_a_health_check(service):
    assert "healthcheck:" in SERVICES[service]


@pytest.mark.parametrize("service", SERVICES)
def test_every_container_writes_only_where_it_must(service):
    settings = SERVICES[service] + (PORTAL if "<<: *portal" in SERVICES[service] else "")
    assert "read_only: true" in settings
    assert "tmpfs:" in settings


def test_the_portal_runs_as_a_user_without_rights():
    assert re.search(r"^USER portal$", DOCKERFILE, re.MULTILINE)
    for line in ("cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]', "init: true"):
        assert line in PORTAL


def test_the_migration_runs_before_the_portal_and_with_the_owners_address_alone():
    for name in ("web", "worker", "beat"):
        assert "migrate: { condition: service_completed_successfully }" in SERVICES[name]
        assert "DATABASE_OWNER_URL" not in SERVICES[name]
    assert "DATABASE_OWNER_URL" in SERVICES["migrate"]
    assert "db: { condition: service_healthy }" in SERVICES["migrate"]


@pytest.mark.parametrize("service", ["web", "worker", "beat"])
def test_the_portals_containers_are_asked_for_their_own_work(service):
    assert f'test: ["CMD", "python", "deploy/healthcheck.py", "{service}"]' in SERVICES[service]


def test_no_port_is_open_to_other_machines():
    ports = re.findall(r"ports: \[(.*)\]", COMPOSE)
    assert len(ports) == 2
    assert all(port.startswith('"127.0.0.1:') for port in ports)


def test_no_password_stands_in_the_file():
    for name in re.findall(r"\$\{(\w+(?:PASSWORD|KEYS?))", COMPOSE):
        assert f"${{{name}:?run make env}}" in COMPOSE
    assert "env_file" not in COMPOSE  # the database's superuser is nobody's business but its own


def test_make_env_gives_what_compose_asks_for(tmp_path):
    subprocess.run([sys.executable, REPOSITORY / "scripts" / "make_env.py", tmp_path / "env"], check=True)
    given = set(re.findall(r"^(\w+)=", (tmp_path / "env").read_text(), re.MULTILINE))
    assert set(re.findall(r"\$\{(\w+):\?", COMPOSE)) <= given
    passed_on = set(blocks(blocks(COMPOSE, 0)["x-settings"], 2)) | set(re.findall(r"\$\{(\w+)", COMPOSE))
    assert given <= passed_on


def settings_read():
    """The names that the portal reads from its environment."""
    text = (REPOSITORY / "fleetportal" / "settings.py").read_text()
    return set(re.findall(r'env\.(?:text|flag|number|words|engine)\(\s*"(\w+)"', text))


def test_every_setting_reaches_the_containers():
    passed_on = set(blocks(blocks(COMPOSE, 0)["x-settings"], 2)) | {"DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"}
    of_the_image = {"STATIC_ROOT", "PORTAL_VAR"}
    of_other_role_names = {"PORTAL_APP_ROLE", "PORTAL_WIDE_ROLE"}
    assert settings_read() - of_the_image - of_other_role_names <= passed_on


def test_every_setting_is_explained_to_operators():
    text = (REPOSITORY / "docs" / "operators" / "settings.md").read_text()
    explained = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    read_elsewhere = {
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "PORT",
        "PORTAL_VAR",
        "PORTAL_PG_BIN",
        "PORTAL_SERVICE_USER",
        "CHROMIUM",
    }
    assert explained == settings_read() | read_elsewhere


def test_the_web_servers_command_is_one_that_gunicorn_takes():
    words = command_of("web")
    assert words[0] == "gunicorn"
    done = subprocess.run(
        [sys.executable, "-m", *words[:-1], "--check-config", words[-1]],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("service", ["worker", "beat"])
def test_the_workers_commands_are_ones_that_celery_takes(service):
    words = command_of(service)
    done = subprocess.run(
        [sys.executable, "-m", *words, "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    for option in (word for word in words if word.startswith("--") and word != "--app"):
        assert option.split("=")[0] in done.stdout


def test_the_migrations_command_is_one_of_ours():
    assert command_of("migrate") == ["python", "manage.py", "migrate", "--no-input"]


def test_the_image_and_the_demonstration_start_the_same_programs(tmp_path):
    from fleetportal.engines import portal

    web = portal.web(8000, tmp_path / "log", {}).command
    container = command_of("web")
    for option in ("--workers", "--threads", "--worker-class"):
        assert web[web.index(option) + 1] == container[container.index(option) + 1]
    assert web[-1] == container[-1]
    worker = portal.worker(tmp_path / "log", {})
    for words in (worker.command, command_of("worker")):
        assert "--concurrency 2" in " ".join(words)
    assert "REMAP_SIGTERM: SIGQUIT" in SERVICES["worker"]
    assert worker.environment["REMAP_SIGTERM"] == "SIGQUIT"


def test_what_root_collects_can_be_read_by_the_portals_user(settings, tmp_path):
    collected = settings.STORAGES["staticfiles"]
    options = {**collected.get("OPTIONS", {}), "location": tmp_path / "collected", "base_url": "/static/"}
    before = os.umask(0o077)
    try:
        storage = storages.create_storage({**collected, "OPTIONS": options})
        storage.save("css/site.css", ContentFile(b"a {}"))
        storage.save_manifest()
    finally:
        os.umask(before)
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "collected").rglob("*")}
    assert found == {"css": 0o755, "site.css": 0o644, "staticfiles.json": 0o644}


@pytest.mark.parametrize(
    "script", sorted((REPOSITORY / "deploy" / "initdb.d").glob("*.sh")), ids=lambda path: path.name
)
def test_the_databases_scripts_are_well_formed_and_may_be_run(script):
    subprocess.run(["sh", "-n", script], check=True)
    assert os.access(script, os.X_OK)


def test_the_image_holds_no_secret_and_no_leftover():
    left_out = (REPOSITORY / ".dockerignore").read_text().split()
    assert {".env", "var", ".git", ".venv", "node_modules"} <= set(left_out)


class Portal(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.path == "/livez" and self.headers["Host"] == "portal.example"
        self.send_response(200 if known else 400)
        self.end_headers()

    def log_message(self, *parts):
        pass


@pytest.mark.parametrize(
    ("environment", "well"),
    [
        ({"ALLOWED_HOSTS": "portal.example,other"}, True),
        ({"ALLOWED_HOSTS": ".portal.example"}, True),
        ({"PORTAL_URL": "https://portal.example"}, True),
        ({"ALLOWED_HOSTS": "*", "PORTAL_URL": "https://portal.example:8443"}, True),
        ({"PORTAL_URL": "https://elsewhere.example"}, False),
    ],
)
def test_the_health_check_asks_under_a_name_that_the_portal_takes(monkeypatch, environment, well):
    for name in ("ALLOWED_HOSTS", "PORTAL_URL"):
        monkeypatch.setenv(name, environment.get(name, ""))
    with http.server.HTTPServer(("127.0.0.1", 0), Portal) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert healthcheck.web(server.server_port) is well
        server.shutdown()
    assert healthcheck.web(server.server_port) is False


def test_the_health_check_of_worker_and_beat_reads_their_heartbeats(monkeypatch, cluster):
    urls = cluster.urls()
    monkeypatch.setenv("DATABASE_URL", urls["DATABASE_OWNER_URL"])
    assert healthcheck.main("worker") == 1  # no such table yet: before the first migration
    with psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE TABLE core_heartbeat (name text, kind text, at timestamptz)")
        assert healthcheck.main("worker") == 1
        owner.execute(
            "INSERT INTO core_heartbeat VALUES ('a', 'worker', now()), ('b', 'beat', now() - interval '1 min')"
        )
        assert healthcheck.main("worker") == 0
        assert healthcheck.main("beat") == 1
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    assert healthcheck.main("worker") == 1
