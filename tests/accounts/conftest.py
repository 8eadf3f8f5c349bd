"""People, companies and devices for the tests of signing in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import Company, Membership, User
from fleetportal.core.access import system

PASSWORD = "Vlinder 27 boven Gent!"
WRONG = "Vlinder 28 boven Gent!"


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """allauth keeps its own limits (of reset mails, for one) in the cache."""
    cache.clear()


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def person(db: None, now: datetime) -> Callable[..., User]:
    """Makes users; `person("An Peeters", kind="operator")` has the address an.peeters@client.example."""

    def make(name: str = "An Peeters", *, password: str | None = PASSWORD, **fields: Any) -> User:
        first, _space, last = name.partition(" ")
        fields.setdefault("email", f"{first}.{last}@client.example".lower().replace(" ", ""))
        return services.create_user(
            first_name=first, last_name=last.upper(), password=password, actor=system("tests"), now=now, **fields
        )

    return make


@pytest.fixture
def company(db: None, now: datetime) -> Callable[..., Company]:
    def make(name: str, **details: Any) -> Company:
        details.setdefault("initialised_at", now)  # its first connection is over, unless the test is about that
        return services.create_company(legal_name=name, actor=system("tests"), now=now, **details)

    return make


@pytest.fixture
def member(now: datetime) -> Callable[..., Membership]:
    def make(user: User, company: Company, profile: str = "management", **details: Any) -> Membership:
        return services.add_membership(
            company=company, user=user, profile=profile, actor=system("tests"), now=now, **details
        )

    return make


class Hashes:
    """How often a password was put through the hash function."""

    def __init__(self) -> None:
        self.count = 0

    def reset(self) -> None:
        self.count = 0


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> Hashes:
    """Counts what reaches the hasher: `verify` for known accounts, `encode` for the dummy of unknown ones."""
    counted = Hashes()
    for name in ("verify", "encode"):
        real = getattr(Argon2PasswordHasher, name)

        def counting(*args: Any, _real: Any = real, **kwargs: Any) -> Any:
            counted.count += 1
            return _real(*args, **kwargs)

        monkeypatch.setattr(Argon2PasswordHasher, name, counting)
    return counted


def sign_in(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    """Post the sign-in form."""
    return client.post("/accounts/login/", {"login": email, "password": password}, **extra)


def signed_in(client: Client) -> bool:
    """Say whether the server still knows this client's session."""
    return client.get("/").headers.get("Location", "").startswith("/accounts/login/") is False
