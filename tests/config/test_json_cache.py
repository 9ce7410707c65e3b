"""What lies in Redis is JSON: reading it never runs anything."""

import pickle  # noqa: TID251  (an attack, not a use)

import pytest
from django.core.cache.backends.redis import RedisCache

from config.json_cache import JsonSerializer
from config.locations import cache_settings


@pytest.mark.parametrize("value", [0, 7, -3, 1.5, True, None, "7", "word", [1.5, 2.5], {"a": [1]}])
def test_values_come_back(value):
    written = JsonSerializer().dumps(value)
    stored = written if isinstance(written, bytes) else str(written).encode()
    back = JsonSerializer().loads(stored)
    assert (type(back), back) == (type(value), value)


def test_redis_can_count_with_whole_numbers():
    assert JsonSerializer().dumps(7) == 7


class Trap:
    sprung = False

    def __reduce__(self):
        return setattr, (Trap, "sprung", True)


def test_a_pickle_is_refused_and_not_run():
    with pytest.raises(ValueError):
        JsonSerializer().loads(pickle.dumps(Trap()))
    assert not Trap.sprung


def test_the_shared_cache_uses_it():
    entry = cache_settings("redis://localhost:1/0")
    cache = RedisCache(entry["LOCATION"], {"OPTIONS": entry["OPTIONS"]})
    assert isinstance(cache._cache._serializer, JsonSerializer)
