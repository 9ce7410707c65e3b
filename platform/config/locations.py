"""Addresses of the broker: a server named by REDIS_URL, else the private one on a unix socket."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

# sockaddr_un holds 108 bytes with the closing NUL; a longer path cannot be bound.
LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True)
class BrokerUrls:
    celery: str
    cache: str
    socket: Path | None


def socket_path(data_dir: Path) -> Path:
    path = data_dir / "run" / "broker.sock"
    if len(str(path)) <= LONGEST_SOCKET_PATH:
        return path
    name = hashlib.sha256(str(data_dir).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"covidxr-{name}" / "broker.sock"


def broker_urls(redis_url: str, data_dir: Path) -> BrokerUrls:
    if redis_url:
        return BrokerUrls(celery=redis_url, cache=redis_url, socket=None)
    socket = socket_path(data_dir)
    return BrokerUrls(
        celery=f"redis+socket://{socket}", cache=f"unix://{socket}?db=1", socket=socket
    )


def cache_settings(url: str) -> dict[str, object]:
    """Django's cache entry of `redis://`, `rediss://`, `unix://` or (tests) `locmem://`."""
    if url.startswith("locmem://"):
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": "covidxr",
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
    }
