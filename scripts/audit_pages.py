"""Starts a portal for scripts/audit.mjs, keeps every page of the walk as a file in three languages, and waits.

Writes one line of JSON when it is ready: the portal's address, the pages with their files, and the addresses with the
cookies for Lighthouse. It ends, and the portal with it, when its standard input is closed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.error import HTTPError

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.browser.running import RunningPortal
from tests.browser.walk import PRINCIPAL, all_places

LANGUAGES = ("en", "fr", "nl")
# The pages that Lighthouse looks at: the name in the walk, what is special about it, and what we call it.
MEASURED = {("cards:home", ""): "home", ("cards:list", ""): "list", ("cards:card", "active"): "detail"}
MEASURED[("cards:new", "")] = "form"


def main(folder: Path) -> None:
    """Keep the pages, say so, and wait to be let go."""
    portal = RunningPortal()
    try:
        walk = all_places(portal)
        pages = []
        for language in LANGUAGES:
            for person in walk.people.values():
                person.speak(language)
            for place in walk.places:
                file = folder / f"{place}-{language}.html"
                person = walk.person(place.who)
                try:
                    page, _address = person.get(place.path, headers={"Accept-Language": language})
                except HTTPError as refusal:  # a page that says no is a page
                    page = refusal.read().decode()
                file.write_text(page)
                pages.append(file.name)
        principal = walk.person(PRINCIPAL)
        principal.speak("en")
        cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in principal.browser_cookies())
        measured = [
            {"name": MEASURED[place.name, place.special], "url": portal.url + place.path}
            for place in walk.places
            if (place.name, place.special) in MEASURED
        ]
        print(json.dumps({"url": portal.url, "pages": pages, "measured": measured, "cookies": cookies}), flush=True)
        sys.stdin.read()
    finally:
        portal.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
