"""The cache, in Valkey or Redis. If it is down, the portal is slower but works."""

import logging
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.functional import cached_property
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = logging.getLogger(__name__)
UNREACHABLE = (RedisConnectionError, RedisTimeoutError)


class OneClient(RedisCacheClient):
    """Keeps one client of redis-py. Django makes a new one for each command, which takes longer than the command.

    It also reads from the server that is written to, should there be more than one."""

    @cached_property
    def _one(self) -> Any:
        return super().get_client(write=True)

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        return self._one


class FailOpenRedisCache(RedisCache):
    """Behaves like an empty cache while the server cannot be reached. Rate limits then allow every request."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        params.setdefault("OPTIONS", {}).update({"socket_connect_timeout": 0.5, "socket_timeout": 1})
        super().__init__(server, params)
        self._class = OneClient

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._call(default, super().get, key, default, version)

    def set(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> None:
        self._call(None, super().set, key, value, *args, **kwargs)

    def add(self, key: Any, value: Any, *args: Any, **kwargs: Any) -> bool:
        return self._call(True, super().add, key, value, *args, **kwargs)

    def delete(self, key: Any, version: int | None = None) -> bool:
        return self._call(False, super().delete, key, version)

    def count_all(self, names: list[tuple[str, int]], *, by: int = 1) -> list[int]:
        """Add `by` to the count under each (name, lifetime in seconds), atomically and in one round trip.

        Returns the counts, or 0 for each while the server cannot be reached.
        """
        if not names:
            return []

        def count() -> list[int]:
            pipeline = self._cache.get_client(None, write=True).pipeline()
            for name, seconds in names:
                key = self.make_and_validate_key(name)
                pipeline.incrby(key, by)
                pipeline.expire(key, seconds, nx=True)
            return pipeline.execute()[::2]

        return self._call([0] * len(names), count)

    def _call(self, default: Any, method: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except UNREACHABLE as error:
            log.warning("The cache cannot be reached (%s).", type(error).__name__)
            return default
