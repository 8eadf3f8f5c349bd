"""What all tests share: fixed seeds for made-up input, other ones each time only in the long run (decision 28)."""

import pytest
from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.register_profile("long", deadline=None, max_examples=2000)


def pytest_configure(config: pytest.Config) -> None:
    """Take the profile that the run asks for; a run that is not the long one gives the same answer each time."""
    settings.load_profile("long" if config.option.markexpr == "long" else "fixed")
