"""Stamps: what a step of the start depended on when it was last done, so that the next start may leave it out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from fleetportal.engines import system


def fingerprint(base: Path, files: Iterable[Path], *words: str) -> str:
    """Return a text that changes when a file (its path below `base`, size, time of change) or one of the words does."""
    digest = hashlib.sha256()
    for file in sorted(files):
        facts = file.stat()
        digest.update(f"{file.relative_to(base)}|{facts.st_size}|{facts.st_mtime_ns}\n".encode())
    for word in words:
        digest.update(f"{word}\n".encode())
    return digest.hexdigest()


def source_files(base: Path) -> list[Path]:
    """Return the Python files of the portal and the lock of its packages: what migrations are made of."""
    found = [base / "requirements" / "runtime.txt", base / "manage.py"]
    for package in base.iterdir():
        if (package / "__init__.py").exists() or (package / "migrations").is_dir():
            found += package.rglob("*.py")
    return found


def static_files(base: Path) -> list[Path]:
    """Return the files that are collected, and the lock of the packages that bring some of their own."""
    return [base / "requirements" / "runtime.txt", *(file for file in (base / "static").rglob("*") if file.is_file())]


class Stamps:
    """The stamps of one directory; they lie beside the data they speak of, so that they go when the data goes."""

    def __init__(self, file: Path) -> None:
        """Read the stamps in `file`, if there is one."""
        self.file = file
        self.known = system.read_json(file)

    def stands(self, step: str, mark: str) -> bool:
        """Say whether the step was last done with this very mark."""
        return self.known.get(step) == mark

    def put(self, step: str, mark: str) -> None:
        """Note that the step was done with this mark."""
        self.known[step] = mark
        system.write_private(self.file, json.dumps(self.known, indent=2) + "\n")
