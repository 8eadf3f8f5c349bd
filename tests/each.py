"""One test over many small cases: of hundreds of files or addresses, all that are wrong are said at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def each(
    cases: Iterable[Any], name: Callable[[Any], str] = str
) -> Callable[[Callable[[Any], None]], Callable[[], None]]:
    """Return a decorator that tries a test with every case; raises AssertionError with the name of each that fails.

    For checks of milliseconds, where a test of its own for each case would cost more than the check. There must be
    cases: a walk over nothing proves nothing.
    """
    chosen = list(cases)

    def decorate(test: Callable[[Any], None]) -> Callable[[], None]:
        def tried() -> None:
            assert chosen, "there is nothing to try"
            wrong = []
            for case in chosen:
                try:
                    test(case)
                except AssertionError as difference:
                    wrong.append(f"{name(case)}: {difference}")
            assert not wrong, "\n" + "\n".join(wrong)

        tried.__name__, tried.__doc__, tried.__module__ = test.__name__, test.__doc__, test.__module__
        return tried

    return decorate
