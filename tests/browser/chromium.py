"""The browser: the Chromium of the machine, which asks nothing of the network."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "The browser tests need Chromium: install the package chromium, or name the program with CHROMIUM=."
_OPTIONS = (
    "--no-sandbox",  # there is none for root, nor in most containers
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--force-color-profile=srgb",
)


def program():
    """Return where Chromium is. Raises RuntimeError with one sentence where there is none."""
    named = os.environ.get("CHROMIUM")
    for name in (named,) if named else NAMES:
        if found := shutil.which(name):
            return found
    raise RuntimeError(MISSING)


def launch(playwright):
    """Start it."""
    return playwright.chromium.launch(executable_path=program(), args=list(_OPTIONS))
