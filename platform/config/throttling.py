"""How often one person may call the API: a counter per minute in the shared cache."""

import logging
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60


class PersonThrottle(BaseThrottle):
    """`settings.API_REQUESTS_PER_MINUTE` for each account, however many tokens it uses.

    DRF's own throttle reads and rewrites a list of moments, so parallel requests lose entries;
    one atomic counter per minute does not. Anonymous requests never come this far.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        name, limit = _counter_of(view)
        return _calls_this_minute(f"{name}:{request.user.pk}") <= limit

    def wait(self) -> float:
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS


def _counter_of(view: Any) -> tuple[str, int]:
    """The files of a batch (`sends_files` on the view) do not use up what other calls have."""
    if getattr(view, "sends_files", False):
        return "intake-calls", settings.INTAKE_REQUESTS_PER_MINUTE
    return "api-calls", settings.API_REQUESTS_PER_MINUTE


def _calls_this_minute(name: str) -> int:
    key = f"{name}:{int(time.time() // WINDOW_SECONDS)}"
    try:
        cache.add(key, 0, 2 * WINDOW_SECONDS)
        return cache.incr(key)
    except (RedisError, ValueError) as reason:  # ValueError: evicted between the two calls
        # A limit against overload must not take the API down together with the cache.
        logger.warning("api calls not counted reason=%s", type(reason).__name__)
        return 0
