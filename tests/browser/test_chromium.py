"""Without a browser the tests here fail, each with the same sentence."""

import pytest

from tests.browser import chromium


def test_a_missing_browser_is_named_in_one_sentence(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(RuntimeError) as missing:
        chromium.program()
    assert str(missing.value) == chromium.MISSING
    monkeypatch.delenv("CHROMIUM")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(RuntimeError):
        chromium.program()
