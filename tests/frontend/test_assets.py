"""The stylesheets, scripts and icons: what is named is there, colours can be read, and the page stays light."""

import re
from pathlib import Path

import brotli
import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

BASE = Path(settings.BASE_DIR)
STATIC = BASE / "static"
PORTAL_CSS = (STATIC / "css" / "portal.css").read_text(encoding="utf-8")

# Every status that a badge can show, whichever app it comes from.
STATUSES = [
    "new",
    "in_creation",
    "active",
    "blocked",
    "expired",
    "withdrawn",
    "received",
    "in_production",
    "dispatched",
    "refused",
    "waiting",
    "running",
    "done",
    "failed",
    "held",
]

# What a first visit of a list fetches besides the page itself.
FIRST_VISIT = [
    "vendor/tabler.css",
    "css/portal.css",
    "css/forms.css",
    "css/finding.css",
    "vendor/icons.svg",
    "img/mark.svg",
    "django_htmx/htmx-2.min.js",
    "js/menus.js",
    "js/finder.js",
    "js/submit-once.js",
    "js/list.js",
]

# Text on ground, as the stylesheet puts one on the other; large or bold text is held to the same.
PAIRS = [
    *((ink, ground) for ink in ("ink", "muted", "accent", "bad") for ground in ("surface", "ground", "hover")),
    *((tone, f"{tone}-soft") for tone in ("good", "news", "warn", "bad", "quiet", "accent")),
    *(("ink", f"{tone}-soft") for tone in ("good", "news", "warn", "bad", "accent")),
    ("muted", "surface-raised"),
    ("muted", "quiet-soft"),
]


def generated(name):
    path = STATIC / "vendor" / name
    assert path.is_file(), f"{path} is missing: run `npm ci && npm run assets`"
    return path.read_text(encoding="utf-8")


def colours():
    found = dict(re.findall(r"--([\w-]+): light-dark\(([^()]*)\)", PORTAL_CSS))
    return {name: [part.strip() for part in pair.split(",")] for name, pair in found.items()}


def luminance(colour):
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("ink", "ground"), PAIRS)
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_in_both_themes(ink, ground, theme):
    known = colours()
    assert contrast(known[ink][theme], known[ground][theme]) >= 4.5


@pytest.mark.parametrize("solid", ["accent-solid", "accent-solid-hover", "bad-solid"])
@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_buttons_can_be_read_in_both_themes(solid, theme):
    assert contrast("#fff", colours()[solid][theme]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_the_edges_of_fields_can_be_seen(theme):
    known = colours()
    assert contrast(known["field-line"][theme], known["surface"][theme]) >= 3


@pytest.mark.parametrize("status", sorted(set(STATUSES) - {"expired", "withdrawn"}))
def test_every_status_has_its_colour(status):
    assert re.search(rf"\.status-{status}\b[^{{]*{{ color:", PORTAL_CSS)


def test_every_icon_that_is_named_is_in_the_sprite():
    drawn = set(re.findall(r'<symbol id="([^"]+)"', generated("icons.svg")))
    listed = (BASE / "scripts" / "icons.txt").read_text(encoding="utf-8").splitlines()
    named = {line.strip() for line in listed if line.strip() and not line.startswith("#")}
    for path in [*(BASE / "templates").rglob("*.html"), *BASE.glob("[!.]*/**/*.py")]:
        if {"node_modules", "tests", "var"}.isdisjoint(path.relative_to(BASE).parts):
            named |= set(re.findall(r"""\bicon(?:=|\(|\s)\s*["']([a-z0-9-]+)["']""", path.read_text(encoding="utf-8")))
    assert named
    assert named <= drawn


def test_styles_ask_for_nothing_from_elsewhere():
    own = [path.read_text(encoding="utf-8") for path in (STATIC / "css").glob("*.css")]
    for text in (*own, generated("tabler.css")):
        assert "@import" not in text
        assert "sourceMappingURL" not in text
        assert not re.findall(r"url\((?!\W?data:)", text)


def test_third_parties_keep_their_licence_notice():
    assert "Licensed under MIT" in generated("tabler.css")
    assert "MIT licence" in generated("icons.svg")


def test_a_first_visit_stays_light():
    weight = 0
    for name in FIRST_VISIT:
        path = finders.find(name)
        assert path, name
        weight += len(brotli.compress(Path(path).read_bytes()))
    assert weight < 60 * 1024  # of 90 KiB for the whole page


@pytest.mark.parametrize("path", sorted((STATIC / "js").glob("*.js")), ids=lambda path: path.name)
def test_scripts_need_nothing_that_the_policy_forbids(path):
    # The name by which drawings are made; nothing is fetched from there.
    text = path.read_text(encoding="utf-8").replace('"http://www.w3.org/2000/svg"', "")
    assert not re.search(r"\beval\(|new Function|innerHTML|\.style\b|document\.write|https?:", text)
