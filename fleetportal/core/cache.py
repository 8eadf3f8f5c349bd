"""A cache that may be gone: then nothing is found and nothing is kept, and the portal goes on."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import TimeoutError as TooSlow

logger = logging.getLogger(__name__)

# Seconds: how long a cache that did not answer is left alone, and how often that is logged.
PAUSE = 5.0
LOG_EVERY = 60.0


class ForgivingClient(RedisCacheClient):
    """Django's client, for which a server that does not answer is a miss."""

    _silent_until = 0.0
    _logged_at = -LOG_EVERY

    def _forgive(self, call: Callable[[], Any], miss: Any) -> Any:
        """Make the call; return `miss` when the server does not answer, or did not a moment ago."""
        cls = type(self)
        if time.monotonic() < cls._silent_until:
            return miss
        try:
            return call()
        except (Unreachable, TooSlow) as error:
            cls._silent_until = time.monotonic() + PAUSE
            if time.monotonic() - cls._logged_at >= LOG_EVERY:
                cls._logged_at = time.monotonic()
                logger.warning("The cache does not answer (%s); the portal goes on without it.", type(error).__name__)
            return miss

    def add(self, key: Any, value: Any, timeout: Any) -> bool:
        """Say that it was added: who asks wants to be the first, and nobody else is known."""
        return self._forgive(functools.partial(super().add, key, value, timeout), True)

    def get(self, key: Any, default: Any) -> Any:
        """Return the default for what can't be asked."""
        return self._forgive(functools.partial(super().get, key, default), default)

    def set(self, key: Any, value: Any, timeout: Any) -> None:
        """Keep the value where that is possible."""
        self._forgive(functools.partial(super().set, key, value, timeout), None)

    def touch(self, key: Any, timeout: Any) -> bool:
        """Say that there was nothing to touch."""
        return self._forgive(functools.partial(super().touch, key, timeout), False)

    def delete(self, key: Any) -> bool:
        """Say that there was nothing to delete."""
        return self._forgive(functools.partial(super().delete, key), False)

    def get_many(self, keys: Any) -> dict[Any, Any]:
        """Find nothing."""
        return self._forgive(functools.partial(super().get_many, keys), {})

    def has_key(self, key: Any) -> bool:
        """Find nothing."""
        return self._forgive(functools.partial(super().has_key, key), False)

    def incr(self, key: Any, delta: int) -> int:
        """Count from nothing: who has just added the key does not expect the ValueError for a missing one."""
        return self._forgive(functools.partial(super().incr, key, delta), delta)

    def set_many(self, data: Any, timeout: Any) -> None:
        """Keep the values where that is possible."""
        self._forgive(functools.partial(super().set_many, data, timeout), None)

    def delete_many(self, keys: Any) -> None:
        """Delete what can be reached."""
        self._forgive(functools.partial(super().delete_many, keys), None)

    def clear(self) -> bool:
        """Clear what can be reached."""
        return self._forgive(super().clear, False)


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache with the client that forgives; nothing the portal can't do without may stand in it."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ForgivingClient
