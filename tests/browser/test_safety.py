"""The second factor in a real browser: an app without JavaScript, a passkey of a simulated device (ACC-6)."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.accounts.safety.conftest import app_code
from tests.browser.running import REPOSITORY
from tests.browser.test_pages import SAID, TAGS

DEALER = "staff@dealer.example"
AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"


def set_up_app(page):
    page.get_by_role("link", name="Set up an authenticator app").click()
    secret = page.locator(".qr-key").text_content()
    page.get_by_label("Code from the app").fill(app_code(secret, datetime.now(UTC)))
    page.get_by_role("button", name="Set up the app").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    codes = page.locator(".safety-codes code").all_text_contents()
    page.get_by_role("button", name="I have kept them").click()
    return secret, codes


def remove_all(page):
    page.goto("/accounts/security/second-factor/")
    while page.get_by_role("button", name=re.compile("^Remove")).count():
        page.get_by_role("button", name=re.compile("^Remove")).first.click()
        expect(page.get_by_text("Removed: it opens your account no more.")).to_be_visible()


def sign_in(page, portal):
    page.context.clear_cookies()
    page.goto(f"{portal.url}/accounts/login/")
    page.get_by_label("E-mail address or mobile number").fill(DEALER)
    page.get_by_label("Password").fill(portal.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()


def accessible(page):
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate(SAID, TAGS)


@pytest.mark.rule("ACC-6")
@pytest.mark.rule("GEN-10")
def test_an_app_protects_the_account_without_javascript(visit, portal):
    page = visit(DEALER, script=False)
    page.goto(f"{portal.url}/accounts/security/second-factor/")
    try:
        _secret, codes = set_up_app(page)
        assert len(codes) == 10
        sign_in(page, portal)
        page.get_by_label("Code").fill(codes[0])
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".user-menu-head")).to_have_count(1)
    finally:
        remove_all(page)


@pytest.mark.rule("ACC-6")
def test_a_passkey_is_added_and_opens_the_account(visit, portal):
    page = visit(DEALER)
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device = tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    try:
        page.goto(f"{portal.url}/accounts/security/second-factor/")
        page.get_by_role("link", name="Add a passkey").click()
        page.get_by_role("button", name="Add the passkey").click()
        expect(page.locator(".error-summary")).to_contain_text("Name")
        assert tools.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"] == []
        page.get_by_label("Name").fill("Laptop of the workshop")
        page.get_by_role("button", name="Add the passkey").click()
        expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
        assert accessible(page) == []
        page.get_by_role("button", name="I have kept them").click()
        expect(page.get_by_text("Laptop of the workshop").first).to_be_visible()
        assert accessible(page) == []
        page.get_by_role("link", name="Add a passkey").click()
        page.get_by_label("Name").fill("The same laptop")
        page.get_by_role("button", name="Add the passkey").click()
        expect(page.get_by_text("This device holds a passkey for your account already.")).to_be_visible()
        sign_in(page, portal)
        assert accessible(page) == []
        page.get_by_role("button", name="Use my passkey").click()
        expect(page.locator(".user-menu-head")).to_have_count(1)
    finally:
        remove_all(page)
