"""Plants each known fault of tests/plants/ in a copy of the tree and demands that the tests named in it turn red.

A plant is a patch with two kinds of lines above it: `# test: tests/…::name` (one or more) and `# why: a sentence`.
A plant that leaves its tests green means that nothing guards that rule; one that no longer applies guards nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
LEFT_OUT = {".git", ".venv", "node_modules", "var", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
LONGEST_SECONDS = 900
# pytest's exit codes: 1 is a test that failed; everything else but 0 means that the tests did not run as meant.
GREEN, RED = 0, 1


@dataclass(frozen=True)
class Plant:
    """One fault: its patch, the tests that must see it, and why it matters."""

    file: Path
    tests: tuple[str, ...]
    why: str

    @property
    def name(self) -> str:
        """Return its name, as it is given on the command line."""
        return self.file.stem


@dataclass(frozen=True)
class Outcome:
    """What came of one plant."""

    plant: Plant
    verdict: str
    seconds: float
    detail: str = ""

    @property
    def good(self) -> bool:
        """Say whether the fault was seen."""
        return self.verdict == "red"


def read(file: Path) -> Plant:
    """Read a plant; raises SystemExit with a sentence when its head is not complete."""
    head = file.read_text().split("\n--- ", 1)[0]
    tests = tuple(re.findall(r"^# test:\s*(\S.*?)\s*$", head, re.MULTILINE))
    why = re.search(r"^# why:\s*(\S.*?)\s*$", head, re.MULTILINE)
    if not tests or why is None:
        raise SystemExit(f"{file.name} needs a line '# test: …' and a line '# why: …' above its patch.")
    return Plant(file, tests, why[1])


def copy_tree(target: Path) -> None:
    """Copy the tree with its uncommitted changes; the virtual environment and fetched files are shared by links."""
    shutil.copytree(
        BASE_DIR, target, ignore=lambda _folder, names: LEFT_OUT.intersection(names), symlinks=True, dirs_exist_ok=True
    )
    for name in (".venv", "node_modules"):
        if (BASE_DIR / name).exists():
            (target / name).symlink_to(BASE_DIR / name)
    (BASE_DIR / "var" / "test-static").mkdir(parents=True, exist_ok=True)
    (target / "var").mkdir()
    (target / "var" / "test-static").symlink_to(BASE_DIR / "var" / "test-static")


def try_plant(plant: Plant, folder: Path) -> Outcome:
    """Apply one plant in a copy of its own, run its tests, and say what came of it."""
    started = time.monotonic()

    def outcome(verdict: str, detail: str = "") -> Outcome:
        return Outcome(plant, verdict, time.monotonic() - started, detail)

    tree = folder / plant.name
    copy_tree(tree)
    try:
        applied = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", str(plant.file)],
            cwd=tree,
            capture_output=True,
            text=True,
            check=False,
        )
        if applied.returncode:
            return outcome("does not apply", applied.stderr.strip())
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *plant.tests],
            cwd=tree,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tree)},
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return outcome("too slow", f"its tests were not done within {LONGEST_SECONDS} seconds")
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    if run.returncode == RED and re.search(r"^FAILED ", run.stdout, re.MULTILINE):
        return outcome("red")
    tail = "\n".join((run.stdout + run.stderr).strip().splitlines()[-15:])
    return outcome("GREEN" if run.returncode == GREEN else "did not run", tail)


def main(arguments: list[str]) -> int:
    """Try the plants named, or all of them; return 1 unless each turned its tests red."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="plants to try; all of them when none is named")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    options = parser.parse_args(arguments)
    plants = [read(file) for file in sorted((BASE_DIR / "tests" / "plants").glob("*.patch"))]
    if unknown := set(options.names) - {plant.name for plant in plants}:
        raise SystemExit(f"There is no plant named {', '.join(sorted(unknown))}.")
    chosen = [plant for plant in plants if not options.names or plant.name in options.names]
    if not chosen:
        raise SystemExit("There is no plant in tests/plants/, so nothing was shown.")
    width = max(len(plant.name) for plant in chosen)
    with tempfile.TemporaryDirectory(prefix="fleetportal-plant-") as folder, ThreadPoolExecutor(options.jobs) as pool:
        outcomes = []
        for outcome in pool.map(lambda plant: try_plant(plant, Path(folder)), chosen):
            outcomes.append(outcome)
            print(
                f"{outcome.plant.name:<{width}}  {outcome.verdict:<14}  {outcome.seconds:5.0f} s  {outcome.plant.why}"
            )
            sys.stdout.flush()
    bad = [outcome for outcome in outcomes if not outcome.good]
    for outcome in bad:
        print(f"\n{outcome.plant.name}: {outcome.verdict}\n{outcome.detail}", file=sys.stderr)
    print(f"{len(outcomes) - len(bad)} of {len(outcomes)} plants were seen by their tests.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
