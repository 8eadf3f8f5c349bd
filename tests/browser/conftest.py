"""One portal and one browser for all tests of this folder, and people who watch what the browser complains about."""

import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.browser.running import ACME, REPOSITORY, PortalAt, RunningPortal
from tests.browser.visitor import Visitor

HERE = Path(__file__).parent
# The card is found among a hundred thousand; loading them takes about 20 seconds.
MANY = 100_000
# A page that takes longer than this to show what a test waits for is broken.
PATIENCE_MS = 10_000


def pytest_collection_modifyitems(items):
    """Mark what is here: needs a browser, shares one portal (so one worker runs it), and waits for the portal."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.timeout(400))


@pytest.fixture(scope="package")
def browser():
    """Chromium. It ends with this folder's tests: Django's queries refuse to run where Playwright's loop does."""
    missing = None
    try:
        chromium.program()
    except RuntimeError as error:
        missing = str(error)
    if missing:
        pytest.fail(missing, pytrace=False)
    with sync_playwright() as playwright:
        browser = chromium.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def portal(browser):
    """The whole portal with the demonstration's companies, Acme with a hundred thousand cards more.

    While one writes tests, PORTAL_AT names one that runs already and has those cards, and PORTAL_AT_VAR its files.
    """
    if "PORTAL_AT" in os.environ:
        yield PortalAt(os.environ["PORTAL_AT"], Path(os.environ.get("PORTAL_AT_VAR", REPOSITORY / "var")))
        return
    portal = RunningPortal()
    try:
        portal.add_cards(MANY, ACME)
        yield portal
    finally:
        portal.stop()


class Watch:
    """What the browser complained about: console messages, errors of scripts, requests that failed."""

    def __init__(self):
        """Begin without a complaint."""
        self.complaints = []
        self.expected = []

    def over(self, context):
        """Listen to every page of a context."""
        context.on("console", lambda message: self.note(f"console {message.type}: {message.text}", message.page))
        context.on("weberror", lambda error: self.note(f"script error: {error.error}", error.page))
        context.on("requestfailed", self.failed)

    def failed(self, request):
        """Note a request without an answer; what a navigation or a download cuts off is none."""
        if request.failure != "net::ERR_ABORTED":
            self.note(f"no answer ({request.failure}): {request.method} {request.url}", None)

    def note(self, text, page):
        """Keep a complaint with the page it came from."""
        self.complaints.append(f"{text} [{page.url if page else 'no page'}]")

    def expect(self, part):
        """Announce a complaint that a test provokes: Chromium logs every answer of 400 and more."""
        self.expected.append(part)

    def verdict(self):
        """Return what nobody expected."""
        return [text for text in self.complaints if not any(part in text for part in self.expected)]


@pytest.fixture
def watch():
    """Fails the test that made the browser complain."""
    watch = Watch()
    yield watch
    assert watch.verdict() == []


@pytest.fixture
def visit(browser, portal, watch):
    """Opens the portal as a person: `visit(email)` is signed in; without an address nobody is. Returns a page."""
    contexts = []

    def open_page(email="", *, language="en", width=1366, height=768, theme="light", script=True, visitor=None):
        if email and visitor is None:
            visitor = Visitor(portal, email)
            visitor.speak(language)
        context = browser.new_context(
            base_url=portal.url,
            viewport={"width": width, "height": height},
            color_scheme=theme,
            locale=language,
            reduced_motion="reduce",  # colours that fade into each other have no contrast for a while
            java_script_enabled=script,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        watch.over(context)
        if visitor:
            context.add_cookies(visitor.browser_cookies())
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def sign_in(portal):
    """Signs somebody in through the form of the page that is open."""

    def through_form(page, email):
        page.locator("#id_login").fill(email)
        page.locator("#id_password").fill(portal.password)
        page.locator("main button[type=submit]").click()
        page.wait_for_url(lambda url: "/accounts/login/" not in url)

    return through_form


def reload_until(page, seen, seconds=60):
    """Reload a page until `seen()` is true: people do the same."""
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, f"it did not happen in {seconds} seconds:\n{page.inner_text('main')}"
        page.wait_for_timeout(700)
        page.reload()
