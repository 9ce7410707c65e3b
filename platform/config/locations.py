"""Addresses of what the platform stands on: the database, and the broker that is also the cache.

A server named by DATABASE_URL or REDIS_URL, else SQLite and a private broker in the data folder.
"""

import hashlib
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
DATABASE_SCHEMES = ("postgres", "postgresql", "sqlite")
REDIS_SCHEMES = ("redis", "rediss", "unix")

# WAL + IMMEDIATE: without them concurrent writers of SQLite fail with "database is locked".
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
}
# A database host that swallows packets must not hold a request for minutes.
POSTGRES_CONNECT_SECONDS = 5

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


def database_settings(url: str, data_dir: Path) -> dict[str, Any]:
    """Django's database entry of `url`; SQLite in the data folder when it is empty.

    Raises ImproperlyConfigured without repeating the URL: it may hold a password.
    """
    if not url:
        return _sqlite({"NAME": data_dir / "covidxr.sqlite3"})
    _refuse_scheme("DATABASE_URL", url, DATABASE_SCHEMES)
    parsed = _parsed_database(url)
    if not parsed["NAME"]:
        raise ImproperlyConfigured("DATABASE_URL names no database")
    if parsed["ENGINE"].endswith("sqlite3"):
        return _sqlite(parsed)
    options = {"connect_timeout": POSTGRES_CONNECT_SECONDS} | parsed.get("OPTIONS", {})
    return parsed | {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "OPTIONS": options}


def _sqlite(entry: dict[str, Any]) -> dict[str, Any]:
    options = dict(SQLITE_OPTIONS)
    return entry | {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": options}


def _parsed_database(url: str) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # environ warns, quoting the password, about what it drops
        try:
            parsed: dict[str, Any] = environ.Env.db_url_config(url)
        except (ValueError, UserWarning):
            raise ImproperlyConfigured("DATABASE_URL cannot be read") from None
    return parsed


def _refuse_scheme(name: str, url: str, allowed: tuple[str, ...]) -> None:
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme not in allowed:
        wanted = ", ".join(f"{known}://" for known in allowed)
        raise ImproperlyConfigured(f"{name} must begin with one of {wanted}")


def broker_urls(redis_url: str, data_dir: Path) -> BrokerUrls:
    if redis_url:
        _refuse_scheme("REDIS_URL", redis_url, REDIS_SCHEMES)
        # kombu spells the unix socket of a broker in its own way
        celery = redis_url.replace("unix://", "redis+socket://", 1)
        return BrokerUrls(celery=celery, cache=redis_url, socket=None)
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
        "OPTIONS": {
            "socket_connect_timeout": 2,
            "socket_timeout": 5,
            "serializer": "config.json_cache.JsonSerializer",
        },
    }


def mail_settings(url: str) -> dict[str, Any]:
    """Django's mail settings of an EMAIL_URL; SMTP waits behind the answer (config.later_mail)."""
    parsed: dict[str, Any] = environ.Env.email_url_config(url)
    if parsed["EMAIL_BACKEND"] == SMTP_BACKEND:
        parsed["EMAIL_BACKEND"] = "config.later_mail.LaterBackend"
    return parsed
