"""The portal in a real browser, started whole as a user starts it (docs/developers/browser.md)."""
