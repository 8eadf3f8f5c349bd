"""What all tests share: fixed seeds for made-up input, other ones each time only in the long run (decision 28)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None, database=None)
settings.register_profile("long", deadline=None, max_examples=2000)


def pytest_configure(config: pytest.Config) -> None:
    """Take the profile that the run asks for; a run that is not the long one gives the same answer each time."""
    settings.load_profile("long" if config.option.markexpr == "long" else "fixed")


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[dict[str, int]]:
    """Hash with the real hasher at a low cost, and give the real one: how dear a hash is, few tests are about."""
    quick = {"time_cost": 1, "memory_cost": 1024, "parallelism": 1}
    dear = {name: getattr(Argon2PasswordHasher, name) for name in quick}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in quick.items():
            patch.setattr(Argon2PasswordHasher, name, value)
        yield dear


@pytest.fixture
def dear_hashes(quick_hashes: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hashes cost what they cost in the portal."""
    for name, value in quick_hashes.items():
        monkeypatch.setattr(Argon2PasswordHasher, name, value)


@pytest.fixture(scope="session", autouse=True)
def _pages_alone_are_noted(django_test_environment: None) -> Iterator[None]:
    """Let a test look at the context of a page, but not at that of each field and part the page is made of.

    Django's test client copies the context of every template that is rendered, and keeps it: of the 700 that make up
    the form of an order 699 are a field's or a part's. That was an eighth of the time such a page took.
    """
    from django.template.base import Template

    noting = Template._render

    def render(template: Template, context: Any) -> Any:
        part = context.template is not template or (template.name or "").startswith("django/forms/")
        return template.nodelist.render(context) if part else noting(template, context)

    Template._render = render
    yield
    Template._render = noting
