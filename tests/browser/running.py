"""The whole portal on a port and in a directory of its own, started as `make demo` starts it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fleetportal.engines import system
from fleetportal.engines.demo import DEMO_PASSWORD

REPOSITORY = Path(__file__).resolve().parents[2]
ACME, BOREA = "PRO-ACMEAA", "PRO-BOREAA"
# What the environment of the tests, or of whoever runs this, may say about another portal.
_OF_ANOTHER = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "PORTAL_DB_ROLE",
    "PORTAL_URL",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    "CARD_MAKER_PUBLIC_KEY",
    "LOG_LEVEL",
    "DJANGO_SETTINGS_MODULE",
)
_BEGIN_SECONDS = 150
_COMMAND_SECONDS = 180


class PortalAt:
    """A portal that runs already, with the demonstration's companies, and keeps its files in `var`."""

    password = DEMO_PASSWORD

    def __init__(self, url: str, var: Path = REPOSITORY / "var") -> None:
        """Take its address."""
        self.url = url.rstrip("/")
        self.var = var
        self.environment = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
        self.environment |= {"PORTAL_VAR": str(var), "PORTAL_DEMO": "1"}

    def run(self, *arguments: str) -> str:
        """Run a management command on this portal; return what it wrote."""
        environment = self.environment | {"SECRET_KEY": (self.var / "secret.key").read_text().strip()}
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=REPOSITORY, env=environment, check=True, stdout=subprocess.PIPE, timeout=_COMMAND_SECONDS
        )
        return done.stdout.decode()

    def add_cards(self, count: int, company: str) -> None:
        """Give a company so many more cards."""
        self.run("seed_demo", "--cards", str(count), "--company", company)

    def stop(self) -> None:
        """Leave it running: someone else started it."""


class RunningPortal(PortalAt):
    """`manage.py up` with its own servers and the demonstration's companies; `stop` takes everything away again."""

    def __init__(self) -> None:
        """Start it and wait until it answers. Raises RuntimeError with what it said when it does not come up."""
        self.home = Path(tempfile.mkdtemp(prefix="fleetportal-browser-"))
        self.home.chmod(0o711)  # the database's user passes through
        self.port = system.free_port()
        super().__init__(f"http://localhost:{self.port}", self.home / "var")
        self.environment["PORT"] = str(self.port)
        self.output = self.home / "output"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--stop-with-parent"],
                cwd=REPOSITORY,
                env=self.environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + _BEGIN_SECONDS
        while "The portal runs at" not in self.said():
            if self.process.poll() is not None or time.monotonic() > deadline:
                said = self.said()
                self.stop()
                raise RuntimeError(f"The portal did not come up:\n{said}")
            time.sleep(0.1)

    def said(self) -> str:
        """Return what the portal wrote so far."""
        return self.output.read_text()

    def stop(self) -> None:
        """End the portal in order, and remove all it wrote."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(10)
        shutil.rmtree(self.home, ignore_errors=True)
