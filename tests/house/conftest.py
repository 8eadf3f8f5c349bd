"""The world that several house tests walk through."""

from datetime import timedelta

import pytest

from fleetportal.core.pages import base
from tests.house.world import world

__all__ = ["world"]


@pytest.fixture(autouse=True)
def _sign_ins_stay_fresh(monkeypatch):
    """The world's people sign in once for all walks, which on a busy machine take longer than a sign-in is fresh.

    That a page asks for the password again is tried in tests/accounts.
    """
    monkeypatch.setattr(base, "FRESH_TO_OPEN", timedelta(days=1))
    monkeypatch.setattr(base, "FRESH_TO_SEND", timedelta(days=1))
