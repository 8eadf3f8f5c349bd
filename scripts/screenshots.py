"""Takes pictures of every page, to look at (var/screenshots), and the README's (docs/pictures).

`make screenshots` takes all: 1366 and 390 pixels wide, light and dark, in English. By hand:

    .venv/bin/python scripts/screenshots.py --languages en,fr,nl --widths 390 --themes dark --only cards-list,cards-new
    .venv/bin/python scripts/screenshots.py --readme
    .venv/bin/python scripts/screenshots.py --at http://localhost:8000     # a demonstration that runs already
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import launch
from tests.browser.running import ACME, REPOSITORY, PortalAt, RunningPortal
from tests.browser.walk import PRINCIPAL, Walk, all_places

HEIGHTS = {1366: 768, 390: 844}


def main() -> int:
    """Take the pictures that were asked for; return the exit code."""
    choice = _arguments()
    portal = PortalAt(choice.at) if choice.at else RunningPortal()
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            if choice.readme:
                _readme(browser, Walk(portal))
            else:
                _all(browser, all_places(portal), choice)
            browser.close()
    finally:
        portal.stop()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--languages", default="en", help="en, fr, nl; with commas between")
    parser.add_argument("--widths", default="1366,390")
    parser.add_argument("--themes", default="light,dark")
    parser.add_argument("--only", default="", help="beginnings of the names of the pages wanted")
    parser.add_argument("--at", default="", help="the address of a demonstration that runs")
    parser.add_argument("--to", default=str(REPOSITORY / "var" / "screenshots"), help="the folder for the pictures")
    parser.add_argument("--readme", action="store_true", help="only the README's picture")
    return parser.parse_args()


def _all(browser: Browser, walk: Walk, choice: argparse.Namespace) -> None:
    """Take every page in each language, width and theme that was chosen."""
    folder = Path(choice.to)
    folder.mkdir(parents=True, exist_ok=True)
    only = tuple(filter(None, choice.only.split(",")))
    places = [place for place in walk.places if not only or str(place).startswith(only)]
    for language in choice.languages.split(","):
        for who, person in walk.people.items():
            if who:  # who is not signed in has no account to keep it; a cookie tells
                person.speak(language)
        for width in map(int, choice.widths.split(",")):
            for theme in choice.themes.split(","):
                pages = {who: _page(browser, walk, who, language, width, theme) for who in {p.who for p in places}}
                for place in places:
                    page = pages[place.who]
                    page.goto(walk.portal.url + place.path)
                    page.screenshot(path=folder / f"{place}-{width}-{theme}-{language}.png", full_page=True)
                for page in pages.values():
                    page.context.close()
    print(f"{len(places)} pages are in {folder}")


def _page(browser: Browser, walk: Walk, who: str, language: str, width: int, theme: Any) -> Any:
    """Return a page of somebody who is signed in."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHTS.get(width, 800)}, color_scheme=theme, locale=language
    )
    context.add_cookies(walk.person(who).browser_cookies())
    context.add_cookies([{"name": "language", "value": language, "url": walk.portal.url}])
    return context.new_page()


def _readme(browser: Browser, walk: Walk) -> None:
    """Take the list of cards, light beside dark, as the README shows it."""
    folder = REPOSITORY / "docs" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    walk.person(PRINCIPAL).speak("en")
    for theme in ("light", "dark"):
        page = _page(browser, walk, PRINCIPAL, "en", 1366, theme)
        page.goto(f"{walk.portal.url}/{ACME}/cards/?sort=printed")  # cards in every status
        path = folder / f"cards-{theme}.png"
        page.screenshot(path=path)
        page.context.close()
        print(f"{path.relative_to(REPOSITORY)}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    sys.exit(main())
